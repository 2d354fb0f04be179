"""Pim, the courier: a small red panda with a teal scarf, boots and a satchel, built from parts that poses move.

Coordinates are pixels (y, x) from the point between the feet on the ground, y growing downwards, facing right.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from fernway.art.canvas import Image, ball, blank, limb, outlined, paste, pixel_map
from fernway.art.sprites import Drawing

Point = tuple[float, float]

HEIGHT, WIDTH = 64, 72
GROUND, MIDDLE = 56, 36

OUTLINE, WHITE, GREY, DARK, RUST, FUR, AMBER, CREAM, TAN = 1, 2, 3, 4, 5, 6, 7, 8, 9
FUR_RAMP = (RUST, FUR, AMBER)
DARK_RAMP = (DARK, DARK, RUST, RUST)
CREAM_RAMP = (TAN, CREAM, CREAM)
TEAL_RAMP = (13, 14, 14)
BAG_RAMP = (DARK, 10, 11)

FACE_KEY = {"k": OUTLINE, "w": WHITE, "g": GREY, "d": DARK, "r": RUST, "R": FUR, "L": AMBER, "c": CREAM, "t": TAN}
HEAD = """
...kkk........kkk.....
..kccck.kkkk.kccck....
..kcdctkLLLLkkcdctk...
..kcdrLLLLLLLLLrdck...
..ktrLLLLLLLLLLLrtk...
..kRLLLLLLLLLLLLLRk...
.kRRLLLLcccLLLcccLRk..
.kRRLLLcccLLLLLcccRk..
kRRRRLLLkkLLLLLkkLLRk.
kRRRRRLkkkkLLLkkkkLRk.
kRRRRRckwkkcLckwkkcRk.
kRRRRccckkkccccckkkck.
kRRRRcccckkckkkcckkck.
.kRRccccrcccckcccrck..
.kkRcccrccctcccttck...
...kkttcccccttttkk....
.....kkkkkkkkkkk......
"""
# Rows 8 to 12 with other eyes.
_EYES = {
    "open": (),
    "shut": (
        "kRRRRLLLLLLLLLLLLLLRk.",
        "kRRRRRLLLLLLLLLLLLLRk.",
        "kRRRRRckLLkcLckLLkcRk.",
        "kRRRRccckkccccckkccck.",
        "kRRRRccccccckkkcccck..",
    ),
    "wide": (
        "kRRRRLLkkkLLLLkkkLLRk.",
        "kRRRRRkwwwkLLkwwwkLRk.",
        "kRRRRRkwkwkcckwkwkcRk.",
        "kRRRRckwwwkccckwwwkck.",
        "kRRRRcckkkckkkckkkcck.",
    ),
    "hurt": (
        "kRRRRLkLLkLLLkLLkLLRk.",
        "kRRRRRLkkLLLLLkkLLLRk.",
        "kRRRRRLkkLccLLkkLLcRk.",
        "kRRRRckcckccckcckccck.",
        "kRRRRcccccckkkccccck..",
    ),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where Pim's parts are."""

    hip: Point = (-11.5, -1)
    """Middle of the hips."""
    neck: Point = (-21, 0)
    """Where the head sits and the arms begin."""
    head: Point = (-28.5, 1.5)
    """Middle of the head."""
    feet: tuple[Point, Point] = ((-2.5, -4), (-2.5, 3.5))
    """Far foot, near foot: middle of the ankle."""
    toes: tuple[float, float] = (0, 0)
    """How far each foot's toes point down, radians."""
    hands: tuple[Point, Point] = ((-12.5, 6.5), (-12.5, -5.5))
    """Far hand, near hand."""
    tail: tuple[Point, ...] = ((-9, -5), (-6.5, -10), (-12, -14.5), (-20, -13.5))
    """From the root to the tip."""
    scarf: tuple[Point, ...] = ((-19, -4), (-18, -8), (-13, -10))
    """The scarf's loose end."""
    eyes: str = "open"
    """Key of _EYES."""


