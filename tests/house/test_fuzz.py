"""What `./build.sh fuzz` runs, on fixed seeds; and that it finds, tells and ends as it should."""

import random
import re
import subprocess
import sys
from pathlib import Path

import fuzz
import fuzz_wire
import pytest

FINDS = """
import time

def fuzz_odd(seed):
    assert seed % 2 == 0, f"{seed} is odd"

def fuzz_well(seed):
    time.sleep(0.01)
"""


@pytest.mark.parametrize("function", [fuzz_wire.fuzz_client, fuzz_wire.fuzz_server])
def test_the_wire_bears_whatever_comes(function: fuzz.Try) -> None:
    for seed in range(60):
        function(seed)


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[fuzz.Task]:
    """Two functions, of which one fails with half of all seeds."""
    (tmp_path / "fuzz_toys.py").write_text(FINDS)
    monkeypatch.setattr(fuzz, "HERE", tmp_path)
    monkeypatch.setattr(fuzz, "TURN_S", 0.5)
    return fuzz.calls()


@pytest.mark.slow
def test_it_goes_on_until_the_time_is_up_and_says_how_to_see_a_failure_again(tasks: list[fuzz.Task]) -> None:
    told: list[str] = []
    failures: list[fuzz.Failure] = []
    fuzz.fuzz(tasks, 4.0, random.Random(0), told.append, failures)
    (found,) = failures
    assert found.task.name == "fuzz_toys.py:fuzz_odd"
    turns = [line for line in told if line.startswith("[")]
    assert sum("fuzz_odd" in line for line in turns) == 1, "what has failed is not asked again"
    assert any(re.search(r"\] fuzz_toys.py:fuzz_well, seed \d+: nothing found", line) for line in turns)
    assert found.again in told[-1] or any(found.again in line for line in told)
    again = subprocess.run(["bash", "-c", found.again], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert re.search(r"AssertionError: \d*[13579] is odd", again.stderr)


def test_a_call_stops_at_the_first_seed_that_fails(tasks: list[fuzz.Task], capsys: pytest.CaptureFixture[str]) -> None:
    odd = str(fuzz.HERE / "fuzz_toys.py:fuzz_odd")
    assert fuzz.call(odd, range(4, 5)) == 0
    with pytest.raises(AssertionError, match="5 is odd"):
        fuzz.call(odd, range(4, 9))
    assert capsys.readouterr().out == f"fuzz: {odd} failed with the seed 5\n"


@pytest.mark.slow
def test_a_property_that_fails_is_shown_again_by_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a hundred times the examples it finds what a usual run does not."""
    (tmp_path / "conftest.py").write_text(
        f"import sys\nsys.path[:0] = [{str(Path(__file__).parents[1] / 'support')!r}]\n"
    )
    (tmp_path / "test_toys.py").write_text(
        "from properties import examples\nfrom hypothesis import given, strategies as st\n\n"
        "@examples()\n@given(st.integers(0, 999), st.integers(0, 1))\ndef test_rare(number, other):\n"
        "    assert number * 7 != 4319\n"
    )
    monkeypatch.setattr(fuzz, "TESTS", tmp_path)
    usual = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    assert subprocess.run(usual, capture_output=True, check=False, cwd=tmp_path).returncode == 0
    (task,) = fuzz.properties()
    found = next(filter(None, (fuzz.turn(task, seed, 60.0) for seed in range(5))))
    again = subprocess.run(["bash", "-c", found.again], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert again.returncode == 1
    assert "number=617" in again.stdout
    assert not (tmp_path / ".hypothesis").exists()


@pytest.mark.parametrize("words", [["0"], ["-3"], ["soon"]])
def test_minutes_that_are_none_are_refused(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(fuzz.HERE / "fuzz.py"), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "MINUTES" in done.stderr or "-3" in done.stderr
