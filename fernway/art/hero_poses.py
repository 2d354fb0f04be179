"""Every picture of Pim: how each pose differs from standing."""

import dataclasses
import math

from fernway.art.canvas import pixel_map
from fernway.art.hero import FACE_KEY, Point, Pose, curled, draw, flipped
from fernway.art.sprites import Drawing

_STAND = Pose()


def _moved(points: tuple[Point, ...], dy: float, dx: float) -> tuple[Point, ...]:
    return tuple((y + dy, x + dx) for y, x in points)


def _idle(breath: float, eyes: str = "open") -> Pose:
    # The head alone moves: the body's sprites are shared.
    return dataclasses.replace(_STAND, head=(_STAND.head[0] + breath, _STAND.head[1]), eyes=eyes)


def _foot(phase: float, stride: float, lift: float, middle: float) -> tuple[Point, float]:
    """Returns ankle and toe angle of a foot that is on the ground for half the phase 0..1 and swings for the other."""
    if phase < 0.5:
        return (-2.5, middle + stride * (1 - 4 * phase)), 0.0
    swing = (phase - 0.5) * 2
    up = math.sin(math.pi * swing)
    return (-2.5 - lift * up, middle + stride * (2 * swing - 1)), 0.9 * (1 - swing) * (1 if swing > 0 else 0)


def _walk(step: int) -> Pose:
    phase = step / 6
    bob = -abs(math.sin(2 * math.pi * phase)) * 1.4
    near, near_toe = _foot(phase, 5.5, 4, 0.5)
    far, far_toe = _foot((phase + 0.5) % 1, 5.5, 4, 0.5)
    swing = math.cos(2 * math.pi * phase)
    wag = math.sin(2 * math.pi * phase)
    return Pose(
        hip=(-11.5 + bob, -1),
        neck=(-21 + bob, 1),
        head=(-28.5 + bob, 2.5),
        feet=(far, near),
        toes=(far_toe, near_toe),
        hands=((-13.5 + bob, 3 + 5.5 * swing), (-13 + bob, -1 - 5.5 * swing)),
        tail=((-10 + bob, -5), (-8 + bob, -10), (-12 + wag, -14), (-18 + 2 * wag, -15)),
        scarf=((-19 + bob, -3), (-20 + bob - wag, -8), (-17 + bob + 2 * wag, -12)),
    )


def _run(step: int) -> Pose:
    phase = step / 4
    bob = -abs(math.sin(2 * math.pi * phase)) * 2
    near, near_toe = _foot(phase, 7.5, 6.5, 0.0)
    far, far_toe = _foot((phase + 0.5) % 1, 7.5, 6.5, 0.0)
    wag = math.sin(2 * math.pi * phase)
    swing = math.cos(2 * math.pi * phase)
    return Pose(
        hip=(-11.5 + bob, -3),
        neck=(-18.5 + bob, 3),
        head=(-25 + bob, 6.5),
        feet=(far, near),
        toes=(far_toe, near_toe),
        hands=((-12.5 + bob, 6 + 6 * swing), (-12.5 + bob, 0 - 7 * swing)),
        tail=((-11 + bob, -5), (-13 + bob + wag, -9), (-13 + bob - wag, -13), (-11 + bob - 2 * wag, -16)),
        scarf=((-18 + bob, 0), (-21 + bob - wag, -6), (-20 + bob + 2 * wag, -12)),
    )


_DUCK = Pose(
    hip=(-7.5, -1), neck=(-12.5, 1), head=(-18, 3), feet=((-2.5, -4), (-2.5, 4)), hands=((-4, 8), (-4, -5)),
    tail=((-6, -5), (-5, -9), (-7, -13), (-13, -14)), scarf=((-11, -3), (-9, -7), (-6, -9)),
)  # fmt: skip


def _push(step: int) -> Pose:
    near, far = (-8, 1) if step else (-3, -6)
    return Pose(
        hip=(-10.5, -4), neck=(-18, 0), head=(-25, 1.5), feet=((-2.5, far), (-2.5, near)),
        toes=(0.6 * step, 0.6 * (1 - step)), hands=((-20, 11.5), (-14.5, 11.5)),
        tail=((-9, -7), (-7, -10), (-12 + step, -14), (-18 + step, -14)), scarf=((-17, -4), (-15, -8), (-10, -10)),
    )  # fmt: skip


