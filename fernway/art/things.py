"""Charms ("rings"), springs, the goal, puffs, dust and debris."""

import math

import numpy as np

from fernway.art.canvas import Image, ball, blank, outlined, paste, pick, pixel_map
from fernway.art.hero import head_image
from fernway.art.sprites import Drawing

# Palette line 0, as pictures.py has it.
OUTLINE, WHITE, GREY, DARK, CREAM, TAN, GOLD_DARK, GOLD, GOLD_LIGHT, TEAL_DARK, TEAL, RED = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15,
)  # fmt: skip


def _charm(width: float) -> Drawing:
    """A golden hoop around a small teal drop, seen turned to a width of 0 (edge) to 1 (front)."""
    image = blank(16, 16)
    y, x = np.mgrid[0:16, 0:16] + 0.5
    rx = max(6.5 * width, 1.3)
    v, u = (y - 8) / 6.5, (x - 8) / rx
    rho = np.sqrt(u * u + v * v)
    hole = 0.62 if width > 0.3 else 0.0
    hoop = (rho <= 1) & ((rho > hole) | (np.abs(x - 8) > rx - 1.6) & (rho > 0.5))
    light = 0.5 - 0.45 * (x - 8) / 7 - 0.6 * v + 0.5 * (rho < (1 + hole) / 2) * v
    image[hoop] = pick(light, (GOLD_DARK, GOLD, GOLD, GOLD_LIGHT))[hoop]
    image = outlined(image, OUTLINE)
    if width > 0.3:
        drop = np.abs(y - 8.2) / 3.2 + np.abs(x - 8) / (2.6 * width) <= 1
        image[drop] = TEAL
        image[drop & (x - 8 + (y - 8) > 0.5)] = TEAL_DARK
        image[6, 7] = WHITE
    else:
        image[3:6, 7] = WHITE
    if width == 1:
        image[3, 4] = image[4, 3] = WHITE
    return Drawing(image=image, y=16, x=8)


def _sparkle(size: int) -> Drawing:
    image = blank(16, 16)
    y, x = np.mgrid[0:16, 0:16] - 7.5
    star = np.sqrt(np.abs(x)) + np.sqrt(np.abs(y))
    image[star < 2.7 - 0.5 * size] = GOLD_LIGHT
    image[star < 2.0 - 0.5 * size] = WHITE
    for sy, sx in ((2, 12), (12, 3), (13, 13)) if size else ((4, 4), (11, 12)):
        image[sy, sx] = GOLD_LIGHT
        image[sy, sx + 1] = GOLD
    return Drawing(image=image, y=16, x=8)


def _spring(angle: float, *, out: bool) -> Drawing:
    """A bouncy toadstool: cap on a coil; angle 0 points up, quarter turn to the right, radians."""
    size = 56
    image = blank(size, size)
    oy, ox = 44.0, 28.0
    y, x = np.mgrid[0:size, 0:size] + 0.5
    sin, cos = round(math.sin(angle), 6), round(math.cos(angle), 6)
    along = (x - ox) * sin - (y - oy) * cos
    across = (x - ox) * cos + (y - oy) * sin
    height = 17.0 if out else 5.0
    stem = (along >= 0) & (along <= height + 1) & (np.abs(across) <= 5 - (0.8 if out else 0))
    turn = np.floor((along * (2.0 if not out else 0.9) + across * 0.35) / 2).astype(int) % 2
    image[stem] = np.where(turn == 0, np.where(across < 1, GOLD, GOLD_DARK), np.where(across < -1, CREAM, TAN))[stem]
    foot = (along >= 0) & (along < 3.2) & (np.abs(across) < 9)
    image[foot] = np.where(along < 1.6, GREY, np.where(across < 2, WHITE, GREY))[foot]
    cap_height = 11.0 if out else 9.5
    cap_width = 12.0 if out else 13.5
    v, u = (along - height) / cap_height, across / cap_width
    cap = (v >= 0) & (u * u + v * v <= 1)
    lu, lv = (x - ox - sin * height) / cap_width, (y - oy + cos * height) / cap_width
    light = -0.6 * lu - 0.8 * lv
    image[cap] = np.where(light > 0.72, CREAM, np.where(light > -0.25, RED, DARK))[cap]
    for sv, su, r in ((0.55, -0.45, 2.4), (0.35, 0.35, 2.8), (0.8, 0.12, 1.7), (0.2, -0.8, 1.5), (0.15, 0.8, 1.4)):
        spot = (along - height - sv * cap_height) ** 2 + (across - su * cap_width) ** 2 <= r * r
        image[spot & cap] = np.where(light > -0.3, WHITE, CREAM)[spot & cap]
    rim = (v >= -0.16) & (v < 0.08) & (np.abs(u) <= 0.98)
    image[rim] = np.where(across < 0, CREAM, TAN)[rim]
    return Drawing(image=outlined(image, OUTLINE), y=44, x=28)


_LETTER = """
kkkkkkkkkkkkkkkk
kwccccccccccccck
kcwcccccccccccek
kccwcccccccccect
kcccwkccccckecck
kccccwkccckecctk
kcccccwkkkeccctk
kccccrrRRrrcctck
kcccccrRRrccctck
kccccccrrcccctck
kctttttttttttttk
kkkkkkkkkkkkkkkk
"""


