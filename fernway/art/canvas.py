"""Drawing on images of palette indices; index 0 is see-through."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fernway.art.noise import Field

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Ordered dithering, 4x4 Bayer, thresholds in (0, 1).
BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16


def blank(height: int, width: int, index: int = 0) -> Image:
    """Returns an image of one colour."""
    return np.full((height, width), index, np.uint8)


def pixel_map(rows: str, key: Mapping[str, int] | None = None) -> Image:
    """Turns rows of characters into an image: '.' or ' ' see-through, else by key, else a hexadecimal digit.

    Raises:
        ValueError: If the rows differ in length or hold an unknown character.
    """
    lines = [line.strip() for line in rows.strip("\n").splitlines()]
    if len({len(line) for line in lines}) != 1:
        raise ValueError(f"pixel map with rows of {sorted({len(line) for line in lines})} characters: want one length")
    table = {c: i for i, c in enumerate("0123456789abcdef")} | {".": 0} | dict(key or {})
    try:
        return np.array([[table[c] for c in line] for line in lines], np.uint8)
    except KeyError as error:
        raise ValueError(f"character {error} in a pixel map is not in its key") from None


def paste(target: Image, picture: Image, y: int, x: int) -> None:
    """Draws picture onto target with its upper left at (y, x); see-through pixels and overhang are left out."""
    y0, x0 = max(y, 0), max(x, 0)
    y1, x1 = min(y + picture.shape[0], target.shape[0]), min(x + picture.shape[1], target.shape[1])
    if y0 >= y1 or x0 >= x1:
        return
    part = picture[y0 - y : y1 - y, x0 - x : x1 - x]
    view = target[y0:y1, x0:x1]
    view[part > 0] = part[part > 0]


def paste_around(target: Image, picture: Image, y: int, x: int) -> None:
    """As paste, but what leaves the target at one side comes in at the other (for patterns that tile sideways)."""
    width = target.shape[1]
    for shift in (-width, 0, width):
        paste(target, picture, y, x % width + shift)


def pick(value: Field, ramp: Sequence[int], dither: float = 1.0) -> Image:
    """Maps values to colours of a ramp with ordered dithering.

    Args:
        value: float [H, W]; 0 is the ramp's first colour, 1 its last.
        ramp: Palette indices.
        dither: How wide the dithered transitions are: 0 none, 1 all the way from one colour to the next.
    """
    height, width = value.shape
    threshold = np.tile(BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width]
    position = np.clip(value, 0, 1) * (len(ramp) - 1)
    step = np.floor(position + 0.5 + (threshold - 0.5) * dither)
    image: Image = np.array(ramp, np.uint8)[np.clip(step, 0, len(ramp) - 1).astype(int)]
    return image


def grid(height: int, width: int) -> tuple[Field, Field]:
    """Returns the y and x of every pixel's middle, float64 [height, width]."""
    y, x = np.mgrid[0:height, 0:width]
    return y + 0.5, x + 0.5


def ball(
    target: Image, y: float, x: float, ry: float, rx: float, ramp: Sequence[int], *, angle: float = 0, dither: float = 0
) -> None:
    """Draws an ellipse lit from the upper left; ramp runs from shadow to light, angle in radians."""
    gy, gx = grid(*target.shape)
    cos, sin = round(float(np.cos(angle)), 6), round(float(np.sin(angle)), 6)
    u = ((gx - x) * cos + (gy - y) * sin) / rx
    v = ((gy - y) * cos - (gx - x) * sin) / ry
    inside = u * u + v * v <= 1
    lu, lv = (gx - x) / rx, (gy - y) / ry
    light = 0.5 - 0.32 * lu - 0.42 * lv
    target[inside] = pick(light, ramp, dither)[inside]


def limb(
    target: Image, points: Sequence[tuple[float, float, float]], ramp: Sequence[int], *, dither: float = 0
) -> None:
    """Draws a tube through points (y, x, radius), lit from the upper left; ramp runs from shadow to light."""
    gy, gx = grid(*target.shape)
    best = np.full(target.shape, 9.0)
    light = np.zeros(target.shape)
    for (y0, x0, r0), (y1, x1, r1) in itertools.pairwise(points):
        dy, dx = y1 - y0, x1 - x0
        t = np.clip(((gy - y0) * dy + (gx - x0) * dx) / max(dy * dy + dx * dx, 1e-9), 0, 1)
        radius = r0 + (r1 - r0) * t
        oy, ox = (gy - y0 - dy * t) / radius, (gx - x0 - dx * t) / radius
        distance = oy * oy + ox * ox
        nearer = distance < best
        best[nearer] = distance[nearer]
        light[nearer] = (0.5 - 0.3 * ox - 0.42 * oy)[nearer]
    inside = best <= 1
    target[inside] = pick(light, ramp, dither)[inside]


def polygon(points: Sequence[tuple[float, float]], height: int, width: int) -> Mask:
    """Returns the pixels whose middle lies inside the polygon of points (y, x)."""
    gy, gx = grid(height, width)
    inside = np.zeros((height, width), bool)
    for (y0, x0), (y1, x1) in zip(points, [*points[1:], points[0]], strict=True):
        if y0 == y1:
            continue
        crosses = (gy > min(y0, y1)) & (gy <= max(y0, y1)) & (gx < x0 + (gy - y0) * (x1 - x0) / (y1 - y0))
        inside ^= crosses
    return inside


def grown(mask: Mask) -> Mask:
    """Returns the mask and its neighbours above, below, left and right."""
    out = mask.copy()
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    out[:, 1:] |= mask[:, :-1]
    out[:, :-1] |= mask[:, 1:]
    return out


def outlined(image: Image, index: int) -> Image:
    """Returns the image with a one-pixel outline around what is drawn (inside the same size)."""
    out = image.copy()
    out[grown(image > 0) & (image == 0)] = index
    return out
