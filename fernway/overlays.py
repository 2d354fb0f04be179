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
        *((name, "u1") for name in ("shade", "ink", "glyph", "writing")),
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
        self, x: float, y: float, width: float, height: float, *, leaves: int, speed: tuple[float, float], written: bool
    ) -> None:
        """Adds a box; places and sizes are fractions of the observation's, the speed pixels a timestep."""
        if self.count == BOXES:
            return
        box, rng = self.made[self.count], self._rng
        self.count += 1
        shade = int(rng.integers(256))
        wide, high = max(2, round(width * self._width)), max(2, round(height * self._height))
        box["x"], box["y"] = (int(at * size * _SIXTEENTHS) for at, size in ((x, self._width), (y, self._height)))
        box["width"], box["height"] = wide, high
        box["vx"], box["vy"] = (int(part * _SIXTEENTHS) for part in speed)
        box["leaves"], box["ends"] = leaves, min(leaves + 30, _FOREVER)
        box["shade"], box["ink"] = shade, (shade + int(rng.integers(80, 176))) % 256
        box["glyph"] = int(rng.integers(2, max(3, min(8, high)))) if written else 0
        box["writing"] = int(rng.integers(256))


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
        for _ in range(int(rng.integers(1, 4))):
            width, height = rng.uniform(0.06, 0.25), rng.uniform(0.04, 0.1)
            x = float(rng.choice([0.03, 0.97 - width]))
            y = float(rng.choice([0.0, 0.02, 0.95 - height]))
            boxes.add(x, y, width, height, leaves=_FOREVER, speed=(0, 0), written=True)
    if title_card:
        _add_title_card(boxes, rng)
    return boxes.made[: boxes.count]


def _add_title_card(boxes: _Boxes, rng: np.random.Generator) -> None:
    """A bar at one side, one across, words between them: each moves out its own way."""
    leaves = int(rng.integers(15, 75))
    pace = float(rng.uniform(3, 9))
    if rng.random() < 0.5:
        width, right = rng.uniform(0.12, 0.35), rng.random() < 0.5
        x = 1 - width if right else 0.0
        boxes.add(x, 0, width, 1, leaves=leaves, speed=(pace if right else -pace, 0), written=rng.random() < 0.3)
    if rng.random() < 0.5:
        height, low = rng.uniform(0.12, 0.4), rng.random() < 0.5
        y = 1 - height if low else 0.0
        boxes.add(0, y, 1, height, leaves=leaves, speed=(0, pace if low else -pace), written=rng.random() < 0.3)
    for _ in range(int(rng.integers(1, 4))):
        width, height = rng.uniform(0.2, 0.6), rng.uniform(0.08, 0.2)
        x, y = rng.uniform(0.05, 0.9 - width), rng.uniform(0.05, 0.9 - height)
        speed = (float(rng.choice([-pace, pace])), 0.0)
        boxes.add(x, y, width, height, leaves=leaves + int(rng.integers(10)), speed=speed, written=True)
