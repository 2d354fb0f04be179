"""Chooses kinds of episodes by what each has paid on this level so far and how much of the run is left."""

from collections import deque
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Annotated

from agent.control.choice import Kind
from agent.level.trajectories import Trajectory
from agent.ranges import Checked, above, at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditConfig(Checked):
    """Which kind of episode comes next."""

    window: Annotated[int, above(0)] = 8
    """Episodes of a kind that count, the last ones: luck, good or bad, does not stand for ever."""

    width: Annotated[float, at_least(0)] = 3000.0
    """Worth of not knowing, contest units; see `Bandit`."""


class Bandit:
    """Upper confidence bounds on what each kind is worth.

    The kind with the highest `worth + width * (1 - share used) * sqrt(ln N / n)` comes next: N episodes in all, n of this
    kind; each is tried once first. The further the run, the less not knowing is worth.

    Playing is worth the mean of its last returns. A replay is worth the mean of what its trajectory has paid, where what
    that came to when it was found counts only by the share that the last replays kept of theirs. So replays of a worse
    trajectory say little against a better one.

    Source: Auer, Cesa-Bianchi & Fischer 2002 (UCB1); Garivier & Moulines 2011 (the window).
    """

    def __init__(self, config: BanditConfig) -> None:
        """Has seen no episode yet; two replays that kept everything stand in for the first ones."""
        self._config = config
        self._plays = dict.fromkeys(Kind, 0)
        self._returns = deque[float](maxlen=config.window)
        self._kept = deque([1.0, 1.0], maxlen=config.window)
        self._found = 0.0  # what the trajectory came to that was last chosen from, when it was found

    def choose(self, best: Trajectory, share_used: float) -> Kind:
        """Chooses the kind of the highest bound, the first of equals.

        Args:
            best: The trajectory that a replay would play.
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        self._found = float(best.returns[-1])
        bounds = {kind: self._bound(kind, best, share_used) for kind in Kind}
        return max(bounds, key=bounds.__getitem__)

    def _bound(self, kind: Kind, best: Trajectory, share_used: float) -> float:
        plays = self._plays[kind]
        if plays == 0:
            return inf
        not_knowing = self._config.width * (1 - min(share_used, 1.0)) * sqrt(log(sum(self._plays.values())) / plays)
        return self._worth(kind, best) + not_knowing

    def _worth(self, kind: Kind, best: Trajectory) -> float:
        if kind is Kind.POLICY:
            return sum(self._returns) / len(self._returns)
        kept = sum(self._kept) / len(self._kept)
        return (best.paid - (1 - kept) * self._found) / best.plays

    def pay(self, kind: Kind, episode_return: float) -> None:
        """Takes in what an episode of a kind earned, contest units."""
        self._plays[kind] += 1
        if kind is Kind.POLICY:
            self._returns.append(episode_return)
        elif self._found > 0:
            self._kept.append(min(episode_return / self._found, 1.0))
