"""Textures and edges that zones build their ground from; all tile every 32 pixels. Ramps run from shadow to light."""

from collections.abc import Sequence

import numpy as np

from fernway.art import noise
from fernway.art.canvas import Image, blank, pick
from fernway.art.terrain import PATTERN

Ramp = Sequence[int]


def cobbles(ramp: Ramp, seed: int, *, points: int = 12, gap: float = 1.3, bulge: float = 0.07) -> Image:
    """Rounded stones with dark gaps."""
    number, border, dy, dx = noise.cells(PATTERN, PATTERN, points, seed)
    tone = noise.grain(1, points, seed + 1)[0][number] * 0.3
    light = 0.42 + tone - bulge * dx - bulge * 1.3 * dy - 0.25 * (border < gap + 1.2)
    image = pick(light, ramp[1:], 0.35)
    image[border < gap] = ramp[0]
    return image


def facets(ramp: Ramp, seed: int, *, points: int = 10) -> Image:
    """Crystal faces: flat tones, lit upper left edges."""
    number, border, dy, dx = noise.cells(PATTERN, PATTERN, points, seed)
    tone = noise.grain(1, points, seed + 1)[0][number]
    light = 0.15 + 0.6 * tone + 0.012 * (-dx - dy)
    image = pick(light, ramp[:-1], 0.3)
    edge = border < 1.1
    image[edge & (dx + dy < 0)] = ramp[-1]
    image[edge & (dx + dy >= 0)] = ramp[0]
    return image


def bricks(ramp: Ramp, seed: int, *, course: int = 8, length: int = 16, shift: int = 8, rough: float = 0.35) -> Image:
    """Courses of cut stone or planks, each with a lit upper and left and a dark lower and right edge."""
    y, x = np.mgrid[0:PATTERN, 0:PATTERN]
    row = y // course
    across = (x + row * shift) % PATTERN
    col = across // length
    tone = noise.grain(8, 8, seed)[row % 8, col % 8] * 0.35
    light = 0.3 + tone + rough * (noise.smooth(PATTERN, PATTERN, 4, 4, seed + 1) - 0.5)
    light += 0.25 * ((y % course == 0) | (across % length == 0))
    image = pick(light, ramp[1:], 0.4)
    image[(y % course == course - 1) | (across % length == length - 1)] = ramp[0]
    return image


def strata(ramp: Ramp, seed: int, *, tilt: float = 2.0) -> Image:
    """Layers of sediment, thick and thin, gently waved."""
    y, x = np.mgrid[0:PATTERN, 0:PATTERN]
    wave = tilt * noise.sine(x * (2 * np.pi / PATTERN)) + 2.5 * noise.smooth(PATTERN, PATTERN, 32, 8, seed)
    depth = np.floor(y + wave).astype(int) % PATTERN
    thick = (5, 2, 4, 7, 3, 6, 2, 3)
    layer = np.repeat(np.arange(len(thick)), thick)
    inside = np.concatenate([np.arange(t) for t in thick])
    last = np.concatenate([np.arange(t) == t - 1 for t in thick])
    tone = noise.grain(1, len(thick), seed + 1)[0][layer[depth]]
    light = 0.2 + 0.55 * tone + 0.22 * (inside[depth] == 0) + 0.3 * (noise.grain(PATTERN, PATTERN, seed + 2) - 0.5)
    image = pick(light, ramp[1:], 0.5)
    image[last[depth] & (noise.smooth(PATTERN, PATTERN, 4, 4, seed + 3) < 0.62)] = ramp[0]
    return image


def bark(ramp: Ramp, seed: int) -> Image:
    """Upright grooves and ridges."""
    x = np.arange(PATTERN)[None, :]
    sway = 4 * noise.smooth(PATTERN, PATTERN, 16, 16, seed)
    ridge = noise.sine((x + sway) * (2 * np.pi / 8)) * 0.5 + 0.5
    light = 0.1 + 0.6 * ridge + 0.5 * (noise.smooth(PATTERN, PATTERN, 8, 2, seed + 1) - 0.5)
    image = pick(light, ramp[1:], 0.4)
    image[(ridge < 0.1) & (noise.smooth(PATTERN, PATTERN, 8, 4, seed + 2) < 0.75)] = ramp[0]
    return image


def plates(ramp: Ramp, seed: int) -> Image:
    """Riveted sheet metal, one large and two smaller plates."""
    image = blank(PATTERN, PATTERN)
    for y, x, h, w, base in ((0, 0, 16, 32, 0.55), (16, 0, 16, 16, 0.45), (16, 16, 16, 16, 0.5)):
        gy = np.arange(h)[:, None]
        light = base - 0.012 * (gy - h / 2) + 0.25 * (noise.smooth(PATTERN, PATTERN, 16, 4, seed)[:h, :w] - 0.5)
        plate = pick(light, ramp[1:-1], 0.5)
        plate[0], plate[:, 0] = ramp[-2], ramp[-2]
        plate[-1], plate[:, -1] = ramp[0], ramp[0]
        for ry in (2, h - 4):
            for rx in range(3, w - 3, 8 if w == 32 else 9):
                plate[ry, rx] = ramp[-1]
                plate[ry + 1, rx + 1] = ramp[0]
                plate[ry, rx + 1] = plate[ry + 1, rx] = ramp[-3]
        image[y : y + h, x : x + w] = plate
    return image


