"""Zone 0, Fern Hollow: a mossy valley in the morning mist."""

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import Image, blank, outlined, paste, paste_around, pick
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 earth, 7-10 moss, 11-12 flowers and thorns, 13-15 stream.
GROUND = line("000 011 210 321 432 543 665 031 142 363 674 513 746 134 256 577")
# 1-5 sky, 6-7 far hills, 8-10 forest, 11-13 ferns, 14 cloud, 15 sun.
SKY = line("356 356 467 577 676 775 466 455 255 244 133 132 132 143 777 776")
LIFE = line("000 101 777 303 515 737 121 242 573 720 763 210 432 654 131 363")

EARTH, MOSS, THORN, STREAM = (1, 2, 3, 4, 5, 6), (7, 8, 9, 10), (11, 12), (13, 14, 15)


def conifer(height: int, ramp: tuple[int, ...]) -> Image:
    """Draws a fir as a soft silhouette."""
    width = height // 2 | 1
    image = blank(height, width)
    middle = width // 2
    for y in range(height):
        tier = y % 7
        half = (y / height) * middle * 0.75 + tier * 0.35
        for x in range(width):
            if abs(x - middle) <= half:
                image[y, x] = ramp[1] if x - middle < -half * 0.2 and tier > 2 else ramp[0]
    return image


def _terrain() -> Terrain:
    texture = textures.cobbles((2, 3, 3, 4), 4, points=10)
    tuft = np.where(noise.smooth(32, 32, 4, 4, 9) > 0.88, 7, 0).astype(np.uint8)
    paste(texture, tuft, 0, 0)
    turf = textures.turf(MOSS, 1, 21, depth=7)
    mossy = turf.copy()
    for y, x in ((3, 4), (2, 11), (4, 20), (3, 27)):
        mossy[y, x], mossy[y - 1, x], mossy[y, x - 1], mossy[y, x + 1], mossy[y + 1, x] = 6, 12, 12, 12, 11
    ceiling = blank(5, 32)
    ceiling[1:4] = pick(noise.smooth(3, 32, 1, 4, 8), (0, 7, 7), 0.6)
    ceiling[4] = 1
    face = textures.face(texture, (1, 2, 3, 4, 5), 31, lit=True)
    vines = np.where(noise.smooth(32, 5, 8, 1, 12) > 0.66, 8, 0).astype(np.uint8)
    paste(face, vines, 0, 0)
    face[:, 0] = 1
    return Terrain(
        texture=texture,
        detail=props.studded(texture, outlined(props.gem((2, 4, 6), 1, size=7), 1), y=5, x=5),
        surface=turf,
        surface_alt=mossy,
        left=face,
        right=textures.face(texture, (1, 2, 3, 4, 5), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=props.hanging_turf(props.ledge((2, 3, 4, 5), 1), textures.turf(MOSS, 1, 23, depth=3, ragged=2)),
        spikes=props.spikes(1, 11, 12, 6, lean=1),
        breakable=props.cracked(textures.cobbles((2, 4, 5, 6), 7, points=10), 1, 6, (3, 5, 6)),
        decor=(
            props.fern(MOSS, 1),
            props.flower((7, 8, 9), (11, 12, 12), 6, 1),
            props.boulder((2, 3, 4, 5), 1, moss=9),
            props.grass(MOSS, 1, 3),
        ),
        decor_tall=props.fern(MOSS, 1, height=32),
        abyss=props.pool(STREAM, 5),
    )


def _background() -> Image:
    image = scenery.sky([(0, 1), (30, 2), (62, 3), (84, 4), (112, 5)])
    scenery.disc(image, 80, 380, 14, 15, halo=5)
    for x, y, width, seed in ((32, 8, 64, 5), (176, 24, 48, 6), (304, 8, 64, 5), (440, 24, 48, 6)):
        paste_around(image, scenery.cloud(width, 16, seed, (4, 14, 14)), y, x)
    hills = 18 + scenery.skyline(128, 3, (64, 22), (32, 14), (16, 4))
    scenery.layer(image, 120, hills, scenery.fading(34, 2, 0.2), (6, 4, 5))
    near = 12 + scenery.skyline(128, 8, (32, 20), (16, 8))
    scenery.layer(image, 128, near, scenery.fading(26, 3, 0.2), (7, 6, 5))
    image[120:128][image[120:128] == 0] = 5
    for x, height in ((4, 40), (22, 52), (43, 36), (58, 46), (74, 56), (93, 38), (108, 48)):
        for copy in range(0, 512, 128):
            paste_around(image, conifer(height, (8, 9)), 170 - height, x + copy)
    for x, height in ((8, 36), (24, 30), (40, 38), (56, 32)):
        for copy in range(0, 512, 64):
            paste_around(image, conifer(height, (9, 10)), 184 - height, x + copy)
    scenery.mist(image, 164, 184, (9, 9), from_top=False)
    scenery.mist(image, 184, 196, (9, 12), from_top=True)
    image[196:] = 12
    ferns = blank(72, 512)
    for number in range(4):
        plant = props.fern((11, 13, 13), 12, height=38 + 5 * (number % 3), width=34)
        for copy in range(0, 512, 64):
            paste_around(ferns, plant, 72 - plant.shape[0] - 18 + 4 * (number % 2), number * 16 + copy)
    paste(image, ferns, 184, 0)
    image[238:] = 12
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="FERN HOLLOW",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(Band(0, 6, 3), Band(48, 12), Band(120, 34), Band(184, 72)),
        cycles=(Cycle(16 + 13, 3, 10),),
    )
