"""Zone 5, Copper Works: pipes, wheels and furnaces under steam."""

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import BAYER, Image, ball, blank, limb, outlined, paste, paste_around
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 copper, 7-10 steel, 11-12 warning red and yellow, 13-15 molten metal.
GROUND = line("000 001 201 311 421 532 754 122 234 456 677 500 760 510 730 761")
# 1-4 haze, 5-8 far works, 9-11 pipes, 12-14 furnace glow (turns), 15 steam.
SKY = line("012 012 023 134 245 123 012 234 123 101 311 532 500 720 750 456")
LIFE = line("000 001 777 124 346 667 420 641 763 700 760 211 432 654 530 762")


def wheel(radius: int, teeth: int, colours: tuple[int, int]) -> Image:
    """Draws a gear with spokes."""
    size = 2 * radius
    y, x = np.mgrid[0:size, 0:size] + 0.5 - radius
    rho = np.sqrt(x * x + y * y)
    angle = np.arctan2(y, x)
    tooth = noise.sine(angle * teeth) > 0
    image = blank(size, size)
    body = (rho < radius - 3) & (rho > radius * 0.62) | tooth & (rho < radius) & (rho > radius - 5)
    body |= (np.abs(noise.sine(angle * 3)) < 0.25) & (rho < radius * 0.7) | (rho < radius * 0.24)
    image[body] = np.where(x + y < -radius * 0.25, colours[1], colours[0])[body]
    image[rho < radius * 0.1] = 0
    return image


def pipe(length: int, width: int, ramp: tuple[int, int, int]) -> Image:
    """Draws a level pipe with a flange every 32 pixels."""
    image = blank(width, length)
    for row in range(width):
        t = (row + 0.5) / width
        image[row] = ramp[2] if 0.18 < t < 0.36 else ramp[1] if t < 0.66 else ramp[0]
    for x in range(0, length, 32):
        image[:, x : x + 1] = ramp[0]
        image[:, x + 1 : x + 4] = np.where(image[:, x + 1 : x + 4] == ramp[0], ramp[0], ramp[2])
        image[:, x + 4 : x + 5] = ramp[0]
    return image


