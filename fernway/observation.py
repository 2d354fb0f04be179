"""What a network looks at: gray, cropped, shrunk screens, stacked; its settings, and what C needs to make it."""

import ctypes
import dataclasses

import numpy as np
from numpy.typing import NDArray

from fernway import FernwayError
from fernway.native import SCREEN_HEIGHT, SCREEN_WIDTH, load_library

STACK_MAX = 16
"""Most screens of an observation."""

SMALLEST = 8
"""Least rows and columns of an observation."""

_TAP = np.dtype([("to", "i4"), ("from", "i4"), ("weight", "f4")])  # `Tap` of host/observe.h

_LIB = load_library()
_LIB.area_taps.restype, _LIB.area_taps.argtypes = ctypes.c_int32, [ctypes.c_int32, ctypes.c_int32, ctypes.c_void_p]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """How a screen becomes an observation: rows cut off, ITU-R BT.601 luminance, averaged areas, stacked."""

    crop_top: int = 52
    """Screen rows cut off at the top: with the default no row of the HUD's text is left."""

    crop_bottom: int = 0
    """Screen rows cut off at the bottom."""

    height: int = 64
    """Rows of the observation, pixels."""

    width: int = 80
    """Columns of the observation, pixels; a quarter of the screen's is the quickest."""

    stack: int = 4
    """Screens stacked along the first axis, newest last."""

    def __post_init__(self) -> None:
        """Checks the ranges.

        Raises:
            FernwayError: If a number is out of range.
        """
        if min(self.crop_top, self.crop_bottom) < 0:
            raise FernwayError(f"want crops of at least 0 rows, got {self.crop_top} and {self.crop_bottom}")
        if not SMALLEST <= self.height <= self.rows:
            raise FernwayError(
                f"want a height of {SMALLEST} .. {max(self.rows, SMALLEST)} rows, which the crops leave, got {self.height}"
            )
        if not SMALLEST <= self.width <= SCREEN_WIDTH:
            raise FernwayError(f"want a width of {SMALLEST} .. {SCREEN_WIDTH} columns, got {self.width}")
        if not 1 <= self.stack <= STACK_MAX:
            raise FernwayError(f"want a stack of 1 .. {STACK_MAX} screens, got {self.stack}")

    @property
    def rows(self) -> int:
        """Screen rows that the crops leave."""
        return SCREEN_HEIGHT - self.crop_top - self.crop_bottom

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape [stack, height, width] of the observation."""
        return self.stack, self.height, self.width


def _taps(source: int, target: int) -> NDArray[np.void]:
    """How much of each source line is in each target line; see `area_taps` of host/observe.h."""
    taps = np.empty(source + 2 * target, _TAP)
    return taps[: _LIB.area_taps(source, target, taps.ctypes.data)]


class Observer(ctypes.Structure):
    """`Observer` of host/observe.h: an `Observation` as C takes it."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("first_line", "end_line", "height", "width", "stack")),
        *((name, ctypes.c_int32) for name in ("row_count", "col_count")),
        *((name, ctypes.c_void_p) for name in ("rows", "cols")),
    )

    def __init__(self, observation: Observation) -> None:
        """Works out the weights."""
        self._taps = rows, cols = _taps(observation.rows, observation.height), _taps(SCREEN_WIDTH, observation.width)
        super().__init__(
            observation.crop_top,
            SCREEN_HEIGHT - observation.crop_bottom,
            observation.height,
            observation.width,
            observation.stack,
            len(rows),
            len(cols),
            rows.ctypes.data,
            cols.ctypes.data,
        )
