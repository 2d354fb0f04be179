"""The origin's two learners on a screen table: the memory of rewards, and tabular Q-learning."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from agent.ranges import require
from agent.rules import ACTION_TABLE
from agent.vision import Screen, VisionConfig, crop, look
from training.experiments.screen_table import Key, ScreenTable, hashed
from training.ranges import flag

Rule = Literal["memory", "qlearning"]
"""memory: what the move paid. qlearning: what it paid plus the discounted best of what followed. Bellman 1957; Watkins 1989."""

Seen = Literal["crop", "observation"]
"""The part of a screen that is hashed: its cropped pixels, as the origin did, or the network's small gray picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """How a table learns and plays."""

    learning_rate: float = 0.5
    """Share by which a value moves to its target (qlearning)."""

    gamma: float = 0.99
    """Discount a timestep (qlearning)."""

    epsilon: float = 0.05
    """Probability of a random move although something has paid."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("learning_rate", "gamma", "epsilon"):
            require(0 <= getattr(self, name) <= 1, f"{flag(name, 'table')} within 0..1", getattr(self, name))


class TablePlayer:
    """Plays the move that the table values most where one has paid, and a random one elsewhere."""

    def __init__(
        self, table: ScreenTable, rule: Rule, seen: Seen, settings: TableSettings, vision: VisionConfig, seed: int
    ) -> None:
        """Plays by `table`, which it changes as it learns.

        Args:
            table: Of the actions of `ACTION_TABLE`.
            rule: What a move is worth.
            seen: What counts as the same screen.
            settings: The numbers.
            vision: The crop, and the small picture.
            seed: Of the random moves.
        """
        self.table = table
        self._rule: Rule = rule
        self._seen: Seen = seen
        self._settings = settings
        self._vision = vision
        self._rng = np.random.default_rng(seed)
        self._key = Key(0)
        self._action = 0

    def _hashed(self, screen: Screen) -> Key:
        return hashed(crop(screen, self._vision) if self._seen == "crop" else look(screen, self._vision))

    def begin(self, screen: Screen) -> None:
        """Starts an episode."""
        self._key = self._hashed(screen)
        self.table.add(self._key)

    def act(self) -> int:
        """Chooses an action for the present screen."""
        values = self.table.find(self._key)
        if values is None or values.max() <= 0 or self._rng.random() < self._settings.epsilon:
            self._action = int(self._rng.integers(len(ACTION_TABLE)))
        else:
            self._action = int(values.argmax())
        return self._action

    def learn(self, reward: float, screen: Screen, *, terminated: bool) -> None:
        """Takes in what the action paid, contest units, and the screen it led to."""
        following = self._hashed(screen)
        ahead = self.table.add(following)
        values = self.table.find(self._key)
        if values is not None:
            if self._rule == "memory":
                values[self._action] = reward
            else:
                future = 0.0 if terminated or ahead is None else self._settings.gamma * float(ahead.max())
                values[self._action] += self._settings.learning_rate * (reward + future - values[self._action])
        self._key = following
