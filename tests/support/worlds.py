"""Small made-up levels for the twin: a flat floor, and whatever a test puts on it."""

from collections.abc import Sequence

import numpy as np

from fernway.native import Game

FLOOR_ROW = 40
FLOOR = FLOOR_ROW * 16
"""The y of the ground."""
START = 640
"""Where the player stands."""

EMPTY, FILL, UNDER_SLOPE, UP_45, UP_27, UP_14, LEDGE, SPIKES, BREAKABLE = 0, 1, 10, 11, 12, 14, 25, 28, 29
"""Blocks of src/blocks.h."""

(RING, WALKER, FLYER, HOPPER, SPITTER, SPRING_UP, SPRING_RIGHT_UP, SPRING_LEFT_UP, SPRING_LEFT, SPRING_RIGHT,
 PLATFORM_ACROSS, PLATFORM_UPDOWN, PLATFORM_FALLING, GOAL) = range(1, 15)  # fmt: skip
"""Kinds of src/level.h."""

JUMP, UP, DOWN, LEFT, RIGHT = 1, 1 << 4, 1 << 5, 1 << 6, 1 << 7
"""Button bits."""

_SPAWN_WINDOW = slice(0x5C, 0x60)
_OBJECTS = slice(0x61, None)


def world(spawns: Sequence[tuple[int, int, int, int]] = ()) -> Game:
    """A flat world with objects (x, y, kind, arg), sorted by x; the player stands at `START`, without rings."""
    game = Game(0, 1, 1)
    game.blocks[:] = EMPTY
    game.blocks[:, FLOOR_ROW:] = FILL
    game.level["spawn_count"] = len(spawns)
    for spawn, made in zip(spawns, game.level["spawns"], strict=False):
        made["x"], made["y"], made["kind"], made["arg"] = spawn
    state = np.frombuffer(bytearray(game.get_state()), np.uint8)
    state[_SPAWN_WINDOW] = 0
    state[_OBJECTS] = 0
    game.set_state(state.tobytes())
    place(game, START)
    for _ in range(60):  # the camera comes
        game.frame()
    return game


def place(game: Game, x: int, y: int = FLOOR) -> None:
    """Stands the player somewhere, at rest."""
    for name, value in (
        ("px", x << 16), ("py", y << 16), ("speed", 0), ("vx", 0), ("vy", 0), ("grounded", 1), ("angle", 0),
        ("rolling", 0), ("jumping", 0), ("invulnerable", 0), ("control_lock", 0),
    ):  # fmt: skip
        game.poke(name, value)


def slope(game: Game, col: int, block: int, run: int, rows: int) -> None:
    """Raises the ground from a column on by so many rows, with slope blocks of `run` columns a row."""
    for row in range(rows):
        for part in range(run):
            here = game.blocks[col + row * run + part]
            here[FLOOR_ROW - 1 - row] = block + part
            here[FLOOR_ROW - row : FLOOR_ROW] = FILL
    game.blocks[col + rows * run :, FLOOR_ROW - rows : FLOOR_ROW] = FILL
