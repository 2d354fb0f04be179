"""One command at a time writes to a folder."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from contest.demo import Demo, demo
from contest.scoring.claim import ClaimError, claimed


def test_two_demos_in_one_folder(tmp_path: Path, toy: None) -> None:
    (tmp_path / "demo" / "run").mkdir(parents=True)
    (tmp_path / "demo" / "run" / "episodes.json").write_text("the other's")
    with claimed(tmp_path / "demo", "demo"):
        with pytest.raises(ClaimError, match=f"another demo writes to {tmp_path}/demo: let it end first"):
            demo(Demo(game="Toy-Native", results=tmp_path / "demo"), Console(quiet=True))
        with claimed(tmp_path / "another", "demo"):
            pass
    assert (tmp_path / "demo" / "run" / "episodes.json").read_text() == "the other's"


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    code = f"""
from contest.scoring.claim import claimed
from pathlib import Path
with claimed(Path({str(tmp_path)!r}), "demo"):
    print("claimed", flush=True)
    input()
"""
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"claimed\n"
        with pytest.raises(ClaimError), claimed(tmp_path, "demo"):
            pass
        process.kill()
    with claimed(tmp_path, "demo"), claimed(tmp_path / "inside", "demo"):
        pass