def _poses() -> dict[str, Pose]:
    poses = {f"P_WALK_{i + 1}": _walk(i) for i in range(6)} | {f"P_RUN_{i + 1}": _run(i) for i in range(4)}
    poses |= {f"P_PUSH_{i + 1}": _push(i) for i in range(2)}
    return poses | {
        "P_IDLE_1": _idle(0),
        "P_IDLE_2": _idle(1),
        "P_IDLE_3": _idle(1),
        "P_IDLE_4": _idle(0, "shut"),
        "P_DUCK": _DUCK,
        "P_SKID": Pose(
            hip=(-10, -4), neck=(-18.5, -6), head=(-26, -6), feet=((-2.5, -4), (-3, 8)), toes=(0, -0.6),
            hands=((-13, 6), (-13, -12)), tail=((-8, -7), (-6, -11), (-10, -14), (-16, -14)),
            scarf=((-16, -2), (-17, 4), (-14, 9)), eyes="wide",
        ),
        "P_LOOK_UP": dataclasses.replace(_STAND, head=(-30, 0), hands=((-23, 10), (-12.5, -5.5))),
        "P_SPRUNG": Pose(
            hip=(-14, -1), neck=(-23, 0), head=(-30.5, 1), feet=((-4, -4), (-6.5, 3)), toes=(1.2, 1.0),
            hands=((-29, 12), (-27, -11)), tail=((-13, -4), (-10, -7), (-6, -9), (-1, -8)),
            scarf=((-21, -4), (-16, -8), (-11, -9)),
        ),
        "P_BALANCE": Pose(
            hip=(-11.5, -3), neck=(-20.5, -4), head=(-28, -4), feet=((-2.5, -5), (-7, 6)), toes=(0, -0.4),
            hands=((-20, 10), (-20, -14)), tail=((-9, -7), (-6, -10), (-8, -14), (-14, -15)), eyes="wide",
        ),
        "P_HURT": Pose(
            hip=(-12, 2), neck=(-20, -2), head=(-27, -4), feet=((-7, 10), (-4, 8)), toes=(-0.7, -0.5),
            hands=((-16, 9), (-15, -12)), tail=((-10, -2), (-6, -5), (-5, -10), (-8, -14)),
            scarf=((-18, 1), (-18, 6), (-21, 9)), eyes="hurt",
        ),
        "P_DEAD": Pose(
            hip=(-12, 0), neck=(-21, 0), head=(-28.5, 0), feet=((-4, -7), (-4, 6)), toes=(0.6, 0.3),
            hands=((-18, 11), (-18, -11)), tail=((-10, -4), (-8, -8), (-5, -11), (-1, -12)),
            scarf=((-20, -4), (-20, -8), (-22, -11)), eyes="hurt",
        ),
    }  # fmt: skip


_SMALL_HEAD = """
..kkk......kkk..
.kcck.kkkk.kcck.
.kcdkkLLLLkkdck.
.kkrLLLLLLLLrkk.
.kRLLLLLLLLLLRk.
kRRLLccLLccLLLRk
kRRLLLLLLLLLLLRk
kRRRLkkLLLkkLLRk
kRRRckwkckwkccRk
kRRcckkkckkkccck
.kRccccckkcccck.
.kkccccccccccck.
..kktcccccctkk..
....kkkkkkkk....
"""


def life() -> Drawing:
    """Draws the head for the display, 16 x 16, its point the upper left corner."""
    return Drawing(image=pixel_map(_SMALL_HEAD, FACE_KEY), y=-1, x=0)


def drawings() -> dict[str, Drawing]:
    """Draws all of Pim's pictures, by name."""
    out = {name: draw(pose) for name, pose in _poses().items()}
    out |= {f"P_ROLL_{i + 1}": curled(i) for i in range(2)}
    # Half a turn is the same sprite flipped both ways.
    out |= {f"P_ROLL_{i + 3}": flipped(out[f"P_ROLL_{i + 1}"]) for i in range(2)}
    out |= {f"P_DASH_{i + 1}": curled(i, radius=13.5, squash=0.81) for i in range(3)}
    return out | {"P_LIFE": life()}
