import numpy as np
from numpy.typing import NDArray

from agent.level.landmarks import COLUMNS, ROWS, landmark
from agent.rules import SCREEN_SHAPE
from agent.vision import VisionConfig

VISION = VisionConfig()


def ground(height: int, shade: int = 200) -> NDArray[np.uint8]:
    """A screen with ground from a row downwards."""
    screen = np.full(SCREEN_SHAPE, 40, np.uint8)
    screen[height:] = shade
    return screen


def test_a_landmark_is_the_mean_gray_of_its_patches() -> None:
    seen = landmark(ground(138), VISION)  # 86 of the 172 rows below the crop, half of 43 patches and a half
    rows = seen.reshape(ROWS, COLUMNS)
    assert (rows[:21] == 40).all()
    assert (rows[21] == 120).all()
    assert (rows[22:] == 200).all()


def test_the_clock_is_no_part_of_a_landmark() -> None:
    screen = ground(150)
    here = landmark(screen, VISION)
    screen[25:35, 17:110] = 255
    assert (landmark(screen, VISION) == here).all()
