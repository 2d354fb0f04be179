"""Zone 4, Lantern Canopy: giant trees at dusk, lanterns hung in their branches."""

import numpy as np

from fernway.art import noise, props, scenery, textures
from fernway.art.canvas import BAYER, Image, ball, blank, limb, outlined, paste, paste_around, pick
from fernway.art.palette import line
from fernway.art.terrain import Terrain
from fernway.art.zone import Band, Cycle, Zone

# 1 outline, 2-6 bark, 7-10 leaves, 11-12 lantern red and glow, 13-15 fog.
GROUND = line("000 101 201 312 423 534 645 022 034 154 375 602 763 103 214 436")
# 1-5 dusk, 6-8 far trunks, 9-11 near trunks and leaves, 12-14 lantern light (flickers), 15 firefly.
SKY = line("102 102 213 324 435 646 314 213 112 023 012 101 612 733 755 776")
LIFE = line("000 101 777 034 055 277 411 632 754 740 773 211 422 644 034 166")


def trunk(width: int, ramp: tuple[int, int, int], seed: int) -> Image:
    """Draws a trunk over 64 lines that repeats downwards, lit on the left."""
    image = blank(64, width)
    bark = noise.smooth(64, 64, 16, 4, seed)
    for y in range(64):
        for x in range(width):
            u = (x + 0.5) / width
            tone = 0.9 - 1.5 * abs(u - 0.3) + 0.9 * (bark[y, x % 64] - 0.5)
            image[y, x] = ramp[2] if tone > 0.62 else ramp[1] if tone > 0.15 else ramp[0]
    return image


def lantern(image: Image, y: int, x: int, top: int, *, cord: int) -> None:
    """Hangs a lantern with a halo into the plane, its cord from line top."""
    gy, gx = np.mgrid[0:256, 0:512] + 0.5
    distance = np.sqrt((gy - y) ** 2 + ((gx - x + 256) % 512 - 256) ** 2)
    threshold = BAYER[gy.astype(int) % 4, gx.astype(int) % 4]
    image[(distance < 15) & ((distance - 5) / 12 < threshold - 0.25)] = 12
    image[top : y - 5, x] = cord
    lamp = blank(14, 12)
    ball(lamp, 7, 6, 5.4, 5.0, (12, 13, 14))
    lamp[1, 3:9] = lamp[12, 3:9] = cord
    lamp[5:10, 5:7] = 15
    paste_around(image, lamp, y - 7, x - 6)