def ripples(ramp: Ramp, seed: int) -> Image:
    """Wind-blown sand."""
    y, x = np.mgrid[0:PATTERN, 0:PATTERN]
    sway = 7 * noise.smooth(PATTERN, PATTERN, 16, 8, seed)
    ridge = noise.sine((y + sway + x * 0.0) * (2 * np.pi / 8)) * 0.5 + 0.5
    light = 0.2 + 0.5 * ridge + 0.35 * (noise.smooth(PATTERN, PATTERN, 16, 16, seed + 1) - 0.5)
    return pick(light, ramp, 0.6)


def marble(ramp: Ramp, seed: int, *, tile: int = 16) -> Image:
    """Polished slabs with veins."""
    y, x = np.mgrid[0:PATTERN, 0:PATTERN]
    cloud = noise.smooth(PATTERN, PATTERN, 16, 16, seed) * 0.6 + noise.smooth(PATTERN, PATTERN, 8, 8, seed + 1) * 0.4
    vein = np.abs(cloud + 0.35 * noise.smooth(PATTERN, PATTERN, 4, 4, seed + 2) - 0.65)
    light = 0.3 + 0.5 * cloud + 0.12 * ((y // tile + x // tile) % 2)
    image = pick(light, ramp[1:-1], 0.5)
    image[vein < 0.025] = ramp[1]
    image[(y % tile == 0) | (x % tile == 0)] = ramp[-1]
    image[(y % tile == tile - 1) | (x % tile == tile - 1)] = ramp[0]
    return image


def turf(ramp: Ramp, dark: int, seed: int, *, depth: int = 7, ragged: int = 4) -> Image:
    """An upper edge of hanging grass or moss: light rim, blades of uneven length, a dark line below them.

    Returns:
        [depth + ragged + 2, 32], 0 below the blades.
    """
    blades = noise.smooth(1, PATTERN, 1, 4, seed)[0] * 0.6 + noise.smooth(1, PATTERN, 1, 2, seed + 1)[0] * 0.7
    length = depth + np.round((blades - 0.6) * ragged * 1.4).astype(int)
    strand = noise.smooth(1, PATTERN, 1, 2, seed + 2)[0]
    rows = np.arange(depth + ragged + 2)[:, None]
    light = 0.95 - rows / (length[None, :] + 1.0) * 0.95 + 0.5 * (strand[None, :] - 0.5) * (rows > 1)
    image = pick(light, ramp, 0.35)
    image[0] = ramp[-1]
    image[rows[:, 0] == 1] = np.where(strand[None, :] > 0.35, ramp[-1], ramp[-2])
    image[rows == length] = dark
    image[rows > length] = 0
    return image


def drifts(ramp: Ramp, dark: int, seed: int, *, depth: int = 6, ragged: int = 4) -> Image:
    """An upper edge of snow or sand: soft, with rounded drips."""
    x = np.arange(PATTERN)
    sway = noise.sine(x * (2 * np.pi / 16)) * 0.5 + noise.sine(x * (2 * np.pi / 32) + seed) * 0.5
    length = depth + np.round(sway * ragged / 2).astype(int)
    rows = np.arange(depth + ragged + 2)[:, None]
    down = rows / length[None, :]
    light = 1.1 - down * np.sqrt(down)
    image = pick(light, ramp, 0.7)
    image[0] = ramp[-1]
    image[rows == length] = dark
    image[rows > length] = 0
    return image


def slab(ramp: Ramp, dark: int, *, depth: int = 6, joint: int = 16) -> Image:
    """An upper edge of cut stone, planks or metal: bevelled, with a joint every so many pixels."""
    rows = np.arange(depth + 1)[:, None]
    x = np.arange(PATTERN)[None, :]
    image = pick(0.85 - rows / (depth + 2) * 0.8 + 0.0 * x, ramp, 0.3)
    image[0] = ramp[-1]
    image[:, x[0] % joint == 0] = np.where(rows < depth, ramp[-1], dark)
    image[1:, x[0] % joint == joint - 1] = ramp[0]
    image[depth] = dark
    return image


def face(texture: Image, ramp: Ramp, seed: int, *, depth: int = 5, lit: bool) -> Image:
    """An exposed upright face [32, depth] drawn for the left edge: an outline, then a light or dark bevel."""
    wobble = np.round(noise.smooth(PATTERN, 1, 4, 1, seed)[:, 0] * 2).astype(int)
    image = blank(PATTERN, depth)
    for y in range(PATTERN):
        image[y, 0] = ramp[0]
        for x in range(1, depth - 2 + wobble[y]):
            if x < depth:
                image[y, x] = ramp[-1 if x == 1 else -2] if lit else ramp[1 if x <= 2 else 2]
    speck = noise.grain(PATTERN, depth, seed + 1) < 0.2
    image[speck & (image != ramp[0])] = texture[:, :depth][speck & (image != ramp[0])]
    return image
