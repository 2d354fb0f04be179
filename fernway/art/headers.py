"""What the engine's C headers say, read from the headers themselves so that no number is stated twice."""

import functools
import re
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"


@functools.cache
def enum(header: str, name: str) -> tuple[str, ...]:
    """Returns the members of a C enum that counts up from 0, without the closing `..._COUNT`.

    Args:
        header: File name in fernway/src, such as "blocks.h".
        name: The enum's name, such as "Block".

    Raises:
        ValueError: If the header holds no such enum.
    """
    text = re.sub(r"/\*.*?\*/", "", (SOURCE / header).read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.search(rf"enum {name} \{{(.*?)\}}", text, flags=re.DOTALL)
    if not found:
        raise ValueError(f"no enum {name} in {SOURCE / header}: has it been renamed?")
    return tuple(re.findall(r"\b([A-Z]\w+)", found[1]))[:-1]


@functools.cache
def number(header: str, name: str) -> int:
    """Returns the value of `#define name number` in a header.

    Raises:
        ValueError: If the header defines no such number.
    """
    found = re.search(rf"#define {name}\s+(\d+)", (SOURCE / header).read_text(encoding="utf-8"))
    if not found:
        raise ValueError(f"no #define {name} in {SOURCE / header}: has it been renamed?")
    return int(found[1])


BLOCKS = enum("blocks.h", "Block")
PICTURES = enum("art.h", "PictureId")
ZONES = number("level.h", "ZONES")
TILE_BLOCKS = number("art.h", "TILE_BLOCKS")
TILE_BACKGROUND = number("art.h", "TILE_BACKGROUND")
TILE_COMMON = number("art.h", "TILE_COMMON")
BANDS_MAX = number("art.h", "BANDS_MAX")
CYCLES = number("art.h", "CYCLES")
BLOCK_TILES_MAX = TILE_BACKGROUND - TILE_BLOCKS
BACKGROUND_TILES_MAX = TILE_COMMON - TILE_BACKGROUND
COMMON_TILES_MAX = 800
