"""Pictures that show what a run does: its curve, its actions, how far its episodes got."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agent.actions import ACTION_TABLE
from training.curve import Curve, read_curve

if TYPE_CHECKING:
    from training.trainer import Trainer

PICTURES = ("curve.png", "actions.png", "progress.png")
"""What `draw` leaves in the run's folder."""

LAST_EPISODES = 500
"""Episodes that the picture of their progress shows."""


def require_matplotlib() -> None:
    """Makes sure that pictures can be drawn.

    Raises:
        ValueError: If matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ValueError("matplotlib is not installed: pip install 'qjerk[training]', or use --no-plots") from error


def draw(folder: Path, trainer: "Trainer", curve: Curve) -> None:
    """Draws all pictures into the run's folder, and into TensorBoard."""
    figures = {
        "curve.png": _curve(read_curve(folder / "curve.csv")),
        "actions.png": _actions(trainer.action_counts),
        "progress.png": _progress([(end.best_return, end.is_finished) for end in trainer.endings[-LAST_EPISODES:]]),
    }
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=80)
        figure.canvas.draw()
        rgb = np.asarray(figure.canvas.buffer_rgba())[..., :3]
        curve.picture(name.removesuffix(".png"), np.ascontiguousarray(rgb), trainer.timesteps)


def _figure(rows: int, columns: int, title: str) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no window, no global state
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5 * columns, 2.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    return figure, figure.subplots(rows, columns, squeeze=False)


def _curve(rows: list[dict[str, float]]) -> Any:
    shown = (
        ("td_loss", "Q-learning loss"),
        ("knowledge_loss", "loss against the planner"),
        ("q_mean", "mean Q-value, scaled reward"),
        ("gradient_norm", "gradient's length before clipping"),
        ("epsilon", "epsilon"),
        ("planner_share", "share that the planner plays"),
        ("doomed", "greedy actions that are doomed"),
        ("return_mean", "mean return of training episodes"),
    )
    figure, axes = _figure(2, 4, "the run so far, over timesteps")
    timesteps = [row["timesteps"] for row in rows]
    for axis, (name, title) in zip(axes.ravel(), shown, strict=True):
        axis.plot(timesteps, [row[name] for row in rows], linewidth=1)
        axis.set_title(title, fontsize=9)
        axis.grid(alpha=0.3)
    return figure


def _actions(counts: Any) -> Any:
    figure, axes = _figure(1, 1, "actions: random against greedy")
    places = np.arange(len(ACTION_TABLE))
    for row, (name, offset) in enumerate((("random", -0.2), ("greedy", 0.2))):
        share = counts[row] / max(counts[row].sum(), 1)
        axes[0, 0].bar(places + offset, share, 0.4, label=name)
    names = ["+".join(action) or "nothing" for action in ACTION_TABLE]
    axes[0, 0].set_xticks(places, names, rotation=40, fontsize=7)
    axes[0, 0].set_ylabel("share")
    axes[0, 0].legend()
    return figure


def _progress(endings: list[tuple[float, bool]]) -> Any:
    figure, axes = _figure(1, 2, f"how far the last {len(endings)} episodes got")
    best = np.array([one for one, _ in endings] or [0.0])
    axes[0, 0].hist(best, bins=40, range=(0, 10_000))
    axes[0, 0].set_xlabel("best return")
    axes[0, 0].set_ylabel("episodes")
    finished = np.array([end for _, end in endings] or [False])
    axes[0, 1].scatter(np.arange(len(best)), best, c=np.where(finished, "tab:green", "tab:red"), s=6)
    axes[0, 1].set_xlabel("episode, newest last; green: finished")
    return figure
