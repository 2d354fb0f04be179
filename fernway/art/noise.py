"""Noise from integer hashes: the same on every machine and with every version of numpy."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]
Numbers = NDArray[Any]


def grain(height: int, width: int, seed: int) -> Field:
    """Returns white noise, float64 [height, width] in [0, 1)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    h = (x * np.uint64(374761393) + y * np.uint64(668265263) + np.uint64(seed * 974634777 % 2**32)) & mask
    for _ in range(2):
        h = (h ^ (h >> np.uint64(13))) * np.uint64(1274126177) & mask
        h = h ^ (h >> np.uint64(16))
    white: Field = h.astype(np.float64) / 2**32
    return white


def smooth(height: int, width: int, cell_y: int, cell_x: int, seed: int) -> Field:
    """Returns value noise, float64 [height, width] in [0, 1), that tiles; cells of cell_y x cell_x pixels."""
    rows, cols = height // cell_y, width // cell_x
    lattice = grain(rows, cols, seed)
    y, x = np.mgrid[0:height, 0:width]
    fy, fx = y % cell_y / cell_y, x % cell_x / cell_x
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    y0, x0 = y // cell_y % rows, x // cell_x % cols
    y1, x1 = (y0 + 1) % rows, (x0 + 1) % cols
    top = lattice[y0, x0] * (1 - fx) + lattice[y0, x1] * fx
    bottom = lattice[y1, x0] * (1 - fx) + lattice[y1, x1] * fx
    field: Field = top * (1 - fy) + bottom * fy
    return field


def cells(height: int, width: int, points: int, seed: int) -> tuple[NDArray[np.int64], Field, Field, Field]:
    """Returns a Voronoi pattern that tiles.

    Returns:
        For each pixel [height, width]: the nearest point's number; how much farther the second nearest is, in
        pixels (0 on a border); and the way to the nearest point, y and x, in pixels.
    """
    side = math.ceil(math.sqrt(points))
    jitter = grain(2, points, seed)
    number = np.arange(points)
    # Points on a jittered lattice are spread more evenly than free ones.
    py = (number // side + 0.15 + 0.7 * jitter[0]) * height / math.ceil(points / side)
    px = (number % side + 0.5 * (number // side % 2) + 0.15 + 0.7 * jitter[1]) * width / side
    y, x = np.mgrid[0:height, 0:width]
    dy = (y[..., None] - py + height * 1.5) % height - height / 2  # [H, W, points]
    dx = (x[..., None] - px + width * 1.5) % width - width / 2
    distance = np.sqrt(dy * dy + dx * dx)
    order = np.argsort(distance, axis=2, kind="stable")
    first, second = order[..., :1], order[..., 1:2]
    d1 = np.take_along_axis(distance, first, 2)[..., 0]
    d2 = np.take_along_axis(distance, second, 2)[..., 0]
    return (
        first[..., 0],
        d2 - d1,
        -np.take_along_axis(dy, first, 2)[..., 0],
        -np.take_along_axis(dx, first, 2)[..., 0],
    )


def sine(angle: Numbers | float) -> Field:
    """Returns sin(angle) rounded, so that the last bit of a library's sine never moves a pixel."""
    rounded: Field = np.round(np.sin(np.asarray(angle)), 6).astype(np.float64)
    return rounded
