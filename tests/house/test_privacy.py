"""Nothing leaves the machine, and nothing is written but what a run is for: the kernel's calls say so."""

import contextlib
import csv
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from needs import unavailable

pytestmark = pytest.mark.slow

LEVEL = ("Fernway-Genesis-v0", "FernHollow.Act3")
SOCKETS = ("tmp/sock/sock", "agent/tmp/sock/sock")
"""The contest's, from the run's folder: `serve` and the agent by themselves, and `evaluate`'s server."""

OPEN = re.compile(r"^open(?:at2?)?\(.*\b(?:O_WRONLY|O_RDWR|O_CREAT)\b.* = \d+<(?P<path>.*)>")
CHANGE = re.compile(r"^(?:mkdir|rmdir|unlink|rename|link|symlink|mknod|truncate|creat)(?:at2?)?\((?P<words>.*)\) += 0")
NETWORK = re.compile(r"^(?:socket|socketpair|connect|bind|sendto)\((?P<words>.*)\) += ")


@dataclass(frozen=True, slots=True)
class Trace:
    """What processes did to the world outside."""

    network: set[str] = field(default_factory=set)
    """Calls that make or use a socket, but those of the contest's own."""
    written: set[Path] = field(default_factory=set)
    """Files and folders made, changed or removed outside the folder of the run."""


def is_the_contests(words: str) -> bool:
    """Whether a call is about sockets of this machine, and names none but the contest's."""
    family = re.search(r"\bAF_\w+", words)
    names = re.findall(r'sun_path=(@?"[^"]*")', words)
    # A call without an address is about a socket that was made by one that is looked at, too.
    return (family is None or family[0] == "AF_UNIX") and all(name.strip('"') in SOCKETS for name in names)


def traced(folder: Path, *commands: list[str], **variables: str) -> Trace:
    """Runs Python commands beside one another in `folder`, as a user does who has a fresh home and no CI."""
    if shutil.which("strace") is None:
        unavailable("strace is missing: apt-get install strace")
    if subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        unavailable("strace may not trace here: wanted a machine or container that allows ptrace")
    home = folder / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    environment |= {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"} | variables
    environment.pop("XDG_CACHE_HOME", None)
    strace = [
        "strace",
        "-ff",
        "-o",
        str(folder / "calls"),
        "-y",
        "-s",
        "500",
        "-e",
        "trace=%network,%file",
        "-e",
        "signal=none",
    ]
    with contextlib.ExitStack() as stack:
        running = []
        for words in commands:
            process = subprocess.Popen([*strace, sys.executable, *words], cwd=folder, env=environment)
            stack.callback(process.kill)
            running.append(process)
        assert [process.wait(timeout=300) for process in running] == [0] * len(running)
    assert not list(home.iterdir()), "something was written into the home folder"
    trace = Trace()
    lines = [line for log in folder.glob("calls.*") for line in log.read_text(errors="replace").splitlines()]
    assert any(line.startswith("execve(") for line in lines)
    for line in lines:
        if found := OPEN.search(line):
            add(trace, folder, found["path"])
        elif found := CHANGE.search(line):
            for path in re.findall(r'"([^"]*)"', found["words"]):
                add(trace, folder, path)
        elif (found := NETWORK.search(line)) and not is_the_contests(found["words"]):
            trace.network.add(line)
    return trace


def add(trace: Trace, folder: Path, name: str) -> None:
    """Takes down a path that was written, unless it is in the run's folder; relative ones count from there."""
    path = Path(os.path.normpath(folder / name.removesuffix(" (deleted)")))
    is_lock = path.parent == Path("/dev/shm") and path.name.startswith("sem.")  # multiprocessing's, gone at once
    if not path.is_relative_to(folder) and path != Path(os.devnull) and not is_lock:
        trace.written.add(path)


def test_a_forbidden_call_is_seen(folder: Path, tmp_path: Path) -> None:
    """What the other tests would miss otherwise."""
    script = """
import socket, sys
from pathlib import Path
Path(sys.argv[1], "made").mkdir()
Path(sys.argv[1], "made", "file").write_text("x")
Path("mine").write_text("x")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    one.connect(("127.0.0.1", 9))
with socket.socket(socket.AF_UNIX) as other:
    other.connect_ex("/elsewhere")
"""
    trace = traced(folder, ["-c", script, str(tmp_path)])
    assert trace.written == {tmp_path / "made", tmp_path / "made" / "file"}
    assert sorted(line.split("(")[0] for line in trace.network) == ["connect", "connect", "socket"], trace.network


def test_a_run_talks_to_the_other_side_alone(folder: Path) -> None:
    serve = ["-m", "contest", "serve", *LEVEL, "-s", "tmp/sock", "-T", "1500", "-m", "results", "-b", "results/bk2"]
    trace = traced(folder, serve, ["-m", "agent"])
    with (folder / "out" / "episodes.csv").open(newline="") as file:
        assert any(float(episode["learned"]) > 0 for episode in csv.DictReader(file))
    assert not trace.network
    assert not trace.written


def test_an_evaluation_talks_to_nobody(folder: Path) -> None:
    (folder / "levels.csv").write_text(f"game,state\n{','.join(LEVEL)}\n")
    words = ["--timesteps", "200", "--seeds", "1", "--results", "results", "--report", "report.html"]
    trace = traced(
        folder, ["-m", "contest", "evaluate", "--levels", "levels.csv", *words, "--agent", "{python} -m agent"]
    )
    assert not trace.network
    assert not trace.written


LIBRARIES = """
import gymnasium, matplotlib.pyplot, torch
from torch.utils.tensorboard import SummaryWriter
gymnasium.make("CartPole-v1").reset()
with SummaryWriter("curves") as writer:
    writer.add_scalar("score", 1.0, 1)
"""


def test_the_libraries_of_training_talk_to_nobody(folder: Path) -> None:
    trace = traced(folder, ["-c", LIBRARIES], MPLCONFIGDIR=str(folder / "matplotlib"))
    assert not trace.network
    assert not trace.written


def test_onnx_runtime_is_imported_by_one_module_alone(folder: Path) -> None:
    root = Path(__file__).parents[2]
    rooms = ("agent", "contest", "fernway", "training", "tests")
    found = {
        str(path.relative_to(root))
        for room in rooms
        for path in (root / room).rglob("*.py")
        if re.search(r"^\s*(?:import|from) onnxruntime\b", path.read_text(), re.MULTILINE)
    }
    assert found == {"agent/network/policy.py"}, "it alone sets what keeps ONNX Runtime from calling home"
