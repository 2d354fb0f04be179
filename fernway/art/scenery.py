"""Backgrounds: layers one above the other on a plane of 512x256 pixels that wraps sideways.

Each layer ends in one flat colour (mist), in which the next, faster band begins: so bands never shear a shape.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fernway.art import noise
from fernway.art.canvas import BAYER, Image, blank, pick

WIDTH = 512
HEIGHT = 256
SCREEN = 224

Line = NDArray[np.float64]


def sky(stops: Sequence[tuple[int, int]]) -> Image:
    """Draws a gradient down the plane, dithered between neighbouring colours.

    Args:
        stops: (line, palette index), lines rising; a colour holds from the last stop on.
    """
    image = blank(HEIGHT, WIDTH, stops[-1][1])
    for (y0, above), (y1, below) in itertools.pairwise(stops):
        t = ((np.arange(y0, y1) - y0 + 0.5) / (y1 - y0))[:, None]
        threshold = BAYER[np.arange(y0, y1)[:, None] % 4, np.arange(WIDTH)[None, :] % 4]
        image[y0:y1] = np.where(t > threshold, below, above)
    return image


def repeated(cell_y: int, cell_x: int, seed: int, *, period: int = 128) -> Line:
    """Returns noise over the plane that repeats every period, so that it takes few tiles."""
    return np.tile(noise.smooth(HEIGHT, period, cell_y, cell_x, seed), (1, WIDTH // period))


def skyline(period: int, seed: int, *shapes: tuple[int, float]) -> Line:
    """Returns a height profile over 512 columns that repeats every period; shapes are (cell, amplitude), pixels."""
    height = np.zeros(period)
    for i, (cell, amplitude) in enumerate(shapes):
        height += noise.smooth(1, period, 1, cell, seed + 17 * i)[0] * amplitude
    return np.tile(height, WIDTH // period)


def ridge(period: int, seed: int, *shapes: tuple[int, float]) -> Line:
    """As skyline, with straight slopes and sharp peaks."""
    height = np.zeros(period)
    for i, (cell, amplitude) in enumerate(shapes):
        count = period // cell
        lattice = noise.grain(1, count, seed + 17 * i)[0] * 0.6 + np.where(np.arange(count) % 2, 0.4, 0.0)
        x = np.arange(period)
        t = x % cell / cell
        height += (lattice[x // cell] * (1 - t) + lattice[(x // cell + 1) % count] * t) * amplitude
    return np.tile(height, WIDTH // period)


def layer(
    image: Image,
    base: int,
    height: Line,
    shade: Callable[[Line, Line, Line], Line],
    ramp: Sequence[int],
    *,
    dither: float = 0.6,
) -> None:
    """Draws a silhouette that stands on line base.

    Args:
        image: The plane.
        base: First line below the layer.
        height: Pixels above base for each column [512].
        shade: Gives 0 (first colour of the ramp) to 1 from y, x and depth below the silhouette's edge, all [H, W].
        ramp: Palette indices.
        dither: As in canvas.pick.
    """
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    top = base - np.round(height)[None, :]
    inside = (y >= top) & (y < base)
    image[inside] = pick(shade(y, x, y - top), ramp, dither)[inside]


def lit_slopes(height: Line, strength: float = 0.25) -> Callable[[Line, Line, Line], Line]:
    """Returns a shade for mountains: slopes that face left are light, and ridges run down from the peaks."""
    rise = np.roll(height, -2) - np.roll(height, 2)

    def shade(y: Line, x: Line, depth: Line) -> Line:
        # Lower down the face, light and shadow follow the ridge line of a column farther up the slope.
        wobble = np.round(6 * repeated(8, 8, 5)).astype(int) - 3
        column = (x.astype(int) + wobble) % WIDTH
        light: Line = np.clip(0.5 + strength * rise[column], 0, 1) - 0.004 * depth + 0.0 * y
        return light

    return shade


def fading(lines: float, noise_seed: int, amount: float = 0.3) -> Callable[[Line, Line, Line], Line]:
    """Returns a shade that runs from 0 at the silhouette's edge to 1 so many lines below, a little uneven."""
    patches = repeated(4, 8, noise_seed)

    def shade(y: Line, x: Line, depth: Line) -> Line:
        return depth / lines + amount * (patches - 0.5) + 0.0 * (x + y)

    return shade


def cloud(width: int, height: int, seed: int, ramp: Sequence[int]) -> Image:
    """Draws a heap of cloud with a flat lower edge; ramp from shadow to light."""
    image = blank(height, width)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    puffs = noise.grain(4, 9, seed)
    best = np.full((height, width), -1.0)
    for i in range(9):
        radius = height * (0.28 + 0.3 * puffs[0, i])
        spread = abs(i - 4) / 4
        radius *= 1 - 0.45 * spread
        cx = width * (0.12 + 0.76 * i / 8) + (puffs[1, i] - 0.5) * 6
        cy = height - radius * (0.55 + 0.6 * puffs[2, i] * (1 - spread))
        u, v = (x - cx) / (radius * 1.25), (y - cy) / radius
        inside = u * u + v * v <= 1
        light = 0.55 - 0.3 * u - 0.5 * v
        best = np.where(inside & (light > best), light, best)
    shown = best > -0.9
    image[shown] = pick(best, ramp, 0.4)[shown]
    return image


def stars(image: Image, bottom: int, count: int, colours: Sequence[int], seed: int, *, period: int = 128) -> None:
    """Sprinkles stars above line bottom, the same every period so that they take few tiles."""
    spots = noise.grain(3, count, seed)
    for sy, sx, kind in spots.T:
        y, x = int(sy * bottom), int(sx * period)
        for shift in range(0, WIDTH, period):
            image[y, x + shift] = colours[int(kind * len(colours))]


def disc(image: Image, y: int, x: int, radius: int, index: int, *, halo: int = 0) -> None:
    """Draws a sun or moon, with a dithered halo if a colour is given for it."""
    gy, gx = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    distance = np.sqrt((gy - y) ** 2 + (gx - x) ** 2)
    if halo:
        threshold = BAYER[gy.astype(int) % 4, gx.astype(int) % 4]
        image[(distance < radius * 2) & ((distance - radius) / radius < threshold)] = halo
    image[distance <= radius] = index


def mist(image: Image, top: int, bottom: int, colours: tuple[int, int], *, from_top: bool) -> None:
    """Lets lines top..bottom-1 fade into a flat colour, dithered: into colours[1] downwards, or out of colours[0]."""
    y, x = np.mgrid[top:bottom, 0:WIDTH]
    t = (y - top + 0.5) / (bottom - top)
    covered = t > BAYER[y % 4, x % 4]
    if from_top:
        image[top:bottom] = np.where(covered, colours[1], colours[0])
    else:
        image[top:bottom][covered] = colours[1]
