"""Levels, moves and draws of Fernway's vector environment."""

import numpy as np
from worlds import DOWN, JUMP, LEFT, RIGHT

from fernway.levels import committed

LEVELS = [solved.level for solved in committed().values()]


MOVES = [RIGHT, RIGHT, RIGHT | JUMP, RIGHT | DOWN, LEFT, DOWN, JUMP, 0]


def moves(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.choice(MOVES, count).astype(np.uint16)


class Always(np.random.Generator):
    """Draws one number only: no action is delayed, or each is."""

    def __init__(self, value: float) -> None:
        super().__init__(np.random.PCG64(0))
        self._value = value

    def random(self, size: int) -> np.ndarray:  # type: ignore[override]
        return np.full(size, self._value)
