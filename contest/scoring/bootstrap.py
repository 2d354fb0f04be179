"""Estimates from few runs: means and interquartile means with bootstrap confidence intervals.

The measures are those of rliable. A level is a stratum: a replicate draws as many of each level's runs as there are,
with replacement, so that every level keeps its weight.

Source: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice" (NeurIPS), and its
library, google-research/rliable. Scores are not normalised: the contest pays the same 9,000 for the way through any
level.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
"""Of every interval: the share of replicates between its ends."""

REPLICATES = 20_000
"""Bootstrap replicates of an interval; with other draws, its ends move by about 1 % of its width."""

TRIMMED = 0.25
"""Share of the runs that the interquartile mean leaves out at either end."""

Runs = NDArray[np.float64]
"""A level's runs, [runs] or [runs, points of a curve]."""

Draws = list[NDArray[np.float64]]
"""Replicates by level: [replicates, runs] or [replicates, runs, points]."""

Measure = Callable[[Draws], NDArray[np.float64]]
"""From replicates to the measure of each, [replicates] or [replicates, points]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate with its confidence interval."""

    value: float
    """The measure of the runs themselves."""

    low: float | None = None
    """Lower end of the percentile interval; None if there is only one level, or a level has only one run, which tells
    nothing of the spread."""

    high: float | None = None
    """Upper end, likewise."""

    def text(self, form: str = ",.1f") -> str:
        """Formats the value and its interval."""
        if self.low is None or self.high is None:
            return f"{self.value:{form}}"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"


def mean(draws: Draws) -> NDArray[np.float64]:
    """Mean over levels of the mean over runs: the contest's score."""
    return np.asarray(np.mean([level.mean(1) for level in draws], axis=0))


def interquartile_mean(draws: Draws) -> NDArray[np.float64]:
    """Mean of the middle half of all runs, whatever level they are of.

    As in rliable (scipy's trim_mean): of n runs, the integer part of n / 4 is left out at either end.
    """
    runs = np.sort(np.concatenate(draws, axis=1), axis=1)
    cut = int(TRIMMED * runs.shape[1])
    return np.asarray(runs[:, cut : runs.shape[1] - cut].mean(1))


def improvement(ours: Draws, theirs: Draws) -> NDArray[np.float64]:
    """Probability that a run of ours beats one of theirs on the same level, ties counting half; mean over levels.

    Source: Agarwal et al. 2021, probability of improvement (the Mann-Whitney U statistic of each level).
    """
    wins = [
        np.mean((one[:, :, None] > other[:, None, :]) + 0.5 * (one[:, :, None] == other[:, None, :]), axis=(1, 2))
        for one, other in zip(ours, theirs, strict=True)
    ]
    return np.asarray(np.mean(wins, axis=0))


def draw(levels: Sequence[Runs], rng: np.random.Generator, replicates: int = REPLICATES) -> Draws:
    """Draws replicates of each level's runs, with replacement."""
    return [level[rng.integers(len(level), size=(replicates, len(level)))] for level in levels]


def as_is(levels: Sequence[Runs]) -> Draws:
    """The runs themselves as the only replicate."""
    return [np.asarray(level, np.float64)[None] for level in levels]


def estimate(measure: Measure, levels: Sequence[Runs], *, seed: int = 0, replicates: int = REPLICATES) -> Estimate:
    """Estimates a measure of one agent.

    A single level gives no interval: its runs say nothing of how the agent does elsewhere.

    Args:
        measure: `mean` or `interquartile_mean`.
        levels: Scores of each level's runs, float [runs], none empty.
        seed: Of the draws; the same runs give the same interval.
        replicates: How many draws.
    """
    value = float(measure(as_is(levels))[0])
    if len(levels) < 2 or not has_spread(levels):
        return Estimate(value=value)
    low, high = _interval(measure(draw(levels, np.random.default_rng(seed), replicates)))
    return Estimate(value=value, low=float(low), high=float(high))


def over_levels(values: Runs, *, seed: int = 0, replicates: int = REPLICATES) -> Estimate:
    """Estimates the mean of a number that each of many levels has.

    Here it is the levels that are drawn, with replacement: they stand for all levels like them, not for themselves.

    Args:
        values: float [levels], at least one.
        seed: Of the draws; the same values give the same interval.
        replicates: How many draws.
    """
    value = float(np.mean(values))
    if len(values) < 2:
        return Estimate(value=value)
    low, high = _interval(mean(draw([values], np.random.default_rng(seed), replicates)))
    return Estimate(value=value, low=float(low), high=float(high))


def compare(
    measure: Callable[[Draws, Draws], NDArray[np.float64]],
    ours: Sequence[Runs],
    theirs: Sequence[Runs],
    *,
    seed: int = 0,
    replicates: int = REPLICATES,
) -> Estimate:
    """Estimates a measure of two agents, whose runs are drawn independently.

    Args:
        measure: `improvement` or `ratio`.
        ours: Scores of each level's runs, float [runs], none empty.
        theirs: The same of the other agent, level by level.
        seed: Of the draws.
        replicates: How many draws.
    """
    value = float(measure(as_is(ours), as_is(theirs))[0])
    if not (has_spread(ours) and has_spread(theirs)):
        return Estimate(value=value)
    rng = np.random.default_rng(seed)
    low, high = _interval(measure(draw(ours, rng, replicates), draw(theirs, rng, replicates)))
    return Estimate(value=value, low=float(low), high=float(high))


def ratio(ours: Draws, theirs: Draws) -> NDArray[np.float64]:
    """Our score as a multiple of theirs; NaN where theirs is not above 0, as a multiple means nothing there."""
    below = mean(theirs)
    return mean(ours) / np.where(below > 0, below, np.nan)


def band(levels: Sequence[Runs], *, seed: int = 0, replicates: int = 1000) -> NDArray[np.float64] | None:
    """The interval of a mean curve, point by point.

    Args:
        levels: Curves of each level's runs, float [runs, points].
        seed: Of the draws.
        replicates: How many draws; a picture needs fewer than a table.

    Returns:
        Lower and upper ends, float [2, points]; None where a level has a single run.
    """
    if not has_spread(levels):
        return None
    rng = np.random.default_rng(seed)
    total = sum(draw([level], rng, replicates)[0].mean(1) for level in levels)  # a level at a time: a tenth the memory
    return _interval(np.asarray(total) / len(levels))


def has_spread(levels: Sequence[Runs]) -> bool:
    """Whether every level has runs enough to tell how much they vary."""
    return all(len(level) > 1 for level in levels)


def _interval(replicates: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ends between which CONFIDENCE of the replicates lie, [2] or [2, points]."""
    tail = (1 - CONFIDENCE) / 2 * 100
    return np.percentile(replicates, [tail, 100 - tail], axis=0)