def head_image(eyes: str = "open") -> Image:
    """Draws the head with a key of _EYES [17, 22]."""
    rows = HEAD.strip().splitlines()
    other = _EYES[eyes]
    rows[8 : 8 + len(other)] = [row.ljust(22, ".") for row in other]
    return pixel_map("\n".join(rows), FACE_KEY)


def head_and_scarf(eyes: str) -> Image:
    """Draws the head with the scarf wound around the neck below it [24, 24]."""
    image = blank(24, 24)
    limb(image, [(16.6, 5.0, 2.0), (18.2, 9.5, 2.4), (17.6, 14.6, 2.0)], TEAL_RAMP)
    image = outlined(image, OUTLINE)
    neck = image.copy()
    paste(image, head_image(eyes), 0, 0)
    # The scarf covers the chin.
    image[15:][neck[15:] > 0] = neck[15:][neck[15:] > 0]
    return image


def curve(points: Sequence[Point], steps: int) -> list[Point]:
    """Returns points on a smooth (Catmull-Rom) curve through the given ones."""
    p = np.array([points[0], *points, points[-1]], float)
    out = []
    for t in np.linspace(0, len(points) - 1.0001, steps):
        i, f = int(t), t - int(t)
        a, b, c, d = p[i : i + 4]
        y, x = 0.5 * (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2 + (3 * b - a - 3 * c + d) * f**3)
        out.append((round(float(y), 3), round(float(x), 3)))
    return out


class _Figure:
    """Collects parts, each with an inner outline, back to front."""

    def __init__(self) -> None:
        self.image = blank(HEIGHT, WIDTH)

    def part(self, image: Image, edge: int = DARK) -> None:
        paste(self.image, outlined(image, edge), 0, 0)

    def tube(self, points: Sequence[tuple[float, float, float]], ramp: Sequence[int], edge: int = DARK) -> None:
        layer = blank(HEIGHT, WIDTH)
        limb(layer, [(GROUND + y, MIDDLE + x, r) for y, x, r in points], ramp)
        self.part(layer, edge)

    def tail(self, points: Sequence[Point]) -> None:
        layer = blank(HEIGHT, WIDTH)
        steps = 40
        for i, (y, x) in reversed(list(enumerate(curve(points, steps)))):
            t = i / (steps - 1)
            radius = 2.4 + 2.4 * min(1.0, 2.2 * t) - 5.0 * max(0.0, t - 0.75)
            ring = int(t * 6.5)
            ramp = (DARK, DARK, RUST) if ring == 6 else FUR_RAMP if ring % 2 == 0 else CREAM_RAMP
            ball(layer, GROUND + y, MIDDLE + x, radius, radius, ramp)
        self.part(layer)

    def leg(self, hip: Point, foot: Point, toe: float) -> None:
        (hy, hx), (fy, fx) = hip, foot
        reach = max(math.hypot(fy - hy, fx - hx), 0.1)
        bend = math.sqrt(max(0.0, 5.4**2 - (reach / 2) ** 2))
        # The knee bends forward, to the right of the line from hip to foot.
        knee = ((hy + fy) / 2 - bend * (fx - hx) / reach, (hx + fx) / 2 + bend * (fy - hy) / reach)
        self.tube([(hy, hx, 3.2), (*knee, 2.6), (fy, fx, 2.2)], DARK_RAMP, OUTLINE)
        cos, sin = math.cos(toe), math.sin(toe)
        self.tube([(fy, fx - 0.5, 2.5), (fy + 3.4 * sin, fx + 3.4 * cos, 2.1)], TEAL_RAMP, OUTLINE)

    def arm(self, shoulder: Point, hand: Point) -> None:
        (sy, sx), (hy, hx) = shoulder, hand
        reach = max(math.hypot(hy - sy, hx - sx), 0.1)
        bend = math.sqrt(max(0.0, 5.0**2 - (reach / 2) ** 2))
        elbow = ((sy + hy) / 2 + bend * (hx - sx) / reach, (sx + hx) / 2 - bend * (hy - sy) / reach)
        self.tube([(sy, sx, 2.3), (*elbow, 2.1), (hy, hx, 2.4)], DARK_RAMP, OUTLINE)


