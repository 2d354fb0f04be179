"""Pictures that show what a run does: its curve, its actions, how far its episodes got and where they ended."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from agent.actions import ACTION_TABLE
from fernway import picture
from training.curve import Curve, read_curve
from training.pictures import Picture, write_png
from training.score import Score

if TYPE_CHECKING:
    from training.trainer import Trainer

PICTURES = ("curve.png", "actions.png", "progress.png")
"""What `draw` leaves in the run's folder."""

SCORES, MAP = "scores.png", "map.png"
"""What it leaves there once levels that are held out were played."""

MAP_SCALE = 0.2
"""Pixels of the map for one of a level."""

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


def draw(folder: Path, trainer: "Trainer", curve: Curve, scores: list[dict[str, Any]]) -> None:
    """Draws all pictures into the run's folder, and into TensorBoard.

    Args:
        folder: The run's.
        trainer: What is trained.
        curve: Where TensorBoard's pictures go.
        scores: On held-out levels so far: timesteps, mean, finished, doomed.
    """
    figures = {
        "curve.png": _curve(read_curve(folder / "curve.csv")),
        "actions.png": _actions(trainer.action_counts),
        "progress.png": _progress([(end.best_return, end.is_finished) for end in trainer.endings[-LAST_EPISODES:]]),
    }
    if scores:
        figures[SCORES] = _scores(scores)
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=80)
        figure.canvas.draw()
        rgb = np.asarray(figure.canvas.buffer_rgba())[..., :3]
        curve.picture(name.removesuffix(".png"), np.ascontiguousarray(rgb), trainer.timesteps)


def draw_map(folder: Path, score: Score, curve: Curve, timesteps: int) -> None:
    """Draws the levels of a score one below the other, on each the path of its episode and a cross where it ended."""
    rows: list[Picture] = []
    for level, ending, path in zip(score.levels, score.endings, score.paths, strict=True):
        whole, top = picture.draw_level(level), picture.top(level)
        size = round(whole.shape[1] * MAP_SCALE), round((whole.shape[0] - top) * MAP_SCALE)
        small = np.asarray(cv2.resize(whole[top:], size, interpolation=cv2.INTER_AREA), np.uint8)
        picture.draw_paths(small, {"": [(round(x * MAP_SCALE), round((y - top) * MAP_SCALE)) for x, y in path]})
        outcome = "finished" if ending.is_finished else "stalled" if ending.is_cut else "died or ran out of time"
        text = f"{level.name}: {ending.episode_return:.0f}, {outcome}"
        cv2.putText(small, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        rows.append(small)
    width = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, 6), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    whole = np.concatenate(rows)
    write_png(folder / MAP, whole)
    curve.picture(MAP.removesuffix(".png"), whole, timesteps)


def _scores(scores: list[dict[str, Any]]) -> Any:
    shown = (
        ("mean", "mean return"),
        ("finished", "share of episodes finished"),
        ("doomed", "share of greedy actions that are doomed"),
    )
    figure, axes = _figure(1, 3, "levels it has never seen, over timesteps")
    timesteps = [score["timesteps"] for score in scores]
    for axis, (name, title) in zip(axes.ravel(), shown, strict=True):
        axis.plot(timesteps, [score.get(name, np.nan) for score in scores], marker=".", linewidth=1)
        axis.set_title(title, fontsize=9)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    return figure


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
