"""What the zones' graphics are in shades of gray, and how much of which shade can be seen."""

import ctypes
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fernway.native import BLOCKS, load_library

HERO, TERRAIN, BACKGROUND, CREATURES = range(4)
"""Lines of the palette; the hero's is that of the rings and springs, too."""

COLOURS = 64
_SURFACES = (3, 4, 7, 8, *range(11, 28))  # of src/blocks.h: what can be stood on
_SEEN = (52, 148, 240)  # lines of the background's picture: from below the HUD to the middle and to the bottom
_DEPTH = 4  # pixels of a surface that are looked at


class _ZonePixels(ctypes.Structure):
    """`ZonePixels` of host/vdp.c."""

    _fields_ = (
        ("background", ctypes.c_uint8 * 832 * 256),
        ("blocks", ctypes.c_uint8 * 16 * 16 * BLOCKS * 4),
    )


def _library() -> ctypes.CDLL:
    library = load_library()
    library.vdp_zone.restype, library.vdp_zone.argtypes = ctypes.POINTER(_ZonePixels), [ctypes.c_int]
    library.zone_grays.restype, library.zone_grays.argtypes = None, [ctypes.c_int32, ctypes.c_void_p]
    return library


_LIB = _library()


@functools.cache
def zone_shades(zone: int) -> NDArray[np.float64]:
    """Gray levels of the zone's colours, 0 .. 255: float64 [4, 16], a line of the palette each."""
    grays = np.zeros(COLOURS, np.uint8)
    _LIB.zone_grays(zone, grays.ctypes.data)
    return grays.reshape(4, 16).astype(np.float64)


@functools.cache
def background_shades(zone: int) -> NDArray[np.float64]:
    """How much of the background's upper and lower half has which colour of its line: float64 [2, 16], 1 in each."""
    pixels = np.ctypeslib.as_array(_LIB.vdp_zone(zone).contents.background)[:, :512]
    return np.stack([_shares(half, BACKGROUND) for half in (pixels[_SEEN[0] : _SEEN[1]], pixels[_SEEN[1] : _SEEN[2]])])


@functools.cache
def surface_shades(zone: int) -> NDArray[np.float64]:
    """How much of the upper pixels of what can be stood on has which colour of the terrain's line: float64 [16]."""
    blocks = np.ctypeslib.as_array(_LIB.vdp_zone(zone).contents.blocks)[:, list(_SURFACES)] & (COLOURS - 1)
    depth = (blocks > 0).cumsum(2)  # from the first pixel on that is there
    return _shares(blocks[(blocks > 0) & (depth <= _DEPTH)], TERRAIN)


def _shares(pixels: NDArray[Any], line: int) -> NDArray[np.float64]:
    count = np.bincount(pixels.ravel() & (COLOURS - 1), minlength=COLOURS)[line * 16 : line * 16 + 16]
    shares: NDArray[np.float64] = count / count.sum()
    return shares
