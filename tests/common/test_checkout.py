"""Which commit a result is of, in real checkouts."""

import subprocess
from pathlib import Path

import pytest

from common.checkout import UNKNOWN, commit


def git(folder: Path, *words: str) -> str:
    author = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
    done = subprocess.run(["git", "-C", folder, *author, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_commit_is_named_and_so_is_what_differs_from_it(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    assert commit(inside) == UNKNOWN
    git(tmp_path, "init")
    assert commit(inside) == UNKNOWN  # no commit yet
    for name in ("code.py", "inside/board.csv"):
        (tmp_path / name).write_text("1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "inside/board.csv").write_text("2\n")
    (tmp_path / "new.py").write_text("untracked\n")
    assert commit(inside) == commit(tmp_path) == head
    (tmp_path / "code.py").write_text("2\n")
    assert commit(inside) == f"{head}-dirty"


def test_without_git_it_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(Path(__file__).parent) == UNKNOWN
