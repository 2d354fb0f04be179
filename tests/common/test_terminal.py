"""Command lines on terminals of all sorts, behind pipes that close, in a Python without the libraries."""

import os
import re
import shutil
import subprocess
import sys
import venv
from importlib import import_module
from pathlib import Path

import pytest
from finished import finish

from fernway import GAME

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ["contest", "fernway", "training", "agent"]
HELPS = [*((name, "--help") for name in COMMANDS), ("training", "show", "--help")]

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN = {"PYTHONIOENCODING": "iso-8859-1"}


def call(*words: object, **more: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, env=environment | more, cwd=ROOT)


@pytest.mark.parametrize("terminal", [ASCII, LATIN], ids=["ascii", "iso-8859-1"])
@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_help_on_terminals_without_box_drawing_characters(words: tuple[str, ...], terminal: dict[str, str]) -> None:
    done = call(*words, **terminal)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"usage: python -m " + " ".join(words[:-1]).encode() in done.stdout


@pytest.mark.parametrize("words", [*HELPS, ("training", "train", "--help")], ids=" ".join)
def test_help_into_a_pipe_that_closes_ends_quietly(words: tuple[str, ...]) -> None:
    """Whoever reads is gone before the first word."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        process = subprocess.Popen([sys.executable, "-m", *words], stdout=pipe, stderr=subprocess.PIPE, cwd=ROOT)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.parametrize("name", ["contest", "fernway", "training"])
def test_ctrl_c_has_the_shells_status(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{name}.cli.main", interrupted)
    assert import_module(f"{name}.__main__").main() == 130
    assert capsys.readouterr().err == f"{name}: interrupted\n"


def test_a_name_that_the_terminal_cannot_print_is_no_failure(tmp_path: Path) -> None:
    done = call("contest", "compare", tmp_path / "Höhe", **ASCII)
    assert done.returncode == 1
    assert done.stderr.startswith(b"contest: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("terminal", ["locale", "ascii"])
def test_what_is_written_is_utf8_whatever_the_locale(tmp_path: Path, terminal: str) -> None:
    """Reports, plots, figures, lists; with a real ISO-8859-1 locale where one can be made."""
    more = ASCII
    if terminal == "locale":
        if shutil.which("localedef") is None:
            pytest.skip("localedef is missing")
        folder = tmp_path / "locales"
        folder.mkdir()
        made = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(folder / "de_DE.ISO-8859-1")]
        if subprocess.run(made, capture_output=True, check=False).returncode:
            pytest.skip("the sources of the locale de_DE are missing")
        more = {"LOCPATH": str(folder), "LC_ALL": "de_DE.ISO-8859-1", "LANG": "de_DE.ISO-8859-1"}
    one = finish(tmp_path / "one", {("κλειδί", 0): [(1.0, 2), (3.0, 4)]}, command="play 'ünï→'")
    out = {"--report": tmp_path / "r.html", "--plot": tmp_path / "p.svg", "--summary": tmp_path / "s.json"}
    done = call("contest", "compare", one, *(str(word) for pair in out.items() for word in pair), **more)
    assert (done.returncode, done.stderr.count(b"\n")) == (0, 1), done.stderr
    page = out["--report"].read_text(encoding="utf-8")
    assert "ünï→" in page
    assert "κλειδί" in page
    for path in out.values():
        path.read_text(encoding="utf-8")
    levels = tmp_path / "lévels.csv"
    levels.write_text(f"game,state\n{GAME},Höhle\n", encoding="utf-8")
    refused = call("fernway", "check", "--levels", levels, **more)
    assert refused.returncode == 1
    assert b"line 2" in refused.stderr
    assert refused.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--report", "x.pdf"), "--report x.pdf: wanted a name that ends in .html or .htm"),
        (("--plot", "x.png"), "--plot x.png: wanted a name that ends in .svg"),
        (("--summary", "x.csv"), "--summary x.csv: wanted a name that ends in .json"),
        (("--report", "/proc/x.html"), "--report /proc/x.html: "),
        (("--summary", "folder.json"), "--summary folder.json: Is a directory"),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_destinations_are_tried_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, words: tuple[str, str], message: str
) -> None:
    from contest.__main__ import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.json").mkdir()
    what = [str(finish(tmp_path / "one", {("short", 0): [(1.0, 2)]}))]
    if command == "evaluate":
        (tmp_path / "levels.csv").write_text(f"game,state\n{GAME},\n")
        what = ["--levels", "levels.csv", "--agent", "true"]
    monkeypatch.setattr("sys.argv", ["contest", command, *what, *words])
    said: list[str] = []
    monkeypatch.setattr("common.terminal.complain", said.append)
    assert main() == 1
    (line,) = said
    assert line.startswith(f"contest: {message}")
    assert not (tmp_path / "results").exists()


def test_a_python_without_the_libraries_says_which_one_to_use(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    python = tmp_path / "bare" / "bin" / "python"
    for words in (("contest", "list"), ("fernway", "list"), ("training", "score"), ("agent",)):
        command = [str(python), "-m", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env={})
        assert done.returncode == 1
        assert re.match(rf"{words[0]}: \w+ is not installed for {python}: ", done.stderr)
        assert ". .venv/bin/activate" in done.stderr
        assert done.stderr.count("\n") == 1
