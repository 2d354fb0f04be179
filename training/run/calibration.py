"""Compares a network's Q-values with the returns that followed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.run.episodes import Episode
from training.run.figures import figure

BINS = 20
"""Points of the plot; each stands for as many timesteps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Q-values against returns, over many timesteps of episodes on levels never trained on."""

    timesteps: int
    rank_correlation: float
    """Spearman's, of the Q-value of each action played and the discounted return that followed; NaN if one is constant."""
    mean_q: float
    """Scaled reward units."""
    mean_return: float
    """Scaled reward units, discounted."""
    explained_variance: float
    """Share of the returns' variance that the Q-values explain, a constant difference apart; NaN if there is none."""


def discounted(reward: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """Computes an episode's discounted returns: G[t] = reward[t] + gamma * G[t + 1], and 0 after its end.

    Args:
        reward: float64 [T].
        gamma: Discount a timestep.

    Returns:
        float64 [T].
    """
    found = np.zeros(len(reward))
    following = 0.0
    for t in range(len(reward) - 1, -1, -1):
        following = found[t] = reward[t] + gamma * following
    return found


def ranks(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Ranks values from 0; equal ones share the mean of their ranks, float64 [N]."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts + 1) / 2)[which])


def rank_correlation(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]) -> float:
    """Computes Spearman's rank correlation of two series [N]; NaN if one is constant."""
    ranked = ranks(a), ranks(b)
    if min(np.ptp(one) if len(one) else 0.0 for one in ranked) == 0:
        return float("nan")
    return float(np.corrcoef(*ranked)[0, 1])


def pairs(episodes: Iterable[Episode], gamma: float, reward_scale: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Returns the Q-values of the actions played, and the scaled returns that followed: float [N] each."""
    found = list(episodes)
    q = np.concatenate([episode.q for episode in found])
    returns = np.concatenate([discounted(episode.reward * reward_scale, gamma) for episode in found])
    return q.astype(np.float64), returns


def calibration(q: NDArray[Any], returns: NDArray[Any]) -> Calibration:
    """Measures how well Q-values and returns, float64 [N] each, agree."""
    variance = float(returns.var())
    return Calibration(
        timesteps=len(q),
        rank_correlation=rank_correlation(q, returns),
        mean_q=float(q.mean()),
        mean_return=float(returns.mean()),
        explained_variance=1 - float((returns - q).var()) / variance if variance else float("nan"),
    )


def draw(q: NDArray[Any], returns: NDArray[Any], name: str) -> Any:
    """Draws the mean return against the mean Q-value of timesteps with similar Q-values, and a histogram of Q-values.

    Args:
        q: float64 [N].
        returns: float64 [N].
        name: Of the network that played.

    Returns:
        A figure of matplotlib.
    """
    found = calibration(q, returns)
    title = f"{name}: Q-values and what followed, {len(q):,} timesteps; rank correlation {found.rank_correlation:.2f}"
    chart, axes = figure(2, 1, title, size=(7.0, 7.0), height_ratios=(3, 1), sharex=True)
    parts = np.array_split(np.argsort(q, kind="stable"), min(BINS, len(q)))
    mean_q = np.array([q[part].mean() for part in parts])
    means = np.array([returns[part].mean() for part in parts])
    quartiles = np.array([np.percentile(returns[part], (25, 75)) for part in parts]).T  # [2, parts]
    axis, below = axes[:, 0]
    axis.fill_between(mean_q, *quartiles, alpha=0.2, linewidth=0, label="its middle half")
    axis.plot(mean_q, means, marker="o", markersize=4, label=f"return; a point: {len(q) // len(parts):,} timesteps")
    ends = mean_q[[0, -1]]
    axis.plot(ends, ends, color="black", linewidth=0.8, linestyle="--", label="return = Q")
    axis.set_ylabel("discounted return that followed")
    axis.legend(fontsize=8)
    below.hist(q, bins=60)
    below.set_ylabel("timesteps")
    below.set_xlabel("Q-value of the action played, scaled reward units")
    for one in (axis, below):
        one.margins(x=0.03, y=0.05)
        one.grid(alpha=0.3)
    return chart
