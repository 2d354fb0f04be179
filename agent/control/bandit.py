"""Which kind of episode comes next, by what each has paid on this level so far and how much of the run is left."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt

from agent.ranges import require


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditConfig:
    """Which kind of episode comes next."""

    window: int = 8
    """Episodes of a kind whose mean return counts; players that learn get better."""

    width: float = 1000.0
    """Worth of not knowing, contest units; see `Bandit`."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require(self.window > 0, "window above 0", self.window)
        require(self.width >= 0, "width of at least 0", self.width)


class Kind(StrEnum):
    """A kind of episode."""

    POLICY = "policy"
    """The learned policy, or the heuristic where there is none or it stalls."""
    REPLAY = "replay"
    """The best trajectory as far as it holds, then whoever plays on."""


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

    def choose(self, kinds: Iterable[Kind], share_used: float) -> Kind:
        """Chooses among the kinds that are possible now.

        Args:
            kinds: At least one; the first of equals is chosen.
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        total = sum(self._plays.values())

        def bound(kind: Kind) -> float:
            plays, recent = self._plays[kind], self._recent[kind]
            if plays == 0:
                return float("inf")
            not_knowing = self._config.width * (1 - min(share_used, 1.0)) * sqrt(log(total) / plays)
            return sum(recent) / len(recent) + not_knowing

        return max(kinds, key=bound)

    def pay(self, kind: Kind, episode_return: float) -> None:
        """Takes in what an episode of a kind earned, contest units."""
        self._plays[kind] += 1
        self._recent[kind].append(episode_return)
