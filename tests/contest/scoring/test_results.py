"""Finished evaluations as they are read back, whatever has become of their folders."""

import json
import shutil
from pathlib import Path

import pytest
from finished import finish, players

from contest.scoring.evaluation import EvaluationError
from contest.scoring.results import read_result
from contest.scoring.scores import Failure, Scores

RUNS = {("a", 0): [(10.0, 9), (20.0, 9)], ("a", 1): [(30.0, 9)], ("b", 0): [(5.0, 9)]}
HEADER = "episode,return,timesteps,end,learned,jerk,seconds\n"


def test_reads_what_was_written(tmp_path: Path) -> None:
    missing = [Failure(game="Toy-Native", state="b", seed=1, reason="bad luck")]
    result = read_result(finish(tmp_path / "mine", RUNS, missing=missing, ends=[(1, 2), None]))
    assert (result.name, result.command, result.timesteps) == ("mine", "true", 1000)
    assert result.missing == tuple(missing)
    table = result.by_level()
    assert {level: list(runs) for level, runs in table.items()} == {
        ("Toy-Native", "a"): [0, 1],
        ("Toy-Native", "b"): [0],
    }
    run = table["Toy-Native", "a"][0]
    assert run.score.score == 15.0
    assert run.record is not None
    assert run.record.episodes == [(10.0, 9), (20.0, 9)]
    assert run.record.ends == [(1, 2), None]
    assert (run.folder, run.start) == (tmp_path / "mine" / "a-0", "a")
    assert read_result(tmp_path / "mine", "other").name == "other"


def test_scores_survive_the_runs(tmp_path: Path) -> None:
    folder = finish(tmp_path / "mine", RUNS)
    shutil.rmtree(folder / "a-0")
    (folder / "a-1" / "pair.json").write_text("{")
    (folder / "b-0" / "episodes.json").write_text("[]")
    result = read_result(folder)
    assert [run.score.score for run in result.runs] == [15.0, 30.0, 5.0]
    assert [run.record for run in result.runs] == [None] * 3
    assert [run.timesteps_by_player() for run in result.runs] == [{}] * 3


def test_a_run_made_since_is_another_run(tmp_path: Path) -> None:
    folder = finish(tmp_path / "mine", {("a", 0): [(1.0, 9)]})
    content = json.loads((folder / "a-0" / "pair.json").read_text())
    content["score"]["score"] = 2.0
    (folder / "a-0" / "pair.json").write_text(json.dumps(content))
    assert read_result(folder).runs[0].folder is None


def test_shares_of_time(tmp_path: Path) -> None:
    folder = finish(tmp_path / "mine", {("a", 0): [(1.0, 9)]})
    players(folder / "a-0", HEADER + "0,1.0,100,terminated,0.25,0.75,1.0\n1,1.0,10,unfinished,1,0,1.0\n")
    assert read_result(folder).runs[0].timesteps_by_player() == {"learned": 35.0, "jerk": 75.0}


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "\x00\n1",
        HEADER + "0,1.0,100,terminated,1.5,0.75,1.0\n",
        HEADER + "0,1.0,100,terminated,nan,0.75,1.0\n",
        HEADER + "0,1.0,-100,terminated,0.5,0.5,1.0\n",
        HEADER + "0,1.0,9e9,terminated,0.5,0.5,1.0\n",
        HEADER + "0,1.0\n",
        "episode,return,learned\n0,1.0,1\n",
        HEADER + "0," + "9" * 200_000 + "\n",
        ",".join(f"p{number}" for number in range(100)) + "\n",
    ],
)
def test_an_agents_nonsense_is_no_record(tmp_path: Path, rows: str) -> None:
    folder = finish(tmp_path / "mine", {("a", 0): [(1.0, 9)]})
    players(folder / "a-0", rows)
    assert read_result(folder).runs[0].timesteps_by_player() == {}


def test_a_record_that_is_not_text_is_none(tmp_path: Path) -> None:
    folder = finish(tmp_path / "mine", {("a", 0): [(1.0, 9)]})
    (folder / "a-0" / "agent" / "out").mkdir(parents=True)
    (folder / "a-0" / "agent" / "out" / "episodes.csv").write_bytes(b"\xff\xfe\x00")
    assert read_result(folder).runs[0].timesteps_by_player() == {}


def test_no_results_are_told_in_a_line(tmp_path: Path) -> None:
    finish(tmp_path / "all" / "jerk", RUNS)
    with pytest.raises(EvaluationError, match=r"wanted a folder with the scores\.json.*in it there are jerk"):
        read_result(tmp_path / "all")
    with pytest.raises(EvaluationError, match="nowhere"):
        read_result(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("field", "value"),
    [("levels", None), ("levels", [{}]), ("timesteps", "many"), ("levels", [1]), ("missing", [{"game": 1}])],
)
def test_scores_are_checked_as_they_are_read(tmp_path: Path, field: str, value: object) -> None:
    folder = finish(tmp_path / "mine", RUNS)
    content = json.loads((folder / "scores.json").read_text())
    assert Scores.load(folder).levels
    (folder / "scores.json").write_text(json.dumps(content | {field: value}))
    with pytest.raises(EvaluationError, match="mine"):
        read_result(folder)


@pytest.mark.parametrize(("field", "value"), [("score", "high"), ("score", float("nan")), ("seed", 1.5), ("game", 7)])
def test_fields_of_scores_are_checked(tmp_path: Path, field: str, value: object) -> None:
    folder = finish(tmp_path / "mine", RUNS)
    content = json.loads((folder / "scores.json").read_text())
    content["levels"][0][field] = value
    (folder / "scores.json").write_text(json.dumps(content))
    with pytest.raises(EvaluationError, match=f"{field}: wanted"):
        read_result(folder)
