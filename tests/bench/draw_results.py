"""Draws README's figure and table of results from docs/results.csv: `python tests/bench/draw_results.py`.

New figures come in first, from a file that bench_parts.py wrote:
`python tests/bench/draw_results.py --runs RESULTS.json --commit COMMIT --date 2026-11-30`.
"""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from common.files import write_file
from contest.report.axes import BOTTOM, LEFT, TOP, Axes, canvas, compact, path
from contest.report.charts import colour
from contest.report.markup import Html, tag
from contest.report.page import style
from contest.scoring import bootstrap

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results.csv"
FIGURE = ROOT / "docs" / "images" / "results.svg"
README, PAGE = ROOT / "README.md", ROOT / "docs" / "results.md"
TABLE = re.compile(r"(<!-- results: tests/bench/draw_results.py -->\n)(.*?)(<!-- end of results -->)", re.DOTALL)

PLANNER = "planner"
"""It sees the inside of the game: a bound for the others, drawn as a line from side to side."""
AGENTS = ("ours", "JERK", "improved JERK", "network alone", PLANNER, "random")
"""In the order of their colours."""
PARTS = {
    "random": "random",
    "jerk": "JERK",
    "improved-jerk": "improved JERK",
    "network": "network alone",
    PLANNER: PLANNER,
}
"""What bench_parts.py calls them; "ours" is its last part, whatever that is."""
HEIGHT = 300
ROOM = 0.8
"""For names at the right, in powers of ten."""
WHOLE = ".chart { max-width: none }\n"
"""The page's charts stop growing at a width; a file of its own has no page around it."""
APART = 14
"""Least distance between two names, units of the chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Draws the figure and the tables of results."""

    runs: Path | None = None
    """A file of bench_parts.py whose figures replace those of the same agents and timesteps."""
    ours: str = "+ bandit and pace"
    """The part of bench_parts.py that is the whole agent."""
    commit: str = ""
    """The code that played the runs."""
    date: str = ""
    """When they were played, such as 2026-11-30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An agent's score after some timesteps."""

    agent: str
    timesteps: int
    seeds: int
    mean: float
    low: float | None
    high: float | None
    worst: float | None
    """The lowest of the levels' means."""
    commit: str
    date: str


def read(text: str) -> list[Row]:
    """Reads docs/results.csv."""

    def number(cell: str) -> float | None:
        return float(cell) if cell else None

    return [
        Row(
            agent=cells["agent"],
            timesteps=int(cells["timesteps"]),
            seeds=int(cells["seeds"]),
            mean=float(cells["mean"]),
            low=number(cells["low"]),
            high=number(cells["high"]),
            worst=number(cells["worst"]),
            commit=cells["commit"],
            date=cells["date"],
        )
        for cells in csv.DictReader(io.StringIO(text))
    ]


