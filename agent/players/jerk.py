"""The JERK heuristic at the controls."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from agent.players.moment import Moment
from agent.ranges import Checked, above, at_least, within
from agent.rules import Buttons, buttons


@dataclass(frozen=True, slots=True, kw_only=True)
class JerkConfig(Checked):
    """The JERK heuristic. Source: openai/retro-baselines, agents/jerk_agent.py."""

    right_timesteps: Annotated[int, above(0)] = 100
    """Timesteps of one move to the right."""

    left_timesteps: Annotated[int, above(0)] = 70
    """Timesteps of the move back after a move to the right that earned nothing."""

    jump_probability: Annotated[float, within(0, 1)] = 0.1
    """Probability of starting a jump at a timestep, either way."""

    jump_timesteps: Annotated[int, above(0)] = 4
    """Timesteps for which a jump holds the button."""

    exploit_bias: Annotated[float, within(0, 1)] = 0.25
    """Probability of a replay at the start of the run; it rises by the share of the timesteps used."""

    exploit_best: Annotated[float, at_least(0)] = 0.0
    """Probability added to it for each contest unit that the best trajectory has paid on average."""


IMPROVED_JERK = JerkConfig(left_timesteps=45, exploit_bias=0.12, exploit_best=1 / 10_000)
"""A contestant's rules, which took JERK to 3,817 on the leaderboard's levels and among the top 30. Source: the contest's
write-ups by participants."""


class Jerk:
    """Moves right, jumping now and then; when that earned nothing, moves left for a while, then right again.

    Source: openai/retro-baselines, agents/jerk_agent.py, `move`.
    """

    name = "jerk"

    def __init__(self, config: JerkConfig, rng: np.random.Generator) -> None:
        """Starts with a move to the right."""
        self._config = config
        self._rng = rng
        self._held = {(left, jump): self._buttons(left, jump) for left in (False, True) for jump in (False, True)}
        self._start_move(is_left=False, episode_return=0.0)

    @staticmethod
    def _buttons(left: bool, jump: bool) -> Buttons:
        return buttons("LEFT" if left else "RIGHT", *(["B"] if jump else []))

    def _start_move(self, *, is_left: bool, episode_return: float) -> None:
        self._is_left = is_left
        self._timesteps_left = self._config.left_timesteps if is_left else self._config.right_timesteps
        self._jump_timesteps_left = 0
        self._return_at_start = episode_return

    def begin(self, moment: Moment) -> None:
        """Starts afresh with a move to the right."""
        self._start_move(is_left=False, episode_return=moment.episode_return)

    def act(self, moment: Moment) -> Buttons:
        """Plays one timestep of the move under way, or starts the next."""
        if self._timesteps_left == 0:
            earned = moment.episode_return - self._return_at_start
            self._start_move(is_left=not self._is_left and earned <= 0, episode_return=moment.episode_return)
        self._timesteps_left -= 1
        if self._jump_timesteps_left > 0:
            self._jump_timesteps_left -= 1
            return self._held[self._is_left, True]
        if self._rng.random() < self._config.jump_probability:
            self._jump_timesteps_left = self._config.jump_timesteps - 1
            return self._held[self._is_left, True]
        return self._held[self._is_left, False]
