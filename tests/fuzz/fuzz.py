"""Random inputs, new ones each time, until the time is up: `./build.sh fuzz [MINUTES] [--seed N]`.

Takes turns, each for its share of the time: every property of the tests with a hundred times the usual examples, random
play of the game beside the ROM (fuzz_fernway.py), and whatever functions `fuzz_...(seed)` there are in fuzz_*.py: the
wire, files that are read back. Prints the command that shows a failure again; the exit status is 1 if there was one.

    python tests/fuzz/fuzz.py --call FILE:FUNCTION SEED [COUNT]       # those functions, for COUNT seeds from SEED up
"""

import argparse
import faulthandler
import importlib.util
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
MINUTES = 10.0
SEEDS = 2**32
CALLS = 1_000_000
"""Seeds that a fuzz_ function is called with at most in one turn."""

HANG_S = 120.0
"""Seconds that a single input may take; and that a turn may take to end after it was asked to."""

TURN_S = 8.0
"""Least seconds of a turn: pytest alone takes a few to start."""


Try = Callable[[int], None]
"""A function fuzz_...: takes a seed, raises if something is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that takes a seed and tries what it can."""

    name: str
    """What people call it."""

    command: Callable[[int], list[str]]
    """Makes the command of a seed."""

    again: Callable[[int], list[str]] | None = None
    """The command that shows what was found, where that is another one."""

    environment: dict[str, str] = field(default_factory=dict)
    """Variables that it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What was found."""

    task: Task
    """By which task."""

    seed: int
    """With which seed."""

    said: str
    """What the command printed."""

    @property
    def again(self) -> str:
        """The command that shows it again."""
        command = self.task.again or self.task.command
        words = command(self.seed)
        if found := re.search(r"^fuzz: (\S+) failed with the seed (\d+)$", self.said, re.MULTILINE):
            words = [*words[: words.index("--call") + 1], found[1], found[2]]
        return shlex.join(words)


def properties() -> list[Task]:
    """The tests of hypothesis, each with more examples than in a usual run."""
    files = [str(path) for path in sorted(TESTS.rglob("test_*.py")) if "@given" in path.read_text()]
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "hypothesis", *files, *QUIET],
        capture_output=True,
        text=True,
        check=False,
        cwd=TESTS.parent,
    )
    names = [line for line in listed.stdout.splitlines() if "::" in line]
    assert names, listed.stdout + listed.stderr

    def task(name: str) -> Task:
        words = [sys.executable, "-m", "pytest", "-q", *QUIET, str(TESTS.parent / name)]
        return Task(
            name=name,
            command=lambda seed: [*words, f"--hypothesis-seed={seed}"],
            again=lambda seed: ["env", "QJERK_FUZZ=shrink", *words, f"--hypothesis-seed={seed}"],
            environment={"QJERK_FUZZ": "draw"},
        )

    return [task(name) for name in names]


QUIET = ("-p", "no:cacheprovider")


def calls() -> list[Task]:
    """The functions fuzz_...(seed) beside this file."""

    def task(path: Path, function: str) -> Task:
        words = [sys.executable, str(Path(__file__)), "--call", f"{path}:{function}"]
        return Task(name=f"{path.name}:{function}", command=lambda seed: [*words, str(seed), str(CALLS)])

    return [
        task(path, function)
        for path in sorted(HERE.glob("fuzz_*.py"))
        for function in re.findall(r"^def (fuzz_\w+)\(", path.read_text(), re.MULTILINE)
    ]


def random_play() -> Task:
    """The game and its ROM: 250,000 actions a turn, if there is time for so many."""
    words = [sys.executable, str(HERE / "fuzz_fernway.py"), "250000", "25000"]
    return Task(name="fuzz_fernway.py", command=lambda seed: [*words, str(seed)])


def turn(task: Task, seed: int, seconds: float) -> Failure | None:
    """Lets a task try for a while; returns what it found."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            task.command(seed), cwd=TESTS.parent, env=os.environ | task.environment, stdout=said, stderr=said
        )
        try:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        said.seek(0)
        text = said.read()
    if process.returncode in (0, -signal.SIGTERM):  # all is well; or it had no more to say when its time was up
        return None
    return Failure(task=task, seed=seed, said=text)


def fuzz(
    tasks: list[Task], seconds: float, draw: random.Random, tell: Callable[[str], None], found: list[Failure]
) -> None:
    """Lets tasks take turns until the time is up; one that has found something is not asked again.

    Args:
        tasks: What to do.
        seconds: How long.
        draw: Where seeds and the order come from.
        tell: Is told how it goes, in lines.
        found: Where what was found is put.
    """
    began = time.monotonic()
    share = max(seconds / len(tasks), TURN_S)
    left = list[Task]()
    while tasks and (rest := seconds - (time.monotonic() - began)) > 0:
        left = left or draw.sample(tasks, len(tasks))
        task, seed = left.pop(), draw.randrange(SEEDS)
        failure = turn(task, seed, min(share, rest))
        at = int(time.monotonic() - began)
        tell(f"[{at // 60}:{at % 60:02}] {task.name}, seed {seed}: {'FAILED' if failure else 'nothing found'}")
        if failure:
            found.append(failure)
            tasks = [other for other in tasks if other is not task]
            tell(f"{failure.said}\nthis shows it again:\n\n    {failure.again}\n")


def call(target: str, seeds: Iterable[int]) -> int:
    """Calls a function FILE:FUNCTION with seeds until one fails or SIGTERM comes; returns the exit status."""
    path, _, name = target.rpartition(":")
    sys.path[:0] = [str(Path(path).parent), str(TESTS / "support")]
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stop = list[int]()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.append(number))
    for seed in seeds:
        if stop:
            break
        assert sys.__stderr__ is not None
        faulthandler.dump_traceback_later(HANG_S - 20, exit=True, file=sys.__stderr__)
        try:
            getattr(module, name)(seed)
        except BaseException:
            print(f"fuzz: {target} failed with the seed {seed}", flush=True)
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
    return 0


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="./build.sh fuzz", description="Tries random inputs until the time is up.")
    parser.add_argument("minutes", type=float, nargs="?", default=MINUTES, metavar="MINUTES", help="default: 10")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(SEEDS), help="of all seeds")
    parser.add_argument("--call", nargs="+", metavar=("FILE:FUNCTION", "SEED"), help="[COUNT]: a single function")
    options = parser.parse_args()
    if options.call:
        target, seed, count = (*options.call, "1")[:3]
        return call(target, range(int(seed), int(seed) + int(count)))
    if options.minutes <= 0:
        parser.error(f"wanted MINUTES above 0, got {options.minutes:g}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    found = list[Failure]()
    try:
        tasks = [*properties(), *calls(), random_play()]
        print(f"fuzz: {len(tasks)} tasks, {options.minutes:g} minutes, seed {options.seed}", flush=True)
        fuzz(tasks, 60 * options.minutes, random.Random(options.seed), lambda line: print(line, flush=True), found)
    except KeyboardInterrupt:
        print("fuzz: interrupted")
    print(*[f"fuzz: {failure.task.name} failed: {failure.again}" for failure in found], sep="\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
