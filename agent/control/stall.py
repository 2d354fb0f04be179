"""Has the main player stopped getting anywhere, and who plays then?"""

from dataclasses import dataclass
from typing import Annotated

from agent.players.moment import Moment
from agent.players.player import Player
from agent.ranges import Checked, above, at_least
from agent.rules import LEAST_RISE


class NobodyCanPlayError(RuntimeError):
    """The Q-network cannot play, and there is nobody to take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StallConfig(Checked):
    """When the main player is taken to have stalled."""

    patience: Annotated[int, above(0)] = 1500
    """Timesteps without a new best return in this episode after which the fallback takes over (100 s of play). The
    score is the mean return of the episodes: standing still costs nothing there, what the fallback tries often does."""

    headway: Annotated[float, at_least(0)] = 20.0
    """Reward above the return at the stall that gives the controls back (of 9,000 a level; about 20 pixels)."""


class StallDetector:
    """Watches the best return of an episode: no rise for `patience` timesteps is a stall.

    The reward and the screen are all the wire gives, and the reward is progress (see the contest's rules).
    """

    def __init__(self, config: StallConfig) -> None:
        """Starts as at the beginning of an episode."""
        self._config = config
        self.restart(0.0)

    def restart(self, episode_return: float) -> None:
        """Counts anew from here: at the start of an episode, or when the main player gets the controls back."""
        self._best = episode_return
        self._timesteps_since_rise = 0

    def update(self, episode_return: float) -> bool:
        """Takes in the return after one more timestep; True on a stall."""
        if episode_return > self._best + LEAST_RISE:
            self._best = episode_return
            self._timesteps_since_rise = 0
        else:
            self._timesteps_since_rise += 1
        return self._timesteps_since_rise >= self._config.patience

    def has_headway(self, episode_return: float) -> bool:
        """Is the return far enough above the best before the stall to give the controls back?"""
        return episode_return > self._best + self._config.headway


class Relay:
    """The main player, relieved by the fallback from a stall until there is headway."""

    def __init__(self, main: Player, fallback: Player, config: StallConfig) -> None:
        """Starts with the main player, which is its own fallback where nobody relieves it."""
        self.main = main
        """Who plays as long as it gets anywhere."""
        self._fallback = fallback
        self._stall = StallDetector(config)
        self._is_relieved = False

    def restart(self, episode_return: float) -> None:
        """Gives the controls to the main player, with full patience from here on."""
        self._stall.restart(episode_return)
        self._is_relieved = False

    def choose(self, moment: Moment) -> Player:
        """Names who plays this timestep; to be asked once for each that is not a replay's."""
        if not self._is_relieved:
            self._is_relieved = self._stall.update(moment.episode_return)
        elif self._stall.has_headway(moment.episode_return):
            self.restart(moment.episode_return)
        return self._fallback if self._is_relieved else self.main

    def retire_main(self, reason: str) -> None:
        """Puts the fallback in the main player's place for the rest of the run.

        Raises:
            NobodyCanPlayError: If there is no fallback.
        """
        if self._fallback is self.main:
            raise NobodyCanPlayError(f"the Q-network cannot play: {reason}")
        self.main = self._fallback
