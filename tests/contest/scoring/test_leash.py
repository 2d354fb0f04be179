"""Commands on a leash: nothing of them is left, however whoever started them ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contest.scoring.processes import end, how, started

LEASH = Path(__file__).parents[3] / "contest" / "scoring" / "leash.py"

FAMILY = """
import os, signal, subprocess, sys, time
from pathlib import Path

generation, leaving = int(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if generation:
    words = [sys.executable, __file__, str(generation - 1), str(leaving)]
    subprocess.Popen(words, start_new_session=generation == 1)
Path(f"{generation}.new").write_text(str(os.getpid()))
Path(f"{generation}.new").rename(f"{generation}.pid")
while generation < leaving or not Path("0.pid").exists():
    time.sleep(0.01)
"""
"""A process that starts one that starts one, the last in a session of its own; deaf to SIGTERM. Its arguments: 2, and
the lowest generation that leaves by itself once all are there."""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def family(folder: Path) -> list[int]:
    """Waits for the three of a family; returns their process ids."""
    eventually(lambda: len(list(folder.glob("*.pid"))) == 3)
    return [int((folder / f"{generation}.pid").read_text()) for generation in (2, 1, 0)]


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "family.py").write_text(FAMILY)
    return [sys.executable, str(tmp_path / "family.py"), "2"]


def run(code: str) -> "subprocess.CompletedProcess[str]":
    with subprocess.Popen([sys.executable, LEASH, sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        status = process.wait(300)  # the leash stays whole until then
    return subprocess.CompletedProcess(process.args, status)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("pass", 0, "exit status 0"),
        ("raise SystemExit(3)", 3, "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", 137, "exit status 137 (SIGKILL)"),
        ("import os; os.abort()", 134, "exit status 134 (SIGABRT)"),
        ("import sys; sys.exit(sys.stdin.read() != '')", 0, "exit status 0"),
    ],
)
def test_status_is_the_commands(code: str, status: int, words: str) -> None:
    assert run(code).returncode == status
    assert how(status) == words


def test_a_command_that_cannot_be_run_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    done = subprocess.run([sys.executable, LEASH, tmp_path / "text"], capture_output=True, text=True, check=False)
    assert done.returncode == 126
    assert done.stderr == f"cannot run {tmp_path / 'text'}: Permission denied\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_passed_on(tmp_path: Path, number: signal.Signals) -> None:
    code = f"""
import signal, sys, time
from pathlib import Path
signal.signal({int(number)}, lambda *_: sys.exit(7))
Path({str(tmp_path / "ready")!r}).touch()
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, LEASH, sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        eventually((tmp_path / "ready").exists)
        process.send_signal(number)
        assert process.wait(300) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_end_of_whoever_holds_it_is_the_end_of_all(tmp_path: Path, words: list[str]) -> None:
    holder = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, {str(LEASH)!r}, *sys.argv[1:]], stdin=subprocess.PIPE, start_new_session=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", holder, *words, "3"], cwd=tmp_path) as process:
        pids = family(tmp_path)
        process.kill()
    eventually(lambda: not any(map(is_alive, pids)))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_end_of_the_leash_itself_is_the_end_of_the_command(tmp_path: Path) -> None:
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); os.replace('pid', 'ready'); time.sleep(600)"
    words = [sys.executable, str(LEASH), sys.executable, "-c", code]
    with subprocess.Popen(words, cwd=tmp_path, stdin=subprocess.PIPE) as process:
        eventually((tmp_path / "ready").exists)
        process.kill()
    eventually(lambda: not is_alive(int((tmp_path / "ready").read_text())))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("leaving", [2, 3])
def test_what_a_command_started_ends_with_it(
    tmp_path: Path, words: list[str], leaving: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it leaves by itself, or is ended though deaf to SIGTERM."""
    monkeypatch.setattr("contest.scoring.processes.GRACE_S", 0.1)
    out, err = tmp_path / "out.txt", tmp_path / "err.txt"
    words = [*words, str(leaving)]
    with started(words, folder=tmp_path, environment=os.environ, stdout=out, stderr=err) as process:
        pids = family(tmp_path)
        if leaving == 2:
            assert process.wait(300) == 0
        else:
            end(process)
        assert not any(map(is_alive, pids))
    assert err.read_text() == ""
