"""The twin as one environment under the contest's rules.

`python -m contest serve Fernway-Native FernHollow.Act1` finds this module by its entry point. The twin plays frame by
frame what the emulator plays, so that long experiments are affordable; the emulator stays the judge.
"""

import ctypes
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from fernway import GAME, NATIVE, levels
from fernway.native import BUTTONS, SCREEN_HEIGHT, SCREEN_WIDTH, Game, buttons_to_bits, load_library
from fernway.rules import FRAME_SKIP, STICK_PROBABILITY
from fernway.states import level_of, read_state

Screen = NDArray[np.uint8]


class _Answer(ctypes.Structure):
    """`Answer` of host/vector.c."""

    _fields_ = (("reward", ctypes.c_double), ("terminated", ctypes.c_uint8), ("truncated", ctypes.c_uint8))


def _library() -> ctypes.CDLL:
    library = load_library()
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("size", ctypes.c_int32, []),
        ("begin", None, [pointer, pointer]),
        ("step", _Answer, [pointer, pointer, ctypes.c_uint16, ctypes.c_uint8]),
    ):
        function = getattr(library, f"rules_{name}")
        function.restype, function.argtypes = result, arguments
    return library


_LIB = _library()


class NativeEnv(gym.Env[Screen, Any]):
    """One level under the contest's rules.

    A step is four frames, of which the first still plays the previous action with a probability of a quarter, but not
    on the first step after a reset. A lost life or the level's end terminates the episode and cuts its last step short;
    after 4,500 steps the episode is truncated.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 60 // FRAME_SKIP}  # noqa: RUF012 - as gymnasium declares it
    render_mode = "rgb_array"

    def __init__(
        self, level: levels.Level, *, seed: int | None = None, stick_probability: float = STICK_PROBABILITY
    ) -> None:
        """Makes the level.

        Args:
            level: Which one.
            seed: Of the delays; None draws one.
            stick_probability: Of a delay.
        """
        self.action_space = gym.spaces.MultiBinary(len(BUTTONS))
        self.observation_space = gym.spaces.Box(0, 255, (SCREEN_HEIGHT, SCREEN_WIDTH, 3), np.uint8)
        self._game = Game(level.zone, level.act, level.seed)
        self._start = self._game.get_state()
        self._rules = ctypes.create_string_buffer(_LIB.rules_size())
        self._rng = np.random.default_rng(seed)
        self._stick_probability = stick_probability
        self._is_first = True  # the next timestep is the episode's first, which has no delay

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
        self._is_first = True
        self._game.set_state(self._start)
        _LIB.rules_begin(self._rules, self._game.handle)
        return self.render(), {}

    def step(self, action: Any) -> tuple[Screen, float, bool, bool, dict[str, Any]]:
        """Plays an action for up to four frames; see `rules_step` of host/vector.c.

        Args:
            action: Buttons, bool or 0/1 [12].

        Returns:
            Screen uint8 [224, 320, 3], reward, terminated, truncated and an empty dictionary.
        """
        sticks = not self._is_first and self._rng.random() <= self._stick_probability
        self._is_first = False
        bits = buttons_to_bits(np.asarray(action, np.bool_))
        answer = _LIB.rules_step(self._rules, self._game.handle, bits, sticks)
        return self.render(), answer.reward, bool(answer.terminated), bool(answer.truncated), {}

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
        raise ValueError(f"{NATIVE} has buttons only: leave -D away, or serve {GAME}")
    if state is None:
        level = levels.by_name(states()[0]).level
    elif state.endswith(".state"):
        level = level_of(read_state(Path(state)))
    else:
        level = levels.by_name(state).level
    return NativeEnv(level, seed=seed)
