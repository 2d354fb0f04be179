"""Enemies and moving platforms, in palette line 3, whose 16 entries play the same roles in every zone."""

from collections.abc import Callable

import numpy as np

from fernway.art.canvas import ball, blank, limb, outlined, paste, pixel_map
from fernway.art.sprites import Drawing

OUTLINE, WHITE = 1, 2
SHELL = (3, 4, 5)
SKIN = (6, 7, 8)
ACCENT = (9, 9, 10)
PLATFORM = (11, 12, 13)
TRIM = (14, 15)

HEIGHT, WIDTH = 48, 48
GROUND, MIDDLE = 44, 24


class _Sketch:
    """Collects parts back to front, each with an outline; coordinates (y, x) from the point on the ground."""

    def __init__(self) -> None:
        self.image = blank(HEIGHT, WIDTH)

    def ball(self, y: float, x: float, ry: float, rx: float, ramp: tuple[int, ...], angle: float = 0) -> None:
        layer = blank(HEIGHT, WIDTH)
        ball(layer, GROUND + y, MIDDLE + x, ry, rx, ramp, angle=angle)
        paste(self.image, outlined(layer, OUTLINE), 0, 0)

    def tube(self, points: list[tuple[float, float, float]], ramp: tuple[int, ...]) -> None:
        layer = blank(HEIGHT, WIDTH)
        limb(layer, [(GROUND + y, MIDDLE + x, r) for y, x, r in points], ramp)
        paste(self.image, outlined(layer, OUTLINE), 0, 0)

    def spot(self, y: float, x: float, ry: float, rx: float, ramp: tuple[int, ...]) -> None:
        ball(self.image, GROUND + y, MIDDLE + x, ry, rx, ramp)

    def stamp(self, rows: str, y: int, x: int) -> None:
        key = {"k": OUTLINE, "w": WHITE}
        paste(self.image, pixel_map(rows, key), GROUND + y, MIDDLE + x)

    def done(self) -> Drawing:
        return Drawing(image=outlined(self.image, OUTLINE), y=GROUND, x=MIDDLE, line=3)


_EYE = """
.www.
wwkkw
wwkkw
wwkkw
.www.
"""
_CROSS_EYE = """
kk...
wkkk.
wwkkw
wwkkw
.www.
"""


def _walker(step: int) -> Drawing:
    """A beetle under a dome of a shell, spotted."""
    s = _Sketch()
    for i, x in enumerate((-9, -2, 5)):
        reach = 1.5 if (i + step) % 2 else -1.5
        s.tube([(-5, x, 1.6), (-1.5, x + reach, 1.7), (-1.4, x + reach + 2, 1.4)], SKIN)
    s.ball(-7, 9, 5.5, 5.5, SKIN)
    s.tube([(-11, 10, 0.8), (-16, 11 + step, 0.8), (-17, 13 + step, 1.2)], SKIN)
    s.ball(-9 - 0.5 * step, -2, 8.5, 11, SHELL)
    s.tube([(-4, -12, 1.4), (-3.2, -2, 1.6), (-4, 8, 1.4)], (9, 9, 10))
    for y, x, r in ((-14, -4, 1.9), (-10, 3, 2.0), (-9, -9, 1.8), (-14, 2, 1.2)):
        s.spot(y - 0.5 * step, x, r, r, (9, 10, 10))
    s.stamp(_CROSS_EYE, -10, 8)
    return s.done()


def _flyer(step: int) -> Drawing:
    """A moth with patterned wings."""
    s = _Sketch()
    if step:
        s.ball(-9, -9, 4.5, 8, SHELL, 0.5)
        s.ball(-8, 8, 4.0, 7, SHELL, -0.5)
    else:
        s.ball(-19, -8, 8, 5.5, SHELL, -0.55)
        s.ball(-19, 7, 7.5, 5, SHELL, 0.55)
        s.spot(-21, -9, 2.2, 2.2, (9, 10, 10))
        s.spot(-21, 8, 2.0, 2.0, (9, 10, 10))
    s.tube([(-6, -6, 2.0), (-10, -1, 4.2), (-13, 4, 4.0)], SKIN)
    s.spot(-7.5, -4, 1.6, 1.2, (9, 10, 10))
    s.spot(-9.5, -1, 2.4, 1.0, (9, 10, 10))
    if step:
        s.ball(-10, -5, 5, 8.5, SHELL, 0.35)
        s.spot(-9.5, -7, 2.2, 2.6, (9, 10, 10))
    s.tube([(-17, 5, 0.7), (-21, 9, 0.7), (-22, 12, 1.1)], SKIN)
    s.ball(-14, 6, 4.8, 5.2, SKIN)
    s.stamp(_CROSS_EYE, -16, 6)
    return s.done()


