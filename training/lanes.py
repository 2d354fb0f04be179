"""Environments side by side, and what the network sees of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agent.config import VisionConfig
from agent.vision import look
from training.arena import Arena

FINISHED = 8999.0
"""A return that only a level's whole way brings: 9000, less what rounding takes. Source: retro-contest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an episode ended."""

    lane: int
    level: str
    episode_return: float
    """Undiscounted, contest units."""
    best_return: float
    """The highest it had been on the way: how far it got."""
    timesteps: int
    is_finished: bool
    """It reached the level's end."""
    is_cut: bool
    """It stalled and was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the lanes see after a timestep."""

    planes: NDArray[np.uint8]
    """uint8 [L, P, H, W]."""
    is_first: NDArray[np.bool_]
    """bool [L], the screen begins an episode."""
    reward: NDArray[np.float64]
    """float [L], contest units."""
    terminated: NDArray[np.bool_]
    """bool [L]."""
    truncated: NDArray[np.bool_]
    """bool [L]; stalled episodes too."""
    endings: list[Ending] = field(default_factory=list)
    """Of the episodes that ended with this timestep."""


class Lanes:
    """An arena with frame stacks and episode records; gives up episodes that stall."""

    def __init__(self, arena: Arena, vision: VisionConfig, stall_timesteps: int) -> None:
        """Watches `arena`; 0 stall timesteps never give up."""
        self.arena = arena
        self._vision = vision
        self._stall_timesteps = stall_timesteps
        self.obs = np.zeros((arena.lanes, *vision.obs_shape), np.uint8)
        """uint8 [L, C, H, W], what the network sees now."""
        self.is_over = np.zeros(arena.lanes, np.bool_)
        """bool [L], the episode ended with this screen: the next step begins another."""

    def reset(self, seed: Sequence[int]) -> Seen:
        """Begins an episode in every lane."""
        lanes = self.arena.lanes
        self._returns, self._best = np.zeros(lanes), np.zeros(lanes)
        self._timesteps, self._best_at = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
        self.is_over = np.zeros(lanes, np.bool_)
        planes = self._look(self.arena.reset(seed))
        nothing = np.zeros(lanes, np.bool_)
        self._stack(planes, ~nothing)
        self.is_first = ~nothing
        return Seen(planes=planes, is_first=~nothing, reward=np.zeros(lanes), terminated=nothing, truncated=nothing)

    def step(self, action: NDArray[np.int64]) -> Seen:
        """Plays one timestep in every lane; lanes whose episode is over begin another and ignore the action."""
        is_first = self.is_first = self.is_over
        self.arena.cut(is_first)
        screens, reward, terminated, truncated = self.arena.step(action)
        planes = self._look(screens)
        self._stack(planes, is_first)
        for counter in (self._returns, self._best, self._timesteps, self._best_at):
            counter[is_first] = 0
        self._returns += reward
        self._timesteps += ~is_first
        is_better = self._returns > self._best
        self._best = np.where(is_better, self._returns, self._best)
        self._best_at = np.where(is_better, self._timesteps, self._best_at)
        stalled = self._timesteps - self._best_at >= (self._stall_timesteps or np.iinfo(np.int64).max)
        is_cut = stalled & ~(terminated | truncated | is_first)
        truncated = truncated | is_cut
        self.is_over = terminated | truncated
        endings = [
            Ending(
                lane=int(lane),
                level=self.arena.level_name(int(lane)),
                episode_return=float(self._returns[lane]),
                best_return=float(self._best[lane]),
                timesteps=int(self._timesteps[lane]),
                is_finished=bool(terminated[lane] and self._best[lane] >= FINISHED),
                is_cut=bool(is_cut[lane]),
            )
            for lane in np.flatnonzero(self.is_over)
        ]
        return Seen(
            planes=planes,
            is_first=is_first,
            reward=reward,
            terminated=terminated,
            truncated=truncated,
            endings=endings,
        )

    def is_stuck(self, patience: int) -> NDArray[np.bool_]:
        """Returns where so many timesteps brought no new best return, bool [L]."""
        return self._timesteps - self._best_at >= patience

    def is_rewound(self) -> NDArray[np.bool_]:
        """Returns which lanes play again what killed them, bool [L]."""
        return self.arena.is_rewound()

    def _look(self, screens: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.stack([look(screen, self._vision) for screen in screens])

    def _stack(self, planes: NDArray[np.uint8], is_first: NDArray[np.bool_]) -> None:
        count = self._vision.planes
        self.obs[:, :-count] = self.obs[:, count:].copy()
        self.obs[:, -count:] = planes
        self.obs[is_first] = np.tile(planes[is_first], (1, self._vision.stack, 1, 1))
