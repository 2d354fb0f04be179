"""The part of a report that shows level after level: curves, how far episodes got, maps, videos."""

import base64
from collections.abc import Sequence

from rich.console import Console

from agent.rules import LEVEL_REWARD
from contest.remote import games
from contest.remote.games import GameError
from contest.remote.recording import VideoError
from contest.report import charts
from contest.report.curves import Curve, CurveOf, return_by_time
from contest.report.maps import level_map
from contest.report.markup import Html, tag
from contest.report.video import Quality, make_video
from contest.scoring.compare import Comparison
from contest.scoring.pairs import BEST_RECORDING
from contest.scoring.results import LevelName, Run

SMALL = Quality(scale=1, crf=30, fps=30)
"""Of videos inside the page, which is to stay small enough to be sent."""


def level_text(level: LevelName) -> str:
    """A level's name."""
    return " ".join(filter(None, level))


def curves(comparison: Comparison, of: CurveOf, level: int | None = None) -> dict[int, Curve]:
    """The curves that there are, of a level or the mean of all, by the agent's number."""
    found = ((number, standing.curve(of, level)) for number, standing in enumerate(comparison.standings))
    return {number: curve for number, curve in found if curve is not None}


def curve_figure(
    comparison: Comparison,
    heading: str,
    of: CurveOf,
    label: str,
    level: int | None = None,
    kind: str | None = None,
    least: int = 1,
) -> Html:
    """A chart of curves with its heading; empty if the records are gone, or no curve has at least so many points."""
    found = curves(comparison, of, level)
    if not any(len(curve.timesteps) >= least for curve in found.values()):
        return Html("")
    names = [standing.result.name for standing in comparison.standings]
    chart = charts.curve_chart(found, names, comparison.timesteps, label)
    return tag("figure", tag("h4", heading), chart, class_=kind)


class LevelCards:
    """Writes a card a level.

    Args:
        comparison: What it is about.
        console: Where to show the progress of videos.
    """

    def __init__(self, comparison: Comparison, console: Console) -> None:
        """Writes nothing yet."""
        self._comparison = comparison
        self._console = console
        self._names = [standing.result.name for standing in comparison.standings]
        self.remarks: list[str] = []
        """What could not be shown, and why."""

    def card(self, number: int, level: LevelName) -> Html:
        """Makes the card of a level."""
        learning = curve_figure(self._comparison, "Learning", return_by_time, "return", number)
        runs = [standing.runs[number] for standing in self._comparison.standings]
        cards = tag("div", learning, self._reach(level[0], runs), self._video(runs), class_="cards")
        whole = self._map(level[0], runs, f"map{number}")
        return tag("article", tag("h3", level_text(level)), cards, whole, class_="card level")

    def _reach(self, game: str, runs: Sequence[Sequence[Run]]) -> Html:
        """Shows how far the episodes of a level got."""
        returns = [[value for run in one if run.record is not None for value, _ in run.record.scored()] for one in runs]
        if not all(returns):
            return Html("")
        try:
            goal = LEVEL_REWARD if games.find(game, any_rom=True).pays_progress else None
        except GameError:  # the ROM is not on this machine
            goal = None
        chart = charts.reach_chart(returns, self._names, goal)
        return tag("figure", tag("h4", "How far the episodes got"), chart)

    def _map(self, game: str, runs: Sequence[Sequence[Run]], name: str) -> Html:
        """Shows where on the map a level's episodes ended."""
        try:
            drawn = level_map(game, runs[0][0].start)
        except GameError as error:
            self.remarks.append(str(error))
            return Html("")
        if drawn is None:
            return Html("")
        ends = [[place for run in one if run.record for place in run.record.scored_ends() if place] for one in runs]
        caption = "The larger a mark, the more episodes ended there. The lower map can be moved sideways."
        both = charts.map_charts(drawn, ends, self._names, name)
        return tag("figure", tag("h4", "Where the episodes ended"), both, tag("figcaption", caption))

    def _video(self, runs: Sequence[Sequence[Run]]) -> Html:
        """Shows the best recorded episode of a level."""
        recorded = [
            (run.score.best, self._names[number], run)
            for number, one in enumerate(runs)
            for run in one
            if run.folder is not None and (run.folder / BEST_RECORDING).is_file()
        ]
        if not recorded:
            return Html("")
        value, name, run = max(recorded, key=lambda found: found[0])
        assert run.folder is not None
        video = run.folder / "best.mp4"
        try:
            if not video.is_file():
                make_video(
                    run.folder / BEST_RECORDING,
                    video,
                    self._console,
                    expected_return=run.score.best,
                    any_rom=True,  # the expected return tells whether it is the one that was played
                    quality=SMALL,
                )
            content = base64.b64encode(video.read_bytes()).decode()
        except (VideoError, GameError, OSError) as error:
            self.remarks.append(f"no video of {level_text((run.score.game, run.score.state))}: {error}")
            return Html("")
        player = tag("video", src=f"data:video/mp4;base64,{content}", controls=True, muted=True, playsinline=True)
        caption = f"Best recorded episode: {name}, seed {run.score.seed}, return {value:,.1f}"
        return tag("figure", tag("h4", "Best episode"), player, tag("figcaption", caption))
