"""Players that need no thought: random actions, none at all."""

import numpy as np

from agent.players.moment import Moment
from agent.rules import Buttons, action_buttons, buttons


class Random:
    """A random action of the table each timestep."""

    name = "random"

    def __init__(self, rng: np.random.Generator) -> None:
        """Draws from `rng`."""
        self._rng = rng
        self._table: list[Buttons] = list(action_buttons())

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:  # noqa: ARG002 - the interface's
        """Draws one action."""
        return self._table[int(self._rng.integers(len(self._table)))]


class Idle:
    """Holds nothing: so the original JERK fills the episode after a replay that ran out."""

    name = "idle"

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:  # noqa: ARG002 - the interface's
        """Holds nothing."""
        return buttons()
