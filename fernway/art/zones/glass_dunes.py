"""Zone 6, Glass Dunes: a pale desert that lightning turned to glass in places; heat makes the far ridges swim."""

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import Image, blank, limb, outlined, paste_around, pick, polygon
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 sand, 7-10 crest, 11-12 danger, 13-15 molten glass; glass colours are 13-15 too.
GROUND = line("000 212 431 642 753 764 775 643 754 765 777 414 747 255 367 577")
# 1-5 sky, 6-8 far dunes, 9-11 near dunes, 12-14 glass (glints), 15 sun.
SKY = line("256 256 366 476 675 764 753 652 542 643 532 421 366 477 677 777")
LIFE = line("000 201 777 255 366 577 521 743 765 614 746 432 654 776 044 166")


def spike_of_glass(width: int, height: int) -> Image:
    """Draws a leaning crystal with a bright edge."""
    image = blank(height, width)
    body = polygon(
        [
            (0, width * 0.6),
            (height * 0.25, width * 0.95),
            (height, width * 0.8),
            (height, 0),
            (height * 0.3, width * 0.2),
        ],
        height,
        width,
    )
    x = np.arange(width)[None, :] + 0.5
    y = np.arange(height)[:, None]
    edge = width * (0.6 - 0.25 * y / height)
    image[body] = np.where(x < edge - 1, 13, np.where(x < edge + 0.6, 14, 12))[body]
    return image


def _terrain() -> Terrain:
    texture = textures.ripples((2, 3, 3, 4), 4)
    crest = textures.drifts((7, 8, 9, 10), 2, 5, depth=6)
    glassy = crest.copy()
    for y, x in ((2, 4), (4, 12), (2, 20), (3, 28)):
        glassy[y, x], glassy[y, x + 1], glassy[y + 1, x] = 15, 14, 13
    ceiling = blank(4, 32)
    ceiling[1:3] = pick(noise.smooth(2, 32, 1, 4, 8), (0, 2), 0.4)
    ceiling[3] = 1
    return Terrain(
        texture=texture,
        detail=props.studded(texture, outlined(np.pad(props.gem((13, 14, 15), 2, size=7), 1), 2), y=4, x=4),
        surface=crest,
        surface_alt=glassy,
        left=textures.face(texture, (1, 4, 5, 6, 10), 31, lit=True),
        right=textures.face(texture, (1, 2, 2, 3), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=props.ledge((13, 13, 14, 15), 1, thick=6, joint=16),
        spikes=props.spikes(1, 11, 12, 10, lean=2),
        breakable=props.cracked(textures.facets((13, 13, 14, 15), 9, points=6), 1, 15, (13, 14, 15)),
        decor=(
            props.shards((13, 14, 15), 1),
            _cactus(16),
            props.boulder((3, 4, 5, 6), 1),
            props.grass((2, 4, 5, 6), 1, 5, blades=6),
        ),
        decor_tall=_cactus(32),
        abyss=props.pool((13, 13, 14, 15), 5),
    )


def _cactus(height: int) -> Image:
    """Draws a cactus in flower."""
    image = blank(height, 16)
    green = (13, 13, 14)
    arm = height * 0.55
    limb(image, [(height, 8, 2.4), (5, 8, 2.4)], green)
    limb(image, [(arm + 2, 8, 1.3), (arm + 2, 3, 1.6), (arm - height * 0.16, 2.8, 1.5)], green)
    limb(image, [(arm + 4, 8, 1.3), (arm + 4, 13, 1.6), (arm - height * 0.06, 13, 1.5)], green)
    for y in range(4, height, 3):
        image[y, 7] = 15 if image[y, 7] else 0
    image[1:4, 7:9] = 12
    image[2, 6:10] = 12
    image[2, 7:9] = 10
    return outlined(image, 1)


def _dunes(image: Image, base: int, height: scenery.Line, ramp: tuple[int, int, int]) -> None:
    """Draws smooth dunes with a sharp crest between a lit and a shaded side."""
    rise = np.roll(height, -1) - np.roll(height, 1)
    y, x = np.mgrid[0:256, 0:512]
    depth = y - (base - height[None, :])
    lean = rise[(x + (depth * 0.8).astype(int)) % 512]
    inside = (depth >= 0) & (y < base)
    image[inside] = pick(0.5 + 0.9 * lean - depth * 0.006, ramp[::-1], 0.7)[inside]


def _background() -> Image:
    image = scenery.sky([(0, 1), (34, 2), (66, 3), (96, 4), (124, 5)])
    scenery.disc(image, 60, 380, 15, 15, halo=4)
    for y, x, width in ((8, 40, 64), (16, 168, 48)):
        for copy in (0, 256):
            paste_around(image, scenery.cloud(width, 8, 9, (4, 15)), y, x + copy)
    far = 6 + scenery.skyline(128, 6, (64, 24), (32, 8))
    _dunes(image, 136, far, (6, 7, 8))
    image[136:] = 7
    scenery.mist(image, 124, 136, (7, 7), from_top=False)
    for x, width, height in ((10, 14, 44), (24, 10, 26), (72, 18, 56), (90, 10, 30)):
        for copy in range(0, 512, 128):
            paste_around(image, spike_of_glass(width, height), 184 - height, x + copy)
    middle = 10 + scenery.skyline(128, 8, (32, 22), (16, 4))
    _dunes(image, 192, middle, (6, 7, 8))
    image[192:] = 8
    scenery.mist(image, 178, 192, (8, 8), from_top=False)
    near = 26 + scenery.skyline(128, 11, (64, 30), (32, 8))
    _dunes(image, 256, near, (9, 10, 11))
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="GLASS DUNES",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(Band(0, 4, 3), Band(28, 6), Band(96, 12, 0, 2), Band(136, 34, 0, 1), Band(192, 76)),
        cycles=(Cycle(32 + 12, 3, 14), Cycle(16 + 13, 3, 20)),
    )
