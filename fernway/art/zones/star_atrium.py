"""Zone 7, Star Atrium: a garden of marble under the night sky, among floating stones."""

import math

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import BAYER, Image, ball, blank, limb, outlined, paste, paste_around
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 marble, 7-10 inlay and turf of the night garden, 11-12 danger, 13-15 starlight.
GROUND = line("000 001 112 223 335 446 557 204 315 537 757 613 764 112 224 457")
# 1-4 night, 5-7 nebula, 8-10 islands, 11 window, 12-14 stars (twinkle), 15 moon.
SKY = line("001 001 002 103 204 204 315 426 123 012 001 235 234 556 777 775")
LIFE = line("000 001 777 036 157 477 414 636 757 740 774 113 335 557 530 763")


def island(width: int, height: int) -> Image:
    """Draws a floating stone with a garden on it."""
    image = blank(height, width)
    rough = noise.smooth(1, 64, 1, 4, width)[0]
    for x in range(width):
        t = abs(x + 0.5 - width / 2) / (width / 2)
        deep = int((height - 10) * (1 - t * math.sqrt(t)) * (0.75 + 0.4 * rough[x % 64])) + 2
        for y in range(8, min(8 + deep, height)):
            image[y, x] = 8 if x < width * 0.42 + 2 * (y % 5 < 2) else 9
        image[8, x] = 11
        if rough[x * 3 % 64] > 0.55:
            image[6:8, x] = 11
    tree = width // 3
    image[0:6, tree - 3 : tree + 4] = 11
    image[1:5, tree - 5 : tree + 6] = 11
    image[5:8, tree] = 8
    return image


def colonnade() -> Image:
    """Draws one arch of a colonnade [72, 64]."""
    image = blank(72, 64, 9)
    y, x = np.mgrid[0:72, 0:64] + 0.5
    opening = (np.abs(x - 32) < 21) & ((y > 34) | (((x - 32) / 21) ** 2 + ((y - 34) / 22) ** 2 < 1))
    image[opening] = 0
    rim = (np.abs(x - 32) < 24) & ((y > 34) | (((x - 32) / 24) ** 2 + ((y - 34) / 25) ** 2 < 1)) & ~opening
    image[rim & (x < 32)] = 8
    image[0:3] = 8
    image[5] = 8
    image[66:] = 9
    image[66] = 8
    return image


def _terrain() -> Terrain:
    texture = textures.marble((1, 2, 2, 3, 4), 5)
    garden = textures.turf((7, 8, 9, 10), 1, 51, depth=6, ragged=3)
    starry = garden.copy()
    for y, x in ((2, 3), (3, 12), (2, 21), (4, 28)):
        starry[y, x], starry[y - 1, x], starry[y + 1, x], starry[y, x - 1], starry[y, x + 1] = 6, 15, 15, 15, 15
    star = blank(9, 9)
    gy, gx = np.mgrid[0:9, 0:9] - 4
    star[np.sqrt(np.abs(gx)) + np.sqrt(np.abs(gy)) < 2.3] = 14
    star[np.sqrt(np.abs(gx)) + np.sqrt(np.abs(gy)) < 1.5] = 15
    ceiling = blank(4, 32)
    ceiling[0], ceiling[1], ceiling[2], ceiling[3] = 4, 3, 2, 1
    return Terrain(
        texture=texture,
        detail=props.studded(texture, star, y=3, x=3),
        surface=garden,
        surface_alt=starry,
        left=textures.face(texture, (1, 4, 5, 6, 6), 31, lit=True),
        right=textures.face(texture, (1, 2, 2, 3), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=props.ledge((3, 4, 5, 6), 1, thick=6, joint=16),
        spikes=props.spikes(1, 11, 12, 6, lean=1),
        breakable=props.cracked(textures.marble((2, 3, 4, 5, 6), 3), 1, 6, (4, 5, 6)),
        decor=(
            props.flower((7, 8, 9), (13, 14, 15), 6, 1),
            props.shards((14, 15, 6), 1),
            _urn(),
            props.grass((7, 8, 9, 10), 1, 6),
        ),
        decor_tall=_telescope(),
        abyss=props.pool((13, 13, 14, 15), 5),
    )


def _urn() -> Image:
    """Draws a marble urn with a plant."""
    image = blank(16, 16)
    ball(image, 4, 8, 3.0, 5.5, (7, 8, 9))
    ball(image, 9.5, 8, 3.6, 4.6, (3, 4, 5, 6))
    image[6:8, 3:13] = 5
    image[6, 3:13] = 6
    image[13:16, 6:10] = 4
    image[15, 4:12] = 5
    return outlined(image, 1)


def _telescope() -> Image:
    """Draws a telescope on its stand [32, 16]."""
    image = blank(32, 16)
    limb(image, [(32, 3, 0.9), (16, 8, 1.0), (32, 13, 0.9)], (3, 4, 5))
    limb(image, [(32, 8, 0.8), (14, 8, 1.0)], (4, 5, 6))
    tube = blank(32, 16)
    limb(tube, [(16, 3.5, 1.6), (11, 8.5, 2.2), (5, 13, 2.7)], (11, 12, 12))
    limb(tube, [(12, 8, 2.3), (10.5, 9.4, 2.4)], (4, 5, 6))
    image = outlined(image, 1)
    paste(image, outlined(tube, 1), 0, 0)
    return image


def _nebula(image: Image) -> None:
    """Lays a band of dust across the sky."""
    cloud = noise.smooth(128, 128, 32, 32, 3) * 0.6 + noise.smooth(128, 128, 8, 16, 4) * 0.4
    y, x = np.mgrid[0:128, 0:512]
    band = 60 + 16 * noise.sine(x * (2 * np.pi / 128))
    glow = 1 - np.abs(y - band) / 40 + 0.9 * (cloud[y % 128, x % 128] - 0.5)
    threshold = BAYER[y % 4, x % 4] * 0.3
    for level, colour in ((0.5, 5), (0.75, 6), (1.05, 7)):
        image[0:128][glow > level + threshold] = colour


def _background() -> Image:
    image = scenery.sky([(0, 1), (56, 2), (104, 3), (150, 4)])
    _nebula(image)
    scenery.stars(image, 150, 44, (12, 13, 14, 13, 14, 12), 9)
    # A ringed world.
    planet = blank(48, 80)
    ball(planet, 24, 40, 19, 19, (4, 5, 6, 7, 15), dither=0.9)
    y, x = np.mgrid[0:48, 0:80] + 0.5
    tilt = (y - 24) + (x - 40) * 0.18
    rho = np.sqrt((x - 40) ** 2 + (tilt * 4.2) ** 2)
    ring = (rho > 26) & (rho < 38) & ((tilt > 0) | (planet == 0))
    planet[ring] = np.where(rho < 30, 13, np.where(rho < 32, 5, 15))[ring]
    paste_around(image, planet, 24, 300)
    for top, x0, width, height in ((104, 16, 56, 40), (128, 88, 32, 28)):
        for copy in range(0, 512, 128):
            paste_around(image, island(width, height), top, x0 + copy)
    image[176:] = np.where(image[176:] < 8, 4, image[176:])
    arch = colonnade()
    for x0 in range(0, 512, 64):
        paste_around(image, arch, 184, x0)
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="STAR ATRIUM",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(Band(0, 5, 1), Band(100, 22, 2, 1), Band(176, 64)),
        cycles=(Cycle(32 + 12, 3, 18), Cycle(16 + 13, 3, 14)),
    )
