"""What training plays in: games side by side, whatever runs them."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Stepped = tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]
"""Screens uint8 [L, H, W, 3], rewards float [L] in contest units, terminated and truncated bool [L]."""


class Arena(Protocol):
    """Several games stepping together; the step after an end begins the next episode and ignores the action."""

    lanes: int
    """How many games."""

    def reset(self, seed: Sequence[int]) -> NDArray[np.uint8]:
        """Begins an episode in every lane; screens uint8 [L, H, W, 3]. The same seed brings the same levels."""

    def cut(self, mask: NDArray[np.bool_]) -> None:
        """Ends the episodes of these lanes, bool [L], if they are not over: the next step begins others."""

    def step(self, action: NDArray[np.int64]) -> Stepped:
        """Plays one timestep, the actions int64 [L] being indices into the action table."""

    def is_rewound(self) -> NDArray[np.bool_]:
        """Returns which lanes went back a little after a death instead of on to another level, bool [L]."""

    def level_name(self, lane: int) -> str:
        """Names the level that the lane is on."""

    def close(self) -> None:
        """Frees what it holds."""
