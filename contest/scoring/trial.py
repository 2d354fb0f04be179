"""Runs any agent on one level: a server's process beside the agent's, and the score that comes of it."""

import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from agent.rules import SEED_VARIABLE, TIMESTEPS_VARIABLE, WALLCLOCK_VARIABLE
from contest.remote.monitor import Record
from contest.scoring.last_words import last_words, lines
from contest.scoring.processes import GRACE_S, Process, end, how, module_path, started

POLL_S = 0.05
"""Seconds between two looks at the processes."""

RECORD_FILE = "episodes.json"
"""Name of the server's record in a trial's folder."""

AGENT_FOLDER = "agent"
"""Folder in a trial's folder that the agent runs in and writes to; what the server records lies beside it."""


_REMARK = re.compile(r"playing without |.* is out of play\b")
"""A line of our agent's output that says that it plays with less than it should."""


class TrialError(Exception):
    """The trial gave no score; the message is one line that says why."""


class Stopped(Exception):  # noqa: N818 - not an error: the user wanted it
    """The trial was called off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Who plays what, and where."""

    game: str
    """Name of the game."""

    state: str | None
    """A state's name, the absolute path of a `.state` file, or None for the game's default."""

    agent: tuple[str, ...]
    """Words of the agent's command, as `contest.scoring.command.read_command` makes them."""

    seed: int
    """Of the server's delays; the agent gets it as the environment variable QJERK_SEED."""

    timesteps: int | None = None
    """Timesteps of the run, if limited; the agent gets them as QJERK_TIMESTEPS."""

    wallclock_s: float | None = None
    """Seconds of the run, if limited; the agent gets them as QJERK_WALLCLOCK."""

    server: tuple[str, ...] = ()
    """Further arguments of `python -m contest serve`."""

    idle_s: float = 600.0
    """Seconds without a timestep after which the agent is taken for dead."""

    folder: Path
    """Emptied first; then it has the server's records, both sides' output, and the agent's working directory, `agent`,
    with the socket in tmp/sock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A trial that gave a score."""

    record: Record
    """What the server saw."""

    remark: str
    """Anything odd about the agent's playing or leaving; empty if there was nothing."""


def play(trial: Trial, stop: threading.Event) -> Outcome:
    """Runs a trial to its end. Whatever happens, no process of it is left when this returns.

    The server's files lie where the agent does not write. Both processes reach the socket by a relative path, so a
    folder however deep does not lead to one longer than the 107 bytes there is room for.

    Args:
        trial: What to run.
        stop: Calls it off as soon as it is set.

    Raises:
        TrialError: If there is no score to be had.
        Stopped: If it was called off.
    """
    shutil.rmtree(trial.folder, ignore_errors=True)
    home = trial.folder / AGENT_FOLDER
    socketdir = Path(AGENT_FOLDER, "tmp", "sock")
    (trial.folder / socketdir).mkdir(parents=True)
    serve = [sys.executable, "-m", "contest", "serve", trial.game, *([trial.state] if trial.state else [])]
    serve += ["-s", str(socketdir), "-m", ".", "--record", RECORD_FILE, "--seed", str(trial.seed)]
    serve += [] if trial.timesteps is None else ["-T", str(trial.timesteps)]
    serve += [] if trial.wallclock_s is None else ["-W", str(trial.wallclock_s)]
    serve += trial.server
    with _started(trial, "remote", serve, trial.folder, Path(__file__).parents[2]) as server:
        while not (trial.folder / socketdir / "sock").exists():  # the original client wants it there
            if server.poll() is not None:
                raise TrialError(f"the server did not start: {_last_words(trial, 'remote')}")
            _pause(stop)
        with _started(trial, "agent", trial.agent, home, Path.cwd()) as agent:
            _watch(trial, server, agent, stop)
            remark = _part(trial, server, agent, stop)
    return _outcome(trial, server, agent, remark)