def written(rows: Sequence[Row]) -> str:
    """Writes docs/results.csv: sorted by agent and timesteps, figures without decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["agent", "timesteps", "seeds", "mean", "low", "high", "worst", "commit", "date"])
    for row in sorted(rows, key=lambda row: (AGENTS.index(row.agent), row.timesteps)):
        figures = ["" if figure is None else f"{figure:.0f}" for figure in (row.mean, row.low, row.high, row.worst)]
        writer.writerow([row.agent, row.timesteps, row.seeds, *figures, row.commit, row.date])
    return text.getvalue()


def rows_of(runs: dict[str, float], ours: str, commit: str, date: str) -> list[Row]:
    """Sums up the runs of bench_parts.py, by `part/level/timesteps/seed/network`; other parts are left out."""
    scores: dict[tuple[str, int], dict[str, list[float]]] = {}
    networks: set[str] = set()
    for key, score in runs.items():
        part, level, length, _, network = key.rsplit("/", 4)
        agent = "ours" if part == ours else PARTS.get(part)
        if agent is not None:
            networks.add(network)
            scores.setdefault((agent, int(length)), {}).setdefault(level, []).append(score)
    networks.discard("-")  # who has none
    if len(networks) > 1:
        raise SystemExit(f"draw_results.py: wanted runs of one network, got {', '.join(sorted(networks))}")
    rows = []
    for (agent, timesteps), levels in scores.items():
        estimate = bootstrap.estimate(bootstrap.mean, [np.array(one) for one in levels.values()])
        rows.append(
            Row(
                agent=agent,
                timesteps=timesteps,
                seeds=min(map(len, levels.values())),
                mean=estimate.value,
                low=estimate.low,
                high=estimate.high,
                worst=min(float(np.mean(one)) for one in levels.values()),
                commit=commit,
                date=date,
            )
        )
    return rows


def score(row: Row) -> str:
    """A score with its interval."""
    return f"{row.mean:,.0f}" if row.low is None else f"{row.mean:,.0f} [{row.low:,.0f}, {row.high:,.0f}]"


def short_table(rows: Sequence[Row]) -> str:
    """README's table: a line for each agent, a column for each length of a run."""
    shown = [row for row in rows if row.agent != PLANNER]
    lengths = sorted({row.timesteps for row in shown})
    lines = [f"| timesteps | {' | '.join(f'{length:,}' for length in lengths)} |", "|---" + "|--:" * len(lengths) + "|"]
    for agent in AGENTS:
        scores = {row.timesteps: score(row) for row in shown if row.agent == agent}
        if scores:
            cells = (scores.get(length, "") for length in lengths)
            lines.append(f"| {'**ours**' if agent == 'ours' else agent} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def table(rows: Sequence[Row]) -> str:
    """All there is to say of each score."""
    baselines = {row.timesteps: row.mean for row in rows if row.agent == "JERK"}
    heads = ("agent", "timesteps", "seeds", "score", "x JERK", "worst level", "commit", "date")
    lines = [f"| {' | '.join(heads)} |", "|---|--:|--:|--:|--:|--:|---|---|"]
    for row in sorted(rows, key=lambda row: (row.timesteps, row.mean)):
        ratio = f"{row.mean / baselines[row.timesteps]:.2f}" if row.timesteps in baselines else ""
        worst = "" if row.worst is None else f"{row.worst:,.0f}"
        name = "**ours**" if row.agent == "ours" else row.agent
        cells = (name, f"{row.timesteps:,}", str(row.seeds), score(row), ratio, worst, row.commit, row.date)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def figure(rows: Sequence[Row]) -> str:
    """The results as SVG: score against timesteps, whose axis is logarithmic."""
    shown = [row for row in rows if row.agent != PLANNER]
    first, last = (math.log10(end(row.timesteps for row in shown)) for end in (min, max))
    powers = range(math.floor(first), math.floor(last) + 1)
    axes = Axes(x_ticks=powers, x_end=last + ROOM, y_ticks=range(0, 10_001, 2_000), height=HEIGHT)
    parts = [
        tag("text", compact(10**power), x=axes.x(power), y=HEIGHT - BOTTOM + 16, class_="tick", text_anchor="middle")
        for power in powers
    ]
    for value in axes.y_ticks:
        y = axes.y(value)
        parts.append(tag("line", x1=LEFT, x2=axes.x(last), y1=y, y2=y, class_="grid"))
        parts.append(tag("text", compact(value), x=LEFT - 6, y=y + 4, class_="tick", text_anchor="end"))
    middle, across = (TOP + HEIGHT - BOTTOM) / 2, (LEFT + axes.x(last)) / 2
    turn = f"rotate(-90 11 {middle:g})"
    parts.append(tag("text", "timesteps of a run", x=across, y=HEIGHT - 6, class_="axis"))
    parts.append(tag("text", "score: mean return", x=11, y=middle, transform=turn, class_="axis up"))
    names = [_name(one, rows, axes, last) for one in AGENTS if any(row.agent == one for row in rows)]
    parts += [_marks(one, [row for row in rows if row.agent == one], axes, last) for one in AGENTS]
    taken: list[float] = []
    for x, y, anchor, name in sorted(names, key=lambda found: found[1], reverse=True):
        if anchor == "start":  # the names at the right, from the lowest up, keep clear of one another
            y = min([y, *(other - APART for other in taken)])
            taken.append(y)
        drawn = tag("text", name, x=x, y=y, text_anchor=anchor, class_="name", style="fill: var(--c)")
        parts.append(tag("g", drawn, class_=colour(AGENTS.index(name))))
    return canvas(HEIGHT, "score against timesteps, with 95 % intervals", *parts, style=style() + WHOLE) + "\n"


def _marks(agent: str, rows: Sequence[Row], axes: Axes, last: float) -> Html:
    """An agent's points with their intervals, and the line through them."""
    if agent == PLANNER:
        points = [(LEFT, axes.y(row.mean)) for row in rows] + [(axes.x(last), axes.y(row.mean)) for row in rows]
        return tag("g", tag("path", d=path(points), class_="line"), class_=f"{colour(AGENTS.index(agent))} again")
    found = [(axes.x(math.log10(row.timesteps)), row) for row in sorted(rows, key=lambda row: row.timesteps)]
    marks = [tag("path", d=path([(x, axes.y(row.mean)) for x, row in found]), class_="line")]
    for x, row in found:
        if row.low is not None and row.high is not None:
            marks.append(tag("line", x1=x, x2=x, y1=axes.y(row.low), y2=axes.y(row.high), class_="interval"))
        marks.append(tag("circle", cx=x, cy=axes.y(row.mean), r=3.5, class_="mark"))
    return tag("g", *marks, class_=colour(AGENTS.index(agent)))


def _name(agent: str, rows: Sequence[Row], axes: Axes, last: float) -> tuple[float, float, str, str]:
    """Where an agent's name goes: x, y, how it is anchored, the name."""
    end = max((row for row in rows if row.agent == agent), key=lambda row: row.timesteps)
    x, y = axes.x(math.log10(end.timesteps)), axes.y(end.mean)
    if agent == PLANNER or x >= axes.x(last) - 1:
        return axes.x(last) + 8, y + 4, "start", agent
    side = "start" if x < LEFT + 60 else "middle"  # clear of the axis
    x -= 5 if side == "start" else 0
    beside = [row.mean for row in rows if row.timesteps == end.timesteps]
    if end.mean < max(beside):
        return x, axes.y(end.mean if end.low is None else end.low) + 18, side, agent
    return x, axes.y(end.mean if end.high is None else end.high) - 10, side, agent


def main(options: Options) -> None:
    rows = read(RESULTS.read_text())
    if options.runs is not None:
        if not options.commit or not options.date:
            raise SystemExit("draw_results: --runs wants --commit and --date, too: which code played, and when")
        new = rows_of(json.loads(options.runs.read_text()), options.ours, options.commit, options.date)
        replaced = {(row.agent, row.timesteps) for row in new}
        rows = [row for row in rows if (row.agent, row.timesteps) not in replaced] + new
        write_file(RESULTS, written(rows))
        rows = read(RESULTS.read_text())  # as rounded there: drawn again, the figure is the same
    write_file(FIGURE, figure(rows))
    for page, drawn in ((README, short_table(rows)), (PAGE, table(rows))):
        before, begin, _, end, after = TABLE.split(page.read_text())
        write_file(page, before + begin + drawn + end + after)


if __name__ == "__main__":
    main(tyro.cli(Options, prog="python tests/bench/draw_results.py"))