def draw(pose: Pose) -> Drawing:
    """Draws Pim in a pose."""
    figure = _Figure()
    (hy, hx), (ny, nx) = pose.hip, pose.neck
    figure.tail(pose.tail)
    figure.arm((ny + 3, nx + 2.5), pose.hands[0])
    figure.leg((hy, hx + 1.5), pose.feet[0], pose.toes[0])
    figure.tube([(hy, hx, 5.4), ((hy + ny) / 2, (hx + nx) / 2, 5.4), (ny + 2, nx, 4.6)], FUR_RAMP)
    figure.tube([(hy + 0.5, hx + 2.8, 3.2), (ny + 4, nx + 2.8, 2.8)], CREAM_RAMP, 0)
    figure.leg((hy + 0.5, hx - 1), pose.feet[1], pose.toes[1])
    figure.tube([(hy - 1, hx - 4.5, 2.4), (hy + 0.5, hx - 2, 2.4)], BAG_RAMP, DARK)
    loose = curve(pose.scarf, 8)
    figure.tube([(y, x, 1.7 + 0.16 * i) for i, (y, x) in enumerate(loose)], TEAL_RAMP, OUTLINE)
    figure.arm((ny + 3.5, nx - 2.5), pose.hands[1])
    top, left = round(GROUND + pose.head[0] - 8.5), round(MIDDLE + pose.head[1] - 11)
    return Drawing(
        image=outlined(figure.image, OUTLINE), y=GROUND, x=MIDDLE, front=((head_and_scarf(pose.eyes), top, left),)
    )


def curled(quarters: int, *, radius: float = 14.9, squash: float = 1.0) -> Drawing:
    """Draws Pim rolled into a ball: the head in the middle, the ringed tail around it.

    Args:
        quarters: Quarter turns clockwise.
        radius: Pixels.
        squash: Height over width.
    """
    image = blank(HEIGHT, WIDTH)
    cy, cx = GROUND - 1 - radius * squash, float(MIDDLE)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    v, u = (y - cy) / (radius * squash), (x - cx) / radius
    rho = np.sqrt(u * u + v * v)
    inside = rho <= 1
    ball(image, cy, cx, radius * squash, radius, (DARK, RUST, RUST, FUR))
    head = np.rot90(head_image("shut"), -quarters)
    spot = blank(HEIGHT, WIDTH)
    # The head looks out of the ball's front, off the middle by a little.
    oy, ox = (round(2 * math.sin(quarters * math.pi / 2 + a)) for a in (0.0, math.pi / 2))
    paste(spot, head, round(cy - head.shape[0] / 2 + oy), round(cx - head.shape[1] / 2 + ox))
    shown = inside & (spot > 0) & (rho < 0.8)
    image[shown] = spot[shown]
    angle = np.round(np.mod(np.arctan2(v, u) - quarters * math.pi / 2 - 0.9, 2 * np.pi), 4)  # clockwise
    light = -0.6 * u - 0.8 * v
    inner = 0.55 + 0.05 * angle  # the tail tapers towards its tip
    tail = inside & (angle < 4.6) & (rho > inner)
    ring = (angle * 1.6).astype(int) % 2 == 0
    image[tail & ring] = np.where(light > 0.2, AMBER, np.where(light > -0.5, FUR, RUST))[tail & ring]
    image[tail & ~ring] = np.where(light > -0.4, CREAM, TAN)[tail & ~ring]
    image[tail & (angle > 4.2)] = DARK
    image[inside & (angle < 4.6) & (np.abs(rho - inner) < 0.055)] = DARK
    scarf = inside & (angle > 4.9) & (angle < 5.9) & (rho > 0.72)
    image[scarf] = np.where(light > -0.3, 14, 13)[scarf]
    return Drawing(image=outlined(image, OUTLINE), y=GROUND, x=MIDDLE)


def flipped(drawing: Drawing) -> Drawing:
    """Turns a picture by half a turn about the middle of what is drawn."""
    rows, cols = np.flatnonzero(drawing.image.any(1)), np.flatnonzero(drawing.image.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    image = drawing.image.copy()
    image[box] = drawing.image[box][::-1, ::-1]
    return dataclasses.replace(drawing, image=image)
