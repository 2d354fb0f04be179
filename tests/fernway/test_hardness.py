"""The benchmarks of hardness and of the agent's parts play what `python -m contest evaluate` has agents play, be it on
the emulator or on the twin."""

import json
import subprocess
import sys
from pathlib import Path

import bench_hardness
import bench_parts
import pytest

from agent.assembly import WEIGHTS
from agent.network.card import Card, card_path
from fernway import levels

GAMES = ("Fernway-Genesis-v0", "Fernway-Native")
LEVEL, SEED, TIMESTEPS = "StarAtrium.Act2", 0, 600
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_scores_are_those_of_evaluate(tmp_path: Path) -> None:
    listed = tmp_path / "levels.csv"
    listed.write_text("\n".join(["game,state", *(f"{game},{LEVEL}" for game in GAMES)]))
    agents = {
        "jerk": "{python} -m agent --mode jerk --timesteps 1000000 --seed {seed}",
        "right": f"{{python}} {ROOT / 'tests/bench/right_jumper.py'} {{seed}}",
        "hybrid": f"{{python}} -m agent --timesteps {TIMESTEPS} --seed {{seed}}",
    }
    command = [sys.executable, "-m", "contest", "evaluate", "--levels", listed, "--results", tmp_path / "scores"]
    command += ["--timesteps", TIMESTEPS, "--seeds", 1]
    for name, words in agents.items():
        command += ["--agent", f"{name}={words}"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, cwd=ROOT, timeout=600)

    def hybrid(solved: levels.Solved, seed: int, budget: int) -> float:
        task = bench_parts.Task(
            part=bench_parts.WHOLE, level=solved.level.name, seed=seed, timesteps=budget, weights=WEIGHTS
        )
        return bench_parts.score(task)[task.key]

    for name, play in (("jerk", bench_hardness.jerk), ("right", bench_hardness.walk), ("hybrid", hybrid)):
        runs = json.loads((tmp_path / "scores" / name / "scores.json").read_text())["levels"]
        score = play(levels.by_name(LEVEL), SEED, TIMESTEPS)
        assert [(run["game"], run["timesteps"], run["score"]) for run in runs] == [
            (game, TIMESTEPS, pytest.approx(score, rel=1e-12)) for game in GAMES
        ]


def test_runs_of_another_network_are_runs_of_their_own(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    card = json.loads(card_path(WEIGHTS).read_text())
    card_path(other).write_text(json.dumps(card | {"sha256": "0" * 64}))

    def key(part: bench_parts.Part, weights: Path) -> str:
        return bench_parts.Task(part=part, level="GlassDunes.Act1", seed=0, timesteps=300, weights=weights).key

    assert key(bench_parts.WHOLE, other) != key(bench_parts.WHOLE, WEIGHTS)
    assert key("jerk", other) == key("jerk", WEIGHTS)


def test_hardness_of_one_level() -> None:
    name, row = bench_hardness.measure((levels.by_name("GlassDunes.Act1"), 400, 1))
    jerk, walk, solution, sticky, constant = row
    assert name == "GlassDunes.Act1"
    assert 0 < jerk < 5000
    assert 0 < walk < 5000
    assert 9000 < solution < 10_000
    assert sticky < solution
    assert 0 < constant < 50


@pytest.mark.slow
def test_parts_are_scored_into_a_table_and_not_twice(tmp_path: Path) -> None:
    results = tmp_path / "scores.json"
    command = [
        sys.executable,
        ROOT / "tests" / "bench" / "bench_parts.py",
        results,
        "--timesteps",
        "300",
        "--seeds",
        "1",
        "--jobs",
        "1",
    ]
    command += ["--levels", "GlassDunes.Act1", "--parts", "jerk", "network", "+ fallback", "+ memory"]
    first = subprocess.run([*map(str, command), "planner"], check=True, capture_output=True, text=True, timeout=600)
    assert "5 of 5" in first.stdout
    scores = json.loads(results.read_text())
    assert f"{bench_parts.LATE}planner/GlassDunes.Act1/300/0/-" in scores
    assert scores["planner/GlassDunes.Act1/300/0/-"] > scores["jerk/GlassDunes.Act1/300/0/-"] > 0
    assert f"network/GlassDunes.Act1/300/0/{Card.read(WEIGHTS).sha256[:8]}" in scores
    again = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True, timeout=600)
    assert "of 1" not in again.stdout
    assert "+ memory" in again.stdout
