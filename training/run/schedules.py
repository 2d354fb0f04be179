"""Quantities that change as training goes on."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EpsilonSchedule:
    """Observe with random actions, explore with fewer and fewer, exploit with a last few. Source: Mnih et al. 2015."""

    observe: int = 2_000
    """Timesteps (over all lanes) of random actions before anything is learned."""

    explore: int = 100_000
    """Timesteps over which epsilon falls from start to end."""

    start: float = 1.0
    """Epsilon when exploring begins."""

    end: float = 0.02
    """Epsilon from the end of exploring on; the agent's own."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        if self.observe < 0 or self.explore < 0:
            raise ValueError(f"wanted observe and explore of at least 0, got {self.observe} and {self.explore}")
        if not 0 <= self.end <= self.start <= 1:
            raise ValueError(f"wanted 0 <= end <= start <= 1 for epsilon, got start {self.start}, end {self.end}")

    def __call__(self, timestep: int) -> float:
        """Returns epsilon at a timestep."""
        if timestep < self.observe:
            return 1.0
        return linear(self.start, self.end, timestep - self.observe, self.explore)


def linear(start: float, end: float, now: int, length: int) -> float:
    """Returns what a line from start (at 0) to end (from `length` on) has reached now."""
    share = min(now / length, 1.0) if length else 1.0
    return start + (end - start) * share


def cosine(start: float, end: float, now: int, length: int) -> float:
    """Returns what half a cosine from start (at 0) to end (from `length` on) has reached now."""
    share = min(now / length, 1.0) if length else 1.0
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
