"""Writes fernway/src/art.c: everything drawn, as C data."""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from fernway.art import headers
from fernway.art.glyphs import GLYPHS, glyph
from fernway.art.pictures import COMMON_PALETTE, drawings
from fernway.art.sprites import Piece, SpriteSheet
from fernway.art.terrain import block_words
from fernway.art.tiles import TileSet
from fernway.art.zone import Cycle, Zone
from fernway.art.zones import all_zones

TARGET = headers.SOURCE / "art.c"


def _rows(values: Iterable[int], width: int, per_line: int) -> str:
    texts = [f"0x{value:0{width}x}" for value in values]
    return ",\n".join("    " + ", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line))


def _tiles(name: str, tiles: Sequence[Sequence[int]], *, static: bool = True) -> str:
    return (
        f"{'static ' * static}const u32 {name}[{len(tiles) * 8}] = {{\n"
        f"{_rows((row for tile in tiles for row in tile), 8, 8)}\n}};\n"
    )


def _words(name: str, words: Sequence[int], *, static: bool = True) -> str:
    return f"{'static ' * static}const u16 {name}[{len(words)}] = {{\n{_rows(words, 4, 16)}\n}};\n"


def build_zone(zone: Zone) -> tuple[TileSet, list[int], TileSet, list[int]]:
    """Cuts a zone into tiles: block tiles, block words, background tiles, background words.

    Raises:
        ValueError: If it needs more tiles than video memory has for it.
    """
    blocks = TileSet(headers.TILE_BLOCKS, 1, blank=True)
    block_list = block_words(zone.terrain, blocks)
    back = TileSet(headers.TILE_BACKGROUND, 2, blank=True)
    back_list = back.words(zone.background)
    for what, tiles, most in (
        ("blocks", blocks, headers.BLOCK_TILES_MAX),
        ("background", back, headers.BACKGROUND_TILES_MAX),
    ):
        if len(tiles.tiles) > most:
            raise ValueError(f"{zone.name}: {what} take {len(tiles.tiles)} tiles, at most {most} fit")
    return blocks, block_list, back, back_list


@functools.cache
def build_pictures() -> tuple[SpriteSheet, int, dict[str, list[Piece]]]:
    """Cuts the glyphs and all pictures: sheet, index of the first glyph, pieces by picture name.

    Raises:
        ValueError: If they need more tiles than video memory has, or a picture of art.h is missing.
    """
    sheet = SpriteSheet(headers.TILE_COMMON)
    first = sheet.keep(np.concatenate([glyph(character) for character in GLYPHS], 1))
    drawn = drawings()
    missing = set(headers.PICTURES) ^ set(drawn)
    if missing:
        raise ValueError(f"pictures drawn and pictures of art.h differ in {sorted(missing)}")
    cut = {name: sheet.cut(drawn[name]) for name in headers.PICTURES}
    if len(sheet.tiles) > headers.COMMON_TILES_MAX:
        raise ValueError(f"pictures take {len(sheet.tiles)} tiles, at most {headers.COMMON_TILES_MAX} fit")
    return sheet, first, cut


def _zone_data(number: int, zone: Zone) -> tuple[str, str]:
    blocks, block_list, back, back_list = build_zone(zone)
    data = (
        _words(f"palette_{number}", zone.ground + zone.sky + zone.life)
        + _tiles(f"block_tiles_{number}", blocks.tiles)
        + _words(f"blocks_{number}", block_list)
        + _tiles(f"background_tiles_{number}", back.tiles)
        + _words(f"background_{number}", back_list)
    )
    bands = ", ".join(f"{{{b.from_line}, {b.parallax}, {b.drift}, {b.wave}}}" for b in zone.bands)
    cycles = (*zone.cycles, *[Cycle()] * (headers.CYCLES - len(zone.cycles)))
    turning = ", ".join(f"{{{c.first}, {c.count}, {c.period}}}" for c in cycles)
    entry = (
        f'    {{"{zone.name}", palette_{number}, block_tiles_{number}, {len(blocks.tiles)}, blocks_{number},\n'
        f"     background_tiles_{number}, {len(back.tiles)}, background_{number},\n"
        f"     {{{bands}}}, {len(zone.bands)},\n     {{{turning}}}}},\n"
    )
    return data, entry


def _picture(pieces: Sequence[Piece]) -> str:
    texts = [f"{{{p.dx}, {p.dy}, {p.flip_dx}, {p.size}, 0x{p.attr:04x}}}" for p in pieces]
    return f"    {{{len(pieces)}, {{{', '.join(texts)}}}}},"


def source() -> str:
    """Returns the whole text of art.c."""
    parts = [_zone_data(number, zone) for number, zone in enumerate(all_zones())]
    sheet, first, cut = build_pictures()
    listing = "\n".join(f"{_picture(pieces)}  /* {name} */" for name, pieces in cut.items())
    return (
        "/* Written by `python -m fernway.art`: change the drawing code in fernway/art, not this file. */\n"
        '#include "art.h"\n\n'
        + "\n".join(data for data, _ in parts)
        + f"\nconst ZoneArt zone_art[ZONES] = {{\n{''.join(entry for _, entry in parts)}}};\n\n"
        + _words("common_palette", COMMON_PALETTE, static=False)
        + _tiles("common_tiles", sheet.tiles, static=False)
        + f"const u16 common_tile_count = {len(sheet.tiles)};\n"
        + f"const Picture pictures[P_COUNT] = {{\n{listing}\n}};\n"
        + f"const u16 tile_glyphs = {first};\n"
    )


def write(target: Path) -> int:
    """Writes art.c; returns its size in characters."""
    text = source()
    target.write_text(text, encoding="utf-8")
    return len(text)


def is_current(target: Path) -> bool:
    """Tells whether art.c on disk is what the drawing code gives."""
    return target.is_file() and target.read_text(encoding="utf-8") == source()
