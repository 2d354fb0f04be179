"""Zone 2, Tide Harbor: stone quays and planks by a bright sea, a lighthouse on the point."""

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import Image, ball, blank, limb, outlined, paste, paste_around, polygon
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 quay stone, 7-10 planks, 11-12 rope and paint red, 13-15 water.
GROUND = line("000 012 122 233 344 455 566 310 421 632 754 602 777 035 146 377")
# 1-4 sky, 5-7 cloud, 8-9 headland, 10 red, 11-15 sea (12-15 shimmer).
SKY = line("147 136 147 257 467 456 667 777 355 244 612 035 046 157 146 267")
LIFE = line("000 101 777 402 614 736 034 156 477 710 763 310 532 754 602 777")


def lighthouse() -> Image:
    """Draws a lighthouse with red bands."""
    image = blank(56, 24)
    for y in range(14, 56):
        half = 4.5 + (y - 14) * 0.075
        for x in range(24):
            if abs(x + 0.5 - 12) <= half:
                red = (y - 14) // 9 % 2
                image[y, x] = 10 if red else 7 if x < 13 else 6
    image[12:14, 5:19] = 5
    image[6:12, 8:16] = 7
    image[6:12, 10:13] = 6
    image[3:6, 9:15], image[1:3, 11:13] = 10, 10
    return image


def boat() -> Image:
    """Draws a small sailing boat."""
    image = blank(24, 24)
    image[polygon([(1, 11), (18, 11), (18, 2)], 24, 24)] = 7
    image[polygon([(3, 13), (18, 13), (18, 21)], 24, 24)] = 6
    image[1:20, 12] = 5
    image[polygon([(19, 1), (19, 23), (23, 19), (23, 5)], 24, 24)] = 10
    return image


