"""Curves of returns over the timesteps of a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contest.remote.monitor import Record
from contest.scoring import bootstrap

POINTS = 100
"""Points of the score against timesteps."""

WINDOWS = 50
"""Windows of a learning curve; each is 2 % of the run."""

Floats = NDArray[np.float64]
CurveOf = Callable[[Record, int], Floats]
"""From a run's record and its budget in timesteps to a curve, float [points], NaN where there is nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A mean over levels and runs, against timesteps."""

    timesteps: Floats
    """[points]."""

    value: Floats
    """[points]; none is NaN."""

    band: Floats | None
    """Ends of the 95 % bootstrap interval of each point, [2, points]; None where a level has a single run."""


def score_so_far(record: Record, timesteps: int) -> Floats:
    """The score that a run would have if it ended earlier, at the ends of POINTS equal parts of it.

    That is the mean return of the episodes finished by then.

    Returns:
        Float [POINTS]; NaN before the end of the first episode.
    """
    returns, ends = _episodes(record)
    finished = np.searchsorted(ends, score_timesteps(timesteps), side="right")
    means = np.cumsum(returns) / np.arange(1, len(returns) + 1)
    return np.where(finished > 0, means[np.maximum(finished - 1, 0)], np.nan)


def score_timesteps(timesteps: int) -> Floats:
    """The timesteps that `score_so_far` is for, [POINTS]."""
    return np.linspace(0, timesteps, POINTS + 1)[1:]


def return_by_time(record: Record, timesteps: int) -> Floats:
    """The return of the episode a timestep belongs to, mean of each of WINDOWS equal parts of the run.

    Weighing episodes by their length leaves no gap where one is longer than a window. Timesteps after the last
    finished episode count as that one's.

    Returns:
        Float [WINDOWS].
    """
    returns, ends = _episodes(record)
    bounds = np.concatenate([[0.0], ends])
    bounds[-1] = max(bounds[-1], timesteps)
    paid = np.concatenate([[0.0], np.cumsum(returns * np.diff(bounds))])  # integral of the return over timesteps
    edges = np.linspace(0, timesteps, WINDOWS + 1)
    return np.asarray(np.diff(np.interp(edges, bounds, paid)) / np.diff(edges))


def return_timesteps(timesteps: int) -> Floats:
    """The middles of the windows of `return_by_time`, [WINDOWS]."""
    return (np.arange(WINDOWS) + 0.5) * timesteps / WINDOWS


def mean_curve(curve: CurveOf, levels: Sequence[Sequence[Record]], timesteps: int) -> Curve | None:
    """The mean over levels of the mean over runs.

    Args:
        curve: `score_so_far` or `return_by_time`.
        levels: The records of each level's runs.
        timesteps: Budget of each run.

    Returns:
        The curve from where every run has a value; None if there is no such point.
    """
    if not levels or not all(levels):
        return None
    runs = [np.array([curve(record, timesteps) for record in records]) for records in levels]  # [runs, points] each
    whole = np.all([np.isfinite(level).all(0) for level in runs], axis=0)
    if not whole.any():
        return None
    runs = [level[:, whole] for level in runs]
    at = score_timesteps(timesteps) if curve is score_so_far else return_timesteps(timesteps)
    value = bootstrap.mean(bootstrap.as_is(runs))[0]
    return Curve(timesteps=at[whole], value=value, band=bootstrap.band(runs))


def _episodes(record: Record) -> tuple[Floats, Floats]:
    """Returns of the episodes that count, and the timestep each ended at: its reset costs one too."""
    episodes = np.array(record.scored(), np.float64).reshape(-1, 2)
    return episodes[:, 0], np.cumsum(episodes[:, 1] + 1)
