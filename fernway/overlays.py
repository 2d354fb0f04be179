"""What may lie over a screen: title cards that move out, counters."""

import numpy as np
from numpy.typing import NDArray

from fernway.observation import Observation

BOXES = 12
"""Most of them, as in host/look.h."""

BOX = np.dtype(
    [
        *((name, "i2") for name in ("x", "y", "width", "height", "vx", "vy")),
        *((name, "u2") for name in ("leaves", "ends")),
        *((name, "u1") for name in ("shade", "ink", "wide", "high", "writing", "is_clear")),
    ]
)
"""`Box` of host/look.h."""

_SIXTEENTHS = 16
_FOREVER = 0xFFFF


class _Boxes:
    def __init__(self, observation: Observation, rng: np.random.Generator) -> None:
        self._height, self._width, self._rng = observation.height, observation.width, rng
        self.made = np.zeros(BOXES, BOX)
        self.count = 0

    def add(
        self,
        place: tuple[float, float],
        size: tuple[float, float],
        *,
        letter: float = 0,
        is_clear: bool = False,
        leaves: int = _FOREVER,
        speed: tuple[float, float] = (0, 0),
    ) -> None:
        """Adds a box; places, sizes and a letter's height are fractions of the observation's, speeds pixels a timestep."""
        if self.count == BOXES:
            return
        box, rng = self.made[self.count], self._rng
        self.count += 1
        box["x"], box["y"] = int(place[0] * self._width * _SIXTEENTHS), int(place[1] * self._height * _SIXTEENTHS)
        box["width"], box["height"] = max(2, round(size[0] * self._width)), max(2, round(size[1] * self._height))
        box["vx"], box["vy"] = int(speed[0] * _SIXTEENTHS), int(speed[1] * _SIXTEENTHS)
        box["leaves"], box["ends"] = leaves, min(leaves + 30, _FOREVER)
        shade = rng.integers(256)
        box["shade"], box["ink"] = shade, (shade + rng.integers(80, 176)) % 256
        if letter:
            high = max(2, round(letter * self._height))
            box["high"], box["wide"] = high, max(2, round(high * rng.uniform(0.4, 1.0)))
        box["writing"], box["is_clear"] = rng.integers(256), is_clear
        if is_clear and rng.random() < 0.7:  # white in a shadow, as most games have it
            box["shade"], box["ink"] = rng.integers(60), rng.integers(200, 256)


def draw_boxes(
    observation: Observation, rng: np.random.Generator, *, title_card: bool, counters: bool
) -> NDArray[np.void]:
    """Draws the boxes of an episode.

    Args:
        observation: What they lie over.
        rng: Draws them.
        title_card: Whether there is a title card at first.
        counters: Whether there are small ones at the edges all the time.

    Returns:
        Boxes, dtype `BOX`; later ones lie over earlier ones.
    """
    boxes = _Boxes(observation, rng)
    if counters:
        for _ in range(rng.integers(1, 4)):
            width, height = rng.uniform(0.06, 0.25), rng.uniform(0.04, 0.1)
            place = rng.choice([0.03, 0.97 - width]), rng.choice([0.0, 0.02, 0.95 - height])
            boxes.add(place, (width, height), letter=height * rng.uniform(0.5, 1), is_clear=rng.random() < 0.5)
    if title_card:
        _add_title_card(boxes, rng)
    return boxes.made[: boxes.count]


def _add_title_card(boxes: _Boxes, rng: np.random.Generator) -> None:
    """A bar from above or at a side, one across, words over the level: each moves out its own way."""
    leaves = int(rng.integers(15, 75))
    pace = rng.uniform(3, 9)
    letter = rng.choice([0.0, 0.0, 0.08])  # small print on the bars
    if rng.random() < 0.5:
        width, height = rng.uniform(0.12, 0.35), rng.choice([0.7, 1.0])
        x = rng.choice([0, 1 - width, rng.uniform(0, 1 - width)])
        boxes.add((x, 0), (width, height), letter=letter, leaves=leaves, speed=(0, -pace) if height < 1 else (-pace, 0))
    if rng.random() < 0.35:
        height = rng.uniform(0.12, 0.4)
        y = rng.choice([0, 1 - height])
        boxes.add((0, y), (1, height), letter=letter, leaves=leaves, speed=(0, pace if y else -pace))
    letter, is_clear, y = rng.uniform(0.08, 0.22), rng.random() < 0.75, rng.uniform(0, 0.4)
    for _ in range(rng.integers(1, 4)):
        width = rng.uniform(0.15, 0.75)
        boxes.add(
            (rng.uniform(0, 1 - width), y),
            (width, letter),
            letter=letter,
            is_clear=is_clear,
            leaves=leaves + int(rng.integers(10)),
            speed=(rng.choice([-pace, pace]), 0),
        )
        y += letter * rng.uniform(1.05, 1.5)
