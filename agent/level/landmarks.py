"""Landmarks: screens along a trajectory, boiled down so far that the same place looks the same again."""

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.ranges import Checked, above, at_least
from agent.vision import Screen, VisionConfig, crop, gray

ROWS, COLUMNS = 43, 4
"""Patches of a landmark from top to bottom, 4 screen rows each, and from left to right, 80 screen columns each: whole
pixels are averaged in a sixth of the time that parts of pixels take (measured)."""

PATCHES = ROWS * COLUMNS
"""Patches of a landmark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandmarkConfig(Checked):
    """How a lost replay is found again."""

    period: Annotated[int, at_least(0)] = 4
    """Timesteps of an episode between two landmarks; 0: none are taken, and a lost replay stays lost."""

    distance: Annotated[float, above(0)] = 9.0
    """Return within which a landmark is as far along, contest units (about 8 pixels)."""

    speed: Annotated[float, above(0)] = 8.0
    """Reward of the last timestep within which it was passed as fast, contest units (2 pixels a frame)."""

    difference: Annotated[float, above(0)] = 4.0
    """Mean difference of two landmarks, gray levels, below which they show the same place."""

    wait: Annotated[int, at_least(0)] = 8
    """Timesteps that somebody else plays before a lost replay looks for a landmark."""

    tries: Annotated[int, at_least(0)] = 3
    """How often an episode goes on from the same landmark: what went wrong thrice there is wrong."""


def landmark(screen: Screen, vision: VisionConfig) -> NDArray[np.uint8]:
    """Boils a screen down to what tells heights apart: the mean gray of a few wide, flat patches.

    Wide patches forget what moves sideways (clouds, enemies, the camera's lead). Flat ones keep the ground's height.

    Args:
        screen: uint8 [H, W, 3], RGB.
        vision: The crop.

    Returns:
        uint8 [PATCHES], gray levels.
    """
    patches = cv2.resize(gray(crop(screen, vision)), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(patches, np.uint8).ravel()


def landmark_timesteps(timesteps: int, period: int) -> NDArray[np.int64]:
    """Lists the timesteps of an episode whose screens, before them, are its landmarks; int64 [N]."""
    return np.arange(0, timesteps if period else 0, max(period, 1))


class Landmarks:
    """A trajectory's landmarks: how far along and how fast each was passed, and what it looked like."""

    def __init__(self, returns: NDArray[np.float32], looks: NDArray[np.uint8], config: LandmarkConfig) -> None:
        """Takes in a trajectory.

        Args:
            returns: float32 [T], return of the episode after each timestep.
            looks: uint8 [N, P], the landmarks.
            config: What counts as the same.
        """
        self._config = config
        self.timesteps = landmark_timesteps(len(returns), config.period)
        """int64 [N], the timestep that each comes before."""
        before = np.concatenate([[0.0], returns])
        self.passed = before[self.timesteps]
        """float64 [N], the episode's return at each."""
        self.speeds = np.diff(before, prepend=0.0)[self.timesteps]
        """float64 [N], the reward of the timestep before each."""
        self.looks = looks

    def near(self, episode_return: float, reward: float) -> NDArray[np.int64]:
        """Finds the landmarks that were passed about there and about as fast; int64, in order."""
        is_near = np.abs(self.passed - episode_return) < self._config.distance
        is_near &= np.abs(self.speeds - reward) < self._config.speed
        return np.flatnonzero(is_near)

    def differences(self, marks: NDArray[np.int64], seen: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compares some landmarks, int64 [M], with another, uint8 [P]; float32 [M], mean over the patches."""
        return np.asarray(np.abs(self.looks[marks] - seen.astype(np.float32)).mean(1), np.float32)