def _goal(view: int) -> Drawing:
    """The letter box at a route's end; views 0 front, 1 turning, 2 back (Pim, delivered), 3 turning."""
    image = blank(48, 32)
    image[22:46, 14] = GOLD
    image[22:46, 15] = GOLD
    image[22:46, 16:18] = GOLD_DARK
    image[22:46, 13] = image[22:46, 18] = OUTLINE
    for y in (27, 35):
        image[y, 13:19] = OUTLINE
        image[y + 1, 14:18] = GOLD_LIGHT
    image[44:47, 9:23] = GREY
    image[44, 9:23] = WHITE
    image[43, 10:22] = image[47, 8:24] = OUTLINE
    image[44:47, 8] = image[44:47, 23] = OUTLINE
    width = (15.0, 7.5, 15.0, 7.5)[view]
    cx = 16.0
    plate = blank(48, 32)
    y, x = np.mgrid[0:48, 0:32] + 0.5
    rho = np.sqrt(((y - 15) / 14.2) ** 2 + ((x - cx) / (width - 0.8)) ** 2)
    light = 0.5 - 0.3 * (x - cx) / width - 0.4 * (y - 15) / 14
    rim = rho <= 1
    plate[rim] = pick(light, (GOLD_DARK, GOLD, GOLD_LIGHT), 0.4)[rim]
    inner = rho <= 0.84
    face = (TEAL_DARK, TEAL) if view in (0, 3) else (TAN, CREAM)
    plate[inner] = pick(light + 0.1, face, 0.8)[inner]
    edge = (rho > 0.82) & (rho <= 0.9)
    plate[edge] = DARK
    paste(image, outlined(plate, OUTLINE), 0, 0)
    key = {"k": OUTLINE, "w": WHITE, "c": CREAM, "t": TAN, "e": GREY, "r": RED, "R": DARK}
    letter = pixel_map(_LETTER, key)
    if view == 0:
        paste(image, letter, 9, 8)
    elif view == 3:
        paste(image, letter[:, ::2], 9, 12)
    elif view == 2:
        paste(image, head_image(), 7, 5)
    else:
        paste(image, head_image()[:, ::2], 7, 11)
    return Drawing(image=image, y=48, x=16)


def _cloud(size: int, spots: tuple[tuple[float, float, float], ...], hollow: float = 0) -> Drawing:
    """Draws a puff from balls (y, x, radius) about its middle, with holes once it thins."""
    image = blank(size, size)
    for y, x, r in spots:
        ball(image, size / 2 + y, size / 2 + x, r, r, (GREY, CREAM, WHITE, WHITE))
    if hollow:
        for y, x, r in spots:
            gy, gx = np.mgrid[0:size, 0:size] + 0.5
            image[(gy - size / 2 - y - 1) ** 2 + (gx - size / 2 - x - 1) ** 2 < (r * hollow) ** 2] = 0
    image = outlined(image, OUTLINE) if not hollow else image
    return Drawing(image=image, y=size, x=size // 2)


_STONE = """
..111...
.15541..
1544431.
15434321
.1343221
.1322211
..11221.
....11..
"""


def _debris(step: int) -> Drawing:
    # Palette line 1: a piece of the zone's own stone.
    stone: Image = pixel_map(_STONE)
    return Drawing(image=np.rot90(stone, step), y=8, x=4, line=1)


def drawings() -> dict[str, Drawing]:
    """Draws them all, by name."""
    quarter = math.pi / 2
    out = {f"P_RING_{i + 1}": _charm(width) for i, width in enumerate((1.0, 0.7, 0.0, 0.7))}
    out["P_RING_4"] = Drawing(image=out["P_RING_2"].image[:, ::-1], y=16, x=8)
    out |= {f"P_SPARKLE_{i + 1}": _sparkle(i) for i in range(2)}
    out |= {
        "P_PUFF_1": _cloud(24, ((0, 0, 7), (-3, -4, 4.5), (3, 4, 4.5))),
        "P_PUFF_2": _cloud(28, ((-6, -5, 5.5), (-5, 6, 5), (5, -6, 5), (6, 5, 5.5), (0, 0, 5)), 0.5),
        "P_PUFF_3": _cloud(32, ((-10, -8, 3), (-9, 9, 3.2), (9, -10, 3.2), (10, 8, 3), (-2, 12, 2), (0, -13, 2)), 0.55),
        "P_DUST_1": _cloud(16, ((3, -2, 4.5), (4, 4, 3), (-1, 3, 2.5))),
        "P_DUST_2": _cloud(16, ((1, -4, 3), (4, 3, 2.8), (-4, 2, 2.2)), 0.5),
    }
    for i, name in enumerate(("UP", "DIAGONAL", "SIDE")):
        angle = i * quarter / 2
        for suffix, extended in (("", False), ("_OUT", True)):
            drawing = _spring(angle, out=extended)
            # A spring that points sideways floats with its middle 14 pixels above the ground.
            lift = (0, 4, 14)[i]
            out[f"P_SPRING_{name}{suffix}"] = Drawing(image=drawing.image, y=44 + lift, x=28 + (0, 3, 8)[i])
    out |= {f"P_DEBRIS_{i + 1}": _debris(i) for i in range(2)}
    return out | {f"P_GOAL_{i + 1}": _goal(i) for i in range(4)}
