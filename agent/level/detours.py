"""Detours: what lies between two visits to the same place led nowhere."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from agent.level.landmarks import LandmarkConfig, Landmarks
from agent.level.trajectories import Trajectory
from agent.ranges import Checked, within


@dataclass(frozen=True, slots=True, kw_only=True)
class DetourConfig(Checked):
    """Which trajectories are tried without their detours."""

    share: Annotated[float, within(0, 1)] = 0.5
    """Those of which less than this is left: nobody can play minutes of coming and going again. 0: none."""


def without_detours(trajectory: Trajectory, config: LandmarkConfig) -> Trajectory:
    """Drops everything between two visits to the same place: stops at a wall, ways there and back.

    Waiting for something that moves is dropped as well. So what remains is a guess, to be played before it is believed.

    Args:
        trajectory: One with landmarks.
        config: What counts as the same place.
    """
    marks = Landmarks(trajectory.returns, trajectory.landmarks, config)
    is_left = np.zeros(len(marks.timesteps), np.bool_)
    for mark, look in enumerate(trajectory.landmarks):
        near = marks.near(marks.passed[mark], marks.speeds[mark])
        near = near[is_left[near]]
        same = near[marks.differences(near, look) < config.difference]
        is_left[same[0] if len(same) else mark :] = False  # the last visit goes on, not the first
        is_left[mark] = True
    kept = np.flatnonzero(np.repeat(is_left, config.period)[: len(trajectory)])
    return Trajectory(
        actions=trajectory.actions[kept],
        returns=trajectory.returns[kept],
        paid=float(trajectory.returns[-1]),
        landmarks=trajectory.landmarks[is_left],
    )


def shortened(trajectory: Trajectory, landmarks: LandmarkConfig, config: DetourConfig) -> list[Trajectory]:
    """Returns the trajectory without its detours where these are most of it, else nothing."""
    if not config.share:
        return []
    shorter = without_detours(trajectory, landmarks)
    return [shorter] if len(shorter) < config.share * len(trajectory) else []
