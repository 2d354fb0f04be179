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
    """Episodes of a kind whose mean return counts: what a kind pays changes with the trajectories that are found."""

    width: Annotated[float, at_least(0)] = 1000.0
    """Worth of not knowing, contest units; see `Bandit`."""


class Bandit:
    """Upper confidence bounds over recent returns.

    The kind with the highest `mean of its last returns + width * (1 - share used) * sqrt(ln N / n)` comes next: N
    episodes in all, n of this kind; each is tried once first. The further the run, the less not knowing is worth.

    Source: Auer, Cesa-Bianchi & Fischer 2002 (UCB1); Garivier & Moulines 2011 (the window).
    """

    def __init__(self, config: BanditConfig) -> None:
        """Has seen no episode yet."""
        self._config = config
        self._recent = {kind: deque[float](maxlen=config.window) for kind in Kind}
        self._plays = dict.fromkeys(Kind, 0)

    def choose(self, best: Trajectory, share_used: float) -> Kind:  # noqa: ARG002 - the interface's
        """Chooses the kind of the highest bound, the first of equals.

        Args:
            best: The trajectory that a replay would play.
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        return max(Kind, key=lambda kind: self._bound(kind, share_used))

    def _bound(self, kind: Kind, share_used: float) -> float:
        plays, recent = self._plays[kind], self._recent[kind]
        if plays == 0:
            return inf
        not_knowing = self._config.width * (1 - min(share_used, 1.0)) * sqrt(log(sum(self._plays.values())) / plays)
        return sum(recent) / len(recent) + not_knowing

    def pay(self, kind: Kind, episode_return: float) -> None:
        """Takes in what an episode of a kind earned, contest units."""
        self._plays[kind] += 1
        self._recent[kind].append(episode_return)
