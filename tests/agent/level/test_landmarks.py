import numpy as np
from numpy.typing import NDArray

from agent.level.landmarks import COLUMNS, PATCHES, ROWS, LandmarkConfig, Landmarks, landmark
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


def test_a_landmark_was_passed_as_fast_as_the_timestep_before_it_paid() -> None:
    looks = np.zeros((3, PATCHES), np.uint8)
    returns = np.array([10.0, 30.0, 60.0, 100.0, 150.0], np.float32)
    marks = Landmarks(returns, looks, LandmarkConfig(period=2, distance=5.0, speed=5.0))
    assert marks.timesteps.tolist() == [0, 2, 4]
    assert marks.passed.tolist() == [0.0, 30.0, 100.0]
    assert marks.speeds.tolist() == [0.0, 20.0, 40.0]
    assert marks.near(30.0, 16.0).tolist() == [1]
    assert marks.near(30.0, 15.0).tolist() == []
    assert marks.near(35.0, 20.0).tolist() == []


def test_the_difference_is_the_mean_of_the_patches() -> None:
    looks = np.stack([np.full(PATCHES, 10, np.uint8), np.full(PATCHES, 40, np.uint8)])
    marks = Landmarks(np.zeros(2, np.float32), looks, LandmarkConfig(period=1))
    assert marks.differences(np.array([1, 0]), np.full(PATCHES, 30, np.uint8)).tolist() == [10.0, 20.0]
