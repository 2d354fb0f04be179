"""Compares agents on the same levels and seeds."""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from common.files import write_file
from contest.remote.monitor import Record
from contest.report.curves import Curve, CurveOf, mean_curve, return_by_time
from contest.scoring import bootstrap
from contest.scoring.bootstrap import Estimate, Runs
from contest.scoring.evaluation import EvaluationError
from contest.scoring.results import LevelName, Result, Run

SPARKS = "▁▂▃▄▅▆▇█"
"""From the lowest return to the highest."""

SPARK_WIDTH = 25
"""Characters of a sparkline; half the windows of a learning curve."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One agent on the levels and seeds that every agent has."""

    result: Result
    """Its whole evaluation."""

    runs: tuple[tuple[Run, ...], ...]
    """The compared runs, by level."""

    first: "Standing | None" = None
    """The first agent, which the others are measured against; None for the first itself."""

    @property
    def scores(self) -> list[Runs]:
        """Scores of each level's runs, float [runs]."""
        return [np.array([run.score.score for run in runs]) for runs in self.runs]

    @cached_property
    def mean(self) -> Estimate:
        """The contest's score: mean over levels of the mean over seeds."""
        return bootstrap.estimate(bootstrap.mean, self.scores)

    @cached_property
    def interquartile_mean(self) -> Estimate:
        """The mean of the middle half of the runs."""
        return bootstrap.estimate(bootstrap.interquartile_mean, self.scores)

    @cached_property
    def ratio(self) -> Estimate | None:
        """The score as a multiple of the first agent's; None unless that one's is above 0."""
        return self._against_first(bootstrap.ratio)

    @cached_property
    def improvement(self) -> Estimate | None:
        """Probability that a run of this agent beats one of the first agent's on the same level."""
        return self._against_first(bootstrap.improvement)

    @property
    def remarks(self) -> list[str]:
        """The remarks on the compared runs, each with the number of runs that have it."""
        everything = [run.score.remark for runs in self.runs for run in runs]
        counts = Counter(filter(None, everything))
        return [f"{remark} ({count} of {len(everything)} runs)" for remark, count in counts.items()]

    def _against_first(self, measure: Callable[..., Any]) -> Estimate | None:
        """Estimates a measure of this agent and the first; None unless it is finite."""
        if self.first is None:
            return None
        found = bootstrap.compare(measure, self.scores, self.first.scores)
        numbers = (found.value, *(end for end in (found.low, found.high) if end is not None))
        return found if all(map(math.isfinite, numbers)) else None

    def records(self) -> list[list[Record]] | None:
        """The records of the runs, by level; None if any is gone."""
        records = [[run.record for run in runs if run.record is not None] for runs in self.runs]
        is_whole = all(len(kept) == len(runs) for kept, runs in zip(records, self.runs, strict=True))
        return records if is_whole else None

    def curve(self, of: CurveOf, level: int | None = None) -> Curve | None:
        """A curve over the run, of one level or the mean of all; None if the records are gone."""
        records = self.records()
        if records is None:
            return None
        return mean_curve(of, records if level is None else [records[level]], self.result.timesteps)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Agents on the same levels and seeds."""

    levels: tuple[LevelName, ...]
    """The levels that every agent has a score for, in the order of the first agent's list."""

    seeds: tuple[tuple[int, ...], ...]
    """The seeds of each level that every agent has a score for."""

    standings: tuple[Standing, ...]
    """The agents."""

    left_out: int
    """Runs that are not compared because not every agent has them."""

    @property
    def timesteps(self) -> int:
        """Budget of each run."""
        return self.standings[0].result.timesteps

    def table(self) -> Table:
        """Tabulates the scores by level and agent, with the summaries below."""
        budget = f"{self.timesteps:,} timesteps a run, {seeds_text(self.seeds)}"
        table = Table(title=f"mean return by level: {budget}", title_justify="left")
        table.add_column("level", overflow="fold")
        for standing in self.standings:
            table.add_column(standing.result.name, justify="right", overflow="fold")
        for number, (game, state) in enumerate(self.levels):
            means = [float(standing.scores[number].mean()) for standing in self.standings]
            cells = [f"[bold]{mean:,.1f}[/]" if mean == max(means) else f"{mean:,.1f}" for mean in means]
            table.add_row(f"{game} {state}".strip(), *cells)
        table.add_section()
        table.add_row("mean, 95 % interval", *(standing.mean.text() for standing in self.standings), style="bold")
        table.add_row("interquartile mean", *(standing.interquartile_mean.text() for standing in self.standings))
        if len(self.standings) > 1:
            first = self.standings[0].result.name
            table.add_row(f"times {first}", *(optional(standing.ratio, ".2f") for standing in self.standings))
            table.add_row(f"P(better than {first})", *(optional(one.improvement, ".2f") for one in self.standings))
        table.add_row("return over the run", *self._sparklines())
        return table

    def _sparklines(self) -> list[str]:
        """The agents' learning curves in a line of text, all on one scale."""
        curves = [standing.curve(return_by_time) for standing in self.standings]
        values = [[] if curve is None else _thinned(curve.value.tolist()) for curve in curves]
        everything = [value for line in values for value in line]
        low, high = min(everything, default=0.0), max(everything, default=0.0)
        scale = (len(SPARKS) - 1) / (high - low) if high > low else 0.0
        return ["".join(SPARKS[round((value - low) * scale)] for value in line) for line in values]

    def save(self, path: Path) -> None:
        """Writes the figures as JSON."""
        content = {
            "timesteps": self.timesteps,
            "levels": [
                {
                    "game": game,
                    "state": state,
                    "seeds": self.seeds[number],
                    "score": {one.result.name: float(one.scores[number].mean()) for one in self.standings},
                }
                for number, (game, state) in enumerate(self.levels)
            ],
            "agents": [
                {
                    "name": one.result.name,
                    "command": one.result.command,
                    "mean": _numbers(one.mean),
                    "interquartile_mean": _numbers(one.interquartile_mean),
                    "times_first": _numbers(one.ratio),
                    "probability_better_than_first": _numbers(one.improvement),
                    "missing": len(one.result.missing),
                }
                for one in self.standings
            ],
            "runs_left_out": self.left_out,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(content, indent=1) + "\n")


