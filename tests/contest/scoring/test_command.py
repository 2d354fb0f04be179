"""Agents' commands: words that name something are taken from the caller's folder, and what they name is hashed."""

import os
import re
import sys
from pathlib import Path

import pytest

from contest.scoring.command import PACKAGES, Command, Fingerprints, changes, read_command
from contest.scoring.processes import module_path
from contest.scoring.trial import TrialError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The caller's folder, with an agent, its weights, and folders of an earlier run of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for name in ("mine.py", "my/q.safetensors", "my/q.json", "nets/0.pt", "agent/__init__.py", "out/old.npz", "tmp/x"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("word", "placed"),
    [
        ("mine.py", "{here}/mine.py"),
        ("./mine.py", "{here}/mine.py"),
        ("my/q.safetensors", "{here}/my/q.safetensors"),
        ("--weights=my/q.safetensors", "--weights={here}/my/q.safetensors"),
        ("--set=weights=my/q.safetensors", "--set=weights={here}/my/q.safetensors"),
        ("weights=my/q.safetensors", "weights={here}/my/q.safetensors"),
        ("nets", "{here}/nets"),
        ("--nets=nets/", "--nets={here}/nets"),
        ("nets/{seed}.pt", "{here}/nets/0.pt"),
        ("-Imy/q.json", "-I{here}/my/q.json"),
        ("PYTHONPATH=my:nets", "PYTHONPATH={here}/my:{here}/nets"),
        ("{here}/mine.py", "{here}/mine.py"),
        # what is no path, or is the agent's own
        ("--seed={seed}", "--seed=0"),
        ("--mode", "--mode"),
        ("two words", "two words"),
        ("0.5", "0.5"),
        ("", ""),
        ("x" * 5000, "x" * 5000),
        ("out", "out"),
        ("--out=out", "--out=out"),
        ("--log=out/log.csv", "--log=out/log.csv"),
        ("--from=out/old.npz", "--from={here}/out/old.npz"),
        ("tmp/sock", "tmp/sock"),
        ("cat a/b | c", "cat a/b | c"),
        ("https://example.org/x", "https://example.org/x"),
        ("{here}:/mnt", "{here}:/mnt"),
    ],
)
def test_words_are_taken_from_here(here: Path, word: str, placed: str) -> None:
    word = word.replace("{here}", str(here))
    command = f"{{python}} '{word}' last"
    assert read_command(command, 0).words == (sys.executable, placed.replace("{here}", str(here)), "last")


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("my/r.safetensors", "my/r.safetensors"),
        ("--weights=my/r.safetensors", "my/r.safetensors"),
        ("--weights=r.safetensors", "r.safetensors"),
        ("yours.py", "yours.py"),
        ("levels.CSV", "levels.CSV"),
        ("x.json", "x.json"),
        ("x.state", "x.state"),
        ("--data=/no/such/folder", "/no/such/folder"),
        ("nets/{seed}1.pt", "nets/01.pt"),
    ],
)
def test_a_path_to_nothing_is_refused(here: Path, word: str, named: str) -> None:
    with pytest.raises(TrialError, match=re.escape(f"there is no {named!r} in {here}")):
        read_command(f"{{python}} -m agent {word}", 0)


@pytest.mark.parametrize("command", ["", "'unclosed", "no-such-program", "./no-such-program", "my/q.json --fast"])
def test_no_program(here: Path, command: str) -> None:
    with pytest.raises(TrialError, match="agent command"):
        read_command(command, 0)


def test_programs(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = str(here / "run.sh")
    assert read_command("./run.sh on", 0).words == read_command("run.sh on", 0).words == (program, "on")
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")
    assert read_command("run.sh", 0).words == (program,), "an entry of PATH that counts from here"


def test_modules_and_code_are_no_paths(here: Path) -> None:
    (here / "1").touch()
    for words in (("-m", "agent"), ("-u", "-m", "agent"), ("-c", "open('my/r.json')"), ("-c", "1")):
        assert read_command(" ".join(["{python}", *map(repr, words)]), 0).words == (sys.executable, *words)
    script = read_command("nice {python} mine.py -m nets -c my", 0)
    assert script.words[2:] == (str(here / "mine.py"), "-m", str(here / "nets"), "-c", str(here / "my"))
    assert read_command("sh -c 'my/r.json'", 0).words[1:] == ("-c", "my/r.json")
    with pytest.raises(TrialError, match=r"my/r\.json"):
        read_command("sh mine.py my/r.json", 0)


def test_files_named_are_known(here: Path) -> None:
    def files(command: str) -> dict[str, Path]:
        return dict(read_command(command, 0).files)

    weights = {"my/q.safetensors": here / "my/q.safetensors", "my/q.json": here / "my/q.json"}
    assert files("{python} -m nothing --weights=my/q.safetensors nets") == weights
    assert files("{python} mine.py") == {"mine.py": here / "mine.py"}
    assert files("./run.sh") == {"./run.sh": here / "run.sh"}
    assert files("{python} -m agent.play") == {"agent": here / "agent"}, "the caller's own module"
    assert files("{python} -m mine") == {"mine": here / "mine.py"}


def test_hashes_tell_what_changed(here: Path) -> None:
    def hashes() -> dict[str, str]:
        return Fingerprints().of(read_command("{python} -m agent --weights my/q.safetensors", 0))

    before = hashes()
    assert {"the bundled weights", "my/q.json", *(f"the package {name}" for name in PACKAGES)} <= before.keys()
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in before.values())
    assert changes(before, hashes()) == ""
    (here / "agent" / "__pycache__").mkdir()
    (here / "agent" / "__pycache__" / "x.py").touch()
    assert changes(before, hashes()) == "", "Python's own files do not count"
    (here / "my" / "q.json").write_text("{}")
    assert changes(before, hashes()) == "my/q.json"
    (here / "agent" / "vision.py").touch()
    assert changes(before, hashes()) == "agent, my/q.json"
    assert changes(before, before | {"new": "x"}) == changes(before | {"new": "x"}, before) == "new"


def test_the_projects_code_counts_with_every_name_and_byte(here: Path) -> None:
    def of_folder() -> str:
        return Fingerprints().of(Command(words=(), files={"it": here / "agent"}))["it"]

    seen = {of_folder()}
    for path, text in (("__init__.py", "1"), ("a.py", ""), ("b/a.py", ""), ("b/a.py", "x")):
        (here / "agent" / path).parent.mkdir(exist_ok=True)
        (here / "agent" / path).write_text(text)
        seen.add(of_folder())
    assert len(seen) == 5


def test_pythonpath_counts_from_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module_path(Path("nets")) == f"{here}/nets"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["my", "", "/abs"]))
    assert module_path(Path("/last")).split(os.pathsep) == [f"{here}/my", str(here), "/abs", "/last"]
