"""The report of a comparison: one HTML file that needs no network, on paper, phone or screen."""

from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

from rich.console import Console

from common.files import write_file
from common.terminal import plural
from contest.report import charts
from contest.report.curves import POINTS, return_by_time, score_so_far
from contest.report.levels import LevelCards, curve_figure, curves, level_text
from contest.report.markup import Html, tag
from contest.scoring.compare import Comparison, optional, seeds_text
from contest.scoring.results import Run

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
"""What the page may load: nothing but itself."""

LEAST_POINTS = POINTS // 4
"""Of the score so far, below which its chart is left out: runs so short that their first episodes took most of them."""

SOURCE = "https://arxiv.org/abs/2108.13264"


@cache
def style() -> str:
    """The CSS of reports and plots."""
    return (files("contest.report") / "page.css").read_text(encoding="utf-8")


def write_report(comparison: Comparison, path: Path, console: Console) -> None:
    """Writes the report; it appears when it is whole.

    Args:
        comparison: What it is about.
        path: The HTML file.
        console: Where to show the progress of videos.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, "<!DOCTYPE html>\n" + _Report(comparison, console).page() + "\n")


def write_plot(comparison: Comparison, path: Path) -> bool:
    """Writes the plot of score against timesteps as an SVG file.

    Returns:
        Whether there is one: it needs the runs' own records.
    """
    found = curves(comparison, score_so_far)
    if not found:
        return False
    names = [standing.result.name for standing in comparison.standings]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, charts.curve_chart(found, names, comparison.timesteps, "score so far", style()) + "\n")
    return True


class _Report:
    """Writes a report.

    Args:
        comparison: What it is about.
        console: Where to show progress.
    """

    def __init__(self, comparison: Comparison, console: Console) -> None:
        self._comparison = comparison
        self._standings = comparison.standings
        self._names = [standing.result.name for standing in comparison.standings]
        self._console = console
        self._cards = LevelCards(comparison, console)

    def page(self) -> Html:
        """All of it."""
        body = [self._scores(), self._over_the_run(), self._level_table(), self._levels(), self._players()]
        title = f"Scores of {', '.join(self._names)}"
        meta = [
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        ]
        head = tag("head", *meta, tag("title", title), tag("style", Html(style() + self._switched())))
        nav = tag("nav", tag("ul", *(tag("li", self._switch(number)) for number in range(len(self._names)))))
        main = tag("main", *body, self._failures())
        return tag("html", head, tag("body", self._header(), nav, main, _footer()), lang="en")

    def _switch(self, number: int) -> Html:
        """An agent's name with a box that shows or hides its curves and marks."""
        box = tag("input", type="checkbox", checked=True, id=f"show{number}", autocomplete="off")
        return tag("label", box, self._chip(number))

    def _switched(self) -> str:
        """The CSS for the boxes."""
        rule = "body:has(#show{0}:not(:checked)) :is(.series, .ends).n{0} {{ display: none }}\n"
        return "".join(rule.format(number) for number in range(len(self._names)))

    def _chip(self, number: int) -> Html:
        """An agent's name with its colour."""
        return tag("span", self._names[number], class_=f"chip {charts.colour(number)}")

    def _header(self) -> Html:
        comparison = self._comparison
        levels = len(comparison.levels)
        facts = [
            plural(len(self._names), "agent"),
            plural(levels, "level"),
            seeds_text(comparison.seeds),
            f"{comparison.timesteps:,} timesteps a run",
        ]
        warning = []
        lost = sum(len(standing.result.missing) for standing in self._standings)
        if lost or comparison.left_out:
            words = f"Runs without a score: {lost}. Runs left out, as not every agent has them: {comparison.left_out}."
            warning.append(tag("p", words, class_="warning"))
        return tag("header", tag("h1", "Scores on the same levels and seeds"), tag("p", " · ".join(facts)), *warning)

    def _scores(self) -> Html:
        rows = [
            charts.Ranking(name=name, mean=one.mean, middle=one.interquartile_mean)
            for name, one in zip(self._names, self._standings, strict=True)
        ]
        heads = ["agent", "mean", "95 % interval", "interquartile mean"]
        against = len(self._names) > 1
        if against:
            heads += [f"times {self._names[0]}", f"P(better than {self._names[0]})"]
        body = []
        for number, one in enumerate(self._standings):
            cells = [
                f"{one.mean.value:,.1f}",
                "–" if one.mean.low is None else f"{one.mean.low:,.0f} to {one.mean.high:,.0f}",  # noqa: RUF001
                f"{one.interquartile_mean.value:,.1f}",
            ]
            cells += [optional(one.ratio, ".2f"), optional(one.improvement, ".2f")] if against else []
            body.append(tag("tr", tag("td", self._chip(number)), *(tag("td", cell) for cell in cells)))
        commands = [
            tag("p", self._chip(number), tag("br"), tag("code", one.result.command), *map(_remark, one.remarks))
            for number, one in enumerate(self._standings)
        ]
        caption = tag("figcaption", "Circle: mean, with its 95 % interval. Triangle: interquartile mean.")
        chart = tag("figure", charts.ranking_chart(rows), caption, class_="card")
        who = tag("div", tag("h4", "Commands"), *commands, class_="card")
        table = tag("div", _table(heads, body), class_="card scroll")
        return tag("section", tag("h2", "Scores"), tag("div", chart, who, class_="cards"), table)

    def _over_the_run(self) -> Html:
        figure = partial(curve_figure, self._comparison, kind="card")
        score = figure(
            "Score so far: mean return of all episodes up to then", score_so_far, "score so far", least=LEAST_POINTS
        )
        learning = figure("Learning: return of the episodes at that time", return_by_time, "return")
        if not score and not learning:
            return tag("p", "The runs' own records are gone, so there are no curves.", class_="soft")
        return tag("section", tag("h2", "Over the run"), tag("div", score, learning, class_="cards"))

    def _level_table(self) -> Html:
        body = []
        for number, level in enumerate(self._comparison.levels):
            scores = [standing.scores[number] for standing in self._standings]
            best = max(float(one.mean()) for one in scores)
            cells = []
            for one in scores:
                spread = f"{one.min():,.0f} to {one.max():,.0f}" if len(one) > 1 else ""
                is_best = len(scores) > 1 and float(one.mean()) == best
                value = tag("span", spread, class_="range") if spread else Html("")
                cells.append(tag("td", f"{one.mean():,.1f}", value, class_="best" if is_best else None))
            body.append(tag("tr", tag("td", level_text(level)), *cells))
        heads = [Html("level"), *(self._chip(number) for number in range(len(self._names)))]
        hint = "Mean return over the seeds; below it, from the lowest seed to the highest."
        table = tag("div", _table(heads, body), class_="card scroll")
        return tag("section", tag("h2", "Level by level"), tag("p", hint, class_="soft"), table)

    def _levels(self) -> Html:
        levels = self._comparison.levels
        cards = []
        for number, level in enumerate(levels):
            words = f"report: level {number + 1} of {len(levels)}, {level_text(level)}"
            self._console.print(words, markup=False, highlight=False, soft_wrap=True)  # a map or a video takes seconds
            cards.append(self._cards.card(number, level))
        return tag("section", tag("h2", "Levels"), *cards)

    def _players(self) -> Html:
        """Shows which players held the controls, in the agents that tell."""
        held = [[_held(one) for one in standing.runs] for standing in self._standings]
        players = list(_sum([level for agent in held for level in agent]))
        if not players:
            return Html("")
        chips = [
            tag("span", charts.short(name, 40), class_=f"chip p{number % charts.PLAYER_COLOURS}")
            for number, name in enumerate(players)
        ]
        rows: list[Html] = []
        for number, by_level in enumerate(held):
            whole = _sum(by_level)
            if not whole:
                continue
            rows += [tag("span", self._chip(number), class_="whole"), charts.share_bar(whole, players, "all levels")]
            for level, part in zip(self._comparison.levels, by_level, strict=True):
                if sum(part.values()) > 0:
                    label = level_text(level)
                    rows += [tag("span", label, class_="part"), charts.share_bar(part, players, label)]
        hint = (
            "An agent may hand its controls from one player inside it to another. Shares of the timesteps by player, from "
            "the agents' own records; the colours here are the players', not the agents'."
        )
        legend = tag("div", *chips, class_="legend")
        card = tag("div", legend, tag("div", *rows, class_="shares"), class_="card")
        return tag("section", tag("h2", "Who held the controls"), tag("p", hint, class_="soft"), card)

    def _failures(self) -> Html:
        """Lists the runs that failed, and what could not be shown."""
        rows = [
            tag("tr", *(tag("td", cell) for cell in cells))
            for number, standing in enumerate(self._standings)
            for one in standing.result.missing
            for cells in [
                (self._chip(number), level_text((one.game, one.state)), str(one.seed), one.reason or "not got to")
            ]
        ]
        parts = []
        if rows:
            table = tag("div", _table(["agent", "level", "seed", "reason"], rows, "wrap"), class_="card scroll")
            parts += [tag("h2", "Runs without a score"), table]
        if self._cards.remarks:
            parts += [tag("h2", "Not shown"), tag("ul", *(tag("li", remark) for remark in self._cards.remarks))]
        return tag("section", *parts) if parts else Html("")


