"""Quantities that change as training goes on."""

import math


def linear(start: float, end: float, now: int, length: int) -> float:
    """Returns the value now on a line from `start` at 0 to `end` at `length`, and `end` from there on."""
    share = min(now / length, 1.0) if length else 1.0
    return start + (end - start) * share


def cosine(start: float, end: float, now: int, length: int) -> float:
    """Returns the value now on half a cosine from `start` at 0 to `end` at `length`, and `end` from there on."""
    share = min(now / length, 1.0) if length else 1.0
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
