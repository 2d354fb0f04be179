"""The curve of a run: a row now and then, as CSV, and as TensorBoard's scalars where that is installed."""

import csv
import dataclasses
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.learner import Update
from training.lanes import Ending


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the curve: means since the row before."""

    timesteps: int
    updates: int
    epsilon: float
    planner_share: float
    learning_rate: float
    loss: float
    td_loss: float
    knowledge_loss: float
    q_mean: float
    gradient_norm: float
    doomed: float
    """Share of the greedy actions that lose `planner.doomed` frames; NaN without planner."""
    frames_lost: float
    """Frames that the greedy actions lose on average, a doomed one just `planner.doomed`; NaN without planner."""
    episodes: int
    return_mean: float
    """Of the episodes that ended since, contest units."""
    progress_mean: float
    """Their best return, at most."""
    timesteps_per_s: float


TIMED = ("timesteps_per_s",)
"""Columns in which two runs that do the same differ."""


class Meter:
    """Sums up what happens between two rows of the curve."""

    def __init__(self) -> None:
        """Starts at nothing."""
        self._clear()
        self._timesteps = 0

    def _clear(self) -> None:
        self._updates: list[Update] = []
        self._endings: list[Ending] = []
        self._lost: list[float] = []
        self._began = time.monotonic()

    def update(self, update: Update) -> None:
        """Takes in an update."""
        self._updates.append(update)

    def episodes(self, endings: list[Ending]) -> None:
        """Takes in episodes that ended."""
        self._endings += endings

    def lost(self, frames: NDArray[np.float32]) -> None:
        """Takes in the frames, float32 [B], that greedy actions lose."""
        self._lost += frames.tolist()

    def row(self, *, timesteps: int, doomed: float, **settings: Any) -> Row:
        """Makes a row of it all and starts anew; `doomed`: frames from which on an action counts as doomed."""
        updates, endings = self._updates, self._endings
        row = Row(
            timesteps=timesteps,
            **settings,
            loss=_mean([update.loss for update in updates]),
            td_loss=_mean([update.td_loss for update in updates]),
            knowledge_loss=_mean([update.knowledge_loss for update in updates]),
            q_mean=_mean([update.q_mean for update in updates]),
            gradient_norm=_mean([update.gradient_norm for update in updates]),
            doomed=_mean([float(frames >= np.float32(doomed)) for frames in self._lost]),
            frames_lost=_mean(self._lost),
            episodes=len(endings),
            return_mean=_mean([ending.episode_return for ending in endings]),
            progress_mean=_mean([ending.best_return for ending in endings]),
            timesteps_per_s=(timesteps - self._timesteps) / max(time.monotonic() - self._began, 1e-9),
        )
        self._timesteps = timesteps
        self._clear()
        return row


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


class Curve:
    """The rows of a run in its folder; a resumed run goes on where its checkpoint was."""

    def __init__(self, folder: Path, timesteps: int) -> None:
        """Keeps the rows up to so many timesteps of a file that is there already.

        Raises:
            OSError: If the folder cannot be written.
        """
        self._path = folder / "curve.csv"
        kept = [row for row in _rows(self._path) if int(row["timesteps"]) <= timesteps] if self._path.exists() else []
        temporary = self._path.with_name(self._path.name + ".part")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows([[row[name] for name in COLUMNS] for row in kept])
        os.replace(temporary, self._path)  # noqa: PTH105 - atomic, and says so
        self._board = _board(folder, timesteps)

    def add(self, row: Row) -> None:
        """Writes a row, at once."""
        values = dataclasses.asdict(row)
        with self._path.open("a", newline="") as file:
            csv.writer(file).writerow([values[name] for name in COLUMNS])
        for name, value in values.items():
            if name != "timesteps" and not math.isnan(value):
                self.scalar(name, value, row.timesteps)

    def scalar(self, name: str, value: float, timesteps: int) -> None:
        """Shows one more number in TensorBoard."""
        if self._board is not None:
            self._board.add_scalar(name, value, timesteps)

    def picture(self, name: str, rgb: NDArray[np.uint8], timesteps: int) -> None:
        """Shows a picture, uint8 [H, W, 3], in TensorBoard."""
        if self._board is not None:
            self._board.add_image(name, rgb, timesteps, dataformats="HWC")

    def close(self) -> None:
        """Writes what is left to write."""
        if self._board is not None:
            self._board.close()


COLUMNS: Sequence[str] = tuple(field.name for field in dataclasses.fields(Row))


def read_curve(path: Path) -> list[dict[str, float]]:
    """Reads the rows of a curve.

    Raises:
        ValueError: If the file is not a curve.
        OSError: If it cannot be read.
    """
    return [{name: float(row[name]) for name in COLUMNS} for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path} is not a curve: wanted the columns {', '.join(COLUMNS)}, got {reader.fieldnames}")
        return [row for row in reader if None not in row.values()]  # a killed run may have written half a row


def _board(folder: Path, timesteps: int) -> Any:
    """Returns TensorBoard's writer, or None if it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"), purge_step=timesteps)
