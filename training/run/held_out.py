"""Scores while a run goes on: levels that it never learns from, and the contest's start screens."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from contest.scoring import bootstrap
from fernway.levels import Level
from training.play.console import EmulatedLevel
from training.play.lanes import Ending
from training.play.stages import EmulatorStage
from training.run.config import TrainConfig
from training.run.curve import ScoreRow
from training.run.episodes import Episode, Recorder
from training.run.score import held_out, play, play_on
from training.run.transfer import level_observations, rightward_share
from training.run.values import Values

Tell = Callable[[], object]
"""Called after each episode; what it raises ends the play."""


class HeldOut:
    """The levels that a run is scored on, the same every time.

    On the twin fresh levels of the zones trained on (`seen`) and of zones never trained on (`unseen`). On the emulator
    the levels of `--held-out` are the unseen ones, and there are no others.
    """

    def __init__(self, config: TrainConfig, emulated: Sequence[EmulatedLevel], warn: Callable[[str], object]) -> None:
        """Draws levels and screens.

        Args:
            config: The run's.
            emulated: Levels on the emulator; none: the twin's.
            warn: Called with a line if the contest's start screens cannot be drawn; then their column is NaN.
        """
        self._config = config
        self._emulated = list(emulated)
        self._levels = {} if emulated else held_out(config.seed, *config.score_levels)
        self._screens: NDArray[np.uint8] | None = None
        self.episodes: list[Episode] = []
        """The latest ones scored."""
        try:
            self._screens = None if config.seen is None else level_observations(config.vision)
        except (ImportError, ValueError, OSError) as error:
            warn(f"no start screens of the contest, so no column `rightward`: {error}")

    def score(self, values: Values, timesteps: int, tell: Tell = lambda: None) -> ScoreRow:
        """Scores a network.

        Args:
            values: The network.
            timesteps: Of the run by now.
            tell: Called after each episode; what it raises ends the play.
        """
        again = self._config.score_episodes
        self.episodes = []
        fields = {f"seen_{what}": number for what, number in summary([], again).items()}
        if self._emulated:
            endings = self._on_emulators(values, tell)
            fields |= {f"unseen_{what}": number for what, number in summary(endings, again).items()}
        for name, levels in self._levels.items():
            endings = self._on_twin(values, levels * again, tell) if levels else []
            fields |= {f"{name}_{what}": number for what, number in summary(endings, again).items()}
        rightward = float("nan") if self._screens is None else rightward_share(values, self._screens)
        return ScoreRow(timesteps=timesteps, rightward=rightward, **fields)

    def _on_twin(self, values: Values, levels: Sequence[Level], tell: Tell) -> list[Ending]:
        recorder = Recorder()
        endings = play(values, self._config.seen, levels, seed=self._config.seed, tell=tell, watch=recorder)
        self.episodes += recorder.episodes(levels, endings)
        return endings

    def _on_emulators(self, values: Values, tell: Tell) -> list[Ending]:
        config = self._config
        levels = self._emulated * config.score_episodes
        lanes = min(config.lanes, len(levels))
        stage = EmulatorStage(lanes, config.vision, any_rom=config.any_rom)
        return play_on(stage, lanes, values, levels, seed=config.seed, tell=tell)


def summary(endings: Sequence[Ending], episodes: int = 1) -> dict[str, float]:
    """Returns mean, low and high of the return with its 95 % interval, and the share finished; NaN where unknown.

    Args:
        endings: In the order [episodes, levels].
        episodes: On each level; the interval is over levels.
    """
    mean = low = high = finished = float("nan")
    if endings:
        returns = np.array([ending.episode_return for ending in endings]).reshape(episodes, -1).mean(0)  # [levels]
        estimate = bootstrap.over_levels(returns)
        mean, finished = estimate.value, float(np.mean([ending.is_finished for ending in endings]))
        if estimate.low is not None and estimate.high is not None:
            low, high = estimate.low, estimate.high
    return {"mean": mean, "low": low, "high": high, "finished": finished}


def worth(row: ScoreRow) -> float:
    """Returns what the best weights are chosen by: the mean return over the kinds of levels that were played."""
    return float(np.nanmean([row.seen_mean, row.unseen_mean]))


def text(row: ScoreRow) -> str:
    """Says a score in a line."""
    parts = [
        f"{name} {mean:,.0f}{'' if np.isnan(low) else f' [{low:,.0f}, {high:,.0f}]'}, {finished:.0%} finished"
        for name, mean, low, high, finished in (
            ("held-out levels", row.seen_mean, row.seen_low, row.seen_high, row.seen_finished),
            ("unseen levels", row.unseen_mean, row.unseen_low, row.unseen_high, row.unseen_finished),
        )
        if not np.isnan(mean)
    ]
    if not np.isnan(row.rightward):
        parts.append(f"rightward on {row.rightward:.0%} of the contest's start screens")
    return f"timestep {row.timesteps:,}: {'; '.join(parts)}"
