"""The scores of an evaluation: their mean with its interval, as a table, as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar, get_type_hints

import numpy as np
from rich.table import Table

from common.files import count, number, read_json, write_file
from common.terminal import plural
from contest.remote.monitor import Record
from contest.remote.server import Cause
from contest.scoring import bootstrap
from contest.scoring.bootstrap import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScore:
    """The score of one level and seed."""

    game: str
    """As in the list of levels."""

    state: str
    """As in the list of levels; empty for the game's default."""

    seed: int
    """Of the server's delays, and the agent's QJERK_SEED."""

    score: float
    """Mean return of the episodes that count: `Record.scored` says which."""

    episodes: int
    """Episodes in that mean."""

    best: float
    """Highest return of them."""

    timesteps: int
    """Answered steps and answered resets."""

    timesteps_per_s: float
    """From the first reset on."""

    end: str
    """Why the run ended."""

    remark: str = ""
    """Anything odd about the agent, in one line: that it played without its network, that it left in an odd way."""

    @classmethod
    def of_json(cls, content: Mapping[str, object]) -> "PairScore":
        """Takes a score out of JSON.

        Raises:
            KeyError, TypeError: If it is none.
        """
        return _checked(cls, content)

    @classmethod
    def of(cls, record: Record, *, game: str, state: str, seed: int, remark: str = "") -> "PairScore":
        """Scores a server's record, which must have at least one episode that counts."""
        returns = [value for value, _ in record.scored()]
        return cls(
            game=game,
            state=state,
            seed=seed,
            score=fmean(returns),
            episodes=len(returns),
            best=max(returns),
            timesteps=record.timesteps,
            timesteps_per_s=round(record.timesteps / record.seconds, 1) if record.seconds > 0 else 0.0,
            end=record.end,
            remark=remark,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A level and seed that gave no score."""

    game: str
    """As in the list of levels."""

    state: str
    """As in the list of levels; empty for the game's default."""

    seed: int
    """Of the run."""

    reason: str
    """One line; empty if the run was not reached."""


Part = TypeVar("Part", PairScore, Failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """All scores of an evaluation."""

    agent: str
    """The agent's command."""

    timesteps: int
    """Budget of each run."""

    levels: tuple[PairScore, ...]
    """The scores there are."""

    missing: tuple[Failure, ...] = ()
    """The runs that failed or were not reached."""

    @property
    def score(self) -> float | None:
        """Mean over levels of the mean over seeds, of what is there; None if nothing is."""
        return None if self.estimate is None else self.estimate.value

    @property
    def estimate(self) -> Estimate | None:
        """The score with its interval."""
        by_level: dict[tuple[str, str], list[float]] = {}
        for pair in self.levels:
            by_level.setdefault((pair.game, pair.state), []).append(pair.score)
        runs = [np.array(scores) for scores in by_level.values()]
        return bootstrap.estimate(bootstrap.mean, runs) if runs else None

    def save(self, folder: Path) -> None:
        """Writes scores.json and scores.csv, each whole at any moment."""
        found = self.estimate
        content = {
            "agent": self.agent,
            "timesteps": self.timesteps,
            "levels": [asdict(pair) for pair in self.levels],
            "score": None if found is None else found.value,
            "ci95": None if found is None or found.low is None else [found.low, found.high],
            "missing": [asdict(failure) for failure in self.missing],
        }
        write_file(folder / "scores.json", json.dumps(content, indent=1) + "\n")
        table = io.StringIO()
        writer = csv.DictWriter(table, [field.name for field in fields(PairScore)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(pair) for pair in self.levels)
        write_file(folder / "scores.csv", table.getvalue())

    @classmethod
    def load(cls, folder: Path) -> "Scores":
        """Reads scores.json.

        Raises:
            OSError: If there is none.
            ValueError: If it is not one.
        """
        path = folder / "scores.json"
        content = read_json(path)
        try:
            return cls(
                agent=str(content["agent"]),
                timesteps=count(content["timesteps"]),
                levels=tuple(_checked(PairScore, pair) for pair in content["levels"]),
                missing=tuple(_checked(Failure, failure) for failure in content.get("missing", ())),
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path} holds no scores: {error!r}"[:300]) from error

    def table(self) -> Table:
        """Tabulates the levels, a row each with the mean over its seeds first; the mean of all comes last."""
        table = Table(title=f"{self.agent}, {plural(self.timesteps, 'timestep')} a run", title_justify="left")
        table.add_column("level", overflow="fold")
        for name in ("score", "seed by seed", "best", "episodes", "per s"):
            table.add_column(name, justify="right", overflow="fold")
        table.add_column("remarks", overflow="fold")
        everything: Iterable[PairScore | Failure] = (*self.levels, *self.missing)
        for game, state in dict.fromkeys((pair.game, pair.state) for pair in everything):
            table.add_row(f"{game} {state}".strip(), *self._row(game, state))
        table.add_section()
        score = "none" if self.estimate is None else self.estimate.text()
        what = "mean" if not self.missing else f"mean WITHOUT the {len(self.missing)} missing"
        table.add_row(what, score, style="bold")
        return table

    def _row(self, game: str, state: str) -> tuple[str, ...]:
        """Makes a level's cells after its name; the remarks tell what is not as it should be."""
        pairs = sorted((one for one in self.levels if (one.game, one.state) == (game, state)), key=lambda one: one.seed)
        lost = sum((one.game, one.state) == (game, state) for one in self.missing)
        odd = [pair.end for pair in pairs if pair.end != Cause.TIMESTEPS]
        odd += [pair.remark for pair in pairs if pair.remark]
        remarks = ", ".join([*dict.fromkeys(odd), *([f"{lost} missing"] if lost else [])])
        if not pairs:
            return ("none", "", "", "", "", remarks)
        return (
            f"{fmean(pair.score for pair in pairs):.1f}",
            " ".join(f"{pair.score:.0f}" for pair in pairs),
            f"{max(pair.best for pair in pairs):.1f}",
            str(sum(pair.episodes for pair in pairs)),
            f"{fmean(pair.timesteps_per_s for pair in pairs):.0f}",
            remarks,
        )


def _checked(kind: type[Part], content: Mapping[str, object]) -> Part:
    """Makes a part of the scores from JSON.

    Raises:
        KeyError: If a field is missing.
        TypeError: If a field is of another type, or a number is not finite.
    """
    values: dict[str, Any] = {}
    for one in fields(kind):
        wanted = get_type_hints(kind)[one.name]
        value = content[one.name] if one.default is MISSING else content.get(one.name, one.default)
        try:
            value = number(value) if wanted is float and type(value) in (int, float) else value
        except ValueError as error:
            raise TypeError(f"{one.name}: {error}") from error
        if type(value) is not wanted:
            raise TypeError(f"{one.name}: wanted {wanted.__name__}, got {str(value)[:40]!r}")
        values[one.name] = value
    return kind(**values)