def _remark(text: str) -> Html:
    """Puts a remark below an agent's command."""
    return tag("span", tag("br"), text, class_="soft")


def _footer() -> Html:
    """Explains the figures."""
    words = (
        "A run's score is the mean return of its episodes, the unfinished last one left out unless it is the only one. "
        "Mean: over the levels of the mean over the seeds. Interquartile mean: of the middle half of all runs. "
        "Intervals: 95 %, percentile bootstrap over seeds within levels; they say how much other seeds would change "
        "the figure on these levels, not what other levels would, and with fewer than about five seeds they come out "
        "too narrow. P(better): probability that a run beats one of the first agent's on the same level. "
        "Measures as in "
    )
    source = tag("a", "Agarwal et al. 2021", href=SOURCE)
    return tag("footer", tag("p", words, source, "."))


def _table(heads: Sequence[str], rows: Sequence[Html], kind: str | None = None) -> Html:
    """A table."""
    head = tag("thead", tag("tr", *(tag("th", cell) for cell in heads)))
    return tag("table", head, tag("tbody", *rows), class_=kind)


def _held(runs: Sequence[Run]) -> dict[str, float]:
    """Adds up the timesteps by player over some runs."""
    return _sum([run.timesteps_by_player() for run in runs])


def _sum(parts: Sequence[dict[str, float]]) -> dict[str, float]:
    """Adds up by player."""
    names = (name for part in parts for name in part)
    total = {name: sum(part.get(name, 0.0) for part in parts) for name in dict.fromkeys(names)}
    return {name: timesteps for name, timesteps in total.items() if timesteps > 0}
