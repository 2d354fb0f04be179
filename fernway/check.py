"""Are levels sound, and can they be solved? What `python -m fernway check` finds out."""

import dataclasses
import multiprocessing
import random
import signal
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fernway import native, states
from fernway.levels import SEED_MAX, ZONES, Level, Solved
from fernway.rules import FRAME_LIMIT
from fernway.search import Search, decode, encode, frames_of, start_level

KINDS = 15
"""Kinds of objects in level.h; 0 is none."""

RING, GOAL = 1, 14
PLATFORMS = (11, 12, 13)
FIRST_LEDGE, LAST_LEDGE, SPIKES, BREAKABLE = 25, 27, 28, 29

LENGTH = (6_000, 10_240)
"""Pixels a level is long."""

FLAT_AT_ENDS = 8
"""Columns of flat ground on either side of start and goal."""


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What was found out about one level."""

    level: Level
    problems: tuple[str, ...]
    """One line each; none when the level is sound and solved."""
    frames: int
    """Length of the solution, 0 without one."""
    solution: str
    """See `fernway.search.decode`."""
    seconds: float
    """That the search took."""


def solid(blocks: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which blocks are solid from all sides (ledges are not)."""
    found: NDArray[np.bool_] = ((blocks >= 1) & (blocks < FIRST_LEDGE)) | (blocks == SPIKES) | (blocks == BREAKABLE)
    return found


