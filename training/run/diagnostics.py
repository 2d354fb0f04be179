"""Pictures that show what a run does: its curve, its scores, its actions, how far its episodes got, where they failed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.rules import LEVEL_REWARD, TIME_BONUS
from training.learning.ppo import PPOConfig
from training.run import calibration, failures, figures
from training.run.curve import Board, Meter, Row, ScoreRow
from training.run.episodes import Episode

CURVE = (
    ("best_mean", "best return of the latest episodes"),
    ("finished", "share of them that finished"),
    ("stalled", "share of them that stalled"),
    ("clipped", "share of action probabilities that were clipped"),
    ("explained_variance", "variance of returns explained by V"),
    ("entropy", "entropy of the policy, nats"),
    ("kl", "KL divergence of an update, nats"),
    ("taught", "KL divergence from the teacher, nats"),
    ("timesteps_per_s", "timesteps a second"),
)
"""Panels of the curve."""

SMOOTHED = 15
"""Rows around each whose median the thick line of a panel shows: a row of few episodes, after a stop, does not bend it."""

MOST = LEVEL_REWARD + TIME_BONUS
"""The highest return there is, contest units."""

Panel = tuple[str, Callable[[Any], None]]
"""A title, and what draws below it."""


def save(folder: Path, pictures: Mapping[str, Any], board: Board, timesteps: int) -> None:
    """Writes pictures into the run's folder, and into TensorBoard.

    Args:
        folder: The run's.
        pictures: Figures by name.
        board: Where TensorBoard's pictures go.
        timesteps: Of the run by now.

    Raises:
        OSError: If a picture cannot be written.
    """
    for name, picture in pictures.items():
        figures.save(folder / f"{name}.png", picture)
        rgb = np.asarray(picture.canvas.buffer_rgba())[..., :3]
        board.picture(name, np.ascontiguousarray(rgb), timesteps)


def pictures(rows: Sequence[Row], scores: Sequence[ScoreRow], meter: Meter) -> dict[str, Any]:
    """Draws a run's figures, by name; panels that would show nothing are left out.

    Args:
        rows: The curve.
        scores: On held-out levels so far.
        meter: Knows the latest episodes and actions.
    """
    drawn = {
        "curve": _panels("the run so far, over timesteps", _curve(rows)),
        "scores": _panels("held-out levels, over timesteps; bands: 95 % intervals", _scores(scores)),
        "play": _panels("what the lanes did lately", _play(meter)),
    }
    return {name: picture for name, picture in drawn.items() if picture is not None}


def score_pictures(episodes: Sequence[Episode], config: PPOConfig) -> dict[str, Any]:
    """Draws figures of the latest scored episodes, by name: where they failed, and Q-values against what followed."""
    if not episodes:
        return {}
    q, returns = calibration.pairs(episodes, config.gamma, config.reward_scale)
    return {
        "failures": failures.draw({"now": failures.failures(episodes)}),
        "calibration": calibration.draw(q, returns, "held-out levels"),
    }


def _panels(title: str, panels: Sequence[Panel]) -> Any:
    """Draws panels in rows of up to three; None without any."""
    if not panels:
        return None
    columns = min(3, len(panels))
    picture, axes = figures.figure(-(-len(panels) // columns), columns, title)
    for axis, (name, draw) in zip(axes.ravel(), panels, strict=False):
        draw(axis)
        axis.set_title(name, fontsize=10)
    for axis in axes.ravel()[len(panels) :]:
        axis.remove()
    return picture


def shows_something(*series: NDArray[np.float64]) -> bool:
    """Says whether there is something to see in a panel: a first point, or one that differs from the others."""
    return any(
        np.isfinite(values).any() and (len(values) == 1 or np.nanmax(values) > np.nanmin(values)) for values in series
    )


def _column(rows: Sequence[Row] | Sequence[ScoreRow], name: str) -> NDArray[np.float64]:
    return np.array([getattr(row, name) for row in rows], np.float64)


def _dress(axis: Any) -> None:
    """Gives the points room on all sides, so that none lies on the frame, and timesteps units."""
    from matplotlib.ticker import EngFormatter, MaxNLocator

    axis.margins(x=0.05, y=0.1)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    axis.grid(alpha=0.3)


def _curve(rows: Sequence[Row]) -> list[Panel]:
    timesteps = _column(rows, "timesteps")

    def draw(axis: Any, values: NDArray[np.float64]) -> None:
        there = np.isfinite(values)
        x, y = timesteps[there], values[there]
        smooth = [np.median(y[max(0, i - SMOOTHED // 2) : i + SMOOTHED // 2 + 1]) for i in range(len(y))]
        axis.plot(x, y, linewidth=0.8, alpha=0.4, color="tab:blue", marker="." if len(y) <= SMOOTHED else "")
        axis.plot(x, smooth, linewidth=1.8, color="tab:blue")
        _dress(axis)

    columns = {title: _column(rows, name) for name, title in CURVE}
    return [
        (title, lambda axis, values=values: draw(axis, values))  # type: ignore[misc]
        for title, values in columns.items()
        if shows_something(values)
    ]


KINDS = (
    ("seen", "fresh levels of the training zones", "tab:blue"),
    ("unseen", "zones never trained on", "tab:orange"),
)
"""The held-out levels: column, label, colour."""


def _scores(scores: Sequence[ScoreRow]) -> list[Panel]:
    timesteps = _column(scores, "timesteps")

    def lines(axis: Any, what: str) -> None:
        for kind, label, colour in KINDS:
            values = _column(scores, f"{kind}_{what}")
            if not np.isfinite(values).any():
                continue
            axis.plot(timesteps, values, marker=".", color=colour, label=label)
            if what == "mean":
                low, high = _column(scores, f"{kind}_low"), _column(scores, f"{kind}_high")
                axis.fill_between(timesteps, low, high, color=colour, alpha=0.2, linewidth=0)
                axis.vlines(timesteps, low, high, color=colour, alpha=0.4, linewidth=0.8)
        _dress(axis)
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + 0.3 * (high - low))  # room for the legend
        axis.legend(fontsize=8, loc="upper left")

    def rightward(axis: Any) -> None:
        axis.plot(timesteps, _column(scores, "rightward"), marker=".", color="tab:green")
        _dress(axis)

    panels: list[tuple[Panel, tuple[str, ...]]] = [
        (("mean return", lambda axis: lines(axis, "mean")), ("seen_mean", "unseen_mean")),
        (("share finished", lambda axis: lines(axis, "finished")), ("seen_finished", "unseen_finished")),
        (("rightward on the contest's start screens", rightward), ("rightward",)),
    ]
    return [panel for panel, names in panels if shows_something(*(_column(scores, name) for name in names))]


def _play(meter: Meter) -> list[Panel]:
    def actions(axis: Any) -> None:
        axis.bar(range(len(meter.actions)), meter.actions / meter.actions.sum(), color="tab:blue")
        figures.name_actions(axis)

    def ends(axis: Any) -> None:
        kinds = {
            "finished": [end.best_return for end in meter.starts if end.is_finished],
            "stalled": [end.best_return for end in meter.starts if end.is_stalled],
            "died": [end.best_return for end in meter.starts if not end.is_stalled and not end.is_finished],
        }
        axis.hist(
            list(kinds.values()),
            bins=25,
            range=(0, MOST),
            stacked=True,
            label=[f"{name}: {len(found)}" for name, found in kinds.items()],
            color=["tab:green", "tab:orange", "tab:red"],
        )
        axis.legend(fontsize=8)

    panels: list[tuple[Panel, bool]] = [
        (("share of the actions", actions), bool(meter.actions.sum())),
        ((f"best return of the last {len(meter.starts)} episodes from a start", ends), bool(meter.starts)),
    ]
    return [panel for panel, is_there in panels if is_there]
