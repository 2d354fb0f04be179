"""A planner: it plays with copies of the game, by a map of the level; see host/route.c and host/teach.c.

Source: the map is a tabular action-value function on coarse states, from value iteration (Bellman 1957) over a
deterministic exploration. The plans are a rollout algorithm on it (Bertsekas et al. 1997).
"""

import ctypes

import numpy as np
from numpy.typing import NDArray

from fernway.levels import Level
from fernway.native import Game, load_library

HORIZON = 36
"""Timesteps of a plan. `HORIZON` in host/teach.c."""

RIGHT = 1
"""Index of the action that holds RIGHT alone. `RIGHT` in host/teach.c."""

ACTIONS = 9
"""Actions of the agent's table. `ACTIONS` in host/teach.c."""

PLACES = 1 << 16
"""The most that a map can hold; a level takes 25,000 to 50,000. 64 bytes each, and 112 while mapping."""


def _library() -> ctypes.CDLL:
    library = load_library()
    pointer, integer = ctypes.c_void_p, ctypes.c_int32
    for name, result, arguments in (
        ("route_new", pointer, [integer]),
        ("route_free", None, [pointer]),
        ("route_build", integer, [pointer, pointer]),
        ("teach_plan", None, [pointer, pointer, pointer, integer, ctypes.c_uint32]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_LIB = _library()


class Teacher:
    """Plans in one game at a time; not for two threads at once."""

    def __init__(self, *, seed: int = 0) -> None:
        """Has no map yet.

        Args:
            seed: Of the noise and of the plans that are tried.

        Raises:
            MemoryError: If there is no room for a map.
        """
        self._seed = seed
        self._route: int | None = _LIB.route_new(PLACES)
        if not self._route:
            raise MemoryError(f"no memory for a map of {PLACES} places")
        self._start = Game()
        self._level: Level | None = None
        self._plan = np.full(HORIZON, RIGHT, np.uint8)
        self._is_under_way = False

    def __del__(self) -> None:
        """Gives the memory back."""
        route, self._route = getattr(self, "_route", None), None
        if route:
            _LIB.route_free(route)

    def plan(self, game: Game) -> NDArray[np.uint8]:
        """Plans on from the game's state, which is left as it is.

        Args:
            game: In any state of any level; a level other than the last one is mapped first (half a second).

        Returns:
            uint8 [HORIZON], indices into the agent's action table, the next timestep's first.

        Raises:
            MemoryError: If there is no room for exploring a level.
        """
        level = Level(game.zone, game.act, game.seed)
        if level != self._level:
            self._start.load(level.zone, level.act, level.seed)
            self._level = None
            if _LIB.route_build(self._route, _address(self._start)) < 0:
                raise MemoryError("no memory for exploring a level")
            self._level = level
            self._is_under_way = False
        self._seed = (self._seed + 1) & 0xFFFFFFFF
        seed = self._seed * 7919 & 0xFFFFFFFF
        _LIB.teach_plan(self._route, _address(game), self._plan.ctypes.data, self._is_under_way, seed)
        self._is_under_way = True
        return self._plan.copy()

    def played(self, action: int) -> None:
        """Hears what was played in the planned timestep: the plan goes on if it was the plan's, and is dropped if not."""
        if self._is_under_way and action == self._plan[0]:
            self._plan = np.append(self._plan[1:], np.uint8(RIGHT))
        else:
            self._is_under_way = False

    def drop(self) -> None:
        """Drops the plan under way, because the game was set to another state."""
        self._is_under_way = False


def _address(game: Game) -> int:
    return int(_LIB.native_game(game.handle))