def extent(kind: int, x: int, y: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what an object fills at least, pixels; right and bottom not included."""
    if kind in PLATFORMS:
        return x - 24, y, x + 24, y + 12
    half, height = (8, 16) if kind == RING else (12, 48) if kind == GOAL else (12, 14)
    return x - half, y - height, x + half, y


def _flat(blocks: NDArray[np.uint8], x: int, y: int) -> bool:
    col, row = x >> 4, y >> 4
    ground = blocks[max(0, col - FLAT_AT_ENDS) : col + FLAT_AT_ENDS]
    return y % 16 == 0 and bool(
        ((ground[:, row] >= 1) & (ground[:, row] <= 10)).all() and not solid(ground[:, :row]).any()
    )


def _object_problems(level: NDArray[np.void], blocks: NDArray[np.uint8]) -> list[str]:
    problems = []
    width = int(level["cols"]) * 16
    boxes: list[tuple[int, int, int, int]] = []
    filled = solid(blocks)
    last_x = 0
    for spawn in level["spawns"][: int(level["spawn_count"])]:
        x, y, kind = int(spawn["x"]), int(spawn["y"]), int(spawn["kind"])
        what = f"object of kind {kind} at ({x}, {y})"
        if not 1 <= kind < KINDS:
            problems.append(f"{what}: no such kind")
        if x < last_x:
            problems.append(f"{what}: not sorted by x")
        last_x = x
        left, top, right, bottom = box = extent(kind, x, y)
        if left < 0 or right > width or top < 0 or bottom > native.LEVEL_ROWS * 16:
            problems.append(f"{what}: outside of the level")
        elif filled[left >> 4 : (right + 15) >> 4, top >> 4 : (bottom + 15) >> 4].any():
            problems.append(f"{what}: inside terrain")
        if any(left < far and near < right and top < low and high < bottom for near, high, far, low in boxes[-16:]):
            problems.append(f"{what}: overlaps another object")
        boxes.append(box)
    return problems


def level_problems(level: NDArray[np.void]) -> list[str]:
    """Checks a level as generated against the generator's promises.

    Args:
        level: A record of dtype `native.LEVEL`.

    Returns:
        One line a broken promise.
    """
    problems = []
    cols, count = int(level["cols"]), int(level["spawn_count"])
    if not 375 <= cols <= native.LEVEL_COLS or count > native.LEVEL_SPAWNS:
        return [f"{cols} columns and {count} objects are out of range"]
    blocks = level["blocks"][:cols]
    if (level["blocks"] >= native.BLOCKS).any() or level["blocks"][cols:].any():
        problems.append("unknown blocks, or blocks beyond the end")
    if not LENGTH[0] <= int(level["end_x"]) <= LENGTH[1] or int(level["end_x"]) >= cols * 16:
        problems.append(f"end at x {level['end_x']}")
    if not _flat(blocks, int(level["start_x"]), int(level["start_y"])):
        problems.append("the start is not flat and free")
    goals = [spawn for spawn in level["spawns"][:count] if spawn["kind"] == GOAL]
    if len(goals) != 1 or int(goals[0]["x"]) >> 4 != int(level["end_x"]) >> 4:
        problems.append("want one goal, at the end")
    elif not _flat(blocks, int(goals[0]["x"]), int(goals[0]["y"])):
        problems.append("the goal is not on flat ground")
    near_start = [s for s in level["spawns"][:count] if s["kind"] != RING and int(s["x"]) < int(level["start_x"]) + 120]
    if near_start:
        problems.append("the start is not safe")
    return problems + _object_problems(level, blocks)


def big_endian(level: NDArray[np.void]) -> bytes:
    """A level's bytes as the 68000 has them."""
    return level.astype(native.LEVEL.newbyteorder(">")).tobytes()


def prove(level: Level, known: str | None = None) -> tuple[Report, bytes]:
    """Checks one level: promises, the ROM against the twin, a solution, its replay on the emulator and what that shows.

    Args:
        level: The level.
        known: A solution to replay; None searches for one.

    Returns:
        What was found out, and the level's canonical start state.

    Raises:
        FernwayError: If the ROM is missing or does not start.
    """
    game = native.Game(level.zone, level.act, level.seed)
    problems = level_problems(game.level)
    began = time.monotonic()
    runs = decode(known) if known is not None else Search().solve(level)
    seconds = time.monotonic() - began
    if runs is None:
        problems.append("no way through was found")
        runs = []
    with states.Core() as core:
        state = core.start(level)
        if core.memory(native.STATE_SIZE + native.LEVEL.itemsize)[native.STATE_SIZE :] != big_endian(game.level):
            problems.append("the ROM and the twin make different levels")
        core.load(state)
        buttons = frames_of(runs)
        if runs and (len(buttons) > FRAME_LIMIT or not core.play(buttons)):
            problems.append(f"the solution ends at x {core['x']} on the emulator, the level at {core['end_x']}")
        start_level(game, level)
        game.frames(buttons[: core["frame"] - 1], stop=False)  # the reset played the first frame
        if not np.array_equal(core.screen, game.screen()):
            problems.append("the ROM and the twin show different screens after the solution")
    return Report(level, tuple(problems), len(buttons), encode(runs), seconds), state


def check(level: Level, known: str | None = None) -> Report:
    """Checks one level; see `prove`."""
    return prove(level, known)[0]


def random_levels(count: int, seed: int) -> list[Level]:
    """Draws levels of all zones and acts."""
    draw = random.Random(seed)
    return [Level(draw.randrange(len(ZONES)), draw.randint(1, 9), draw.randint(0, SEED_MAX)) for _ in range(count)]


def _ignore_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(task: Any) -> Any:
    function, arguments = task
    return function(*arguments)


def spread(tasks: Sequence[Any], jobs: int) -> Iterator[Any]:
    """Runs (function, arguments) in processes of their own; gives the results as they come.

    Every process has its own emulator, of which there can be only one in each.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fernway.commands", "stable_retro"])
    # An emulator's memory keeps traces of the one before it in the process; a state must not depend on what came before.
    with context.Pool(min(jobs, len(tasks)) or 1, _ignore_interrupt, maxtasksperchild=1) as pool:
        yield from pool.imap_unordered(_work, tasks)


def tasks(levels: Sequence[Level | Solved]) -> list[Any]:
    """Turns levels into work for `spread`; solutions that are known are replayed, not searched for again."""
    return [(check, (one.level, one.solution)) if isinstance(one, Solved) else (check, (one,)) for one in levels]
