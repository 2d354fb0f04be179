"""Lists of levels in the contest's format, CSV with the columns game,state: one reader for all who take them."""

import csv
import io
import os
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from .files import read_text, reason

LIST_BYTES_MOST = 16 << 20
"""Of a list of levels: a few hundred thousand rows."""

CELL_MOST = 1000
"""Characters of a cell: longer than any name or path that anybody means."""

T = TypeVar("T")

Find = Callable[[str, str | None], tuple[Hashable, T]]
"""From a game, and a state's name, a state file's absolute path, or None for the default, to what tells the level from
others and to whatever else the caller wants of it; raises ValueError with one line if there is no such level."""


class LevelListError(ValueError):
    """A list that cannot be used; the message is one line that names the list, and the line and value at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[T]):
    """A row of a list."""

    game: str
    """As it is written there."""

    state: str
    """As it is written there; empty for the game's default."""

    level: T
    """What was found."""


def read_levels(path: Path, find: Find[T]) -> list[Listed[T]]:
    """Reads a list of levels.

    A byte order mark, any ends of lines, blank lines, rows of empty cells, quotes and spaces around cells do not matter.
    A state that ends in `.state` is the path of a file, from the list's folder, or else a state's name.

    Args:
        path: The list.
        find: Finds the levels.

    Raises:
        LevelListError: If it cannot be read, has other columns, or has a level that does not exist or comes twice.
    """
    found: list[Listed[T]] = []
    lines: dict[Hashable, int] = {}
    for line, game, state in _rows(path):
        where = f"{path}, line {line}"
        start, file = _start(path.parent, state)
        if file is not None and "/" in state:
            raise LevelListError(f"{where}: there is no file {file}")
        try:
            place, level = find(game, start)
        except ValueError as error:
            hint = "" if file is None else f", and there is no file {file}"
            raise LevelListError(f"{where}: {error}{hint}") from error
        if place in lines:
            again = f"{game} {state}".strip()
            raise LevelListError(f"{where}: {again} is in the list twice: it is the level of line {lines[place]}")
        lines[place] = line
        found.append(Listed(game=game, state=state, level=level))
    if not found:
        raise LevelListError(f"list of levels {path}: no level in it")
    return found


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Reads the cells: the number of a row's line, its game and its state."""
    try:
        text = read_text(path, LIST_BYTES_MOST)
    except OSError as error:
        raise LevelListError(f"list of levels {reason(error)}") from error
    except ValueError as error:
        raise LevelListError(f"list of levels {path}: {error}") from error
    reader = csv.reader(io.StringIO(text, newline=None), skipinitialspace=True)
    columns: list[str] = []
    line = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise LevelListError(f"{path}, line {line}: {error}") from error
        where = f"{path}, line {line}"
        if strange := next((cell for cell in cells if not cell.isprintable()), ""):
            raise LevelListError(f"{where}: wanted printable characters on one line, got {strange[:80]!r}")
        if long := next((cell for cell in cells if len(cell) > CELL_MOST), ""):
            raise LevelListError(
                f"{where}: wanted at most {CELL_MOST} characters in a cell, got {long[:80]!r} and more"
            )
        if not any(cells):
            continue
        if not columns:
            columns = cells
            if columns.count("game") != 1 or columns.count("state") != 1:
                raise LevelListError(f"{where}: wanted the columns game,state, got {','.join(cells)[:80]!r}")
            continue
        if any(cells[len(columns) :]):
            raise LevelListError(f"{where}: wanted {len(columns)} values, got {','.join(cells)[:80]!r}")
        row = dict(zip(columns, [*cells, *[""] * len(columns)], strict=False))
        if not row["game"]:
            raise LevelListError(f"{where}: wanted a game, got {','.join(cells)[:80]!r}")
        yield line, row["game"], row["state"]


def _start(folder: Path, state: str) -> tuple[str | None, Path | None]:
    """Where episodes start: a name, the real path of a file, or None; and the file that was looked for in vain."""
    if not state.endswith(".state"):
        return state or None, None
    file = folder / state
    if os.path.isfile(file):  # noqa: PTH113 - unlike Path's, it takes a name that is too long for one that is not there
        return os.path.realpath(file), None
    return state.removesuffix(".state"), file
