"""Whole scored episodes: the position, the Q-value and the reward of every timestep."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fernway.levels import Level
from training.play.lanes import Ending
from training.run.score import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One episode of T timesteps."""

    level: Level
    ending: Ending
    places: NDArray[np.int32]
    """int32 [T, 2], x and y of the player's feet after each timestep, pixels."""
    q: NDArray[np.float32]
    """float32 [T], Q-value of each action that was played."""
    reward: NDArray[np.float64]
    """float64 [T], contest units."""


class Recorder:
    """Records the episodes of one call of `score.play`."""

    def __init__(self) -> None:
        """Starts with nothing seen."""
        self._seen: list[Seen] = []

    def __call__(self, seen: Seen) -> None:
        """Takes in a timestep."""
        self._seen.append(seen)

    def episodes(self, levels: Sequence[Level], endings: Sequence[Ending]) -> list[Episode]:
        """Returns the episodes in the order of the levels that were played; `endings`: what `play` returned."""
        if not levels:
            return []
        level = np.concatenate([seen.level for seen in self._seen])
        order = np.argsort(level, kind="stable")  # each level's timesteps in their order
        ends = np.searchsorted(level[order], np.arange(len(levels)), "right")
        parts = np.split(order, ends[:-1])
        place, q, reward = (
            np.concatenate([getattr(seen, name) for seen in self._seen]) for name in ("place", "q", "reward")
        )
        return [
            Episode(level=level, ending=ending, places=place[part], q=q[part], reward=reward[part])
            for level, ending, part in zip(levels, endings, parts, strict=True)
        ]
