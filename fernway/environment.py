"""Fernway without an emulator, as `contest` serves it by the name Fernway-Native: the same game, the contest's rules.

`python -m contest serve Fernway-Native FernHollow.Act1` finds this module by its entry point. It is the emulator's twin
frame by frame, so that long experiments are affordable; the emulator stays the judge.
"""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from fernway import levels
from fernway.native import BUTTONS, Game, Outcome
from fernway.states import level_of, read_state

FRAME_SKIP = 4
"""Frames of a timestep. Source: retro-contest, StochasticFrameSkip(n=4)."""

STICK_PROBABILITY = 0.25
"""Probability that a timestep's first frame still plays the previous action. Source: as above, stickprob=0.25."""

PROGRESS_REWARD = 9000.0
"""Reward for the whole way. Source: the contest's; Fernway-Genesis-v0/script.lua."""

TIME_BONUS = 1000.0
"""Reward for reaching the end at once; it falls to nothing at FRAME_LIMIT. Source: as above."""

FRAME_LIMIT = 18_000
"""Frames of an episode under the contest's time limit. Source: as above."""

Screen = NDArray[np.uint8]


class NativeEnv(gym.Env[Screen, Any]):
    """One level at contest timesteps, without time limit.

    A step is four frames, of which the first still plays the previous action with a probability of a quarter, but not
    on the first step after a reset. A lost life or the level's end ends it early, and the episode.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 60 // FRAME_SKIP}  # noqa: RUF012 - as gymnasium declares it
    render_mode = "rgb_array"

    def __init__(self, level: levels.Level, *, seed: int | None = None) -> None:
        """Makes the level.

        Args:
            level: Which one.
            seed: Of the delays; None draws one.
        """
        self.action_space = gym.spaces.MultiBinary(len(BUTTONS))
        self.observation_space = gym.spaces.Box(0, 255, (224, 320, 3), np.uint8)
        self._game = Game(level.zone, level.act, level.seed)
        self._start = self._game.get_state()
        self._rng = np.random.default_rng(seed)
        self._held: int | None = None  # the previous action; None right after a reset

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Screen, dict[str, Any]]:
        """Starts an episode at the level's start.

        Args:
            seed: Restarts the delays; None lets them run on.
            options: Not used.

        Returns:
            The screen, uint8 [224, 320, 3], and an empty dictionary.
        """
        del options
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self._held = None
        self._game.set_state(self._start)
        start = self._game.frame()  # as the emulator's environment does on a reset
        self._lives = start.lives
        self._start_x, self._way = self._game.start_x, self._game.end_x - self._game.start_x
        self._progress = self._progress_at(start)
        return self.render(), {}

    def _progress_at(self, now: Outcome) -> float:
        return min(max((now.x - self._start_x) / self._way, 0.0), 1.0)

    def step(self, action: Any) -> tuple[Screen, float, bool, bool, dict[str, Any]]:
        """Plays an action for up to four frames.

        Args:
            action: Buttons, bool or 0/1 [12].

        Returns:
            Screen uint8 [224, 320, 3], reward, terminated, truncated (always False) and an empty dictionary.
        """
        held = int(np.packbits(np.asarray(action, bool), bitorder="little").view("<u2")[0])
        is_late = self._held is not None and self._rng.random() <= STICK_PROBABILITY
        first = self._held if is_late and self._held is not None else held
        self._held = held
        reward, terminated = 0.0, False
        for buttons in (first, *[held] * (FRAME_SKIP - 1)):
            now = self._game.frame(buttons)
            reward += self._reward_of_frame(now)
            terminated = now.lives < self._lives or self._progress >= 1
            if terminated:
                break
        return self.render(), reward, terminated, False, {}

    def _reward_of_frame(self, now: Outcome) -> float:
        """The reward of the frame just played, contest units, rounded to single precision as the emulator's is."""
        before, self._progress = self._progress, self._progress_at(now)
        reward = PROGRESS_REWARD * (self._progress - before)
        if self._progress >= 1:
            reward += TIME_BONUS * (1 - min(self._game.frame_count / FRAME_LIMIT, 1.0))
        return float(np.float32(reward))

    def position(self) -> tuple[int, int]:
        """Where the player is in the level, x and y in pixels, as in data.json."""
        return self._game.x, self._game.y

    def render(self) -> Any:
        """The current screen, uint8 [224, 320, 3]; what `reset` and `step` hand out, too."""
        return self._game.screen()


def states() -> list[str]:
    """Names of the levels that come with the game, the default one first."""
    return list(levels.committed())


def make(state: str | None, *, discrete_actions: bool, seed: int | None) -> NativeEnv:
    """Makes a level's environment.

    Args:
        state: A level's name, the path of a `.state` file of this game, or None for the first level.
        discrete_actions: Must be off: the emulator's own discrete actions are stable-retro's.
        seed: Of the delays; None draws one.

    Raises:
        FernwayError: If there is no such level.
        ValueError: If discrete actions are asked for.
    """
    if discrete_actions:
        raise ValueError("Fernway-Native has buttons only: leave -D away, or serve Fernway-Genesis-v0")
    if state is None:
        level = levels.by_name(states()[0]).level
    elif state.endswith(".state"):
        level = level_of(read_state(Path(state)))
    else:
        level = levels.by_name(state).level
    return NativeEnv(level, seed=seed)
