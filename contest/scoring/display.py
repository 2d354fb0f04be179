"""Shows an evaluation: its progress while it runs, and a line for each finished run."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from common.terminal import plural
from contest.scoring.evaluate import Report
from contest.scoring.pairs import Pair
from contest.scoring.trial import timesteps_so_far


class Display:
    """Shows the reports of `evaluate` on stderr; a context manager.

    On a terminal there is a bar for all timesteps and one for each run; elsewhere, only the lines of finished runs.

    Args:
        console: Where to.
        timesteps: Of each run.
    """

    def __init__(self, console: Console, timesteps: int) -> None:
        """Shows nothing yet."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal)
        self._console = console
        self._timesteps = timesteps
        self._all: TaskID | None = None
        self._bars: dict[str, TaskID] = {}
        self._through = self._pairs = 0

    def __enter__(self) -> Self:
        """Starts the display."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends the display."""
        self._progress.stop()

    def begin(self, done: int, pairs: int) -> None:
        """Shows how many of all runs are there already."""
        self._through, self._pairs = done, pairs
        if done:
            self._say(f"{done} of {plural(pairs, 'run')} {'is' if done == 1 else 'are'} there already")
        self._all = self._progress.add_task("timesteps", total=pairs * self._timesteps)
        self._progress.update(self._all, completed=done * self._timesteps)

    def tell(self, report: Report) -> None:
        """Shows a report."""
        if report.finished is not None:
            self._finish(report.finished, report)
        for pair in report.running:
            name, timesteps = pair.name, timesteps_so_far(pair.trial.folder)
            if name not in self._bars:
                self._bars[name] = self._progress.add_task(name, total=self._timesteps)
            self._progress.update(self._bars[name], completed=min(timesteps, self._timesteps))
        begun = sum(task.completed for task in self._progress.tasks if task.id != self._all)
        if self._all is not None:
            self._progress.update(self._all, completed=self._through * self._timesteps + begun)

    def _finish(self, pair: Pair, report: Report) -> None:
        """Says what became of a run, and takes its bar away."""
        self._through += 1
        if (bar := self._bars.pop(pair.name, None)) is not None:
            self._progress.remove_task(bar)
        word, style = ("failed: ", "red") if report.failed else ("", "green")
        self._say(f"[{self._through}/{self._pairs}] {pair.name}: {word}{report.text}", style=style)

    def _say(self, line: str, style: str = "") -> None:
        """Prints a line above the bars."""
        self._console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
