"""Which kind of episode comes next."""

from enum import StrEnum
from typing import Protocol

import numpy as np

from agent.level.trajectories import Trajectory
from agent.players.jerk import JerkConfig


class Kind(StrEnum):
    """A kind of episode."""

    POLICY = "policy"
    """The main player plays: the learned policy, or the heuristic where there is none."""
    REPLAY = "replay"
    """The best trajectory plays as far as it holds, then somebody plays on."""


class Choice(Protocol):
    """A rule by which kinds of episodes are chosen."""

    def choose(self, best: Trajectory, share_used: float) -> Kind:
        """Chooses the kind of the next episode.

        Args:
            best: The trajectory that a replay would play.
            share_used: Share 0..1 of the run's timesteps that is used up.
        """

    def pay(self, kind: Kind, episode_return: float) -> None:
        """Takes in what an episode of a kind earned, contest units."""


class JerkChoice:
    """JERK's rule: a replay with a probability that rises over the run.

    Source: openai/retro-baselines, agents/jerk_agent.py: 0.25 + t / 1e6.
    """

    def __init__(self, config: JerkConfig, rng: np.random.Generator) -> None:
        """Draws from `rng`."""
        self._config = config
        self._rng = rng

    def probability(self, best: Trajectory, share_used: float) -> float:
        """Returns the probability of a replay; see `choose`."""
        return self._config.exploit_bias + share_used + self._config.exploit_best * best.mean

    def choose(self, best: Trajectory, share_used: float) -> Kind:
        """Draws the kind of the next episode."""
        return Kind.REPLAY if self._rng.random() < self.probability(best, share_used) else Kind.POLICY

    def pay(self, kind: Kind, episode_return: float) -> None:
        """Learns nothing from it."""
