import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from properties import examples

from agent.level.places import Places, PlacesConfig, profile
from agent.rules import SCREEN_SHAPE
from agent.vision import VisionConfig

VISION = VisionConfig()
CONFIG = PlacesConfig()


def ground(height: int, shade: int = 200) -> NDArray[np.uint8]:
    """A screen with ground from a row downwards."""
    screen = np.full(SCREEN_SHAPE, 40, np.uint8)
    screen[height:] = shade
    return screen


def test_a_profile_is_the_mean_gray_of_its_patches() -> None:
    seen = profile(ground(138), VISION, CONFIG)  # 86 of the 172 rows below the crop, half of 43 patches and a half
    assert seen.shape == (CONFIG.profile_rows * CONFIG.profile_columns,)
    rows = seen.reshape(CONFIG.profile_rows, CONFIG.profile_columns)
    assert (rows[:21] == 40).all()
    assert (rows[21] == 120).all()
    assert (rows[22:] == 200).all()


def test_the_clock_makes_no_new_place() -> None:
    places = Places(VISION, CONFIG)
    screen = ground(150)
    here = places.locate(screen, 100.0, 0.0)
    screen[25:35, 17:110] = 255
    assert places.locate(screen, 100.0, 0.0) == here


def test_small_things_that_move_make_no_new_place() -> None:
    places = Places(VISION, CONFIG)
    here = places.locate(ground(150), 100.0, 0.0)
    for column in range(0, 300, 50):
        screen = ground(150)
        screen[130:150, column : column + 20] = 255
        assert places.locate(screen, 100.0, 0.0) == here


def test_distance_speed_and_height_each_make_a_new_place() -> None:
    places = Places(VISION, CONFIG)
    seen = [
        places.locate(ground(150), 100.0, 0.0),
        places.locate(ground(150), 100.0 + CONFIG.distance_step, 0.0),
        places.locate(ground(150), 100.0, CONFIG.speed_step),
        places.locate(ground(110), 100.0, 0.0),
        places.locate(ground(150), -1.0, 0.0),
    ]
    assert seen == [0, 1, 2, 3, 4]
    assert len(places) == 5
    assert places.locate(ground(112), 101.0, 2.0) == 3


@pytest.mark.parametrize("reward", [-1e9, 1e9])
def test_speeds_beyond_the_told_apart_are_the_last(reward: float) -> None:
    places = Places(VISION, CONFIG)
    last = CONFIG.speeds_ahead if reward > 0 else -CONFIG.speeds_back
    assert places.locate(ground(150), 0.0, reward) == places.locate(ground(150), 0.0, last * CONFIG.speed_step)


@examples()
@given(st.lists(st.tuples(st.integers(52, 223), st.floats(-2000, 10000), st.floats(-100, 2000)), max_size=60))
def test_there_are_never_more_places_than_allowed(visits: list[tuple[int, float, float]]) -> None:
    config = PlacesConfig(places_max=10, heights_max=2)
    places = Places(VISION, config)
    for height, episode_return, reward in visits:
        assert 0 <= places.locate(ground(height), episode_return, reward) < 10
        assert len(places) <= 10
