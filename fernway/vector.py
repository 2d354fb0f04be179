"""Many native games as one Gymnasium vector environment under the contest's rules.

env = FernwayVectorEnv(16, levels=[Level(0, 1, 10_100)])
screens, _ = env.reset(seed=1)
screens, rewards, terminated, truncated, _ = env.step(env.action_space.sample())
"""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from fernway import FernwayError
from fernway.levels import ACTS, SEED_MAX, UNSEEN_ZONES, ZONES, Level
from fernway.native import BUTTONS, SCREEN_HEIGHT, SCREEN_WIDTH, load_library

STICK_PROBABILITY = 0.25
"""Probability that a timestep's first frame still plays the previous action. Source: retro-contest."""

FRESH_SEEDS = 1 << 20
"""Fresh levels have seeds from here on: those of the committed levels are smaller."""

Screens = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], Level]
"""Draws the level of an episode."""

_BITS = 1 << np.arange(len(BUTTONS), dtype=np.uint16)


def _library() -> ctypes.CDLL:
    library = load_library()
    pointer, integer, data = ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p
    for name, result, arguments in (
        ("lane_new", pointer, []),
        ("lane_free", None, [pointer]),
        ("lane_reset", None, [pointer, integer, integer, ctypes.c_uint32]),
        ("lane_state_size", integer, []),
        ("lane_get_state", None, [pointer, data]),
        ("lane_set_state", None, [pointer, data]),
        ("lane_is_over", ctypes.c_uint8, [pointer]),
        ("lane_level", None, [pointer, ctypes.POINTER(ctypes.c_uint32)]),
        ("lanes_step", None, [pointer, integer, *[pointer] * 6]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_LIB = _library()
LANE_STATE_SIZE: int = _LIB.lane_state_size()
"""Bytes of one game's state."""


def fresh_level(rng: np.random.Generator) -> Level:
    """Draws any level of the training zones that is not among the committed ones; some may have no way through."""
    zone = int(rng.choice([zone for zone in range(len(ZONES)) if zone not in UNSEEN_ZONES]))
    return Level(zone, int(rng.integers(1, ACTS[zone] + 1)), int(rng.integers(FRESH_SEEDS, SEED_MAX, endpoint=True)))


class FernwayVectorEnv(VectorEnv[Screens, NDArray[np.int8], NDArray[Any]]):
    """Native games side by side, stepped by one call into C.

    Observations are what the emulator shows: uint8 [N, 224, 320, 3]. Actions are buttons, 0/1 [N, 12], filtered as
    stable-retro does by default. A step is a timestep of the contest: four frames, the first of which plays the
    previous action with a probability of a quarter, but not in the first step of an episode. The reward is 9000 x
    progress plus up to 1000 for being quick; a lost life or the level's end terminates, 4500 timesteps truncate.

    After an end, the next step ignores that game's action and answers with the first screen of its next episode and
    reward 0 (`AutoresetMode.NEXT_STEP`), which counts like the contest's resets.

    Args:
        num_envs: Games.
        levels: Levels to draw from, evenly, or what draws the level of an episode; any fresh one by default.
        copy: Whether each step returns screens in an array of their own, rather than in one that the next step
            overwrites, which is quicker.

    Raises:
        FernwayError: If there is not at least one game and one level.
    """

    metadata = {  # noqa: RUF012 - as gymnasium declares it
        "render_modes": ["rgb_array"],
        "render_fps": 15,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }
    render_mode = "rgb_array"

    def __init__(self, num_envs: int, levels: Sequence[Level] | Draw = fresh_level, *, copy: bool = True) -> None:
        """Makes the games; `reset` begins."""
        if num_envs < 1:
            raise FernwayError(f"want at least 1 game, got {num_envs}")
        if not callable(levels) and not levels:
            raise FernwayError("want at least 1 level to draw from, got none")
        self.num_envs = num_envs
        self.single_observation_space = gym.spaces.Box(0, 255, (SCREEN_HEIGHT, SCREEN_WIDTH, 3), np.uint8)
        self.single_action_space = gym.spaces.MultiBinary(len(BUTTONS))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._draw = levels if callable(levels) else _evenly(levels)
        self._copy = copy
        self._lanes = (ctypes.c_void_p * num_envs)(*(_LIB.lane_new() for _ in range(num_envs)))
        if not all(self._lanes):
            raise MemoryError(f"no memory for {num_envs} games")
        self._screens = np.zeros((num_envs, SCREEN_HEIGHT, SCREEN_WIDTH, 3), np.uint8)
        self._over = np.ones(num_envs, np.bool_)

    @property
    def levels(self) -> list[Level]:
        """The level each game is on."""
        found, numbers = [], (ctypes.c_uint32 * 3)()
        for lane in self._lanes:
            _LIB.lane_level(lane, numbers)
            found.append(Level(*numbers))
        return found

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Screens, dict[str, Any]]:
        """Begins an episode in every game.

        Args:
            seed: Restarts levels and delays; None lets them run on.
            options: Not used.

        Returns:
            Screens uint8 [N, 224, 320, 3] and an empty dictionary.
        """
        del options
        if seed is not None:
            self._np_random = np.random.default_rng(seed)
            self._np_random_seed = seed if isinstance(seed, int) else -1
        self._over[:] = True
        return self.step(np.zeros((self.num_envs, len(BUTTONS)), np.int8))[0], {}

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[Screens, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Plays a timestep in every game.

        Args:
            actions: Buttons, bool or 0/1 [N, 12], or their bits, uint16 [N].

        Returns:
            Screens uint8 [N, 224, 320, 3], rewards float64 [N], terminated bool [N], truncated bool [N] and an empty
            dictionary.

        Raises:
            FernwayError: If the actions have another shape.
        """
        bits = self._bits_of(actions)
        for lane in map(int, np.flatnonzero(self._over)):
            level = self._draw(self.np_random)
            _LIB.lane_reset(self._lanes[lane], level.zone, level.act, level.seed)
        sticks = self.np_random.random(self.num_envs) <= STICK_PROBABILITY
        rewards = np.empty(self.num_envs, np.float64)
        terminated, truncated = np.empty((2, self.num_envs), np.bool_)
        arrays = (bits, sticks, rewards, terminated, truncated, self._screens)
        _LIB.lanes_step(self._lanes, self.num_envs, *(array.ctypes.data for array in arrays))
        self._over = terminated | truncated
        return self._screens.copy() if self._copy else self._screens, rewards, terminated, truncated, {}

    def _bits_of(self, actions: NDArray[Any]) -> NDArray[np.uint16]:
        given = np.asarray(actions)
        if given.shape == (self.num_envs, len(BUTTONS)):
            return given.astype(np.bool_) @ _BITS
        if given.shape == (self.num_envs,) and given.dtype.kind in "iu" and not (given >> len(BUTTONS)).any():
            return np.ascontiguousarray(given, np.uint16)
        raise FernwayError(
            f"actions must be buttons [{self.num_envs}, {len(BUTTONS)}] or bits [{self.num_envs}] below "
            f"{1 << len(BUTTONS)}, got {given.dtype} {list(given.shape)}"
        )

    def get_state(self, lane: int) -> bytes:
        """Saves one game, with its place in the episode; for this build of the library only."""
        state = ctypes.create_string_buffer(LANE_STATE_SIZE)
        _LIB.lane_get_state(self._lanes[self._checked(lane)], state)
        return state.raw

    def set_state(self, lane: int, state: bytes) -> None:
        """Goes on with one game from a state of any game of any such environment; the delays are not part of it.

        Raises:
            FernwayError: If the state has another size, or the lane does not exist.
        """
        if len(state) != LANE_STATE_SIZE:
            raise FernwayError(f"a state has {LANE_STATE_SIZE} bytes, got {len(state)}")
        _LIB.lane_set_state(self._lanes[self._checked(lane)], state)
        self._over[lane] = bool(_LIB.lane_is_over(self._lanes[lane]))

    def _checked(self, lane: int) -> int:
        if not 0 <= lane < self.num_envs:
            raise FernwayError(f"lane must be 0..{self.num_envs - 1}, got {lane}")
        return lane

    def render(self) -> tuple[Screens, ...]:
        """Returns the present screens, one uint8 [224, 320, 3] a game."""
        return tuple(self._screens.copy())

    def close_extras(self, **kwargs: Any) -> None:  # noqa: ARG002 - as gymnasium calls it
        """Frees the games."""
        for lane in self._lanes:
            _LIB.lane_free(lane)
        self._lanes = (ctypes.c_void_p * 0)()


def _evenly(levels: Sequence[Level]) -> Draw:
    chosen = list(levels)
    return lambda rng: chosen[int(rng.integers(len(chosen)))]
