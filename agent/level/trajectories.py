"""Retained knowledge: what has been tried on this level and what it paid."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from agent.ranges import Checked, at_least
from agent.rules import EPISODE_TIMESTEPS, LEAST_RISE, Buttons, pack


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryConfig(Checked):
    """Retained knowledge."""

    trajectories: Annotated[int, at_least(0)] = 64
    """Most trajectories kept; the one with the lowest mean return goes first. 0: the agent remembers nothing."""


@dataclass(slots=True, kw_only=True, eq=False)
class Trajectory:
    """What was held at each timestep, up to the episode's best return, and what it paid."""

    actions: NDArray[np.uint16]
    """uint16 [T], packed buttons."""

    returns: NDArray[np.float32]
    """float32 [T], return of the episode after each timestep, contest units."""

    paid: float
    """Sum of what it earned: the best return when it was found, then the return of each replay's episode."""

    plays: int = 1
    """How many returns `paid` adds up."""

    def __len__(self) -> int:
        """Returns its length in timesteps."""
        return len(self.actions)

    @property
    def mean(self) -> float:
        """Mean of what it paid, contest units."""
        return self.paid / self.plays

    def pay(self, episode_return: float) -> None:
        """Takes in what one more replay earned."""
        self.paid += episode_return
        self.plays += 1


class Recorder:
    """Writes down one episode as it goes; bounded by the contest's episodes."""

    def __init__(self) -> None:
        """Starts empty."""
        self._actions: list[int] = []
        self._returns: list[float] = []

    def add(self, held: Buttons, episode_return: float) -> None:
        """Adds one timestep: what was held, and the episode's return after it."""
        if len(self._actions) < EPISODE_TIMESTEPS:
            self._actions.append(pack(held))
            self._returns.append(episode_return)

    def best(self) -> Trajectory:
        """Cuts the episode off where its return was highest first; of one timestep at least."""
        returns = np.array(self._returns)
        end = int((returns > returns.max() - LEAST_RISE).argmax()) + 1
        return Trajectory(
            actions=np.array(self._actions[:end], np.uint16),
            returns=returns[:end].astype(np.float32),
            paid=float(returns[end - 1]),
        )


class Memory:
    """The best trajectories of the run; bounded, however long the run is."""

    def __init__(self, config: MemoryConfig) -> None:
        """Starts empty."""
        self._config = config
        self.trajectories: list[Trajectory] = []

    @property
    def is_kept(self) -> bool:
        """Is anything remembered at all?"""
        return self._config.trajectories > 0

    def add(self, trajectory: Trajectory) -> None:
        """Keeps a trajectory, at the cost of the worst one if there are too many."""
        self.trajectories.append(trajectory)
        if len(self.trajectories) > self._config.trajectories:
            self.trajectories.remove(min(self.trajectories, key=lambda kept: kept.mean))

    def best(self) -> Trajectory | None:
        """Returns the trajectory with the highest mean of what it paid, the earliest of equals, if there is one."""
        return max(self.trajectories, key=lambda kept: kept.mean, default=None)
