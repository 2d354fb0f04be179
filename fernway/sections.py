"""What a level is made of: the sections that the generator laid from left to right."""

import ctypes
from typing import NamedTuple

from fernway.levels import Level
from fernway.native import LEVEL_COLS, load_library

_LIB = load_library()
_LIB.level_sections.restype = ctypes.c_int32
_LIB.level_sections.argtypes = (
    *(ctypes.c_int32, ctypes.c_int32, ctypes.c_uint32),
    *(ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_int16), ctypes.c_int32),
)


class Section(NamedTuple):
    """A part of a level; the generator's functions of the same names say what is in it."""

    kind: str
    """Such as "gap" or "dead end"; "start", "way down" and "goal" are what lies around the others."""
    first: int
    """Its first column, of 16 pixels."""
    end: int
    """The column behind its last."""


def sections(level: Level) -> list[Section]:
    """Returns a level's sections from left to right; together they are all of its columns.

    Raises:
        MemoryError: If there is no memory for another level.
    """
    kinds, ends = (ctypes.c_char_p * LEVEL_COLS)(), (ctypes.c_int16 * LEVEL_COLS)()
    count = _LIB.level_sections(level.zone, level.act, level.seed, kinds, ends, LEVEL_COLS)
    if count < 0:
        raise MemoryError("no memory for another level")
    found: list[Section] = []
    for kind, end in zip(kinds[:count], ends[:count], strict=True):
        assert kind is not None, "C fills the first `count` names"
        found.append(Section(kind.decode().replace("_", " "), found[-1].end if found else 0, end))
    return found
