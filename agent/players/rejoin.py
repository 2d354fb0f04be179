"""Finds where a replay that was lost can go on."""

import numpy as np

from agent.level.landmarks import LandmarkConfig, Landmarks
from agent.level.trajectories import Trajectory
from agent.players.moment import Moment


class Rejoin:
    """Looks out for a landmark of the trajectory: a screen that looks the same, as far along and as fast."""

    def __init__(self, trajectory: Trajectory, config: LandmarkConfig) -> None:
        """Has tried none of them yet in this episode."""
        self._config = config
        self._landmarks = Landmarks(trajectory.returns, trajectory.landmarks, config)
        self._tries = np.zeros(len(self._landmarks.timesteps), np.int64)
        self.wait = config.wait
        """Timesteps that somebody else plays before it is worth looking."""

    def find(self, moment: Moment) -> int | None:
        """Finds the timestep of the trajectory that can come next, and counts it as tried; None if there is none."""
        near = self._landmarks.near(moment.episode_return, moment.reward)
        near = near[self._tries[near] < self._config.tries]
        if not len(near):
            return None
        differences = self._landmarks.differences(near, moment.landmark)
        if differences.min() >= self._config.difference:
            return None
        found = near[differences.argmin()]
        self._tries[found] += 1
        return int(self._landmarks.timesteps[found])
