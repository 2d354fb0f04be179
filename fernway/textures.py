"""Random textures that repeat without a seam."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

TEXTURE = 64
"""Pixels to a side."""

Pattern = NDArray[np.float64]
"""[TEXTURE, TEXTURE], -1 .. 1."""

_Y, _X = np.mgrid[:TEXTURE, :TEXTURE]


def _side(rng: np.random.Generator, least: int, most: int) -> int:
    """A power of two between two others."""
    return 1 << int(rng.integers(least.bit_length() - 1, most.bit_length()))


def _grains(rng: np.random.Generator) -> Pattern:
    high, wide = _side(rng, 2, 16), _side(rng, 2, 16)
    coarse = rng.uniform(-1, 1, (TEXTURE // high, TEXTURE // wide))
    return coarse.repeat(high, 0).repeat(wide, 1)


def _checks(rng: np.random.Generator) -> Pattern:
    side = _side(rng, 8, 32)
    return np.where((_X // side + _Y // side) & 1, 1.0, -1.0)


def _stripes(rng: np.random.Generator) -> Pattern:
    period = _side(rng, 8, 64)
    along = ((_X, _Y, _X + _Y, _X - _Y)[int(rng.integers(4))] + int(rng.integers(period))) % period
    return np.where(along < period * rng.uniform(0.2, 0.8), 1.0, -1.0)


def _bricks(rng: np.random.Generator) -> Pattern:
    high = _side(rng, 8, 32)
    wide = min(high * _side(rng, 1, 2), TEXTURE)
    row = _Y // high
    across = (_X + row % 2 * (wide // 2)) % wide
    joints = (_Y % high < 2) | (across < 2)
    tint = rng.uniform(-0.4, 0.8, (TEXTURE, TEXTURE))[row, (_X + row % 2 * (wide // 2)) % TEXTURE // wide]
    return np.where(joints, -1.0, tint)


def _plates(rng: np.random.Generator) -> Pattern:
    """Squares lit from above, as those of a metal floor."""
    side = _side(rng, 8, 32)
    down, across = _Y % side, _X % side
    return np.where((down < 2) | (across < 2), 1.0, np.where((down >= side - 2) | (across >= side - 2), -1.0, 0.0))


def _blots(rng: np.random.Generator) -> Pattern:
    side = _side(rng, 4, 16)
    soft = rng.uniform(-1, 1, (TEXTURE // side, TEXTURE // side)).repeat(side, 0).repeat(side, 1)
    for axis in (0, 1):
        for step in (side // 2, side // 4):
            soft = (soft + np.roll(soft, step, axis)) / 2
    soft /= np.abs(soft).max()
    return np.where(soft > rng.uniform(-0.3, 0.3), 1.0, -1.0) if rng.random() < 0.5 else soft


_KINDS: tuple[Callable[[np.random.Generator], Pattern], ...] = (
    _grains,
    _grains,
    _checks,
    _stripes,
    _bricks,
    _plates,
    _blots,
)


def draw_texture(rng: np.random.Generator, strength: float) -> NDArray[np.uint8]:
    """Draws what is added to shades of gray, modulo 256.

    Args:
        rng: Draws it.
        strength: Gray levels to either side.

    Returns:
        uint8 [TEXTURE, TEXTURE], at most `strength` from 0, rounded towards it.
    """
    pattern = _KINDS[int(rng.integers(len(_KINDS)))](rng)
    if rng.random() < 0.4:
        share = rng.uniform(0.2, 0.6)
        pattern = pattern * (1 - share) + _grains(rng) * share
    return np.trunc(pattern * strength).astype(np.int8).view(np.uint8)
