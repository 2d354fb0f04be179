"""The benchmark of hardness plays what `python -m contest evaluate` has agents play."""

import json
import subprocess
import sys
from pathlib import Path

import bench_hardness
import pytest

from fernway import levels

LEVEL, SEED, TIMESTEPS = "StarAtrium.Act2", 0, 600
TESTS = Path(__file__).parent


@pytest.mark.slow
def test_scores_are_those_of_evaluate(tmp_path: Path) -> None:
    listed = tmp_path / "levels.csv"
    listed.write_text(f"game,state\nFernway-Native,{LEVEL}\n")
    agents = {
        "jerk": "{python} -m agent --mode jerk --seed {seed}",
        "right": f"{{python}} {TESTS / 'right_jumper.py'} {{seed}}",
    }
    command = [sys.executable, "-m", "contest", "evaluate", "--levels", listed, "--results", tmp_path / "scores"]
    command += ["--timesteps", TIMESTEPS, "--seeds", 1]
    for name, words in agents.items():
        command += ["--agent", f"{name}={words}"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, cwd=TESTS.parent, timeout=600)
    for name, play in (("jerk", bench_hardness.jerk), ("right", bench_hardness.walk)):
        (run,) = json.loads((tmp_path / "scores" / name / "scores.json").read_text())["levels"]
        assert run["timesteps"] == TIMESTEPS
        assert play(levels.by_name(LEVEL), SEED, TIMESTEPS) == pytest.approx(run["score"], rel=1e-12)


def test_hardness_of_one_level() -> None:
    name, row = bench_hardness.measure((levels.by_name("GlassDunes.Act1"), 400, 1))
    jerk, walk, solution, sticky, constant = row
    assert name == "GlassDunes.Act1"
    assert 0 < jerk < 5000
    assert 0 < walk < 5000
    assert 9000 < solution < 10_000
    assert sticky < solution
    assert 0 < constant < 50
