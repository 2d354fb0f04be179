"""The kinds of episodes: who plays in each, and what it says about the trajectories known."""

from typing import Protocol

from agent.control.choice import Kind
from agent.control.stall import Relay
from agent.players.moment import Moment
from agent.players.player import Player
from agent.players.replayer import Replayer
from agent.rules import LEAST_RISE


class Episode(Protocol):
    """One episode as the controller plays it."""

    @property
    def kind(self) -> Kind:
        """Which kind it is of."""

    def follow(self, moment: Moment) -> Player:
        """Takes note of where the episode stands, and names who plays this timestep; to be told once each."""

    def end(self, episode_return: float) -> float:
        """Takes note of what the episode paid.

        Returns:
            The return that its trajectory has to exceed to be worth keeping.
        """


class PolicyEpisode:
    """The main player plays, relieved while it stalls."""

    kind = Kind.POLICY

    def __init__(self, relay: Relay) -> None:
        """Begins."""
        self._relay = relay
        relay.restart(0.0)

    def follow(self, moment: Moment) -> Player:
        """Names the main player or its relief."""
        return self._relay.choose(moment)

    def end(self, episode_return: float) -> float:  # noqa: ARG002 - the interface's
        """Judges nothing; whatever was found is worth keeping."""
        return float("-inf")


class ReplayEpisode:
    """The replay plays; where it runs out or is lost somebody plays on."""

    kind = Kind.REPLAY

    def __init__(self, replayer: Replayer, relay: Relay) -> None:
        """Begins.

        Args:
            replayer: Plays the trajectory.
            relay: Plays on.
        """
        self._replayer = replayer
        self._relay = relay
        self._was_on = False
        relay.restart(0.0)

    def follow(self, moment: Moment) -> Player:
        """Names the replay, or who plays on with full patience from where it was lost."""
        self._replayer.follow(moment)
        was_on, self._was_on = self._was_on, self._replayer.is_on
        if self._was_on:
            return self._replayer
        if was_on:
            self._relay.restart(moment.episode_return)
            return self._relay.main
        return self._relay.choose(moment)

    def end(self, episode_return: float) -> float:
        """Counts the episode's return for the trajectory; returns what that had come to, for only more is new."""
        trajectory = self._replayer.trajectory
        trajectory.pay(episode_return)
        return float(trajectory.returns[-1]) + LEAST_RISE
