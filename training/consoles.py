"""Emulators as a training ground: any imported games, one process a lane, behind Gymnasium's vector interface."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AsyncVectorEnv
from numpy.typing import NDArray

from agent.actions import action_buttons
from agent.config import SCREEN_SHAPE
from common import levels
from contest import env as contest_env
from contest import games
from training.arena import Stepped


def read_levels(path: Path) -> list[tuple[str, str | None]]:
    """Reads a list of levels and checks that each can be played.

    Raises:
        ValueError: If the list cannot be read, or a game, its ROM or a state is missing.
    """
    return [(one.level.game, one.level.state) for one in levels.read_levels(path, games.listed)]


class Cycle(gym.Env[NDArray[np.uint8], Any]):
    """One emulator that plays a level drawn from several each episode."""

    def __init__(self, levels: Sequence[tuple[str, str | None]]) -> None:
        """Loads nothing before the first reset."""
        self.observation_space = gym.spaces.Box(0, 255, SCREEN_SHAPE, np.uint8)
        self.action_space = gym.spaces.MultiBinary(12)
        self.is_cut = False
        """Set from outside: the next step begins another episode."""
        self._levels = list(levels)
        self._env: contest_env.Env | None = None
        self._level: tuple[str, str | None] | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Begins an episode on a level drawn anew."""
        super().reset(seed=seed, options=options)
        level = self._levels[int(self.np_random.integers(len(self._levels)))]
        if level != self._level or self._env is None:
            self.close()  # a process can have only one emulator
            self._env, self._level = contest_env.make(*level), level
        self.is_cut = False
        screen, _ = self._env.reset(seed=int(self.np_random.integers(2**31)))
        return screen, {}

    def step(self, action: Any) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Plays one timestep, or begins another episode if this one was cut."""
        if self.is_cut or self._env is None:
            return self.reset()[0], 0.0, False, False, {}
        screen, reward, terminated, truncated, _ = self._env.step(action)
        return screen, float(reward), terminated, truncated, {}

    def level_name(self) -> str:
        """Names the level."""
        return "/".join(part or "default" for part in self._level or ("none",))

    def close(self) -> None:
        """Frees the emulator."""
        if self._env is not None:
            self._env.close()
            self._env = None


class Consoles:
    """An arena of emulators."""

    def __init__(self, lanes: int, levels: Sequence[tuple[str, str | None]]) -> None:
        """Starts a process for each lane."""
        self.lanes = lanes
        self._env = AsyncVectorEnv([partial(Cycle, levels)] * lanes, context="spawn")
        self._buttons = action_buttons()
        self._over = np.zeros(lanes, np.bool_)
        self._cut = np.zeros(lanes, np.bool_)

    def reset(self, seed: Sequence[int]) -> NDArray[np.uint8]:
        """Begins an episode in every lane; see `Arena`."""
        seeds = np.random.default_rng(seed).integers(2**31, size=self.lanes)
        self._over[:] = self._cut[:] = False
        return np.array(self._env.reset(seed=[int(one) for one in seeds])[0])

    def cut(self, mask: NDArray[np.bool_]) -> None:
        """Ends the episodes of these lanes; see `Arena`."""
        self._cut = mask & ~self._over  # those that are over begin another by themselves

    def step(self, action: NDArray[np.int64]) -> Stepped:
        """Plays one timestep in every lane; see `Arena`."""
        if self._cut.any():
            self._env.set_attr("is_cut", self._cut.tolist())
            self._cut = np.zeros(self.lanes, np.bool_)
        screens, reward, terminated, truncated, _ = self._env.step(self._buttons[action])
        self._over = terminated | truncated
        return np.array(screens), reward, terminated, truncated

    def is_rewound(self) -> NDArray[np.bool_]:
        """An emulator never goes back; see `Arena`."""
        return np.zeros(self.lanes, np.bool_)

    def level_name(self, lane: int) -> str:
        """Names the level that the lane is on."""
        return str(self._env.call("level_name")[lane])

    def close(self) -> None:
        """Ends the processes."""
        self._env.close()
