import numpy as np
import pytest
from numpy.typing import NDArray

from agent.rules import SCREEN_SHAPE
from agent.vision import FrameStack, VisionConfig, crop, fingerprint, gray, look, resize

CONFIG = VisionConfig()


def noise(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, SCREEN_SHAPE, np.uint8)


def test_crop_takes_the_hud_rows_and_nothing_else() -> None:
    screen = noise()
    assert np.array_equal(crop(screen, CONFIG), screen[52:])
    assert np.array_equal(crop(screen, VisionConfig(crop_bottom=24)), screen[52:200])


@pytest.mark.parametrize(("rgb", "luminance"), [((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29)])
def test_gray_weighs_colours_as_bt601_in_rgb_order(rgb: tuple[int, int, int], luminance: int) -> None:
    assert gray(np.full((2, 2, 3), rgb, np.uint8)).tolist() == [[luminance] * 2] * 2


def test_resize_averages_areas() -> None:
    picture = np.zeros((128, 160), np.uint8)
    picture[0, 0] = 200  # one of the four pixels under the first output pixel
    small = resize(picture, CONFIG)
    assert small.shape == (CONFIG.height, CONFIG.width)
    assert small[0, 0] == 50
    assert not small.ravel()[1:].any()


def test_look_shows_no_change_in_the_hud() -> None:
    screen = noise()
    other = screen.copy()
    other[: CONFIG.crop_top] = 0
    plane = look(screen, CONFIG)
    assert plane.dtype == np.uint8
    assert np.array_equal(plane, look(other, CONFIG))
    assert fingerprint(screen, CONFIG) == fingerprint(other, CONFIG) != fingerprint(noise(1), CONFIG)


@pytest.mark.parametrize("shape", [(224, 320), (52, 320, 3), (224, 320, 4)])
def test_what_is_no_screen_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="wanted a screen"):
        look(np.zeros(shape, np.uint8), CONFIG)


def test_the_stack_holds_the_last_screens_newest_last() -> None:
    stack = FrameStack(CONFIG)
    screens = [np.full(SCREEN_SHAPE, value, np.uint8) for value in (10, 20, 30, 40, 50, 60)]
    stack.reset(screens[0])
    assert stack.observation()[:, 0, 0].tolist() == [10] * 4
    stack.push(screens[1])
    first = stack.observation()
    assert first[:, 0, 0].tolist() == [10, 10, 10, 20]
    for screen in screens[2:]:
        stack.push(screen)
    assert stack.observation()[:, 0, 0].tolist() == [30, 40, 50, 60]
    assert stack.observation()[:, 0, 0].tolist() == [30, 40, 50, 60]
    assert first[:, 0, 0].tolist() == [10, 10, 10, 20], "an observation handed out must not change"
    stack.reset(screens[5])
    assert stack.observation()[:, 0, 0].tolist() == [60] * 4


def test_looking_each_timestep_and_looking_once_agree() -> None:
    eager, lazy = FrameStack(CONFIG), FrameStack(CONFIG)
    eager.reset(noise())
    lazy.reset(noise())
    for seed in range(1, 7):
        eager.push(noise(seed))
        lazy.push(noise(seed))
        last = eager.observation()
    assert np.array_equal(last, lazy.observation())


@pytest.mark.parametrize(
    "wrong", [{"crop_top": -1}, {"crop_top": 200}, {"height": 4}, {"width": 400}, {"stack": 0}], ids=str
)
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="wanted"):
        VisionConfig(**wrong)  # type: ignore[arg-type]
