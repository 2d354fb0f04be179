"""A recorded trajectory at the controls."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from agent.level.trajectories import Trajectory
from agent.players.moment import Moment
from agent.ranges import Checked, at_least
from agent.rules import Buttons, unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayConfig(Checked):
    """How a trajectory is played again."""

    slack: Annotated[float, at_least(0)] = 150.0
    """Return by which a replay may fall behind the trajectory before it is lost, contest units."""

    pace_speed: Annotated[float, at_least(0)] = 4.0
    """Reward of a timestep within which a replay is as fast as the trajectory and keeps its pace; 0: it never does."""

    late_cost: Annotated[float, at_least(0)] = 8.0
    """Contest units off the trajectory's place that weigh as much as a timestep off its time. What moves by itself goes
    about so far in a timestep (2 pixels a frame)."""


class Replayer:
    """Plays a trajectory again, as long as it pays what it paid.

    Sticky frames put it ahead or behind, in place and in time. It keeps pace by leaving timesteps out and playing others
    twice. Once it is lost somebody else plays, to the end of the episode.
    """

    name = "replay"

    def __init__(self, trajectory: Trajectory, config: ReplayConfig) -> None:
        """Starts at the beginning.

        Args:
            trajectory: What to play again.
            config: When it is lost, and how it keeps pace.
        """
        self.trajectory = trajectory
        self._config = config
        self._next = 0  # timestep of the trajectory
        self._late = 0  # timesteps by which it is behind the trajectory's time
        self._is_lost = False

    @property
    def is_on(self) -> bool:
        """Can it say what to hold now?"""
        return not self._is_lost and self._next < len(self.trajectory)

    def follow(self, moment: Moment) -> None:
        """Takes note of where the episode stands; to be told each timestep, whoever plays."""
        if self.is_on and self._next > 0:
            paid = float(self.trajectory.returns[self._next - 1])
            self._is_lost = moment.episode_return < paid - self._config.slack

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:
        """Holds what the trajectory held at the timestep where it stands."""
        self._keep_pace(moment)
        self._next += 1
        return unpack(int(self.trajectory.actions[self._next - 1]))

    def _keep_pace(self, moment: Moment) -> None:
        """Leaves this timestep out or plays the last one again, where that is nearer to the trajectory.

        Nearer in place means by the return so far. Nearer in time counts as well, for what moves by itself goes by it.
        A timestep is left out or repeated only where the same is held before and after, so that no press is lost. What
        is stuck is not to wait: the replay has to be about as fast as the trajectory.
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
