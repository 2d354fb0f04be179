"""What a report shows, from real runs to folders that have lost theirs."""

import base64
import re
import shutil
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
import toy_game
from finished import finish
from rich.console import Console

from contest.remote.recording import read_recording
from contest.report.markup import Html, join, tag, text
from contest.report.page import write_plot, write_report
from contest.scoring.compare import compare
from contest.scoring.evaluate import evaluate
from contest.scoring.evaluation import Evaluation
from contest.scoring.pairs import BEST_RECORDING
from contest.scoring.results import Result, read_result
from contest.scoring.scores import Failure

RUNS = {("short", seed): [(100.0 * seed + 10 * number, 9) for number in range(5)] for seed in (0, 1)}


class Elements(HTMLParser):
    """Every element's name and attributes; fails on elements that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert not self._open, self._open

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((name, dict(attributes)))
        if name not in ("meta", "br", "input"):
            self._open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self._open.pop() == name

    def handle_data(self, words: str) -> None:
        self.words.append(words)

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.found if found == name]

    def of_class(self, kind: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.found if kind in (attributes.get("class") or "").split()]


def report(folder: Path, *results: Result) -> Elements:
    path = folder / "report.html"
    write_report(compare(results), path, Console(quiet=True))
    return Elements(path.read_text())


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "a < b & \"c\"", tag("br"), title="'<'") == (
        '<p title="&#x27;&lt;&#x27;">a &lt; b &amp; &quot;c&quot;<br></p>'
    )  # fmt: skip
    assert tag("line", x1=1 / 3, stroke_width=2, class_="a", hidden=True, id=None) == (
        '<line x1="0.33" stroke-width="2" class="a" hidden></line>'
    )
    assert join(["<", Html("<br>")]) == "&lt;<br>"
    assert text("null \x00, escape \x1b, lone \udc80, tab \t") == "null ?, escape ?, lone ?, tab \t"


def test_page_stands_alone(tmp_path: Path) -> None:
    page = report(tmp_path, read_result(finish(tmp_path / "one", RUNS)), read_result(finish(tmp_path / "two", RUNS)))
    for name, attributes in page.found:
        for key in ("src", "href"):
            address = attributes.get(key) or "#"
            assert name == "a" or address.startswith(("#", "data:")), (name, address)
    assert "default-src 'none'" in str(page.named("meta"))
    assert not page.named("script")
    assert not [key for _, attributes in page.found for key in attributes if key.startswith("on")]
    style = (tmp_path / "report.html").read_text().split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_map_shows_where_episodes_ended(tmp_path: Path, toy: None) -> None:
    ends = [(90, 30), (95, 30), (0, 70), (100, 9000), None, (150, 50)]  # two in one square; the fourth fell out
    made = read_result(finish(tmp_path / "one", {("short", 0): RUNS["short", 1]}, ends=ends))
    page = report(tmp_path, made)
    (image,) = page.named("image")
    assert (image["width"], image["height"]) == ("200", "100")
    picture = base64.b64decode(str(image["href"]).removeprefix("data:image/webp;base64,"))
    drawn = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert drawn.shape == (50, 100, 3)
    assert abs(drawn.astype(int) - (0, 200, 0)).max() < 16
    circles = [(float(str(one["cx"])), float(str(one["cy"]))) for one in page.named("circle") if one.get("r") != "6"]
    assert (92.5 + 10, 30 + 20) in circles, "the mean of the two, from the picture's corner"
    near = [one for one in page.named("circle") if one.get("class") is None][-6:]
    assert len(near) == 6, "three marks on either map: none of the unfinished episode, which has the last place"
    assert all(0 <= float(str(one["cy"])) <= 100 for one in near), "who fell out is marked at the edge"
    assert any("2 of 4 episodes ended here" in words for words in page.words)


def test_what_cannot_be_shown_is_said(tmp_path: Path, toy: None) -> None:
    missing = [
        Failure(game="Toy-Native", state="short", seed=7, reason="the agent <crashed>"),
        Failure(game="Toy-Native", state="short", seed=8, reason=""),
    ]
    made = finish(tmp_path / "one", {("long", 0): [(1.0, 9)]}, missing=missing)
    (made / "long-0" / BEST_RECORDING).write_text("no recording")
    page = report(tmp_path, read_result(made))
    words = " ".join(page.words)
    assert "drew no map of long: no <map> of this one" in words
    assert "no video of Toy-Native long" in words
    assert "the agent <crashed>" in words
    assert "not got to" in words
    assert "Runs without a score: 2" in words
    assert not page.named("video")


def test_scores_alone_make_a_report(tmp_path: Path) -> None:
    for name in ("one", "two"):
        finish(tmp_path / name, RUNS, game="No-Such-Game")
        for run in (tmp_path / name).glob("short-*"):
            shutil.rmtree(run)
    results = [read_result(tmp_path / name) for name in ("one", "two")]
    page = report(tmp_path, *results)
    assert "The runs' own records are gone" in " ".join(page.words)
    assert len(page.of_class("chart")) == 1
    assert not write_plot(compare(results), tmp_path / "plot.svg")
    assert not (tmp_path / "plot.svg").exists()


def test_many_agents_and_players_keep_apart(tmp_path: Path) -> None:
    results = [read_result(finish(tmp_path / f"agent{number}", RUNS)) for number in range(10)]
    page = report(tmp_path, *results)
    assert {"a0", "a7"} <= {kind for _, one in page.found for kind in (one.get("class") or "").split()}
    assert len([one for one in page.of_class("series") if "again" in str(one["class"])]) == 3 * 2


def test_score_so_far_is_left_out_where_first_episodes_took_the_run(tmp_path: Path) -> None:
    early, late = {("long", 0): [(1.0, 9), (2.0, 90)]}, {("long", 0): [(1.0, 800)]}
    for name, runs, is_shown in (("early", early, True), ("late", late, False)):
        page = report(tmp_path, read_result(finish(tmp_path / name, runs)))
        assert any("Score so far" in words for words in page.words) == is_shown, name
        assert any("Learning: return" in words for words in page.words)


@pytest.mark.slow
def test_agents_are_compared_and_filmed(tmp_path: Path, late_state: Path) -> None:
    """From the emulator to the page: two agents, one seed, the best episode of each run kept and shown."""
    (tmp_path / "levels.csv").write_text(f"game,state\nAirstriker-Genesis-v0,{late_state}\n")
    (tmp_path / "player.py").write_text(toy_game.AGENT)
    command = f"{sys.executable} '{tmp_path / 'player.py'}' on {{seed}}"
    evaluation = Evaluation(
        levels=tmp_path / "levels.csv",
        commands=(f"one={command}", f"two={command}"),
        timesteps=300,
        seeds=1,
        jobs=2,
        results=tmp_path / "results",
        video=True,
    )
    evaluate(evaluation, lambda report: None, lambda done, pairs: None)
    results = [read_result(agent.results, agent.name) for agent in evaluation.agents]
    for result in results:
        (run,) = result.runs
        assert run.folder is not None
        assert run.record is not None
        assert len(run.record.episodes) > 1
        assert run.start == str(late_state)
        assert not (run.folder / "bk2").exists()
        lengths = [length for value, length in run.record.scored() if value == run.score.best]
        assert read_recording(run.folder / BEST_RECORDING).frames in range(4 * min(lengths) - 3, 4 * max(lengths) + 1)
    page = report(tmp_path, *results)
    (video,) = page.named("video")
    mp4 = base64.b64decode(str(video["src"]).removeprefix("data:video/mp4;base64,"))
    assert mp4[4:8] == b"ftyp"
    assert re.search(r"Best recorded episode: (one|two), seed 0, return", " ".join(page.words))
    assert evaluate(replace(evaluation, video=False), lambda report: None, lambda done, pairs: None)
