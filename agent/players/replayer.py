"""A recorded trajectory at the controls."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agent.level.trajectories import MemoryConfig, Trajectory, Variation
from agent.players.moment import Moment
from agent.rules import Buttons, unpack

Landmark = Callable[[Moment], NDArray[np.uint8]]
"""Makes a landmark of the present screen, uint8 [P]."""


class Replay:
    """Plays a trajectory again, as long as it pays what it paid.

    Sticky frames put it ahead or behind, in place and in time; it keeps pace by leaving timesteps out and playing others
    twice. Where it is lost, somebody else plays until a landmark of the trajectory comes by: a screen that looks the
    same, as far along and as fast. From there it goes on.
    """

    name = "replay"

    def __init__(
        self,
        trajectory: Trajectory,
        config: MemoryConfig,
        landmark: Landmark | None = None,
        variation: Variation | None = None,
    ) -> None:
        """Starts at the beginning.

        Args:
            trajectory: What to play again.
            config: When it is lost, and when it is found again.
            landmark: Makes a landmark of the present screen; None: it counts blindly, and what is lost stays lost.
            variation: A stretch to play in another way, to see whether that is better.
        """
        self.trajectory = trajectory
        self._variation = variation
        self.is_varied = False
        """Has it come to the variation?"""
        self._config = config
        self._landmark = landmark
        self._next = 0  # timestep of the trajectory
        self._late = 0  # timesteps by which it is behind the trajectory's time, since it was found last
        self._lost_for = 0  # timesteps
        self._is_lost = False
        self._wait = config.rejoin_wait
        self._passed, self._speeds = trajectory.at_landmarks(config.landmark_period)
        self._tries = np.zeros(len(self._passed), np.int64)

    def is_on(self, moment: Moment) -> bool:
        """Can it say what to hold now? Ask once a timestep, from the first on, whoever plays."""
        if self._next >= len(self.trajectory):
            return False
        variation = self._variation
        if variation is not None and not self.is_varied and not self._is_lost and self._next >= variation.start:
            self.is_varied = True
            self._is_lost = variation.shift is None
            self._lost_for, self._wait = 0, variation.timesteps
        elif not self._is_lost:
            paid = float(self.trajectory.returns[self._next - 1]) if self._next else moment.episode_return
            self._is_lost = moment.episode_return < paid - self._config.replay_slack
            self._lost_for, self._wait = 0, self._config.rejoin_wait
        elif self._landmark is not None:
            self._lost_for += 1
            if self._lost_for >= self._wait:
                self._is_lost = not self._has_rejoined(moment, self._landmark)
        return not self._is_lost

    def _has_rejoined(self, moment: Moment, landmark: Landmark) -> bool:
        config = self._config
        is_near = np.abs(self._passed - moment.episode_return) < config.rejoin_distance
        is_near &= np.abs(self._speeds - moment.reward) < config.rejoin_speed
        is_near &= self._tries < config.rejoin_tries
        near = np.flatnonzero(is_near)
        if not len(near):
            return False
        seen = landmark(moment).astype(np.float32)
        differences = np.abs(self.trajectory.landmarks[near] - seen).mean(1)
        if differences.min() >= config.rejoin_difference:
            return False
        found = near[differences.argmin()]
        self._tries[found] += 1
        self._next = int(found) * config.landmark_period
        self._late = 0
        return True

    def _keep_pace(self, moment: Moment) -> None:
        """Leaves this timestep out or plays the last one again, where that is nearer to the trajectory.

        Nearer in place, by the return so far, and in time, by which everything goes that moves by itself. Only where the
        same is held before and after, so that no press is lost, and where the replay is about as fast as the trajectory:
        what is stuck is not to wait.
        """
        config, trajectory, at = self._config, self.trajectory, self._next
        if not 2 <= at < len(trajectory) - 1 or trajectory.actions[at] != trajectory.actions[at - 1]:
            return
        returns = trajectory.returns[at - 2 : at + 1]  # before the timestep at - 1, at, at + 1
        if abs(moment.reward - (returns[1] - returns[0])) >= config.pace_speed:
            return
        late = self._late + np.array([1, 0, -1])
        off = (moment.episode_return - returns) ** 2 + (config.late_cost * late) ** 2
        nearest = min((1, 0, 2), key=off.__getitem__)  # on with it, rather than anything else
        self._next += nearest - 1
        self._late = int(late[nearest])

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:
        """Holds what the trajectory held at the timestep where it stands."""
        variation = self._variation
        shift = variation.shift if variation is not None and self._next in variation.stretch else None
        if shift is None and self._config.pace_speed > 0:
            self._keep_pace(moment)
        timestep = min(max(self._next + (shift or 0), 0), len(self.trajectory) - 1)
        self._next += 1
        return unpack(int(self.trajectory.actions[timestep]))
