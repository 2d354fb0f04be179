"""The game's graphics as the ROM holds them, read from the twin and turned into RGB pictures."""

import ctypes
import functools
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from fernway import FernwayError
from fernway.levels import ZONES
from fernway.native import BLOCKS

BLOCK = 16
"""Pixels to a block's side."""

BACK_COLS, BACK_ROWS = 64, 32
"""Tiles of the background plane."""

_TILE_BLOCKS, _TILE_BACKGROUND, _TILE_COMMON = 1, 400, 736  # art.h
_HFLIP, _VFLIP, _INDEX = 0x800, 0x1000, 0x7FF

Picture = NDArray[np.uint8]
"""RGBA [H, W, 4]; alpha is 0 or 255."""


class _ZoneArt(ctypes.Structure):
    """`ZoneArt` of art.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("palette", ctypes.POINTER(ctypes.c_uint16)),
        ("block_tiles", ctypes.POINTER(ctypes.c_uint32)),
        ("block_tile_count", ctypes.c_uint16),
        ("blocks", ctypes.POINTER(ctypes.c_uint16)),
        ("background_tiles", ctypes.POINTER(ctypes.c_uint32)),
        ("background_tile_count", ctypes.c_uint16),
        ("background", ctypes.POINTER(ctypes.c_uint16)),
        ("bands", ctypes.c_uint8 * 48),
        ("band_count", ctypes.c_uint8),
        ("cycles", ctypes.c_uint8 * 6),
    )


class _Piece(ctypes.Structure):
    _fields_ = (
        ("dx", ctypes.c_int8),
        ("dy", ctypes.c_int8),
        ("flip_dx", ctypes.c_int8),
        ("size", ctypes.c_uint8),
        ("attr", ctypes.c_uint16),
    )


class _Pieces(ctypes.Structure):
    _fields_ = (("count", ctypes.c_uint8), ("pieces", _Piece * 3))


@functools.cache
def _library() -> ctypes.CDLL:
    found = find_spec("fernway._native")
    if found is None or found.origin is None:
        raise FernwayError("fernway._native is not built: run `pip install -e .` in the project's folder")
    return ctypes.CDLL(found.origin)


def _tiles(pointer: "ctypes._Pointer[ctypes.c_uint32]", count: int) -> NDArray[np.uint8]:
    """Unpacks tiles: uint8 [count, 8, 8], colours 0..15."""
    longs = np.ctypeslib.as_array(pointer, (count, 8)).astype(np.uint32)
    unpacked: NDArray[np.uint8] = (longs[:, :, None] >> np.arange(28, -1, -4).astype(np.uint32) & 15).astype(np.uint8)
    return unpacked


def _place(tiles: NDArray[np.uint8], base: int, word: int) -> NDArray[np.uint8]:
    """The tile a name-table word shows: uint8 [8, 8], colours 0..63; 0 modulo 16 is see-through."""
    index = (word & _INDEX) - base
    if index < 0:
        return np.zeros((8, 8), np.uint8)
    tile: NDArray[np.uint8] = tiles[index]
    if word & _HFLIP:
        tile = tile[:, ::-1]
    if word & _VFLIP:
        tile = tile[::-1]
    return tile + np.uint8((word >> 13 & 3) * 16)


def _rgb(words: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Colours as the emulator shows them, by way of 5, 6 and 5 bits a channel: uint8 [N, 3]."""
    red, green, blue = (words >> shift & 0xE for shift in (0, 4, 8))
    five = [(channel << 1 | channel >> 3) << 3 for channel in (red, blue)]
    return np.stack([five[0], (green << 2 | green >> 2) << 2, five[1]], -1).astype(np.uint8)


class ZoneTiles:
    """One zone's graphics."""

    def __init__(self, zone: int) -> None:
        """Unpacks them; zone 0..7."""
        library = _library()
        art = (_ZoneArt * len(ZONES)).in_dll(library, "zone_art")[zone]
        lines = list((ctypes.c_uint16 * 16).in_dll(library, "common_palette")) + art.palette[:48]
        words = np.array(lines, np.uint16)
        colours = _rgb(words)
        self._colours = np.concatenate([colours, np.where(np.arange(64)[:, None] % 16, 255, 0).astype(np.uint8)], 1)
        self.backdrop = colours[32]
        """RGB [3] of what shows where nothing is drawn."""
        block_tiles = _tiles(art.block_tiles, art.block_tile_count)
        words_of_blocks = np.ctypeslib.as_array(art.blocks, (4, BLOCKS, 4))
        self.blocks = np.zeros((2, 2, BLOCKS, BLOCK, BLOCK, 4), np.uint8)
        """RGBA [odd row, odd column, block, 16, 16, 4]."""
        for (place, block, part), word in np.ndenumerate(words_of_blocks):
            y, x = part // 2 * 8, part % 2 * 8
            tile = self._colours[_place(block_tiles, _TILE_BLOCKS, int(word))]
            self.blocks[place >> 1, place & 1, block, y : y + 8, x : x + 8] = tile
        back_tiles = _tiles(art.background_tiles, art.background_tile_count)
        self.background = np.zeros((BACK_ROWS * 8, BACK_COLS * 8, 4), np.uint8)
        """RGBA [256, 512, 4]."""
        for number, word in enumerate(art.background[: BACK_ROWS * BACK_COLS]):
            y, x = number // BACK_COLS * 8, number % BACK_COLS * 8
            self.background[y : y + 8, x : x + 8] = self._colours[_place(back_tiles, _TILE_BACKGROUND, word)]
        count = ctypes.c_uint16.in_dll(library, "common_tile_count").value
        common = (ctypes.c_uint32 * (8 * count)).in_dll(library, "common_tiles")
        self._common = _tiles(ctypes.cast(common, ctypes.POINTER(ctypes.c_uint32)), count)

    def sprite(self, number: int, *, mirrored: bool = False) -> tuple[Picture, int, int]:
        """Draws a picture of art.h.

        Returns:
            RGBA [128, 128, 4], and the row and column of its point in it.
        """
        found = _Pieces.in_dll(_library(), "pictures")
        pieces = ctypes.cast(ctypes.pointer(found), ctypes.POINTER(_Pieces))[number]
        canvas = np.zeros((128, 128), np.uint8)
        for piece in reversed(pieces.pieces[: pieces.count]):
            width, height = (piece.size >> 2) + 1, (piece.size & 3) + 1
            word = piece.attr ^ (_HFLIP if mirrored else 0)
            for tile in range(width * height):
                col, row = divmod(tile, height)
                col = width - 1 - col if word & _HFLIP else col
                row = height - 1 - row if word & _VFLIP else row
                y, x = 64 + piece.dy + row * 8, 64 + (piece.flip_dx if mirrored else piece.dx) + col * 8
                drawn = _place(self._common, _TILE_COMMON, (word & ~_INDEX) | ((piece.attr & _INDEX) + tile))
                part = canvas[y : y + 8, x : x + 8]
                part[drawn % 16 > 0] = drawn[drawn % 16 > 0]
        return self._colours[canvas], 64, 64