def _leaves(image: Image, base: int, height: int, ramp: tuple[int, ...], period: int, seed: int) -> None:
    """Hangs a roof of leaves from the plane's upper edge down to about line base."""
    hang = base - height / 2 + scenery.skyline(period, seed, (32, height), (8, height * 0.4)) - height * 0.4
    clumps = np.tile(noise.smooth(64, period, 8, 8, seed + 1), (4, 512 // period))
    for y in range(base + height):
        shown = y < hang + 5 * (clumps[y] - 0.5)
        image[y, shown] = np.where(clumps[y] > 0.6, ramp[1], ramp[0])[shown]


def _terrain() -> Terrain:
    texture = textures.bark((1, 2, 2, 3, 4), 3)
    leaves = textures.turf((7, 8, 9, 10), 1, 41, depth=8, ragged=5)
    lit = leaves.copy()
    for y, x in ((3, 5), (2, 17), (4, 26)):
        lit[y, x] = lit[y, x + 1] = 12
        lit[y + 1, x] = lit[y + 1, x + 1] = 11
    ceiling = blank(6, 32)
    ceiling[1:5] = pick(noise.smooth(4, 32, 2, 4, 8), (0, 7, 8), 0.6)
    ceiling[5] = 1
    knot = blank(12, 12)
    for r, c in ((5.0, 3), (3.8, 2), (2.6, 4), (1.2, 1)):
        ball(knot, 6, 6, r, r * 0.8, (c, c))
    return Terrain(
        texture=texture,
        detail=props.studded(texture, outlined(knot, 1), y=2, x=2),
        surface=leaves,
        surface_alt=lit,
        left=textures.face(texture, (1, 3, 4, 5, 6), 31, lit=True),
        right=textures.face(texture, (1, 1, 2, 2), 32, lit=False)[:, ::-1],
        ceiling=ceiling,
        ledge=props.hanging_turf(props.ledge((2, 3, 4, 5), 1), textures.turf((8, 9, 10), 1, 43, depth=3, ragged=2)),
        spikes=thorns(),
        breakable=props.cracked(textures.bricks((2, 4, 5, 6), 7, course=4, length=16, shift=0), 1, 6, (3, 5, 6)),
        decor=(
            props.toadstool((11, 11, 12), (4, 5, 6), 6, 1, big=True),
            props.fern((7, 8, 9, 10), 1),
            small_lantern(),
            props.grass((7, 8, 9), 1, 7),
        ),
        decor_tall=lantern_stake(),
        abyss=props.pool((13, 13, 14, 15), 5),
    )


def thorns() -> Image:
    """Draws brambles: spikes on a winding vine [16, 32]."""
    image = props.spikes(1, 11, 12, 6, lean=2)
    x = np.arange(32)
    middle = 13 + np.round(1.4 * noise.sine(x * (2 * np.pi / 16))).astype(int)
    for i in x:
        image[middle[i] - 2 : middle[i] + 2, i] = (1, 9, 8, 7)
        image[min(middle[i] + 2, 15), i] = 1
    return image


def small_lantern() -> Image:
    """Draws a lantern on the ground."""
    image = blank(16, 16)
    ball(image, 10, 8, 4.6, 4.6, (11, 12, 12))
    image[4:6, 6:10] = 3
    image[14:16, 5:11] = 3
    image[9:12, 7:9] = 6
    limb(image, [(4, 6, 0.6), (1.5, 8, 0.6), (4, 10, 0.6)], (4, 5))
    return outlined(image, 1)


def lantern_stake() -> Image:
    """Draws a lantern on a bent stake [32, 16]."""
    image = blank(32, 16)
    limb(image, [(32, 4, 1.4), (10, 4, 1.2), (3, 7, 1.0), (4, 11, 0.8)], (3, 4, 5))
    lamp = blank(32, 16)
    ball(lamp, 12, 11, 4.2, 3.8, (11, 12, 12))
    lamp[7:9, 9:13] = 3
    lamp[16:17, 9:13] = 3
    lamp[11:14, 10:12] = 6
    paste(image, outlined(lamp, 1), 0, 0)
    return outlined(image, 1)


def _background() -> Image:
    image = scenery.sky([(0, 1), (40, 2), (84, 3), (130, 4), (176, 5)])
    for x in (8, 48, 96):
        for copy in range(0, 512, 128):
            for y in range(0, 256, 64):
                paste_around(image, trunk(16, (7, 6, 6), 1), y, x + copy)
    scenery.mist(image, 112, 176, (5, 5), from_top=False)
    image[176:] = 5
    for x in (0, 184, 336):
        for y in range(0, 256, 64):
            paste_around(image, trunk(40, (11, 8, 7), 4), y, x)
    scenery.mist(image, 164, 192, (5, 5), from_top=False)
    image[192:] = 5
    _leaves(image, 34, 22, (10, 9), 128, 9)
    for y, x in ((88, 84), (64, 140), (104, 268)):
        for copy in (0, 256):
            lantern(image, y, (x + copy) % 512, 20, cord=11)
    bushes = 34 + scenery.skyline(64, 5, (32, 18), (16, 10), (8, 5))
    scenery.layer(image, 256, bushes, scenery.fading(20, 3, 0.5), (9, 10, 11))
    return image


def zone() -> Zone:
    """Draws the zone."""
    return Zone(
        name="LANTERN CANOPY",
        ground=GROUND,
        sky=SKY,
        life=LIFE,
        terrain=_terrain(),
        background=_background(),
        bands=(Band(0, 28), Band(192, 64)),
        cycles=(Cycle(32 + 12, 3, 12), Cycle(16 + 13, 3, 20)),
    )
