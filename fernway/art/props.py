"""Spikes, ledges, cracked walls, plants and furniture that zones put on their ground.

Colours are indices into palette line 1; ramps run from shadow to light.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from fernway.art import noise
from fernway.art.canvas import Image, Mask, ball, blank, limb, outlined, paste, pick, polygon
from fernway.art.terrain import BLOCK, PATTERN

Ramp = Sequence[int]


def spikes(dark: int, shade: int, light: int, tip: int, *, width: int = 8, base: int = 0, lean: int = 0) -> Image:
    """A row of spikes, lit on the left, over the full height of a block [16, 32].

    Args:
        dark: Outline.
        shade: Right face.
        light: Left face.
        tip: The topmost pixels.
        width: Pixels from spike to spike; divides 32.
        base: Colour of a bar they stand on, 0 none.
        lean: Pixels that every second spike leans to the right.
    """
    image = blank(BLOCK, PATTERN)
    for number, left in enumerate(range(0, PATTERN, width)):
        top = 1 if number % 2 == 0 else 3
        peak = left + width / 2 + (lean if number % 2 else 0)
        half = width / 2 - 0.5
        body = polygon([(top, peak - 0.8), (top, peak + 0.8), (16, left + width / 2 + half), (16, left + 0.5)], 16, 32)
        y, x = np.mgrid[0:16, 0:32] + 0.5
        middle = peak + (left + width / 2 + 0.5 - peak) * (y - top) / (16 - top)
        image[body] = np.where(x < middle, light, shade)[body]
        image[body & (y < top + 4)] = tip
    image = outlined(image, dark)
    if base:
        image[14], image[15] = base, dark
    return image


def ledge(ramp: Ramp, dark: int, *, thick: int = 7, joint: int = 16, brace: bool = True) -> Image:
    """A board with braces under both ends [16, 48]: left end, middle, right end."""
    image = blank(BLOCK, 48)
    rows = np.arange(thick)[:, None]
    x = np.arange(48)[None, :]
    grainy = 0.25 * (noise.smooth(8, 48, 2, 8, 11)[:thick] - 0.5)
    image[:thick] = pick(1 - rows / thick + grainy, ramp, 0.4)
    image[0] = ramp[-1]
    image[1:thick, (x[0] % joint) == joint - 1] = dark
    image[1:thick, (x[0] % joint) == 0] = ramp[-1]
    image[thick] = dark
    image[1 : thick - 1, 0] = image[1 : thick - 1, 47] = dark
    image[0, 0] = image[0, 47] = 0
    if brace:
        for side in (0, 1):
            part = blank(BLOCK, BLOCK)
            for i in range(8):
                part[thick + i : thick + i + 1, 2 : 11 - i] = ramp[1]
                part[thick + i, max(10 - i, 2)] = ramp[0]
            part = outlined(part, dark)
            part[:thick] = 0
            target = image[:, :16] if side == 0 else image[:, 32:]
            paste(target, part if side == 0 else part[:, ::-1], 0, 0)
            image[thick] = dark
    return image


def hanging_turf(image: Image, turf: Image, *, shown: int = 16) -> Image:
    """Puts a ground edge on a ledge."""
    out = image.copy()
    strip = np.concatenate([turf, turf[:, :16]], 1)[:shown, :48]
    paste(out, strip, 0, 0)
    out[0, 0] = out[0, 47] = 0
    return out


def cracked(texture: Image, dark: int, light: int, frame: Ramp) -> Image:
    """A wall that breaks: a framed block with a wide crack [16, 16]."""
    image = texture[:BLOCK, :BLOCK].copy()
    image[0], image[:, 0] = frame[-1], frame[-1]
    image[-1], image[:, -1] = dark, dark
    image[1, 1:-1], image[1:-1, 1] = frame[-2], frame[-2]
    image[-2, 1:-1], image[1:-1, -2] = frame[0], frame[0]
    path = ((1, 9), (3, 7), (5, 8), (7, 5), (8, 9), (10, 7), (12, 10), (14, 8))
    for (y0, x0), (y1, x1) in itertools.pairwise(path):
        for i in range(5):
            y, x = round(y0 + (y1 - y0) * i / 4), round(x0 + (x1 - x0) * i / 4)
            image[y, x] = image[y, x - 1] = dark
            if image[y, x + 1] != dark:
                image[y, x + 1] = light
    for y, x, dx in ((7, 4, -1), (8, 10, 1), (4, 9, 1), (11, 6, -1)):
        for i in range(4):
            image[y + i // 2, x + dx * i] = dark
    return image


def studded(texture: Image, stamp: Image, *, y: int = 4, x: int = 4) -> Image:
    """A texture with the same thing set into each of its four blocks [32, 32]."""
    image = texture.copy()
    for row in (0, BLOCK):
        for col in (0, BLOCK):
            paste(image, stamp, row + y, col + x)
    return image


def gem(ramp: Ramp, dark: int, *, size: int = 9) -> Image:
    """A cut stone."""
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    inside = np.abs(x) + np.abs(y) <= size / 2 - 0.5
    image = blank(size, size)
    image[inside] = np.where(x + y < -1, ramp[-1], np.where(x > y, ramp[len(ramp) // 2], ramp[0]))[inside]
    return outlined(image, dark)


def frond(
    image: Image, root: tuple[float, float], angle: float, length: float, bend: float, ramp: Ramp, *, leaf: float = 3.2
) -> None:
    """A fern leaf that grows from root (y, x) at an angle (radians, 0 up, right positive) and bends over."""
    steps = int(length * 2)
    y, x = root
    height, width = image.shape
    for i in range(steps):
        t = i / steps
        direction = angle + bend * t
        y -= 0.5 * math.cos(direction)
        x += 0.5 * math.sin(direction)
        reach = leaf * math.sqrt(1 - t) * min(1.0, 0.3 + 2 * t)
        for side in (-1, 1):
            for j in range(int(reach * 2) + 1):
                if i % 4 > 1 and j > 1:
                    continue
                ly = y + side * math.sin(direction) * j / 2 + 0.18 * j
                lx = x + side * math.cos(direction) * j / 2
                if 0 <= int(ly) < height and 0 <= int(lx) < width:
                    image[int(ly), int(lx)] = ramp[-1] if side * math.cos(direction) < 0 and j > 0 else ramp[-2]
        if 0 <= int(y) < height and 0 <= int(x) < width:
            image[int(y), int(x)] = ramp[0]


def fern(ramp: Ramp, dark: int, *, height: int = BLOCK, width: int = BLOCK) -> Image:
    """A fern of five leaves."""
    image = blank(height, width)
    size = min(height, width * 1.4)
    for angle, bend, part in (
        (-0.9, -1.1, 0.75),
        (0.9, 1.1, 0.75),
        (-0.4, -0.9, 0.95),
        (0.45, 0.9, 0.95),
        (0.0, 0.3, 1.0),
    ):
        layer = blank(height, width)
        frond(layer, (height, width / 2), angle, size * part * 0.9, bend, ramp, leaf=size / 6)
        paste(image, outlined(layer, dark), 0, 0)
    return image


def grass(ramp: Ramp, dark: int, seed: int, *, blades: int = 7, height: int = BLOCK) -> Image:
    """A tuft of grass or reed."""
    image = blank(height, BLOCK)
    for i in range(blades):
        lean, tall, tone = noise.grain(3, blades, seed)[:, i]
        x = 3 + 10 * i / max(blades - 1, 1)
        top = height * (0.75 - 0.65 * tall * (1 - abs(i / (blades - 1) - 0.5)))
        sway = (i / (blades - 1) - 0.5) * 6 + (lean - 0.5) * 3
        layer = blank(height, BLOCK)
        points = [(height, x, 1.1), ((height + top) / 2, x + sway * 0.3, 0.9), (top, x + sway, 0.5)]
        limb(layer, points, ramp[1:] if tone > 0.4 else ramp[:-1])
        paste(image, outlined(layer, dark), 0, 0)
    return image


def flower(stem: Ramp, petals: Ramp, heart: int, dark: int, *, tall: int = 12, count: int = 5) -> Image:
    """A flower with round petals on a stem."""
    image = blank(BLOCK, BLOCK)
    head = BLOCK - tall
    limb(image, [(16, 8, 0.8), (head + 3, 8, 0.8)], stem)
    ball(image, 14, 5.5, 1.3, 2.6, stem, angle=0.5)
    ball(image, 13, 10.5, 1.3, 2.6, stem, angle=-0.5)
    for i in range(count):
        angle = 2 * math.pi * i / count - math.pi / 2
        ball(image, head + 4 + 2.7 * math.sin(angle), 8 + 2.9 * math.cos(angle), 1.9, 1.9, petals)
    ball(image, head + 4, 8, 1.5, 1.5, (heart, heart))
    return outlined(image, dark)


def toadstool(cap: Ramp, stem: Ramp, dot: int, dark: int, *, big: bool = False) -> Image:
    """One or two mushrooms."""
    image = blank(BLOCK, BLOCK)
    for y, x, r in ((6, 9, 5.0), (10, 3.5, 3.0)) if big else ((8, 8, 4.2),):
        part = blank(BLOCK, BLOCK)
        limb(part, [(16, x, 1.4), (y, x, 1.4)], stem)
        cut = blank(BLOCK, BLOCK)
        ball(cut, y, x, r * 0.9, r * 1.15, cap)
        cut[int(y + r * 0.35) :] = 0
        for dy, dx in ((-0.4, -0.4), (-0.1, 0.5), (0.0, -0.8)):
            if cut[int(y + dy * r), int(x + dx * r)]:
                cut[int(y + dy * r), int(x + dx * r)] = dot
        paste(part, cut, 0, 0)
        paste(image, outlined(part, dark), 0, 0)
    return image


def boulder(ramp: Ramp, dark: int, *, moss: int = 0) -> Image:
    """A pair of round stones."""
    image = blank(BLOCK, BLOCK)
    for y, x, ry, rx in ((11.5, 9.5, 5.5, 6), (13, 4, 3.5, 3.8)):
        layer = blank(BLOCK, BLOCK)
        ball(layer, y, x, ry, rx, ramp, dither=0.4)
        if moss:
            top = (layer > 0) & ~np.roll(layer > 0, 2, 0)
            layer[top] = moss
        paste(image, outlined(layer, dark), 0, 0)
    return image


def shards(ramp: Ramp, dark: int, *, height: int = BLOCK, count: int = 3) -> Image:
    """Crystals that grow from the ground."""
    image = blank(height, BLOCK)
    for x, lean, tall in ((4.0, -2.5, 0.6), (12.0, 2.5, 0.55), (8.0, 0.5, 0.95))[3 - count :]:
        top = height * (1 - tall) + 1
        peak = x + lean
        layer = blank(height, BLOCK)
        body = polygon(
            [(top, peak), (top + 4, peak + 2.6), (height, x + 2.2), (height, x - 2.2), (top + 3, peak - 2.4)],
            height,
            16,
        )
        gx = np.arange(16)[None, :] + 0.5
        middle = peak + (x - peak) * (np.arange(height)[:, None] - top) / (height - top)
        layer[body] = np.where(gx < middle - 0.8, ramp[-1], np.where(gx < middle + 0.7, ramp[-2], ramp[0]))[body]
        paste(image, outlined(layer, dark), 0, 0)
    return image


def boxed(ramp: Ramp, dark: int, *, size: int = 14, band: int = 0) -> Image:
    """A crate with planks, or with a band across."""
    image = blank(BLOCK, BLOCK)
    top, left = BLOCK - size, (BLOCK - size) // 2
    image[top:, left : left + size] = ramp[1]
    for y in range(top + 1, BLOCK, 4):
        image[y, left : left + size] = ramp[2]
        image[y + 2 : y + 3, left : left + size] = ramp[0]
    for x in (left, left + size - 3):
        image[top:, x : x + 3] = ramp[1]
        image[top:, x] = ramp[-1]
        image[top:, x + 2] = dark
        image[top + 2, x + 1] = image[-3, x + 1] = dark
    image[top, left : left + size] = ramp[-1]
    image[-1, left : left + size] = dark
    if band:
        image[top + size // 2 - 1 : top + size // 2 + 1, left : left + size] = band
    return outlined(np.pad(image, ((1, 0), (0, 0))), dark)[1:]


def pool(ramp: Ramp, seed: int, *, calm: int = 3) -> Image:
    """Liquid or fog seen from the side, its surface 3 pixels below the block's top [48, 32]; ramp dark to light."""
    image = blank(48, PATTERN)
    y, x = np.mgrid[0:48, 0:PATTERN]
    edge = 3 + np.round(noise.sine(x * (2 * np.pi / PATTERN)) + 0.6 * noise.sine(x * (4 * np.pi / PATTERN) + 1)).astype(
        int
    )
    depth = y - edge
    swirl = noise.smooth(16, PATTERN, 4, 8, seed)[y % 16, x] - 0.5
    light = 0.75 - depth / 30 + 0.9 * swirl * (depth > calm)
    image[depth >= 0] = pick(light, ramp, 0.8)[depth >= 0]
    image[(depth >= 0) & (depth < 2)] = ramp[-1]
    image[16:] = np.where((swirl > 0.36)[16:], ramp[1], ramp[0])
    return image


def shape(mask: Mask, fill: int, dark: int) -> Image:
    """One colour in a shape, outlined."""
    return outlined(np.where(mask, fill, 0).astype(np.uint8), dark)
