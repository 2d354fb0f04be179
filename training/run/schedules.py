"""Quantities that change as training goes on."""

import math


def linear(start: float, end: float, now: int, length: int) -> float:
    """Returns what a line from start (at 0) to end (from `length` on) has reached now."""
    share = min(now / length, 1.0) if length else 1.0
    return start + (end - start) * share


def cosine(start: float, end: float, now: int, length: int) -> float:
    """Returns what half a cosine from start (at 0) to end (from `length` on) has reached now."""
    share = min(now / length, 1.0) if length else 1.0
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
