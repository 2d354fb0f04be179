"""Many games of the twin as one Gymnasium vector environment under the contest's rules.

env = FernwayVectorEnv(16, levels=[Level(0, 1, 10_100)])
screens, _ = env.reset(seed=1)
screens, rewards, terminated, truncated, _ = env.step(env.action_space.sample())

env = FernwayVectorEnv(64, observation=Observation(), threads=2)    # what a network looks at, made in C
observations, _ = env.reset(seed=1)     # uint8 [64, 4, 64, 80]

env = FernwayVectorEnv(64, observation="inside")    # what the game knows of the player's surroundings; no screen is drawn
observations, _ = env.reset(seed=1)     # float32 [64, 700]
"""

import ctypes
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from fernway import FernwayError
from fernway.levels import ACTS, SEED_MAX, UNSEEN_ZONES, ZONES, Level
from fernway.looks import LaneLooks, Looks
from fernway.native import BUTTONS, SCREEN_HEIGHT, SCREEN_WIDTH, load_library
from fernway.observation import Observation, Observer
from fernway.rules import FRAME_SKIP, STICK_PROBABILITY

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
        ("lane_forbid_dash", None, [pointer]),
        ("lane_state_size", integer, []),
        ("lane_get_state", None, [pointer, data]),
        ("lane_set_state", None, [pointer, data]),
        ("lane_is_over", ctypes.c_uint8, [pointer]),
        ("lane_level", None, [pointer, ctypes.POINTER(ctypes.c_uint32)]),
        ("lanes_places", None, [pointer, integer, pointer]),
        ("inside_size", integer, []),
        ("lanes_inside", None, [pointer, integer, integer, pointer]),
        ("lane_screen", None, [pointer, pointer]),
        ("lane_begin", None, [pointer, integer, integer, ctypes.c_uint32, *[pointer] * 3]),
        ("lanes_step", None, [pointer, integer, integer, *[pointer] * 8, integer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_LIB = _library()
LANE_STATE_SIZE: int = _LIB.lane_state_size()
"""Bytes of one game's state, without observations."""

INSIDE: int = _LIB.inside_size()
"""Numbers that tell of a game's inside: the terrain, the objects and the player's motion; see host/inside.c."""


def fresh_level(rng: np.random.Generator) -> Level:
    """Draws any level of the training zones that is not among the committed ones; some may have no way through."""
    zone = int(rng.choice([zone for zone in range(len(ZONES)) if zone not in UNSEEN_ZONES]))
    return Level(zone, int(rng.integers(1, ACTS[zone] + 1)), int(rng.integers(FRESH_SEEDS, SEED_MAX, endpoint=True)))


class FernwayVectorEnv(VectorEnv[Screens, NDArray[np.int8], NDArray[Any]]):
    """Games of the twin side by side, stepped by one call into C.

    Observations are what the emulator shows, uint8 [N, 224, 320, 3], or what a network looks at, uint8 [N, stack,
    height, width], newest screen last; the first screen of an episode fills the stack. Or they are what a screen only shows
    in part, in exact numbers, float32 [N, INSIDE]. Actions are buttons, 0/1
    [N, 12], filtered as stable-retro does by default. A step is a timestep of the contest: four frames, the first of
    which plays the previous action with a probability of a quarter, but not in the first step of an episode. The reward
    is 9000 x progress plus up to 1000 for being quick; a lost life or the level's end terminates, 4500 timesteps
    truncate.

    After an end, the next step ignores that game's action and answers with the first screen of its next episode and
    reward 0 (`AutoresetMode.NEXT_STEP`), which counts like the contest's resets.

    Args:
        num_envs: Games.
        levels: Levels to draw from, evenly, or what draws the level of an episode; any fresh one by default.
        copy: Whether each step returns observations in an array of their own, rather than in one that the next step
            overwrites, which is quicker.
        observation: What to make of the screens; None hands them out as they are, "inside" draws none.
        looks: How far the look of each episode goes from the game's own, which None stands for; needs an observation.
        dashless: Probability that an episode's hero has no spin dash, as in Sonic 1, so that a network does not
            count on it; the same buttons make him jump. No screen tells.
        threads: How many slices of the games are stepped at once. The results do not depend on it.

    Raises:
        FernwayError: If there is not at least one game, one level and one thread, no observation to give a look to, or no
            probability.
    """

    metadata = {  # noqa: RUF012 - as gymnasium declares it
        "render_modes": ["rgb_array"],
        "render_fps": 60 // FRAME_SKIP,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }
    render_mode = "rgb_array"

    def __init__(
        self,
        num_envs: int,
        levels: Sequence[Level] | Draw = fresh_level,
        *,
        copy: bool = True,
        observation: Observation | Literal["inside"] | None = None,
        looks: Looks | None = None,
        dashless: float = 0.0,
        threads: int = 1,
    ) -> None:
        """Makes the games; `reset` begins."""
        if num_envs < 1:
            raise FernwayError(f"want at least 1 game, got {num_envs}")
        if not callable(levels) and not levels:
            raise FernwayError("want at least 1 level to draw from, got none")
        if threads < 1:
            raise FernwayError(f"want at least 1 thread, got {threads}")
        if looks and not isinstance(observation, Observation):
            raise FernwayError(
                f"looks change observations made of screens: want an observation, too, got {observation}"
            )
        if not 0 <= dashless <= 1:
            raise FernwayError(f"want a probability of 0 .. 1 of episodes without a spin dash, got {dashless}")
        self.num_envs, self._dashless = num_envs, dashless
        self._is_blind, self._is_observed = observation == "inside", observation is not None
        seen = observation if isinstance(observation, Observation) else None
        shape = (INSIDE,) if self._is_blind else seen.shape if seen else (SCREEN_HEIGHT, SCREEN_WIDTH, 3)
        space = (-np.inf, np.inf, shape, np.float32) if self._is_blind else (0, 255, shape, np.uint8)
        self.single_observation_space = gym.spaces.Box(*space)
        self.single_action_space = gym.spaces.MultiBinary(len(BUTTONS))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._draw = levels if callable(levels) else _evenly(levels)
        self._copy = copy
        self._lanes = (ctypes.c_void_p * num_envs)(*(_LIB.lane_new() for _ in range(num_envs)))
        if not all(self._lanes):
            raise MemoryError(f"no memory for {num_envs} games")
        self._observer = Observer(seen) if seen else None
        self._looks = LaneLooks(looks, seen, num_envs) if looks and seen else None
        self._observations = np.zeros((num_envs, *shape), self.single_observation_space.dtype)
        self._over = np.ones(num_envs, np.bool_)
        self._bits, self._sticks = np.zeros(num_envs, np.uint16), np.zeros(num_envs, np.bool_)
        self._rewards, self._ends = np.zeros(num_envs, np.float64), np.zeros((2, num_envs), np.bool_)
        self._eye = ctypes.byref(self._observer) if self._observer else None
        self._paint = self._looks.records.ctypes.data if self._looks else 0
        arrays = (self._bits, self._sticks, self._rewards, *self._ends)
        addresses = [array.ctypes.data for array in arrays]
        shown = self._shown_to(0), self._observation_size
        common = (*addresses, self._eye, self._paint, *shown)
        bounds = [num_envs * i // threads for i in range(threads + 1)]
        self._slices = [(self._lanes, begin, end, *common) for begin, end in itertools.pairwise(bounds) if begin < end]
        self._pool = ThreadPoolExecutor(len(self._slices) - 1) if len(self._slices) > 1 else None

    @property
    def _observation_size(self) -> int:
        return int(self._observations[0].nbytes)

    def _shown_to(self, lane: int) -> int | None:
        """Where C draws a game's observation; None: nowhere."""
        return None if self._is_blind else self._observations[lane:].ctypes.data

    @property
    def state_size(self) -> int:
        """Bytes of a state: the game's; with observations the stack's, too, and with looks the look's."""
        stack = self._observation_size if self._is_observed else 0
        return LANE_STATE_SIZE + stack + (LaneLooks.STATE_SIZE if self._looks else 0)

    @property
    def observations(self) -> Screens:
        """The present observations, as `step` and `reset` return them; after `set_state` and `begin`, too."""
        return self._observations.copy() if self._copy else self._observations

    @property
    def levels(self) -> list[Level]:
        """The level each game is on."""
        return [self._level(lane) for lane in range(self.num_envs)]

    @property
    def places(self) -> NDArray[np.int32]:
        """Where the players' feet are, int32 [N, 2]: x and y, pixels; after an end, where it came."""
        places = np.empty((self.num_envs, 2), np.int32)
        _LIB.lanes_places(self._lanes, self.num_envs, places.ctypes.data)
        return places

    @property
    def inside(self) -> NDArray[np.float32]:
        """What the games know of their players' surroundings now, float32 [N, INSIDE]; whatever is observed."""
        numbers = np.empty((self.num_envs, INSIDE), np.float32)
        _LIB.lanes_inside(self._lanes, 0, self.num_envs, numbers.ctypes.data)
        return numbers

    def _level(self, lane: int) -> Level:
        numbers = (ctypes.c_uint32 * 3)()
        _LIB.lane_level(self._lanes[lane], numbers)
        return Level(*numbers)

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Screens, dict[str, Any]]:
        """Begins an episode in every game.

        Args:
            seed: Restarts levels, delays and looks; None lets them run on.
            options: Not used.

        Returns:
            Observations as the class says, and an empty dictionary.

        Raises:
            FernwayError: If the seed is negative.
        """
        del options
        if seed is not None:
            if np.min(seed) < 0:
                raise FernwayError(f"want a seed from 0, got {seed}")
            self._np_random = np.random.default_rng(seed)
            self._np_random_seed = seed if isinstance(seed, int) else -1
            if self._looks:
                self._looks.seed(seed)
        self._over[:] = True
        return self.step(np.zeros(self.num_envs, np.uint16))[0], {}

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[Screens, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Plays a timestep in every game.

        Args:
            actions: Buttons, bool or 0/1 [N, 12], or their bits, uint16 [N].

        Returns:
            Observations as the class says, rewards float64 [N], terminated bool [N],
            truncated bool [N] and an empty dictionary.

        Raises:
            FernwayError: If the actions have another shape, or the environment is closed.
        """
        if self.closed:
            raise FernwayError("the environment is closed: make a new one")
        self._bits[:] = self._bits_of(actions)
        for lane in map(int, np.flatnonzero(self._over)):
            level = self._draw(self.np_random)
            if self._looks:
                self._looks.begin(lane, level.zone)
            _LIB.lane_reset(self._lanes[lane], level.zone, level.act, level.seed)
            self._draw_rules(lane)
        np.less_equal(self.np_random.random(self.num_envs), STICK_PROBABILITY, out=self._sticks)
        others = [self._pool.submit(_LIB.lanes_step, *part) for part in self._slices[1:]] if self._pool else ()
        _LIB.lanes_step(*self._slices[0])
        for other in others:
            other.result()
        if self._is_blind:
            _LIB.lanes_inside(self._lanes, 0, self.num_envs, self._observations.ctypes.data)
        terminated, truncated = self._ends.copy()
        np.logical_or(terminated, truncated, out=self._over)
        return self.observations, self._rewards.copy(), terminated, truncated, {}

    def begin(self, lane: int, level: Level) -> None:
        """Begins an episode of one game on a level at once, whatever it was doing: no step is played for it.

        Its first screen is in `observations`, and the next step plays on from it.

        Raises:
            FernwayError: If the lane does not exist.
        """
        shown = self._shown_to(self._checked(lane))
        paint = None
        if self._looks:
            self._looks.begin(lane, level.zone)
            paint = self._looks.records[lane : lane + 1].ctypes.data
        _LIB.lane_begin(self._lanes[lane], level.zone, level.act, level.seed, self._eye, paint, shown)
        self._draw_rules(lane)
        if self._is_blind:
            _LIB.lanes_inside(self._lanes, lane, lane + 1, self._observations.ctypes.data)
        self._over[lane] = False

    def _draw_rules(self, lane: int) -> None:
        if self._dashless and self.np_random.random() < self._dashless:
            _LIB.lane_forbid_dash(self._lanes[lane])

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
        """Saves one game, its place in the episode and its observation; for this build of the library only."""
        state = ctypes.create_string_buffer(LANE_STATE_SIZE)
        _LIB.lane_get_state(self._lanes[self._checked(lane)], state)
        look = self._looks.get_state(lane) if self._looks else b""
        return state.raw + look + (self._observations[lane].tobytes() if self._is_observed else b"")

    def set_state(self, lane: int, state: bytes) -> None:
        """Goes on with one game from a state of any game of such an environment; the delays are not part of it.

        `observations` has its observation again at once; screens that are handed out as they are come with the next
        step only. Its look is the same again if the other environment had the same `Looks`.

        Raises:
            FernwayError: If the state has another size, or the lane does not exist.
        """
        if len(state) != self.state_size:
            raise FernwayError(f"a state has {self.state_size} bytes, got {len(state)}")
        _LIB.lane_set_state(self._lanes[self._checked(lane)], state[:LANE_STATE_SIZE])
        self._over[lane] = bool(_LIB.lane_is_over(self._lanes[lane]))
        if self._looks:
            look = state[LANE_STATE_SIZE : LANE_STATE_SIZE + LaneLooks.STATE_SIZE]
            self._looks.set_state(lane, self._level(lane).zone, look)
        if self._is_observed:
            stack = np.frombuffer(state[-self._observation_size :], self._observations.dtype)
            self._observations[lane] = stack.reshape(self._observations[lane].shape)

    def _checked(self, lane: int) -> int:
        if not 0 <= lane < self.num_envs:
            raise FernwayError(f"lane must be 0..{self.num_envs - 1}, got {lane}")
        return lane

    def render(self) -> tuple[Screens, ...]:
        """Returns the present screens, one uint8 [224, 320, 3] a game."""
        screens = np.empty((self.num_envs, SCREEN_HEIGHT, SCREEN_WIDTH, 3), np.uint8)
        for lane, screen in zip(self._lanes, screens, strict=True):
            _LIB.lane_screen(lane, screen.ctypes.data)
        return tuple(screens)

    def close_extras(self, **kwargs: Any) -> None:  # noqa: ARG002 - as gymnasium calls it
        """Frees the games."""
        if self._pool:
            self._pool.shutdown()
        for lane in self._lanes:
            _LIB.lane_free(lane)
        self._lanes = (ctypes.c_void_p * 0)()


def _evenly(levels: Sequence[Level]) -> Draw:
    chosen = list(levels)
    return lambda rng: chosen[int(rng.integers(len(chosen)))]
