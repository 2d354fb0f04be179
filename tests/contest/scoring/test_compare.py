"""Agents held against each other: what is compared, what is refused, what is printed."""

import io
import json
from pathlib import Path

import pytest
from finished import finish
from rich.console import Console

from contest.__main__ import main
from contest.scoring.bootstrap import Estimate
from contest.scoring.compare import Comparison, compare
from contest.scoring.evaluation import EvaluationError
from contest.scoring.results import read_result
from contest.scoring.scores import Failure

OURS = {("a", 0): [(100.0, 9)], ("a", 1): [(300.0, 9)], ("b", 0): [(10.0, 9)], ("b", 1): [(30.0, 9)]}
THEIRS = {("a", 0): [(50.0, 9)], ("a", 1): [(150.0, 9)], ("b", 0): [(20.0, 9)], ("b", 1): [(20.0, 9)]}


def printed(comparison: Comparison) -> str:
    console = Console(width=200, file=io.StringIO())
    with console.capture() as capture:
        console.print(comparison.table())
    return capture.get()


def test_figures_side_by_side(tmp_path: Path) -> None:
    theirs, ours = finish(tmp_path / "theirs", THEIRS), finish(tmp_path / "ours", OURS)
    comparison = compare([read_result(theirs), read_result(ours)])
    first, second = comparison.standings
    assert first.mean.value == (100 + 20) / 2
    assert second.mean == Estimate(value=(200 + 20) / 2, low=(100 + 10) / 2, high=(300 + 30) / 2)
    assert second.interquartile_mean.value == (30 + 100) / 2
    assert first.ratio is None
    assert first.improvement is None
    assert second.ratio is not None
    assert second.ratio.value == pytest.approx(110 / 60)
    assert second.improvement is not None
    assert second.improvement.value == pytest.approx((3 / 4 + 1 / 2) / 2)
    text = printed(comparison)
    for words in ("theirs", "ours", "110.0 [55.0, 165.0]", "1,000 timesteps a run, 2 seeds", "times theirs", "200.0"):
        assert words in text

    comparison.save(tmp_path / "deep" / "summary.json")
    summary = json.loads((tmp_path / "deep" / "summary.json").read_text())
    assert [agent["mean"]["value"] for agent in summary["agents"]] == [60.0, 110.0]
    assert summary["agents"][1]["mean"] == {"value": 110.0, "low": 55.0, "high": 165.0}
    assert summary["levels"][1] == {
        "game": "Toy-Native", "state": "b", "seeds": [0, 1], "score": {"theirs": 20.0, "ours": 20.0}
    }  # fmt: skip


def test_only_what_all_have_is_compared(tmp_path: Path) -> None:
    missing = [Failure(game="Toy-Native", state="b", seed=1, reason="crashed")]
    fewer = {key: runs for key, runs in OURS.items() if key != ("b", 1)} | {("c", 0): [(1.0, 9)]}
    comparison = compare(
        [read_result(finish(tmp_path / "x", THEIRS)), read_result(finish(tmp_path / "y", fewer, missing=missing))]
    )
    assert comparison.levels == (("Toy-Native", "a"), ("Toy-Native", "b"))
    assert comparison.seeds == ((0, 1), (0,))
    assert comparison.left_out == 2
    assert [standing.mean.value for standing in comparison.standings] == [60.0, (200 + 10) / 2]
    assert comparison.standings[0].mean.low is None, "one run of a level tells nothing about its spread"
    assert "1 to 2 seeds" in printed(comparison)


def test_odd_runs_are_told_below_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finish(tmp_path / "x", THEIRS, remark="playing without <it>")
    finish(tmp_path / "y", OURS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["contest", "compare", "x", "y", "--report", "r.html"])
    assert main() == 0
    assert "\nx: playing without <it> (4 of 4 runs)\n" in capsys.readouterr().out
    assert "playing without &lt;it&gt; (4 of 4 runs)" in (tmp_path / "r.html").read_text()


def test_a_ratio_to_nothing_is_left_out(tmp_path: Path) -> None:
    zero = {key: [(0.0, 9)] for key in OURS}
    comparison = compare([read_result(finish(tmp_path / "x", zero)), read_result(finish(tmp_path / "y", OURS))])
    assert comparison.standings[1].ratio is None
    assert comparison.standings[1].improvement is not None


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    ours = read_result(finish(tmp_path / "ours", OURS))
    with pytest.raises(EvaluationError, match="two results are called ours"):
        compare([ours, ours])
    longer = read_result(finish(tmp_path / "longer", OURS, timesteps=2000))
    with pytest.raises(EvaluationError, match="ours was run for 1000 timesteps and longer for 2000"):
        compare([ours, longer])
    with pytest.raises(EvaluationError, match="no level and seed"):
        compare([ours, read_result(finish(tmp_path / "other", {("c", 0): [(1.0, 9)]}))])
    slow = read_result(finish(tmp_path / "slow", OURS, settings={"wallclock": 5.0}))
    fast = read_result(finish(tmp_path / "fast", OURS, settings={"wallclock": None}))
    with pytest.raises(EvaluationError, match=r"slow was run with wallclock 5\.0, fast with None"):
        compare([slow, fast])
    assert compare([ours, slow]).left_out == 0, "older results do not tell"


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finish(tmp_path / "theirs", THEIRS)
    finish(tmp_path / "ours", OURS)
    monkeypatch.chdir(tmp_path)
    words = ["contest", "compare"]
    monkeypatch.setattr("sys.argv", [*words, "jerk=theirs", "ours", "--summary", "out/s.json", "--plot", "out/p.svg"])
    assert main() == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "P(better than jerk)" in said.out
    assert "written: out/s.json" in said.out
    assert (tmp_path / "out" / "p.svg").read_text().startswith("<svg ")
    for arguments, words_of_error in (((), "wanted at least one"), (("nowhere",), "nowhere: wanted a folder")):
        monkeypatch.setattr("sys.argv", [*words, *arguments])
        assert main() == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert words_of_error in line