def _water(image: Image) -> None:
    """Fills lines 136 on with sea: rows of glints that grow towards the eye; 12-15 turn in the palette."""
    y, x = np.mgrid[0:120, 0:512]
    near, far = noise.smooth(32, 64, 4, 16, 4), noise.smooth(16, 64, 2, 8, 4)
    glints = np.where(y < 32, far[y % 16, x % 64], near[y % 32, x % 64])
    image[136:] = np.where(glints > 0.62, 12 + ((y // 3 % 8 + x // 16) % 4), 11)
    for row, colour in ((136, 15), (137, 13)):
        image[row] = colour


def _terrain() -> Terrain:
    texture = textures.bricks((2, 3, 3, 4, 5), 12, course=8, length=16, shift=8)
    moss = noise.smooth(32, 32, 4, 4, 3) > 0.8
    texture[moss & (texture == 3)] = 2
    planks = textures.slab((7, 8, 9, 10), 1, depth=6, joint=8)
    worn = planks.copy()
    for x in range(3, 32, 8):
        worn[2, x] = worn[2, x + 1] = 1
    for x in range(4, 32, 16):
        planks[2, x] = 1
    ceiling = blank(4, 32)
    ceiling[0], ceiling[1:3], ceiling[3] = 3, 2, 1
    ring = blank(9, 9)
    ball(ring, 4.5, 4.5, 4, 4, (3, 4, 5))
    ball(ring, 4.5, 4.5, 2, 2, (1, 1))
    return Terrain(
        texture=texture,
        detail=props.studded(texture, outlined(np.pad(ring, 1), 1), y=3, x=3),
        surface=planks,
        surface_alt=worn,
        left=textures.face(texture, (1, 3, 4, 5, 6), 31, lit=True),
        right=textures.face(texture, (1, 2, 3, 3), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=props.ledge((7, 8, 9, 10), 1, thick=6, joint=8),
        spikes=props.spikes(1, 11, 12, 12, base=7),
        breakable=props.cracked(textures.bricks((7, 8, 9, 10), 7, course=4, length=16, shift=0), 1, 10, (7, 9, 10)),
        decor=(barrel(), props.boxed((7, 8, 9, 10), 1), bollard(), props.grass((7, 8, 9, 10), 1, 4, blades=6)),
        decor_tall=signal(),
        abyss=props.pool((13, 14, 14, 15), 5),
    )


def barrel() -> Image:
    """Draws a barrel."""
    image = blank(16, 16)
    for y in range(2, 16):
        half = 5.2 + 1.2 * float(noise.sine((y - 2) / 13 * np.pi))
        for x in range(16):
            u = (x + 0.5 - 8) / half
            if abs(u) <= 1:
                image[y, x] = 10 if u < -0.5 else 9 if u < 0.1 else 8 if u < 0.6 else 7
    for y in (4, 12):
        image[y][image[y] > 0] = 3
        image[y, 4:7] = 5
    image[2][image[2] > 0] = 10
    return outlined(image, 1)


def bollard() -> Image:
    """Draws a mooring post with rope."""
    image = blank(16, 16)
    limb(image, [(16, 8, 3.2), (7, 8, 3.0)], (2, 3, 4, 5))
    ball(image, 6, 8, 2.8, 4.6, (3, 4, 5, 6))
    limb(image, [(10, 4.5, 1.0), (12, 8, 1.0), (11, 11.5, 1.0)], (9, 10, 10))
    limb(image, [(13, 4.5, 1.0), (14.5, 8, 1.0), (13, 11.5, 1.0)], (9, 10, 10))
    return outlined(image, 1)


def signal() -> Image:
    """Draws a pole with a pennant and a life belt [32, 16]."""
    image = blank(32, 16)
    limb(image, [(32, 5, 1.2), (2, 5, 1.0)], (8, 9, 10))
    image[polygon([(3, 6), (6.5, 15), (10, 6)], 32, 16)] = 11
    image[polygon([(5.2, 6), (6.5, 11), (7.8, 6)], 32, 16)] = 12
    y, x = np.mgrid[0:32, 0:16] + 0.5
    rho = np.sqrt((y - 20) ** 2 + (x - 8) ** 2)
    belt = (rho < 5.6) & (rho > 2.2)
    image[belt] = np.where((np.abs(x - 8) < 2) | (np.abs(y - 20) < 2), 11, 12)[belt]
    return outlined(image, 1)


def _background() -> Image:
    image = scenery.sky([(0, 1), (20, 2), (60, 3), (100, 4), (136, 4)])
    for y, x, width, height, seed in ((16, 16, 96, 32, 5), (32, 160, 64, 24, 9)):
        for copy in (0, 256):
            paste_around(image, scenery.cloud(width, height, seed, (5, 6, 7, 7)), y, x + copy)
    for y, x, width, seed in ((88, 40, 64, 11), (96, 184, 48, 12)):
        for copy in (0, 256):
            paste_around(image, scenery.cloud(width, 12, seed, (6, 7)), y, x + copy)
    land = np.zeros(512)
    across = np.arange(512)
    for middle, half, rise in ((150, 90, 22.0), (120, 40, 30.0), (400, 60, 14.0), (430, 30, 18.0)):
        land = np.maximum(land, rise * (1 - ((across - middle) / half) ** 2))
    land += 3 * scenery.skyline(128, 4, (8, 1.0)) * (land > 2)
    scenery.layer(image, 136, np.maximum(land, 0), scenery.fading(18, 4, 0.6), (8, 8, 9))
    paste(image, lighthouse(), 63, 112)
    _water(image)
    for px, py in ((280, 122), (472, 122)):
        paste_around(image, boat(), py, px)
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="TIDE HARBOR",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(
            Band(0, 6, 5), Band(56, 12), Band(150, 20, 1, 1), Band(164, 32, -1, 1), Band(180, 48, 2, 2),
            Band(200, 66, -2, 2), Band(224, 86, 2, 3),
        ),
        cycles=(Cycle(32 + 12, 4, 8), Cycle(16 + 13, 3, 8)),
    )  # fmt: skip
