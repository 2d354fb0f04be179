"""The planner for any retro game, on the emulator's save states: the same `values`, without a map, and slow.

Each action is held for a timestep and followed by a few continuations up to a horizon of about a second, under sticky
frames of its own; an action's value is the mean return of its best continuation within the horizon, so that it
maximises progress at the horizon. It sees no farther: a dead end longer than that holds it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.actions import ACTION_TABLE, action_buttons
from contest.env import STICK_PROBABILITY
from training.emulated import EmulatedGame


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorEffort:
    """How hard to think about one decision."""

    horizon: int = 14
    """Timesteps that are played for each continuation."""

    continuations: int = 3
    """Continuations of each action: holding it, the best plan of the timestep before, then random ones."""

    samples: int = 1
    """Sticky copies in which each continuation is tried."""

    death: float = 500.0
    """Reward that an end within the horizon costs, unless the timestep that ended it paid as much: the level's end."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("horizon", "continuations", "samples"):
            if getattr(self, name) < 1:
                raise ValueError(f"wanted {name} of at least 1, got {getattr(self, name)}")


class EmulatorPlanner:
    """Values actions in the state in which an emulated game stands, and leaves it there."""

    def __init__(self, env: EmulatedGame, effort: EmulatorEffort | None = None, *, seed: int = 0) -> None:
        """Plans in the environment's own emulator: a process can have only one.

        Args:
            env: The game, without recording.
            effort: How hard to think; the default takes about 400 timesteps of the emulator, close to a second.
            seed: Of the noise and of the plans that are tried.
        """
        self._env = env
        self._effort = effort or EmulatorEffort()
        self._rng = np.random.default_rng(seed)
        self._buttons = action_buttons()
        self._plan: NDArray[np.int64] = np.empty(0, np.int64)  # the best one of the timestep before

    def values(self) -> NDArray[np.float32]:
        """Values the actions of `ACTION_TABLE`.

        Returns:
            float32 [A], reward within the horizon, contest units.
        """
        effort, actions = self._effort, len(ACTION_TABLE)
        root = self._env.snapshot()
        tails = self._tails()
        noise = self._rng.random((effort.samples, effort.horizon)) <= STICK_PROBABILITY
        values = np.full(actions, -np.inf, np.float32)
        best = -np.inf
        for action in range(actions):
            for tail in [np.full(effort.horizon - 1, action), *tails]:
                plan = np.concatenate([[action], tail])
                paid = float(np.mean([self._try(root, plan, stuck) for stuck in noise]))
                values[action] = max(values[action], paid)
                if paid > best:
                    best, self._plan = paid, plan
        self._env.restore(root)
        return values

    def _tails(self) -> list[NDArray[np.int64]]:
        """What follows the first action, besides more of it: the old plan's rest, and random macros."""
        length = self._effort.horizon - 1
        tails = []
        if len(self._plan) and self._effort.continuations > 1:
            tails.append(np.append(self._plan[2:], self._plan[-1])[:length])
        while len(tails) < self._effort.continuations - 1:
            macros = self._rng.integers(len(ACTION_TABLE), size=length)
            tails.append(np.repeat(macros, self._rng.integers(1, 7, size=length))[:length])
        return tails

    def _try(self, root: Any, plan: NDArray[np.int64], stuck: NDArray[np.bool_]) -> float:
        env = self._env
        env.restore(root)
        paid = 0.0
        for action, is_stuck in zip(plan, stuck, strict=True):
            reward, terminated = env.play(self._buttons[action], stuck=bool(is_stuck))
            paid += reward
            if terminated:
                return paid if reward >= self._effort.death else paid - self._effort.death
        return paid