def _watch(trial: Trial, server: Process, agent: Process, stop: threading.Event) -> None:
    """Waits until either process has ended.

    Raises:
        TrialError: If nothing happens for too long.
        Stopped: If the trial is called off.
    """
    written, since = 0, time.monotonic()
    while server.poll() is None and agent.poll() is None:
        _pause(stop)
        before, written = written, _written_ns(trial.folder / RECORD_FILE)
        if written != before:
            since = time.monotonic()
        elif time.monotonic() - since > trial.idle_s:
            raise TrialError(f"no timestep for {trial.idle_s:g} s, {timesteps_so_far(trial.folder)} until then")


def _part(trial: Trial, server: Process, agent: Process, stop: threading.Event) -> str:
    """Lets the process that is left end by itself for a while, then ends it.

    Returns:
        A remark on the agent's leaving, or nothing.
    """
    deadline = time.monotonic() + GRACE_S
    if not (trial.folder / RECORD_FILE).exists():  # the agent left without a word: the server waits for its first one
        deadline = time.monotonic() + 1.0
    while server.poll() is None and time.monotonic() < deadline:  # the agent left: the server notices, if it was there
        _pause(stop)
    end(server)
    while agent.poll() is None and time.monotonic() < deadline:
        _pause(stop)
    if agent.poll() is None:
        return f"the agent did not leave within {GRACE_S:g} s of the end"
    return f"the agent left with {how(agent.returncode)}" if agent.returncode else ""


def _outcome(trial: Trial, server: Process, agent: Process, remark: str) -> Outcome:
    """Reads what a trial gave, once both processes have ended.

    Raises:
        TrialError: If it gave no score.
    """
    if server.returncode != 0:
        raise TrialError(f"the server failed with {how(server.returncode)}: {_last_words(trial, 'remote')}")
    try:
        record = Record.load(trial.folder / RECORD_FILE)
    except (OSError, ValueError) as error:
        raise TrialError(f"the server left no record: {error}") from error
    if not record.is_whole and agent.returncode != 0:
        raise TrialError(f"{remark} after {record.timesteps} timesteps: {_last_words(trial, 'agent')}")
    if not record.scored():
        raise TrialError(f"the agent left without playing: {_last_words(trial, 'agent')}")
    said = [line for line in lines(_output(trial, "agent", "stdout")) if _REMARK.match(line)]
    return Outcome(record=record, remark="; ".join(filter(None, [*dict.fromkeys(said), remark])))


def timesteps_so_far(folder: Path) -> int:
    """Timesteps a running trial has made as its record has it, a few seconds old at most."""
    try:
        return Record.load(folder / RECORD_FILE).timesteps
    except (OSError, ValueError):
        return 0


def _written_ns(path: Path) -> int:
    """When a file was last written, ns; 0 if it is not there. The server writes its record only when it has answered."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _started(
    trial: Trial, name: str, words: Sequence[str], folder: Path, modules: Path
) -> AbstractContextManager[Process]:
    """Runs a command, its output in files of the trial's folder that are named as the contest names them.

    Args:
        trial: Whose folder and seed.
        name: `agent` or `remote`.
        words: The command.
        folder: Where it runs.
        modules: Folder whose modules `python -m` shall still find there.
    """
    told = {SEED_VARIABLE: trial.seed, TIMESTEPS_VARIABLE: trial.timesteps, WALLCLOCK_VARIABLE: trial.wallclock_s}
    environment = {name: value for name, value in os.environ.items() if name not in told}
    environment |= {name: str(value) for name, value in told.items() if value is not None}
    return started(
        words,
        folder=folder,
        environment=environment | {"PYTHONPATH": module_path(modules)},
        stdout=_output(trial, name, "stdout"),
        stderr=_output(trial, name, "stderr"),
    )


def _pause(stop: threading.Event) -> None:
    """Waits for the next look.

    Raises:
        Stopped: If the trial is called off.
    """
    if stop.wait(POLL_S):
        raise Stopped


def _output(trial: Trial, name: str, stream: str) -> Path:
    """File for what a process writes."""
    return trial.folder / f"{name}-{stream}.txt"


def _last_words(trial: Trial, name: str) -> str:
    """Tells why a process left."""
    return last_words(_output(trial, name, "stderr"))
