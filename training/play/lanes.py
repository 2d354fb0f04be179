"""Games side by side, as the learner plays them."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.rules import LEAST_RISE, LEVEL_REWARD

FINISHED = LEVEL_REWARD - 10
"""A return that only the whole way through a level brings: what the way pays, less what rounding takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An episode that ended."""

    lane: int
    level: str
    """Its name."""
    episode_return: float
    """Undiscounted, contest units."""
    best_return: float
    """The highest it had been on the way: how far it got."""
    timesteps: int
    is_finished: bool
    """It reached the level's end."""
    is_stalled: bool
    """It was given up, as it brought no new best return for too long."""


class Lanes(Protocol):
    """Several games stepping together; the timestep after an end is the first of another episode."""

    count: int
    """How many."""

    obs: NDArray[Any]
    """What is to be acted on next, uint8 [N, C, H, W], or float32 [N, INSIDE] for who sees the inside; overwritten by
    `step`."""

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[Ending]]:
        """Plays one timestep in every lane.

        Args:
            action: int64 [N], indices into the action table.

        Returns:
            Rewards float32 [N], contest units; bool [N], whether the episode ended with this timestep; the endings.
        """

    def close(self) -> None:
        """Frees what it holds."""


class Records:
    """How far the present episode of each lane has got."""

    def __init__(self, lanes: int, stall_timesteps: int) -> None:
        """Begins an episode in every lane; 0 stall timesteps: none is given up."""
        self._stall_timesteps = stall_timesteps
        self.returns = np.zeros(lanes)
        self.best = np.zeros(lanes)
        self.timesteps = np.zeros(lanes, np.int64)
        self._best_at = np.zeros(lanes, np.int64)

    def add(self, reward: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Counts a timestep's rewards, [N]; returns which lanes have stalled, bool [N]."""
        self.returns += reward
        self.timesteps += 1
        is_better = self.returns > self.best + LEAST_RISE
        self.best = np.where(is_better, self.returns, self.best)
        self._best_at = np.where(is_better, self.timesteps, self._best_at)
        if not self._stall_timesteps:
            return np.zeros(len(self.best), np.bool_)
        return np.asarray(self.timesteps - self._best_at >= self._stall_timesteps)

    def begin(self, lane: int, episode_return: float = 0.0) -> None:
        """Begins another episode of one lane, from a place that had been reached with this return."""
        self.returns[lane] = self.best[lane] = episode_return
        self.timesteps[lane] = self._best_at[lane] = 0

    def ending(self, lane: int, level: str, *, is_stalled: bool) -> Ending:
        """Says how the present episode of a lane ended."""
        return Ending(
            lane=lane,
            level=level,
            episode_return=float(self.returns[lane]),
            best_return=float(self.best[lane]),
            timesteps=int(self.timesteps[lane]),
            is_finished=bool(self.returns[lane] >= FINISHED),
            is_stalled=is_stalled,
        )
