"""The curve of a run: a row now and then, and the scores on held-out levels, as CSV and as TensorBoard's scalars."""

import csv
import dataclasses
import io
import math
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from common.files import write_file
from training.play.lanes import Ending
from training.run.trainer import Iteration

EPISODES = 200
"""Latest episodes from a level's start whose means a row gives."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the curve: means since the row before, of the first process."""

    timesteps: int
    timesteps_per_s: float
    """Over all processes."""
    learning_rate: float
    return_mean: float
    """Of the latest episodes from a level's start, contest units."""
    best_mean: float
    """The highest return that each of them had on the way, on average: how far they got."""
    finished: float
    """Share of them that reached the level's end."""
    stalled: float
    """Share of them that were given up."""
    explained_variance: float
    entropy: float
    kl: float
    clipped: float
    policy_loss: float
    value_loss: float
    gradient_norm: float
    taught: float
    """Divergence from the teacher, nats; NaN without one."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """Scores on held-out levels at one time of the run; NaN where none of the kind were played.

    On the emulator, `unseen` is the list `--held-out`, and nothing is `seen`: of the levels that it learns on, the curve
    tells.
    """

    timesteps: int
    seen_mean: float
    """Mean return on levels of the training zones, with its 95 % bootstrap interval."""
    seen_low: float
    seen_high: float
    seen_finished: float
    """Share of them that were finished."""
    unseen_mean: float
    """The same on zones never trained on."""
    unseen_low: float
    unseen_high: float
    unseen_finished: float
    rightward: float
    """Share of the contest's start screens on which a rightward action has a probability above one half."""


class Meter:
    """Sums up what happens between two rows of the curve."""

    def __init__(self) -> None:
        """Starts at nothing."""
        self._starts: deque[Ending] = deque(maxlen=EPISODES)
        self._iterations: list[Iteration] = []
        self.actions = np.zeros(0, np.int64)
        """int64 [A], how often each action was played since the row before last."""

    def add(self, iteration: Iteration) -> None:
        """Takes in an iteration."""
        self._iterations.append(iteration)
        self._starts.extend(iteration.endings)

    @property
    def starts(self) -> list[Ending]:
        """The latest episodes from a level's start."""
        return list(self._starts)

    def row(self, timesteps_before: int) -> Row:
        """Makes a row of what came since the last one; `timesteps_before`: where that was."""
        iterations, starts = self._iterations, self._starts
        seconds = sum(iteration.play_s + iteration.learn_s for iteration in iterations)
        updates = [iteration.update for iteration in iterations]
        self.actions = np.sum([iteration.actions for iteration in iterations], 0)
        self._iterations = []
        return Row(
            timesteps=iterations[-1].timesteps,
            timesteps_per_s=(iterations[-1].timesteps - timesteps_before) / seconds,
            learning_rate=iterations[-1].learning_rate,
            return_mean=mean(ending.episode_return for ending in starts),
            best_mean=mean(ending.best_return for ending in starts),
            finished=mean(ending.is_finished for ending in starts),
            stalled=mean(ending.is_stalled for ending in starts),
            **{
                name: mean(getattr(update, name) for update in updates)
                for name in (
                    *("explained_variance", "entropy", "kl", "clipped"),
                    *("policy_loss", "value_loss", "gradient_norm", "taught"),
                )
            },
        )


def mean(values: Iterable[float]) -> float:
    """Averages; NaN of nothing."""
    found = list(values)
    return float(np.mean(found)) if found else float("nan")


class Timed(Protocol):
    """A row of a table: a dataclass with one int, its timesteps, and floats."""

    @property
    def timesteps(self) -> int:
        """Of the run by then."""


T = TypeVar("T", bound=Timed)


class Table(Generic[T]):
    """Rows of one kind in a CSV file; a run that goes on keeps those up to its checkpoint."""

    def __init__(self, path: Path, kind: type[T], timesteps: int) -> None:
        """Keeps the rows up to so many timesteps of a file that is there already.

        Raises:
            OSError: If the file cannot be written.
            ValueError: If there is another table.
        """
        self._path = path
        self._kind: type[T] = kind
        self.rows: list[T] = (
            [row for row in read_table(path, kind) if row.timesteps <= timesteps] if path.exists() else []
        )
        self._write()

    def add(self, row: T) -> None:
        """Writes a row, at once.

        Raises:
            OSError: If it cannot be written; the next one brings it along.
        """
        self.rows.append(row)
        self._write()

    def _write(self) -> None:
        """Writes the whole table: small, and no reader sees half a row."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(columns(self._kind))
        writer.writerows(_cells(row) for row in self.rows)
        write_file(self._path, text.getvalue())


def columns(kind: type[Any]) -> tuple[str, ...]:
    """Names a table's columns."""
    return tuple(field.name for field in dataclasses.fields(kind))


def _cells(row: Any) -> list[str]:
    return [f"{value:.6g}" if isinstance(value, float) else str(value) for value in dataclasses.astuple(row)]


def read_table(path: Path, kind: type[T]) -> list[T]:
    """Reads a table.

    Raises:
        ValueError: If the file is not such a table.
        OSError: If it cannot be read.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != columns(kind):
            raise ValueError(f"{path}: wanted the columns {','.join(columns(kind))}, got {reader.fieldnames}")
        rows = [row for row in reader if None not in row.values()]  # a killed run may have written half a row
    make: Callable[..., T] = kind
    return [
        make(timesteps=int(row.pop("timesteps")), **{name: float(cell) for name, cell in row.items()}) for row in rows
    ]


class Board:
    """TensorBoard's events in the run's folder, where it is installed; else nothing."""

    def __init__(self, folder: Path, timesteps: int) -> None:
        """Goes on after so many timesteps; what a stopped run showed beyond its checkpoint is taken back."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._writer: Any = None
            return
        # TensorBoard drops the points at the purge step, too, and those at the checkpoint are to stay.
        self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=timesteps + 1 if timesteps else None)

    def add(self, row: Any) -> None:
        """Shows a row's numbers.

        Raises:
            OSError: If an event could not be written; from then on nothing is shown any more.
        """
        for name, value in dataclasses.asdict(row).items():
            if name != "timesteps" and not math.isnan(value):
                self._do("add_scalar", name, value, row.timesteps)

    def picture(self, name: str, rgb: NDArray[np.uint8], timesteps: int) -> None:
        """Shows a picture, uint8 [H, W, 3]; raises as `add`."""
        self._do("add_image", name, rgb, timesteps, dataformats="HWC")

    def flush(self) -> None:
        """Writes what was shown by now; raises as `add`."""
        self._do("flush")

    def close(self) -> None:
        """Writes what is left to write, where it can."""
        with suppress(OSError):
            self._do("close")

    def _do(self, method: str, *arguments: Any, **options: Any) -> None:
        if self._writer is None:
            return
        try:
            getattr(self._writer, method)(*arguments, **options)
        except OSError as error:
            self._writer = None
            raise OSError(f"TensorBoard shows nothing more: {error}") from error
