"""Zone 3, Frost Spires: ice and snow by night, an aurora above the peaks."""

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import BAYER, Image, blank, outlined, paste_around, polygon
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 ice, 7-10 snow, 11-12 berries and red flags, 13-15 freezing water.
GROUND = line("000 012 123 134 245 356 467 345 466 667 777 503 734 013 025 147")
# 1-4 night, 5-8 aurora (turns), 9-12 peaks, 13-14 spires, 15 stars.
SKY = line("001 001 002 012 113 025 054 163 035 667 345 234 123 023 012 777")
LIFE = line("000 001 777 224 446 667 124 246 467 604 736 123 245 467 335 677")


def spire(width: int, height: int, colours: tuple[int, int, int]) -> Image:
    """Draws a needle of ice: light left face, dark right face, a bright edge between."""
    light, dark, edge = colours
    image = blank(height, width)
    peak = width * 0.45
    body = polygon(
        [(0, peak), (height * 0.4, width * 0.8), (height, width), (height, 0), (height * 0.5, width * 0.15)],
        height,
        width,
    )
    x = np.arange(width)[None, :] + 0.5
    y = np.arange(height)[:, None]
    middle = peak + np.where(y % 16 < 8, y % 8 * 0.3, 2.4 - y % 8 * 0.3)
    image[body] = np.where(x < middle - 0.5, light, np.where(x < middle + 0.5, edge, dark))[body]
    return image


def _terrain() -> Terrain:
    texture = textures.facets((2, 3, 3, 4, 5), 6, points=9)
    snow = textures.drifts((7, 8, 9, 10), 1, 3, depth=7)
    sparkling = snow.copy()
    for y, x in ((2, 4), (3, 14), (2, 22), (4, 29)):
        sparkling[y, x] = 5
        sparkling[y + 1, x] = 7
    ceiling = blank(9, 32)
    for x in range(32):
        long = int(9 * noise.smooth(1, 32, 1, 2, 5)[0, x] ** 2)
        ceiling[8 - min(long, 7) : 8, x] = 5 if x % 4 < 2 else 4
    ceiling[8] = 1
    return Terrain(
        texture=texture,
        detail=props.studded(texture, props.shards((3, 5, 6), 2, count=3), y=0, x=0),
        surface=snow,
        surface_alt=sparkling,
        left=textures.face(texture, (1, 4, 5, 6, 10), 31, lit=True),
        right=textures.face(texture, (1, 2, 3, 3), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=props.hanging_turf(props.ledge((2, 4, 5, 6), 1), textures.drifts((8, 9, 10), 1, 4, depth=4, ragged=2)),
        spikes=props.spikes(1, 4, 6, 10, lean=1),
        breakable=props.cracked(textures.facets((3, 4, 5, 6), 9, points=6), 1, 10, (4, 6, 10)),
        decor=(
            snowy_bush(),
            props.shards((3, 5, 10), 1),
            props.boulder((3, 4, 5), 1, moss=10),
            flag(),
        ),
        decor_tall=snowy_fir(),
        abyss=props.pool((13, 13, 14, 15), 5),
    )


def snowy_bush() -> Image:
    """Draws a bush with snow and berries."""
    image = props.boulder((2, 2, 3, 4), 1, moss=10)
    for y, x in ((9, 6), (12, 10), (10, 12), (13, 5), (13, 14)):
        image[y, x] = 12
        image[y + 1, x] = 11
    return image


def flag() -> Image:
    """Draws a small flag in the snow."""
    image = blank(16, 16)
    image[1:16, 5] = 4
    image[1:16, 6] = 2
    image[polygon([(1, 7), (4.5, 15), (8, 7)], 16, 16)] = 12
    image[6:8, 7:11] = 11
    image[14:16, 2:10] = 10
    return outlined(image, 1)


def snowy_fir() -> Image:
    """Draws a fir under snow [32, 16]."""
    image = blank(32, 16)
    image[28:32, 7:9] = 2
    for top, half in ((16, 7.5), (9, 6), (2, 4.5)):
        body = polygon([(top, 8), (top + 13, 8 + half), (top + 13, 8 - half)], 32, 16)
        x = np.arange(16)[None, :] + 0.5
        y = np.arange(32)[:, None]
        image[body] = np.where(y - top < 4 + (x * 3 % 4), 10, np.where(x < 8, 3, 2))[body]
        image[body & (y - top < 5) & (x > 8.5)] = 8
    return outlined(image, 1)


def _aurora(image: Image) -> None:
    """Hangs curtains of light into the sky; colours 5-8 turn in the palette."""
    x = np.arange(512)
    for offset, height, phase, seed in ((26, 46, 0.0, 1), (48, 34, 2.0, 2)):
        fold = offset + 9 * noise.sine(x * (2 * np.pi / 128) + phase) + 3 * noise.sine(x * (2 * np.pi / 64) + seed)
        rays = noise.smooth(1, 128, 1, 4, seed)[0][x % 128]
        tall = height * (0.45 + 0.55 * rays)
        for y in range(8, 110):
            t = (fold + height * 0.35 - y) / tall  # 0 at the lower hem, 1 where it ends above
            shown = (t > 0) & (t < 1) & (0.75 - 0.75 * t > BAYER[y % 4, x % 4])
            image[y, shown] = (5 + (x // 8 + seed) % 4)[shown]


def _background() -> Image:
    image = scenery.sky([(0, 1), (40, 2), (80, 3), (130, 4)])
    scenery.stars(image, 96, 22, (15, 15, 10), 3)
    _aurora(image)
    peaks = scenery.ridge(128, 4, (32, 46), (16, 14), (8, 5))
    scenery.layer(image, 150, 10 + peaks, scenery.lit_slopes(peaks, 0.3), (12, 11, 10, 9), dither=0.3)
    scenery.mist(image, 128, 152, (4, 12), from_top=False)
    image[152:] = 12
    for x, width, height in (
        (0, 20, 44),
        (14, 14, 30),
        (30, 26, 54),
        (52, 16, 34),
        (64, 22, 40),
        (84, 28, 58),
        (108, 18, 36),
    ):
        for copy in range(0, 512, 128):
            paste_around(image, spire(width, height, (13, 14, 11)), 208 - height, x + copy)
    scenery.mist(image, 190, 208, (14, 14), from_top=False)
    image[208:] = 14
    drifts = 16 + scenery.skyline(64, 5, (32, 14), (16, 4))
    scenery.layer(image, 256, drifts + 8, scenery.fading(22, 3, 0.2), (13, 14, 14))
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="FROST SPIRES",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(Band(0, 4, 1, 2), Band(88, 14), Band(152, 36), Band(208, 72)),
        cycles=(Cycle(32 + 5, 4, 16), Cycle(16 + 13, 3, 16)),
    )