def compare(results: Sequence[Result]) -> Comparison:
    """Compares agents; all others are measured against the first.

    Raises:
        EvaluationError: If they were not evaluated alike, or have no level and seed in common.
    """
    names = [result.name for result in results]
    for name in names:
        if names.count(name) > 1:
            raise EvaluationError(f"two results are called {name}: tell them apart as NAME=DIR")
    first, *others = results
    for other in others:
        if other.timesteps != first.timesteps:
            raise EvaluationError(
                f"{first.name} was run for {first.timesteps} timesteps and {other.name} for {other.timesteps}: "
                "only runs of the same length can be compared"
            )
    tables = [result.by_level() for result in results]
    common: dict[LevelName, tuple[int, ...]] = {}
    for level, runs in tables[0].items():
        seeds = tuple(seed for seed in sorted(runs) if all(seed in table.get(level, {}) for table in tables))
        if seeds:
            common[level] = seeds
    if not common:
        raise EvaluationError(f"{', '.join(names)}: no level and seed that every one has a score of")
    standings: list[Standing] = []
    for result, table in zip(results, tables, strict=True):
        shared = tuple(tuple(table[level][seed] for seed in seeds) for level, seeds in common.items())
        standings.append(Standing(result=result, runs=shared, first=standings[0] if standings else None))
        _check_settings(standings[0], standings[-1])
    kept = sum(map(len, common.values())) * len(results)
    return Comparison(
        levels=tuple(common),
        seeds=tuple(common.values()),
        standings=tuple(standings),
        left_out=sum(len(result.runs) for result in results) - kept,
    )


def _check_settings(first: Standing, other: Standing) -> None:
    """Checks that the runs were made with the same settings, as far as their folders still tell.

    Raises:
        EvaluationError: If they were not.
    """
    for ours, theirs in zip(first.runs, other.runs, strict=True):
        for one, two in zip(ours, theirs, strict=True):
            for name in one.settings.keys() & two.settings.keys() - {"agent"}:
                if one.settings[name] != two.settings[name]:
                    raise EvaluationError(
                        f"{one.score.game} {one.score.state} seed {one.score.seed}: {first.result.name} was run with "
                        f"{name} {one.settings[name]!r}, {other.result.name} with {two.settings[name]!r}"
                    )


def seeds_text(seeds: Sequence[Sequence[int]]) -> str:
    """Says how many seeds the levels have."""
    fewest, most = min(map(len, seeds)), max(map(len, seeds))
    return f"{most} seed{'s' if most > 1 else ''}" if fewest == most else f"{fewest} to {most} seeds"


def optional(estimate: Estimate | None, form: str) -> str:
    """Formats an estimate; a dash where there is none."""
    return "–" if estimate is None else estimate.text(form)  # noqa: RUF001 - an en dash is what is meant


def _numbers(estimate: Estimate | None) -> dict[str, float | None] | None:
    """An estimate for JSON."""
    return None if estimate is None else {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _thinned(values: list[float]) -> list[float]:
    """Means of neighbours, SPARK_WIDTH of them."""
    return [float(part.mean()) for part in np.array_split(np.array(values), SPARK_WIDTH)]