def _hopper(step: int) -> Drawing:
    """A toad; sits, leaps."""
    s = _Sketch()
    lift = 5 if step else 0
    if step:
        s.tube([(-9, -8, 3.2), (-4, -13, 2.2), (-1.5, -16, 1.8)], SKIN)
        s.tube([(-10, 7, 2.2), (-5, 10, 1.8), (-4, 14, 1.6)], SKIN)
    else:
        s.tube([(-2, 8, 2.0), (-1.6, 12, 1.7)], SKIN)
    s.ball(-9 - lift, 0, 8 if step else 7.8, 11.5, SKIN, -0.35 if step else 0)
    s.ball(-7.5 - lift, 4.5, 5.5, 6.5, (7, 8, 8), -0.3)
    for y, x, r in ((-14, -5, 1.8), (-12, -9, 1.4), (-9, -7, 1.7)):
        s.spot(y - lift, x, r, r, (3, 4, 5))
    if step:
        s.tube([(-12, -4, 4.0), (-8, -11, 3.0), (-3, -10, 2.0)], SKIN)
        s.tube([(-12, 5, 2.2), (-9, 11, 1.9), (-11, 15, 1.8)], SKIN)
    else:
        s.ball(-5.5, -7, 5, 5.5, SKIN)
        s.tube([(-1.8, -9, 1.8), (-1.6, -2, 1.7)], SKIN)
        s.tube([(-7, 3, 2.0), (-2, 5, 1.8), (-1.7, 8, 1.7)], SKIN)
    for x in (1, 8):
        s.ball(-16.5 - lift, x + 1, 3.8, 3.8, SKIN)
    s.stamp(_EYE, -19 - lift, 0)
    s.stamp(_CROSS_EYE, -19 - lift, 7)
    s.tube([(-9 - lift, 4, 0.5), (-8.3 - lift, 8, 0.5), (-9.5 - lift, 12, 0.5)], (9, 9, 9))
    return s.done()


def _spitter(step: int) -> Drawing:
    """A pitcher plant that blows seeds."""
    s = _Sketch()
    s.ball(-3, -8, 2.6, 6.5, SKIN, 0.35)
    s.ball(-3, 7, 2.6, 6.5, SKIN, -0.35)
    s.tube([(-2, 0, 2.2), (-8, -2.5, 2.2), (-13, -2, 3)], SKIN)
    swell = 1.2 if step else 0.0
    s.ball(-20, -2, 8.0 + swell, 7.5 + swell, SHELL)
    for y, x in ((-25, -6), (-18, -6), (-22, -1), (-14.5, -3)):
        s.spot(y, x, 1.3, 1.3, (9, 10, 10))
    s.tube([(-20.5, 3, 5.0), (-20.5, 8 + step, 3.4)], SHELL)
    s.ball(-20.5, 10 + step, 4.6, 2.6, (9, 10, 10))
    s.spot(-20.5, 10.6 + step, 2.8 - 0.4 * step, 1.4, (OUTLINE, OUTLINE))
    s.stamp(_CROSS_EYE, -27, 0)
    s.tube([(-27.5, -4, 1.6), (-31 - step, -7, 2.2), (-33 - step, -11, 1.2)], SKIN)
    return s.done()


def _shot(step: int) -> Drawing:
    image = blank(8, 8)
    ball(image, 4, 4, 3, 3, (9, 10, 10))
    image = outlined(image, OUTLINE)
    image[2 + step, 2 + step] = WHITE
    image[3 - step, 2 + step] = WHITE
    return Drawing(image=image, y=8, x=4, line=3)


def _platform(*, falling: bool) -> Drawing:
    """48 x 16, its point on the middle of the upper edge."""
    image = blank(16, 48)
    image[0:10, :] = 12
    image[0] = 13
    image[1], image[2] = 15, 11
    if falling:
        stripes = np.arange(48) // 4 % 2
        image[1] = image[2] = np.where(stripes, 10, 9)
    image[9] = 11
    for x in range(0, 48, 12):
        image[3:9, x] = 13
        image[3:9, x + 11] = 11
        image[3, x : x + 11] = 13
        image[5, x + 3] = image[5, x + 8] = 11
    image[10, 1:47] = OUTLINE
    # A keel below that narrows.
    for y in range(11, 15):
        inset = 3 + (y - 11) * (3 if not falling else 5)
        image[y, inset : 48 - inset] = 14 if y < 13 else 11
        image[y, inset] = image[y, 47 - inset] = OUTLINE
    image[15, 14:34] = OUTLINE
    if falling:
        for x in (8, 21, 37):
            for y in range(2, 10):
                image[y, x + (0, 1, 1, 0, -1, 0, 1, 0)[y - 2]] = OUTLINE
    else:
        image[12, 22:26] = image[13, 22:26] = 15
    image[0, 0] = image[0, 47] = 0
    image[:11, 0] = image[:11, 47] = OUTLINE
    image[0, 0] = image[0, 47] = 0
    return Drawing(image=image, y=0, x=24, line=3)


def drawings() -> dict[str, Drawing]:
    """Draws enemies and platforms, by name."""
    makers: dict[str, Callable[[int], Drawing]] = {
        "WALKER": _walker, "FLYER": _flyer, "HOPPER": _hopper, "SPITTER": _spitter, "SHOT": _shot,
    }  # fmt: skip
    out = {f"P_{name}_{step + 1}": maker(step) for name, maker in makers.items() for step in range(2)}
    return out | {"P_PLATFORM": _platform(falling=False), "P_PLATFORM_FALLING": _platform(falling=True)}
