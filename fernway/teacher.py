"""A plan under way on one level, kept until a clearly better one is found; see host/teach.c.

`fernway.route` values every action afresh in every state, which plays well but cannot be learned from: of its best
actions only a third are still the best a timestep later. A plan that is kept runs to the right most of the time and
changes where something calls for it; four fifths of its actions are those of the timestep before, and it is quicker.
"""

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fernway.levels import Level
from fernway.native import Game, load_library
from fernway.route import Route, _address

HORIZON = 36
"""Timesteps of a plan. `HORIZON` in host/teach.c."""

RIGHT = 1
"""Index of the action that holds RIGHT alone. `RIGHT` in host/teach.c."""

ACTIONS = 9
"""Actions of the agent's table. `ACTIONS` in host/teach.c."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """How carefully to plan; all costs are frames on the way to the goal."""

    variations: int = 16
    """Plans tried at random, beside some forty that are tried always."""

    samples: int = 3
    """Noisy copies of the game in which the best plan that begins with each action is tried."""

    death: float = 400.0
    """What losing a life counts for."""

    keep: float = 12.0
    """By how much another plan must be better than the one under way."""

    plain: float = 16.0
    """By how much another plan must be better than running to the right."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name, low in (("variations", 0), ("samples", 0), ("death", 0), ("keep", 0), ("plain", 0)):
            if not low <= getattr(self, name) <= 10_000:
                raise ValueError(f"{name} must be {low}..10000, got {getattr(self, name)}")


class _Care(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("variations", "samples")),
        *((name, ctypes.c_float) for name in ("death", "keep", "plain")),
    )


_LIB = load_library()
_LIB.teach_plan.restype = None
_LIB.teach_plan.argtypes = [
    *[ctypes.c_void_p] * 2,
    ctypes.POINTER(_Care),
    ctypes.c_void_p,
    ctypes.c_int32,
    ctypes.c_uint32,
    ctypes.c_void_p,
]


class Teacher:
    """Plans in one game at a time; not for two threads at once."""

    def __init__(self, care: Care | None = None, *, seed: int = 0) -> None:
        """Has no map yet.

        Args:
            care: How carefully to plan; the default takes 2 to 3 ms a decision.
            seed: Of the noise and of the plans that are tried.
        """
        chosen = care or Care()
        self._care = _Care(chosen.variations, chosen.samples, chosen.death, chosen.keep, chosen.plain)
        self._seed = seed
        self._route = Route()
        self._start = Game()
        self._level: Level | None = None
        self._plan = np.full(HORIZON, RIGHT, np.uint8)
        self._is_under_way = False
        self.costs = np.zeros(ACTIONS, np.float32)
        """float32 [A], frames to the goal by the best plan found that begins with each action, as of the last `plan`;
        that of an action far behind the best is without noise."""

    def plan(self, game: Game) -> NDArray[np.uint8]:
        """Plans on from the game's state, which is left as it is.

        Args:
            game: In any state of any level; a level other than the last one is mapped first (half a second).

        Returns:
            uint8 [HORIZON], indices into the agent's action table, the next timestep's first.
        """
        level = Level(game.zone, game.act, game.seed)
        if level != self._level:
            self._start.load(level.zone, level.act, level.seed)
            self._route.build(self._start)
            self._level = level
            self._is_under_way = False
        self._seed = (self._seed + 1) & 0xFFFFFFFF
        _LIB.teach_plan(
            self._route._handle,
            _address(game),
            ctypes.byref(self._care),
            self._plan.ctypes.data,
            self._is_under_way,
            self._seed * 7919 & 0xFFFFFFFF,
            self.costs.ctypes.data,
        )
        self._is_under_way = True
        return self._plan.copy()

    def played(self, action: int) -> None:
        """Hears what was played in the planned timestep: the plan goes on if it was the plan's, and is dropped if not."""
        if self._is_under_way and action == self._plan[0]:
            self._plan = np.append(self._plan[1:], np.uint8(RIGHT))
        else:
            self._is_under_way = False

    def restart(self, seed: int) -> None:
        """Forgets everything: from here on it does what a new teacher with this seed does."""
        self._seed = seed
        self._level = None
        self._is_under_way = False

    def drop(self) -> None:
        """Drops the plan under way, because the game was set to another state."""
        self._is_under_way = False
