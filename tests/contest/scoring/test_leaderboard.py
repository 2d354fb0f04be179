"""`evaluate --submit`: the line that a real evaluation adds, and the files that it refuses."""

import csv
import json
import re
from pathlib import Path

import pytest
import toy_game

from common.checkout import commit
from contest.__main__ import main
from contest.scoring import leaderboard
from contest.scoring.evaluation import EvaluationError
from contest.scoring.leaderboard import COLUMNS, Entry

ROOT = Path(__file__).resolve().parents[3]
HEADER = "agent,score,low,high,timesteps,command,commit\n"
ENTRY = Entry(agent="a, b", score="1.0", low="", high="", timesteps="5", command='x "y"', commit="unknown")


def evaluate(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str, states: str, playing: str = "on") -> int:
    """Scores an agent of the toy game on some of its levels."""
    (folder / "levels.csv").write_text("game,state\n" + "".join(f"Toy-Native,{state}\n" for state in states.split()))
    (folder / "player.py").write_text(toy_game.AGENT)
    agent = f"{{python}} {folder}/player.py {playing} {{seed}}"
    settings = ("--levels", f"{folder}/levels.csv", "--timesteps", "35", "--agent", f"right={agent}")
    monkeypatch.setattr("sys.argv", ["contest", "evaluate", *settings, "--results", f"{folder}/results", *words])
    return main()


def test_an_evaluation_adds_a_line_with_the_score_its_interval_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy: None
) -> None:
    board = tmp_path / "board.csv"
    words = ("--seeds", "2", "--jobs", "2", "--submit", str(board))
    assert evaluate(monkeypatch, tmp_path, *words, states="short long") == 0
    scores = json.loads((tmp_path / "results/right/scores.json").read_text())
    (entry,) = leaderboard.read(board)
    low, high = scores["ci95"]
    assert entry == {
        "agent": "right",
        "score": f"{scores['score']:.1f}",
        "low": f"{low:.1f}",
        "high": f"{high:.1f}",
        "timesteps": "35",
        "command": f"python -m contest evaluate --levels {tmp_path}/levels.csv --timesteps 35 --seeds 2 "
        f"--agent '{{python}} {tmp_path}/player.py on {{seed}}'",
        "commit": commit(Path.cwd()),
    }
    first = board.read_text()
    assert evaluate(monkeypatch, tmp_path, *words, states="short long") == 0  # the runs are there already
    assert board.read_text() == first + first.removeprefix(HEADER)


def test_an_agent_whose_runs_failed_gets_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy: None, capsys: pytest.CaptureFixture[str]
) -> None:
    board = tmp_path / "board.csv"
    words = ("--seeds", "1", "--submit", str(board))
    assert evaluate(monkeypatch, tmp_path, *words, states="short", playing="crash") == 1
    assert f"nothing is submitted to {board}" in capsys.readouterr().err
    assert not board.exists()


def test_a_file_with_other_columns_is_refused_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy: None, capsys: pytest.CaptureFixture[str]
) -> None:
    board = tmp_path / "board.csv"
    board.write_text("agent,score\nours,1\n")
    assert evaluate(monkeypatch, tmp_path, "--submit", str(board), states="short") == 1
    assert capsys.readouterr().err == (
        f"contest: leaderboard {board}: wanted the columns {','.join(COLUMNS)}, got 'agent,score'\n"
    )
    assert board.read_text() == "agent,score\nours,1\n"
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("before", [None, "", HEADER, HEADER + "x,1,,,2,c,d", HEADER + "x,1,,,2,c,d\n\n"])
def test_lines_that_are_there_stay(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "board.csv"
    if before is not None:
        path.write_text(before)
    leaderboard.add(path, ENTRY)
    old = ["x,1,,,2,c,d\n"] if before and "x" in before else []
    assert path.read_text() == HEADER + "".join(old) + '"a, b",1.0,,,5,"x ""y""",unknown\n'
    assert leaderboard.read(path)[-1]["agent"] == "a, b"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"agent,score,low,high,timesteps,commit,command\n", "wanted the columns agent,score,"),
        (HEADER.encode() + b"x,1,2\n", "got the line 'x,1,2'"),
        (b"\xff\xfe", "no UTF-8 text"),
        (HEADER.encode() + b'"' + b"x" * 200_000, "field larger than field limit"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "board.csv"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=re.escape(message)):
        leaderboard.add(path, ENTRY)
    assert path.read_bytes() == content


def test_the_games_own_leaderboard() -> None:
    entries = leaderboard.read(ROOT / "fernway/leaderboard.csv")
    scores = [float(entry["score"]) for entry in entries]
    assert scores == sorted(scores, reverse=True)
    for entry, score in zip(entries, scores, strict=True):
        assert re.fullmatch(r"[0-9a-f]{40}", entry["commit"])
        if entry["low"]:
            assert float(entry["low"]) < score < float(entry["high"])
    with (ROOT / "fernway/leaderboard.csv").open(newline="", encoding="utf-8") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS


def test_the_games_own_leaderboard_shows_our_latest_results() -> None:
    with (ROOT / "docs/results.csv").open(newline="", encoding="utf-8") as file:
        results = [row for row in csv.DictReader(file) if row["agent"] in ("ours", "network alone")]
    entries = [entry for entry in leaderboard.read(ROOT / "fernway/leaderboard.csv") if "qjerk" in entry["agent"]]

    def figures(rows: list[dict[str, str]], columns: tuple[str, ...]) -> set[tuple[str, ...]]:
        return {(*(row[column] for column in columns), row["commit"][:7]) for row in rows}

    assert figures(entries, ("timesteps", "score", "low", "high")) == figures(
        results, ("timesteps", "mean", "low", "high")
    )