def _terrain() -> Terrain:
    texture = textures.plates((1, 2, 3, 4, 5, 6)[1:], 5)
    deck = textures.slab((7, 8, 9, 10), 1, depth=5, joint=16)
    for x in range(0, 32, 4):
        deck[2, x + 1] = 10
        deck[3, x + 2] = 7
    striped = deck.copy()
    across = np.arange(32)
    for y in (2, 3, 4):
        striped[y] = np.where((across + y) // 4 % 2 == 0, 12, 1)
    ceiling = blank(5, 32)
    ceiling[0], ceiling[1:3], ceiling[3], ceiling[4] = 8, 7, 2, 1
    vent = blank(10, 10, 1)
    for y in (1, 4, 7):
        vent[y : y + 2, 1:9] = 4
        vent[y, 1:9] = 6
    bar = blank(16, 48)
    bar[:] = np.concatenate([props.ledge((7, 8, 9, 10), 1, thick=5, joint=4)], 0)
    return Terrain(
        texture=texture,
        detail=props.studded(texture, outlined(np.pad(vent, 1), 5), y=2, x=2),
        surface=deck,
        surface_alt=striped,
        left=textures.face(texture, (1, 4, 5, 6, 6), 31, lit=True),
        right=textures.face(texture, (1, 2, 3, 3), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=bar,
        spikes=props.spikes(1, 8, 10, 10, base=11),
        breakable=_grate(),
        decor=(_valve(), props.boxed((7, 8, 9, 10), 1, band=12), _gauge(), _cable()),
        decor_tall=_lamp(),
        abyss=props.pool((13, 13, 14, 15), 5),
    )


def _grate() -> Image:
    """Draws a warning plate that is cracked through."""
    image = props.cracked(textures.plates((2, 3, 4, 5, 6), 3), 1, 6, (3, 5, 6))
    x = np.arange(16)
    for y in (0, 1, 14, 15):
        image[y] = np.where((x + y) // 3 % 2 == 0, 12, 1)
    return image


def _valve() -> Image:
    """Draws a stub of pipe with a hand wheel."""
    image = blank(16, 16)
    image[8:16, 5:11] = np.array([6, 6, 5, 5, 4, 3], np.uint8)
    image[12:14, 4:12] = np.array([6, 6, 6, 5, 5, 4, 4, 3], np.uint8)
    y, x = np.mgrid[0:16, 0:16] + 0.5
    rho = np.sqrt(((y - 5) / 0.8) ** 2 + (x - 8) ** 2)
    image[(rho < 5.6) & (rho > 3.6)] = 11
    image[(np.abs(x - 8) < 0.8) & (rho < 4)] = 11
    image[(rho < 5.6) & (rho > 4.6) & (x + y < 11)] = 12
    return outlined(image, 1)


def _gauge() -> Image:
    """Draws a pressure gauge on a stand."""
    image = blank(16, 16)
    image[10:16, 7:9] = 5
    image[15, 4:12] = 8
    ball(image, 6, 8, 5.2, 5.2, (3, 5, 6))
    ball(image, 6, 8, 3.8, 3.8, (9, 10, 10))
    limb(image, [(6, 8, 0.6), (3.4, 10, 0.6)], (11, 11))
    image[6, 7:9] = 1
    return outlined(image, 1)


def _cable() -> Image:
    """Draws a coil of cable."""
    image = blank(16, 16)
    for y in (14, 11, 8):
        ball(image, y, 8, 1.9, 6.2 - (14 - y) * 0.2, (7, 8, 9))
        image = outlined(image, 1)
    return image


def _lamp() -> Image:
    """Draws a beacon on a pipe [32, 16]."""
    image = blank(32, 16)
    image[10:32, 6:10] = np.array([6, 5, 4, 3], np.uint8)
    for y in (14, 24):
        image[y : y + 2, 5:11] = np.array([6, 6, 5, 4, 4, 3], np.uint8)
    image[30:32, 4:12] = 8
    ball(image, 6.5, 8, 4.6, 4.0, (11, 12, 12))
    image[9:11, 4:12] = 8
    image[5:7, 6] = 10
    return outlined(image, 1)


def _sheds() -> Image:
    """Draws a row of works: saw-tooth roofs, chimneys, lit windows [72, 128]; 13 glows."""
    image = blank(72, 128)
    y, x = np.mgrid[0:72, 0:128]
    for left, width, top in ((6, 10, 4), (58, 8, 14), (98, 12, 0)):  # chimneys
        chimney = (x >= left) & (x < left + width) & (y >= top)
        image[chimney] = np.where(x < left + 3, 7, 5)[chimney]
        image[top : top + 2, left - 1 : left + width + 1] = 7
        image[top + 6 : top + 8, left : left + width] = 12
    for left, width, top, tooth in ((0, 56, 36, 14), (48, 44, 26, 11), (88, 40, 44, 10)):
        roof = top + (x - left) % tooth * 0.7
        shed = (x >= left) & (x < left + width) & (y >= roof)
        image[shed] = 5
        image[shed & (y < roof + 2)] = 7
        image[(x == left) & (y >= top)] = 7
        for wy in range(top + 14, 66, 9):
            for wx in range(left + 5, left + width - 5, 8):
                if (wx * 7 + wy * 3) % 5 > 1:
                    image[wy : wy + 4, wx : wx + 4] = 13
                    image[wy : wy + 4, wx + 2] = 5
    return image


def _background() -> Image:
    image = scenery.sky([(0, 1), (36, 2), (76, 3), (112, 4)])
    for y, x, width, height, seed in ((16, 24, 96, 24, 5), (40, 152, 64, 16, 9)):
        for copy in (0, 256):
            paste_around(image, scenery.cloud(width, height, seed, (3, 4, 15)), y, x + copy)
    for copy in range(0, 512, 128):
        paste_around(image, _sheds(), 76, copy)
    scenery.mist(image, 124, 148, (4, 6), from_top=False)
    image[148:] = 6
    for radius, y, x, teeth in ((24, 168, 48, 12), (15, 164, 88, 9), (20, 170, 196, 11)):
        for copy in (0, 256):
            paste_around(image, wheel(radius, teeth, (8, 7)), y - radius, x - radius + copy)
    image[148:150][image[148:150] != 6] = 7
    bent = blank(256, 256)
    for x0, x1, top in ((112, 150, 158), (222, 250, 164)):
        limb(bent, [(180, x0, 6), (top, x0, 6), (top, x1, 6), (180, x1, 6)], (9, 10, 10, 11))
    for copy in (0, 256):
        paste_around(image, bent, 0, copy)
    paste(image, pipe(512, 12, (9, 10, 11)), 172, 0)
    # Furnaces glow from below.
    y, x = np.mgrid[184:256, 0:512]
    heat = (y - 184) / 72 + 0.5 * (np.tile(noise.smooth(72, 64, 8, 8, 4), (1, 8)) - 0.5)
    threshold = BAYER[y % 4, x % 4] * 0.3
    image[184:] = np.select([heat > 0.85 + threshold, heat > 0.6 + threshold, heat > 0.35 + threshold], [14, 13, 12], 9)
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="COPPER WORKS",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(Band(0, 6, 6), Band(72, 18), Band(148, 40), Band(184, 64, 3, 3)),
        cycles=(Cycle(32 + 12, 3, 24), Cycle(16 + 13, 3, 8)),
    )
