"""Variations: replays that play a stretch of their trajectory in another way, where replays tend to end."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from agent.level.knowledge import Arrays, checked
from agent.level.trajectories import Trajectory
from agent.ranges import Checked, above, at_least, within
from agent.rules import EPISODE_TIMESTEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class VariationConfig(Checked):
    """How replays try something else."""

    share: Annotated[float, within(0, 1)] = 0.5
    """Share of the replays, at the start of the run, that vary the trajectory. It falls to 0 with the share of timesteps
    used. The way on from where replays end is often one that cannot be survived, or only by luck."""

    before: Annotated[int, above(0)] = 64
    """Timesteps before such an end at which a variation begins at the earliest; a fall alone takes 15."""

    timesteps: Annotated[int, above(0)] = 32
    """Longest variation, timesteps."""

    shift: Annotated[int, above(0)] = 4
    """Most timesteps by which a variation does things earlier or later."""

    same_return: Annotated[float, at_least(0)] = 20.0
    """Return by which a varied replay may fall short of the trajectory and still have got as far, contest units."""

    ends: Annotated[int, above(0)] = 64
    """Last ends of replays remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A stretch of a trajectory that one replay plays in another way."""

    start: int
    """Timestep of the trajectory at which it begins."""

    timesteps: int
    """How long."""

    shift: int | None
    """Timesteps by which things are done earlier (above 0) or later; None: somebody else plays on from its beginning."""

    def shift_at(self, timestep: int) -> int:
        """Returns by how much a timestep of the trajectory is played earlier; 0 outside the stretch."""
        return self.shift or 0 if timestep in range(self.start, self.start + self.timesteps) else 0


NO_VARIATION = Variation(start=EPISODE_TIMESTEPS, timesteps=0, shift=0)
"""The trajectory is played as it is."""


class Variations:
    """Knows where the game ended replays, and draws what to try there."""

    def __init__(self, config: VariationConfig, rng: np.random.Generator) -> None:
        """Knows of no end yet."""
        self._config = config
        self._rng = rng
        self._ends = deque[float](maxlen=config.ends)

    def note_end(self, episode_return: float) -> None:
        """Takes note of where the game ended a replay, by the return it had come to."""
        self._ends.append(episode_return)

    def draw(self, trajectory: Trajectory, share_used: float) -> Variation:
        """Draws whether a replay plays a stretch in another way, and how.

        Args:
            trajectory: What is replayed.
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        share = self._config.share
        if share == 0 or self._rng.random() >= share * (1 - share_used):
            return NO_VARIATION
        return self._around_an_end(trajectory)

    def _around_an_end(self, trajectory: Trajectory) -> Variation:
        config, rng = self._config, self._rng
        ended = self._ends[int(rng.integers(len(self._ends)))] if self._ends else float("inf")
        at = int(np.searchsorted(np.maximum.accumulate(trajectory.returns), ended))
        shift = int(rng.integers(1, config.shift + 1)) * (1 if rng.random() < 0.5 else -1)
        return Variation(
            start=max(0, at - 1 - int(rng.integers(config.before))),
            # Where the trajectory itself ends there is nothing to come back to.
            timesteps=EPISODE_TIMESTEPS if at >= len(trajectory) else int(rng.integers(1, config.timesteps + 1)),
            shift=shift if at < len(trajectory) and rng.random() < 0.5 else None,
        )

    def arrays(self) -> Arrays:
        """Returns the ends known, as arrays by name."""
        return {"ends": np.array(self._ends, np.float64)}

    def accept(self, arrays: Arrays) -> Callable[[], None]:
        """Checks what `arrays` returned, and returns a function that takes it over.

        Raises:
            KnowledgeError: If the arrays are not what `arrays` returns.
        """
        ends = checked(arrays, "ends", np.float64, None).tolist()
        return lambda: self._ends.extend(ends)
