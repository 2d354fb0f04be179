"""A leaderboard: a CSV file with a line for each agent, which `evaluate --submit` writes another line to."""

import csv
import io
import shlex
from dataclasses import dataclass, fields
from pathlib import Path

from common.checkout import commit
from common.files import read_text, reason, write_file
from contest.scoring.evaluation import Agent, Evaluation, EvaluationError
from contest.scoring.scores import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a leaderboard; its columns are the fields' names."""

    agent: str
    """Its name, or else its command."""

    score: str
    """Mean over levels of the mean over seeds, with one decimal."""

    low: str
    """Lower end of the score's 95 % bootstrap interval; empty where a single seed was played."""

    high: str
    """Upper end, likewise."""

    timesteps: str
    """Of each run."""

    command: str
    """Gives the score again."""

    commit: str
    """The code that gave it."""

    @classmethod
    def of(cls, evaluation: Evaluation, agent: Agent, scores: Scores) -> "Entry":
        """Makes the line of an agent whose runs all have a score."""
        found = scores.estimate
        assert found is not None
        return cls(
            agent=agent.name or agent.command,
            score=f"{found.value:.1f}",
            low="" if found.low is None else f"{found.low:.1f}",
            high="" if found.high is None else f"{found.high:.1f}",
            timesteps=str(evaluation.timesteps),
            command=_command(evaluation, agent),
            commit=commit(Path.cwd()),
        )


COLUMNS = tuple(field.name for field in fields(Entry))


def read(path: Path) -> list[dict[str, str]]:
    """Reads a leaderboard; one that is not there yet has no lines.

    Raises:
        EvaluationError: If it cannot be read, or has other columns.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EvaluationError(f"leaderboard {reason(error)}") from error
    except ValueError as error:
        raise EvaluationError(f"leaderboard {path}: {error}") from error
    try:
        header, *lines = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells] or [list(COLUMNS)]
    except csv.Error as error:
        raise EvaluationError(f"leaderboard {path}: {error}") from error
    wanted = f"wanted the columns {','.join(COLUMNS)}"
    if tuple(header) != COLUMNS:
        raise EvaluationError(f"leaderboard {path}: {wanted}, got {','.join(header)[:120]!r}")
    if odd := next((cells for cells in lines if len(cells) != len(COLUMNS)), None):
        raise EvaluationError(f"leaderboard {path}: {wanted}, got the line {','.join(odd)[:120]!r}")
    return [dict(zip(COLUMNS, cells, strict=True)) for cells in lines]


def add(path: Path, entry: Entry) -> None:
    """Writes another line to a leaderboard; its other lines stay as they are.

    Raises:
        EvaluationError: As `read`.
        OSError: If it cannot be written.
    """
    out = io.StringIO(read_text(path).rstrip() if read(path) else ",".join(COLUMNS))
    out.seek(0, io.SEEK_END)
    out.write("\n")
    csv.writer(out, lineterminator="\n").writerow(getattr(entry, column) for column in COLUMNS)
    write_file(path, out.getvalue())


def _command(evaluation: Evaluation, agent: Agent) -> str:
    """The command of an agent's score: all that the score depends on."""
    words = ["--levels", str(evaluation.levels), "--timesteps", str(evaluation.timesteps)]
    words += ["--seeds", str(evaluation.seeds)]
    words += [] if evaluation.wallclock_s is None else ["--wallclock", f"{evaluation.wallclock_s:g}"]
    words += ["--discrete-actions"] if evaluation.discrete_actions else []
    words += ["--any-rom"] if evaluation.any_rom else []
    return shlex.join(["python", "-m", "contest", "evaluate", *words, "--agent", agent.command])
