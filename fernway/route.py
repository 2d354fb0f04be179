"""How far it is to the goal: a map of a level, and the values of actions by it; see host/route.c and host/plan.c."""

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fernway.native import _LIB, Game, buttons_to_bits

DOOM = 4000
"""Frames to the goal from where a life is lost: the most that a map says. `DOOM` in host/route.h."""

ACTIONS_MAX = 64
"""Actions that can be valued at a time. `ACTIONS_MAX` in host/route.h."""


HORIZON_MAX = 64
"""Timesteps that a plan can have. `TAPE` in host/route.h."""


class _Effort(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_int32) for name in ("horizon", "samples", "finalists", "death"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How hard to think about one decision; each action has eight continuations."""

    horizon: int = 20
    """Timesteps that are played before the map is asked how far it still is."""

    samples: int = 2
    """Noisy copies of the game in which every continuation is tried."""

    finalists: int = 4
    """More noisy copies for each action's best continuation."""

    death: int = 500
    """Frames that losing a life counts for."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name, low, high in (
            ("horizon", 1, HORIZON_MAX),
            ("samples", 1, 1000),
            ("finalists", 0, 1000),
            ("death", 0, DOOM),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be {low}..{high}, got {getattr(self, name)}")


def _declare() -> None:
    pointer, integer = ctypes.c_void_p, ctypes.c_int32
    for name, result, arguments in (
        ("route_new", pointer, [integer]),
        ("route_free", None, [pointer]),
        ("route_build", integer, [pointer, pointer]),
        ("route_count", integer, [pointer]),
        ("plan_costs", None, [pointer, pointer, pointer, integer, ctypes.POINTER(_Effort), ctypes.c_uint32, pointer]),
    ):
        function = getattr(_LIB, name)
        function.restype, function.argtypes = result, arguments


_declare()


class Route:
    """The map of one level at a time. Threads may each use one of their own at the same time.

    Source: the map is a tabular action-value function on coarse states, from value iteration (Bellman 1957) over a
    deterministic exploration, and goes on learning from simulated play (Dyna; Sutton 1991). The values of actions are
    a rollout algorithm on it (Bertsekas et al. 1997).
    """

    def __init__(self, places: int = 1 << 16) -> None:
        """Makes an empty map.

        Args:
            places: The most it can hold; a level takes 25,000 to 50,000. 64 bytes each, and 112 while mapping.

        Raises:
            MemoryError: If there is no room for it.
        """
        if not 1 <= places <= 1 << 24:
            raise ValueError(f"places must be 1..{1 << 24}, got {places}")
        self._handle: int | None = _LIB.route_new(places)
        if not self._handle:
            raise MemoryError(f"no memory for a map of {places} places")
        self._level: tuple[int, int, int] | None = None

    def __del__(self) -> None:
        """Gives the memory back."""
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            _LIB.route_free(handle)

    @property
    def places(self) -> int:
        """Places on the map."""
        return int(_LIB.route_count(self._handle))

    def build(self, game: Game) -> int | None:
        """Maps the level of a game from where the game stands, best its start; takes about half a second.

        Returns:
            Frames to the goal, or None if no way was found.

        Raises:
            MemoryError: If there is no room for exploring.
        """
        self._level = None
        togo: int = _LIB.route_build(self._handle, _address(game))
        if togo < 0:
            raise MemoryError("no memory for exploring a level")
        self._level = _level(game)
        return togo if togo < DOOM else None

    def costs(self, game: Game, actions: NDArray[np.int8], effort: Effort, seed: int) -> NDArray[np.float32]:
        """Estimates for each action how many frames it is to the goal when it is held for the next timestep.

        The game is left as it is; the map learns from what is tried.

        Args:
            game: A game in the level that was mapped.
            actions: int8 [A, 12], what each holds.
            effort: How hard to think.
            seed: 32 bits; of the sticky frames and of what is tried.

        Returns:
            float32 [A], frames; the mean over noisy copies of the best continuation found.

        Raises:
            ValueError: If the game is in another level than the map.
        """
        if _level(game) != self._level:
            raise ValueError(f"the map is of level {self._level}, the game is in {_level(game)}: build the map first")
        if not 1 <= len(actions) <= ACTIONS_MAX:
            raise ValueError(f"1..{ACTIONS_MAX} actions can be valued at a time, got {len(actions)}")
        bits = np.array([buttons_to_bits(held) for held in actions], np.uint16)
        costs = np.empty(len(bits), np.float32)
        weighed = _Effort(effort.horizon, effort.samples, effort.finalists, effort.death)
        _LIB.plan_costs(
            self._handle,
            _address(game),
            bits.ctypes.data,
            len(bits),
            ctypes.byref(weighed),
            seed & 0xFFFFFFFF,
            costs.ctypes.data,
        )
        return costs


def _level(game: Game) -> tuple[int, int, int]:
    return game.zone, game.act, game.seed


def _address(game: Game) -> int:
    return int(_LIB.native_game(game._handle))
