"""From the scores of single runs to a table: means, confidence interval, JSON, CSV."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, TypeVar, get_type_hints

from rich.table import Table

from common.files import count, number, read_json, write_file
from common.terminal import plural
from contest.monitor import Record
from contest.server import Cause

CONFIDENCE = 0.95
"""Of the interval around the score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScore:
    """What one level and seed gave."""

    game: str
    """As in the list of levels."""

    state: str
    """As in the list of levels; empty for the game's default."""

    seed: int
    """Of the server's delays, and the agent's QJERK_SEED."""

    score: float
    """Mean return of the episodes, the unfinished last one left out unless it is the only one."""

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

    @classmethod
    def of_json(cls, content: Mapping[str, object]) -> "PairScore":
        """A score as JSON has it.

        Raises:
            KeyError, TypeError: If it is none.
        """
        return _checked(cls, content)

    @classmethod
    def of(cls, record: Record, *, game: str, state: str, seed: int) -> "PairScore":
        """The score of a server's record, which must have at least one episode to score."""
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
    """One line; empty if the run was not got to."""


Part = TypeVar("Part", PairScore, Failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """All of an evaluation."""

    agent: str
    """The agent's command."""

    timesteps: int
    """Budget of each run."""

    levels: tuple[PairScore, ...]
    """What there is."""

    missing: tuple[Failure, ...] = ()
    """What failed or was not got to."""

    @property
    def score(self) -> float | None:
        """Mean over levels of the mean over seeds, of what is there; None if nothing is."""
        by_level: dict[tuple[str, str], list[float]] = {}
        for pair in self.levels:
            by_level.setdefault((pair.game, pair.state), []).append(pair.score)
        return fmean(map(fmean, by_level.values())) if by_level else None

    @property
    def ci95(self) -> float | None:
        """Half width of the 95 % confidence interval of the score, from the spread over seeds.

        Student's t on the seeds' own scores, each the mean over all levels; a seed with a level missing is left out.

        Returns:
            The half width in reward units; None with fewer than two seeds.
        """
        incomplete = {failure.seed for failure in self.missing}
        by_seed: dict[int, list[float]] = {}
        for pair in self.levels:
            if pair.seed not in incomplete:
                by_seed.setdefault(pair.seed, []).append(pair.score)
        means = [fmean(scores) for scores in by_seed.values()]
        if len(means) < 2:
            return None
        return t_quantile(CONFIDENCE, len(means) - 1) * stdev(means) / math.sqrt(len(means))

    def save(self, folder: Path) -> None:
        """Writes scores.json and scores.csv, each whole at any moment."""
        content = {
            "agent": self.agent,
            "timesteps": self.timesteps,
            "levels": [asdict(pair) for pair in self.levels],
            "score": self.score,
            "ci95": self.ci95,
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
        """One row a level, the mean over the seeds first, and the mean of all below."""
        table = Table(title=f"{self.agent}, {plural(self.timesteps, 'timestep')} a run", title_justify="left")
        table.add_column("level", overflow="fold")
        for name in ("score", "seed by seed", "best", "episodes", "per s"):
            table.add_column(name, justify="right", overflow="fold")
        table.add_column("remarks", overflow="fold")
        everything: Iterable[PairScore | Failure] = (*self.levels, *self.missing)
        for game, state in dict.fromkeys((pair.game, pair.state) for pair in everything):
            table.add_row(f"{game} {state}".strip(), *self._row(game, state))
        table.add_section()
        half = "" if self.ci95 is None else f" ± {self.ci95:.1f}"
        score = "none" if self.score is None else f"{self.score:.1f}{half}"
        what = "mean" if not self.missing else f"mean WITHOUT the {len(self.missing)} missing"
        table.add_row(what, score, style="bold")
        return table

    def _row(self, game: str, state: str) -> tuple[str, ...]:
        """A level's cells after its name; the remarks are what is not as it should be."""
        pairs = sorted((one for one in self.levels if (one.game, one.state) == (game, state)), key=lambda one: one.seed)
        lost = sum((one.game, one.state) == (game, state) for one in self.missing)
        ends = dict.fromkeys(pair.end for pair in pairs if pair.end != Cause.TIMESTEPS)
        remarks = ", ".join([*ends, *([f"{lost} missing"] if lost else [])])
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
        wanted, value = get_type_hints(kind)[one.name], content[one.name]
        try:
            value = number(value) if wanted is float and type(value) in (int, float) else value
        except ValueError as error:
            raise TypeError(f"{one.name}: {error}") from error
        if type(value) is not wanted:
            raise TypeError(f"{one.name}: wanted {wanted.__name__}, got {str(value)[:40]!r}")
        values[one.name] = value
    return kind(**values)


def t_quantile(confidence: float, freedom: int) -> float:
    """The t with which Student's t lies within -t..t with the given probability.

    Source: Abramowitz and Stegun, 26.7.3 and 26.7.4 (closed forms for whole degrees of freedom), solved by bisection.

    Args:
        confidence: Probability, within (0, 1).
        freedom: Degrees of freedom, at least 1.

    Returns:
        t, accurate to 1e-9.

    Raises:
        ValueError: If an argument is out of range.
    """
    if not (0 < confidence < 1 and freedom >= 1):
        raise ValueError(f"wanted a confidence within (0, 1) and freedom of at least 1, got {confidence}, {freedom}")

    def within(angle: float) -> float:
        """Probability of |t| < sqrt(freedom) * tan(angle)."""
        cos, odd = math.cos(angle), freedom % 2
        term, total = (cos, 0.0) if odd else (1.0, 0.0)
        for k in range(1 + odd, freedom, 2):
            total += term
            term *= cos * cos * k / (k + 1)
        return (angle + math.sin(angle) * total) * 2 / math.pi if odd else math.sin(angle) * total

    low, high = 0.0, math.pi / 2
    for _ in range(60):  # halvings, down to the last bit
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) < confidence else (low, middle)
    return math.sqrt(freedom) * math.tan(low)
