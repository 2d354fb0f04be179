"""Zone 1, Amber Quarry: layered sandstone and old hoists at sunset."""

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import Image, blank, limb, outlined, paste, paste_around, pick
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 sandstone, 7-10 sunlit crust, 11-12 amber and steel, 13-15 quicksand.
GROUND = line("000 201 311 421 532 643 754 532 654 775 446 667 750 420 531 642")
# 1-6 sky, 7-8 far mesas, 9-11 mesas, 12-13 hoists, 14 cloud, 15 sun.
SKY = line("303 303 403 513 623 733 752 514 414 522 412 311 301 201 744 775")
LIFE = line("000 101 777 034 156 377 310 521 743 730 774 311 532 754 223 446")

STONE, CRUST = (2, 3, 4, 5, 6), (7, 8, 9)


def mesa(width: int, height: int, ramp: tuple[int, ...], seed: int) -> Image:
    """Draws a table mountain with strata, lit from the left."""
    image = blank(height, width)
    rough = noise.smooth(height, 1, 4, 1, seed)[:, 0]
    for y in range(height):
        up = height - 1 - y
        slope = int(min(up * 0.2 + 4 * rough[y] + 4 * (up > height * 0.3) + 5 * (up > height * 0.6), width * 0.42))
        left, right = slope, width - slope
        shade = 1 if (y * 5 // 11) % 2 else 0
        image[y, left:right] = ramp[min(1 + shade, len(ramp) - 1)] if len(ramp) > 2 else ramp[shade]
        image[y, left : left + (right - left) // 3] = ramp[0] if not shade or len(ramp) < 3 else ramp[1]
    return image


def hoist(colour: int, light: int) -> Image:
    """Draws a winding tower with its wheel."""
    image = blank(56, 48)
    for x0, x1 in ((22, 8), (26, 40), (24, 24)):
        limb(image, [(14, x0, 1.0), (56, x1, 1.3)], (colour, colour))
    for y, w in ((26, 5), (38, 9), (50, 13)):
        limb(image, [(y, 24 - w, 0.8), (y, 24 + w, 0.8)], (colour, colour))
        limb(image, [(y, 24 - w, 0.6), (y - 11, 24 + w - 4, 0.6)], (colour, colour))
    y, x = np.mgrid[0:56, 0:48] + 0.5
    rho = np.sqrt((y - 11) ** 2 + (x - 24) ** 2)
    angle = np.arctan2(y - 11, x - 24)
    image[(rho < 10) & (rho > 7.6)] = colour
    image[(rho < 8) & (np.abs(noise.sine(angle * 3)) < 0.22)] = colour
    image[rho < 2.5] = colour
    image[(rho < 10) & (rho > 8.8) & (x + y < 33)] = light
    limb(image, [(5, 31, 0.7), (40, 48, 0.7)], (colour, colour))
    return image


def _terrain() -> Terrain:
    texture = textures.strata((2, 3, 3, 4, 5), 7)
    crust = textures.slab((4, 5, *CRUST), 1, depth=5, joint=32)
    wear = noise.smooth(7, 32, 1, 4, 6)[:6]
    crust[2:5][(wear[2:5] > 0.62)] = 7
    alt = crust.copy()
    for x in (5, 13, 22, 28):
        alt[1:4, x] = 1
        alt[1:4, x + 1] = 9
    chunk = outlined(np.pad(props.gem((12, 12, 9), 1, size=6), 1), 1)
    detail = props.studded(texture, chunk, y=4, x=5)
    ceiling = blank(4, 32)
    ceiling[0] = pick(noise.smooth(1, 32, 1, 4, 8), (0, 2), 0.5)
    ceiling[1:3], ceiling[3] = 2, 1
    steel = (10, 10, 11)
    return Terrain(
        texture=texture,
        detail=detail,
        surface=crust,
        surface_alt=alt,
        left=textures.face(texture, (1, 3, 4, 6, 8), 31, lit=True),
        right=textures.face(texture, (1, 2, 3, 3), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=props.ledge((1, 10, 10, 11), 1, thick=5, joint=8),
        spikes=props.spikes(1, 10, 11, 9, base=10),
        breakable=props.cracked(textures.bricks((2, 4, 5, 6), 7, course=8, length=8, shift=4), 1, 9, (3, 7, 8)),
        decor=(
            props.boxed((2, 4, 5, 7), 1, band=11),
            props.boulder((3, 4, 5, 7), 1),
            props.grass((4, 7, 8, 9), 1, 9, blades=5),
            props.shards((2, 12, 9), 1, height=16),
        ),
        decor_tall=lantern_post(steel),
        abyss=props.pool((13, 14, 15, 15), 5),
    )


def lantern_post(steel: tuple[int, ...]) -> Image:
    """Draws a pit lamp on a pole [32, 16]."""
    image = blank(32, 16)
    limb(image, [(32, 8, 1.2), (6, 8, 1.2)], steel)
    limb(image, [(5, 8, 1.0), (4, 12, 1.0), (8, 12, 0.8)], steel)
    image[30:32, 5:11] = steel[0]
    lamp = blank(32, 16)
    lamp[9:15, 10:15] = 12
    lamp[10:12, 11:13] = 9
    lamp[8, 11:14] = steel[1]
    paste(image, outlined(lamp, 1), 0, 0)
    return outlined(image, 1)


def _background() -> Image:
    image = scenery.sky([(0, 1), (24, 2), (48, 3), (72, 4), (96, 5), (122, 6)])
    scenery.disc(image, 102, 256, 18, 15, halo=6)
    for y, x, width in ((16, 24, 96), (40, 200, 72), (24, 328, 112), (56, 440, 64), (48, 88, 80)):
        streak = blank(8, width)
        gy, gx = np.mgrid[0:8, 0:width] + 0.5
        for cy, cx, half in ((3, width * 0.4, width * 0.36), (5, width * 0.62, width * 0.36)):
            streak[((gy - cy) / 1.8) ** 2 + ((gx - cx) / half) ** 2 < 1] = 14
        paste_around(image, streak, y, x)
    for x, width, height, seed in ((0, 72, 40, 3), (80, 40, 28, 4), (128, 104, 24, 5)):
        for copy in range(0, 512, 256):
            paste_around(image, mesa(width, height, (7, 8), seed), 136 - height, x + copy)
    image[136:] = 8
    scenery.mist(image, 118, 136, (8, 8), from_top=False)
    for x, width, height, seed in ((8, 88, 34, 6), (96, 40, 46, 7)):
        for copy in range(0, 512, 128):
            paste_around(image, mesa(width, height, (9, 10, 11), seed), 184 - height, x + copy)
    scenery.mist(image, 168, 184, (11, 11), from_top=False)
    image[184:] = 11
    tower = hoist(13, 12)
    for x in (0, 256):
        paste_around(image, tower, 190, x + 40)
    dunes = 22 + scenery.skyline(128, 5, (32, 12), (16, 5))
    scenery.layer(image, 256, dunes, scenery.fading(20, 3, 0.3), (12, 13, 13))
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="AMBER QUARRY",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(Band(0, 4, 3), Band(64, 12), Band(136, 30), Band(184, 64)),
        cycles=(Cycle(16 + 13, 3, 14),),
    )
