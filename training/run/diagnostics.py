"""Pictures that show what a run does: its curve, its scores, its actions, and how far its episodes got."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.actions import ACTION_TABLE
from training.play.lanes import FINISHED
from training.run.curve import Board, Meter, Row, ScoreRow

CURVE = (
    ("best_mean", "best return of the latest episodes"),
    ("finished", "share of them that finished"),
    ("stalled", "share of them that stalled"),
    ("practice_finished", "share of practice that finished"),
    ("explained_variance", "variance of returns explained by V"),
    ("entropy", "entropy of the policy, nats"),
    ("kl", "KL divergence of an update, nats"),
    ("timesteps_per_s", "timesteps a second"),
)
"""Panels of the curve."""

SMOOTHED = 15
"""Rows whose mean the thick line of a panel shows."""


def require_matplotlib() -> None:
    """Makes sure that pictures can be drawn.

    Raises:
        ValueError: If matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ValueError("matplotlib is not installed: pip install 'qjerk[training]', or use --no-plots") from error


def draw(folder: Path, rows: Sequence[Row], scores: Sequence[ScoreRow], meter: Meter, board: Board) -> None:
    """Draws all pictures into the run's folder, and into TensorBoard.

    Args:
        folder: The run's.
        rows: The curve, at least one row.
        scores: On held-out levels so far.
        meter: Knows the latest episodes and actions.
        board: Where TensorBoard's pictures go.

    Raises:
        OSError: If a picture cannot be written.
    """
    figures = {"curve.png": _curve(rows), "play.png": _play(meter)}
    if scores:
        figures["scores.png"] = _scores(scores)
    for name, figure in figures.items():
        temporary = folder / f"{name}.part"
        figure.savefig(temporary, dpi=90, format="png")
        temporary.replace(folder / name)
        figure.canvas.draw()
        rgb = np.asarray(figure.canvas.buffer_rgba())[..., :3]
        board.picture(name.removesuffix(".png"), np.ascontiguousarray(rgb), rows[-1].timesteps)


def _figure(rows: int, columns: int, title: str) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no window, no global state
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6 * columns, 3.0 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    return figure, figure.subplots(rows, columns, squeeze=False)


def _millions(rows: Sequence[Row] | Sequence[ScoreRow]) -> list[float]:
    return [row.timesteps / 1e6 for row in rows]


def _curve(rows: Sequence[Row]) -> Any:
    figure, axes = _figure(2, 4, "the run so far, over millions of timesteps")
    timesteps = _millions(rows)
    for axis, (name, title) in zip(axes.ravel(), CURVE, strict=True):
        values = np.array([getattr(row, name) for row in rows])
        axis.plot(timesteps, values, linewidth=0.8, alpha=0.4, color="tab:blue")
        smooth = [
            np.nanmean(values[max(0, i - SMOOTHED + 1) : i + 1]) if np.isfinite(values[i]) else np.nan
            for i in range(len(values))
        ]
        axis.plot(timesteps, smooth, linewidth=1.8, color="tab:blue", marker="." if len(rows) == 1 else "")
        axis.set_title(title, fontsize=10)
        axis.margins(x=0.03, y=0.08)
        axis.grid(alpha=0.3)
    return figure


def _scores(scores: Sequence[ScoreRow]) -> Any:
    figure, axes = _figure(1, 3, "levels never trained on, over millions of timesteps; bands: 95 % intervals")
    timesteps = _millions(scores)
    for name, label, colour in (
        ("seen", "fresh levels of the training zones", "tab:blue"),
        ("unseen", "zones never trained on", "tab:orange"),
    ):
        mean, low, high = ([getattr(row, f"{name}_{what}") for row in scores] for what in ("mean", "low", "high"))
        axes[0, 0].plot(timesteps, mean, marker=".", color=colour, label=label)
        axes[0, 0].fill_between(timesteps, low, high, color=colour, alpha=0.2, linewidth=0)
        finished = [getattr(row, f"{name}_finished") for row in scores]
        axes[0, 1].plot(timesteps, finished, marker=".", color=colour, label=label)
    axes[0, 2].plot(timesteps, [row.rightward for row in scores], marker=".", color="tab:green")
    for axis, title in zip(
        axes.ravel(), ("mean return", "share finished", "rightward on the contest's start screens"), strict=True
    ):
        axis.set_title(title, fontsize=10)
        axis.set_ylim(bottom=0)
        axis.margins(x=0.05, y=0.1)
        axis.grid(alpha=0.3)
    axes[0, 0].legend(fontsize=8, loc="lower right")
    return figure


def _play(meter: Meter) -> Any:
    figure, axes = _figure(1, 2, "what the lanes did lately")
    share = meter.actions / max(meter.actions.sum(), 1)
    names = ["+".join(action) or "nothing" for action in ACTION_TABLE]
    axes[0, 0].bar(range(len(share)), share, color="tab:blue")
    axes[0, 0].set_xticks(range(len(names)), names, rotation=40, fontsize=8, ha="right")
    axes[0, 0].set_title("share of the actions", fontsize=10)
    kinds = {
        "finished": [end.best_return for end in meter.starts if end.is_finished],
        "stalled": [end.best_return for end in meter.starts if end.is_stalled],
        "died": [end.best_return for end in meter.starts if not end.is_stalled and not end.is_finished],
    }
    axes[0, 1].hist(
        list(kinds.values()),
        bins=25,
        range=(0, FINISHED + 1000),
        stacked=True,
        label=[f"{name}: {len(found)}" for name, found in kinds.items()],
        color=["tab:green", "tab:orange", "tab:red"],
    )
    axes[0, 1].set_title(f"best return of the last {len(meter.starts)} episodes from a start", fontsize=10)
    axes[0, 1].legend(fontsize=8)
    return figure
