"""Has the learned policy stopped getting anywhere, or become too slow to afford?"""

from collections import deque
from dataclasses import dataclass

from agent.ranges import require
from agent.rules import LEAST_RISE


@dataclass(frozen=True, slots=True, kw_only=True)
class StallConfig:
    """When the learned policy is taken to have stalled."""

    patience: int = 1500
    """Timesteps without a new best return in this episode after which the heuristic takes over (100 s of play). The
    score is the mean return of the episodes: standing still costs nothing there, what the heuristic tries often does."""

    headway: float = 20.0
    """Reward above the return at the stall that gives the controls back (of 9,000 a level; about 20 pixels)."""

    slow_window: int = 2000
    """Decisions whose mean time is held against what the run can afford; a machine that hangs for seconds is not slow."""

    slow_share: float = 0.5
    """Share of the time a timestep may take (wall-clock / timesteps) that deciding may use up; the rest is the server's."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require(self.patience > 0 and self.slow_window > 0, "patience and slow_window above 0", self)
        require(self.headway >= 0, "headway of at least 0", self.headway)
        require(0 < self.slow_share <= 1, "slow_share within (0, 1]", self.slow_share)


class StallDetector:
    """Watches the best return of an episode: no rise for `patience` timesteps is a stall.

    The reward and the screen are all the wire gives, and the reward is progress (see the contest's rules).
    """

    def __init__(self, config: StallConfig) -> None:
        """Starts as at the beginning of an episode."""
        self._config = config
        self.restart(0.0)

    def restart(self, episode_return: float) -> None:
        """Counts anew from here: at the start of an episode, or when the learned policy gets the controls back."""
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


class PaceDetector:
    """Watches how long deciding takes: too long, and the run would not fit its wall-clock limit."""

    def __init__(self, config: StallConfig, timestep_s: float) -> None:
        """Holds the mean of the last decisions against `timestep_s`, what the run can afford a timestep, seconds."""
        self.limit_s = config.slow_share * timestep_s
        self._seconds: deque[float] = deque(maxlen=config.slow_window)
        self._sum_s = 0.0

    def update(self, seconds: float) -> bool:
        """Takes in what one decision took, seconds; True when the mean over a full window is over the limit."""
        if len(self._seconds) == self._seconds.maxlen:
            self._sum_s -= self._seconds[0]
        self._seconds.append(seconds)
        self._sum_s += seconds
        return len(self._seconds) == self._seconds.maxlen and self._sum_s > self.limit_s * len(self._seconds)
