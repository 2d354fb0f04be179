"""Reads finished evaluations: their scores and, where their folders are still there, the runs themselves."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.files import count, read_text, reason
from contest.remote.monitor import Record
from contest.scoring.evaluation import EvaluationError
from contest.scoring.pairs import PAIR_FILE, read_pair
from contest.scoring.scores import Failure, PairScore, Scores
from contest.scoring.trial import AGENT_FOLDER, RECORD_FILE

LevelName = tuple[str, str]
"""Game and state, as in the list of levels."""

PLAYERS_MOST = 12
"""Most players that an agent's record of shares may have; a file with more is not taken for one."""

_NO_PLAYERS = ("episode", "return", "timesteps", "end", "seconds")  # the other columns of an agent's episodes.csv


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that has a score."""

    score: PairScore
    """Its score."""

    folder: Path | None = None
    """The files that it left; None if they are gone."""

    record: Record | None = None
    """The server's record of every episode; None if that is gone."""

    settings: dict[str, Any] = field(default_factory=dict)
    """The settings that the score depends on."""

    start: str | None = None
    """Where its episodes started: a state's name, the path of a `.state` file, or None for the game's default."""

    def timesteps_by_player(self) -> dict[str, float]:
        """Timesteps each player inside the agent held the controls, from the agent's own record if it keeps one.

        That is out/episodes.csv in its folder, with the columns episode, return, timesteps, end, seconds, and a column
        of shares (0..1) for each player, whatever their names. Anybody may have written the agent: a file that makes no
        sense counts as no record.
        """
        if self.folder is None:
            return {}
        held: dict[str, float] = {}
        try:
            text = read_text(self.folder / AGENT_FOLDER / "out" / "episodes.csv")
            rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
            players = [name for name in rows.fieldnames or () if name not in _NO_PLAYERS]
            if len(players) > PLAYERS_MOST:
                return {}
            for row in rows:
                for name in players:
                    share = float(row[name])
                    if not 0 <= share <= 1:
                        return {}
                    held[name] = held.get(name, 0.0) + share * count(int(row["timesteps"]))
        except (OSError, ValueError, KeyError, TypeError, csv.Error):
            return {}
        return held


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An agent's evaluation."""

    name: str
    """What people call the agent."""

    command: str
    """Its command."""

    timesteps: int
    """Budget of each run."""

    runs: tuple[Run, ...]
    """The runs that have a score."""

    missing: tuple[Failure, ...]
    """The runs that failed or were not reached."""

    def by_level(self) -> dict[LevelName, dict[int, Run]]:
        """The runs by level and seed."""
        found: dict[LevelName, dict[int, Run]] = {}
        for run in self.runs:
            found.setdefault((run.score.game, run.score.state), {})[run.score.seed] = run
        return found


def read_result(folder: Path, name: str = "") -> Result:
    """Reads an agent's evaluation.

    Args:
        folder: Where scores.json is.
        name: What to call the agent; empty for the folder's own name.

    Raises:
        EvaluationError: If there are no scores.
    """
    try:
        scores = Scores.load(folder)
    except FileNotFoundError as error:
        inside = sorted(path.parent.name for path in folder.glob("*/scores.json"))
        hint = f"; in it there are {', '.join(inside)}" if inside else ""
        raise EvaluationError(f"{folder}: wanted a folder with the scores.json of an evaluation{hint}") from error
    except OSError as error:
        raise EvaluationError(f"{folder}: {reason(error)}") from error
    except ValueError as error:
        raise EvaluationError(f"{folder}: scores.json: {error}") from error
    left = {run.score: run for run in _left(folder)}  # by the score itself: another one is another run
    return Result(
        name=name or folder.absolute().name,
        command=scores.agent,
        timesteps=scores.timesteps,
        runs=tuple(left.get(score, Run(score=score, start=score.state or None)) for score in scores.levels),
        missing=scores.missing,
    )


def _left(folder: Path) -> Iterator[Run]:
    """Yields the runs of a folder of results whose files are there and can be read."""
    for path in sorted(folder.glob(f"*/{PAIR_FILE}")):
        try:
            kept = read_pair(path)
        except (OSError, ValueError):
            continue
        record = _record(path.parent)
        yield Run(score=kept.score, folder=path.parent, record=record, settings=kept.settings, start=kept.start)


def _record(folder: Path) -> Record | None:
    """The server's record of a run, None if it cannot be read."""
    try:
        record = Record.load(folder / RECORD_FILE)
    except (OSError, ValueError):
        return None
    return record if record.scored() else None
