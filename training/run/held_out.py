"""Scores while a run goes on: held-out levels of Fernway, and the contest's start screens."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from contest import bootstrap
from training.play.lanes import Ending
from training.run.config import TrainConfig
from training.run.curve import ScoreRow
from training.run.episodes import Episode, Recorder
from training.run.score import Values, held_out, play
from training.run.transfer import level_observations, rightward_share


class HeldOut:
    """What a run is scored on: the same every time."""

    def __init__(self, config: TrainConfig, warn: Callable[[str], object]) -> None:
        """Draws levels and screens.

        Args:
            config: The run's.
            warn: Called with a line if the contest's start screens cannot be drawn; then their column is NaN.
        """
        self._config = config
        self._levels = held_out(config.seed, *config.score_levels)
        self._screens: NDArray[np.uint8] | None = None
        self.episodes: list[Episode] = []
        """The latest ones scored."""
        try:
            self._screens = level_observations(config.vision)
        except (ImportError, ValueError, OSError) as error:
            warn(f"no start screens of the contest, so no column `rightward`: {error}")

    def score(self, values: Values, timesteps: int) -> ScoreRow:
        """Scores a network; `timesteps`: of the run by now."""
        fields: dict[str, float] = {}
        self.episodes = []
        for name, levels in self._levels.items():
            recorder, endings = Recorder(), list[Ending]()
            if levels:
                endings = play(values, self._config.vision, levels, seed=self._config.seed, watch=recorder)
                self.episodes += recorder.episodes(levels, endings)
            fields |= {f"{name}_{what}": number for what, number in summary(endings).items()}
        rightward = float("nan") if self._screens is None else rightward_share(values, self._screens)
        return ScoreRow(timesteps=timesteps, rightward=rightward, **fields)


def summary(endings: Sequence[Ending]) -> dict[str, float]:
    """Returns mean, low and high of the return with its 95 % interval, and the share finished; NaN where unknown."""
    mean = low = high = finished = float("nan")
    if endings:
        estimate = bootstrap.over_levels(np.array([ending.episode_return for ending in endings]))
        mean, finished = estimate.value, float(np.mean([ending.is_finished for ending in endings]))
        if estimate.low is not None and estimate.high is not None:
            low, high = estimate.low, estimate.high
    return {"mean": mean, "low": low, "high": high, "finished": finished}
