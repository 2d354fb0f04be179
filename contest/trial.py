"""One run of any agent on one level: a server process, the agent's command, and what came of it."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.config import SEED_VARIABLE, TIMESTEPS_VARIABLE, WALLCLOCK_VARIABLE
from contest.monitor import Record

GRACE_S = 10.0
"""Seconds the other side gets to leave once one has left. Source: retro-contest, `retro-contest run`."""

POLL_S = 0.05
"""Seconds between two looks at the processes."""

RECORD_FILE = "episodes.json"
"""Name of the server's record in a trial's folder."""


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
    """Words of the agent's command, as `agent_words` makes them."""

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
    """The agent's working directory, emptied first: logs, monitor files, and the socket in tmp/sock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A trial that gave a score."""

    record: Record
    """What the server saw."""

    remark: str
    """Anything odd about the agent's leaving; empty if there was nothing."""


def agent_words(command: str, seed: int) -> tuple[str, ...]:
    """The words of an agent's command, ready to be run in another folder.

    `{seed}` stands for the seed and `{python}` for the interpreter this runs on; a word that names an existing file is
    taken from the current folder.

    Raises:
        TrialError: If the command cannot be read or its program does not exist.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise TrialError(f"agent command {command!r}: {error}") from error
    words = [word.replace("{seed}", str(seed)).replace("{python}", sys.executable) for word in words]
    words = [str(Path(word).absolute()) if Path(word).is_file() else word for word in words]
    if not words or shutil.which(words[0]) is None:
        raise TrialError(f"agent command {command!r}: no program {words[0] if words else ''!r}")
    return tuple(words)


def play(trial: Trial, stop: threading.Event) -> Outcome:
    """Runs a trial to its end. Whatever happens, no process of it is left when this returns.

    Both processes run in the trial's folder and meet at the relative path tmp/sock, so a folder however deep does not
    lead to a socket path longer than the 107 bytes there is room for.

    Args:
        trial: What to run.
        stop: Calls it off as soon as it is set.

    Raises:
        TrialError: If there is no score to be had.
        Stopped: If it was called off.
    """
    shutil.rmtree(trial.folder, ignore_errors=True)
    (trial.folder / "tmp" / "sock").mkdir(parents=True)
    serve = [sys.executable, "-m", "contest", "serve", trial.game, *([trial.state] if trial.state else [])]
    serve += ["-s", "tmp/sock", "-m", ".", "--record", RECORD_FILE, "--seed", str(trial.seed)]
    serve += [] if trial.timesteps is None else ["-T", str(trial.timesteps)]
    serve += [] if trial.wallclock_s is None else ["-W", str(trial.wallclock_s)]
    serve += trial.server
    with _started(trial, "remote", serve, Path(__file__).parents[1]) as server:
        while not (trial.folder / "tmp" / "sock" / "sock").exists():  # the original client wants it there
            if server.poll() is not None:
                raise TrialError(f"the server did not start: {_last_words(trial, 'remote')}")
            _pause(stop)
        with _started(trial, "agent", trial.agent, Path.cwd()) as agent:
            _watch(trial, server, agent, stop)
            remark = _part(trial, server, agent, stop)
    return _outcome(trial, server, agent, remark)


def _watch(
    trial: Trial, server: "subprocess.Popen[bytes]", agent: "subprocess.Popen[bytes]", stop: threading.Event
) -> None:
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


def _part(
    trial: Trial, server: "subprocess.Popen[bytes]", agent: "subprocess.Popen[bytes]", stop: threading.Event
) -> str:
    """Lets the process that is left end by itself for a while, then ends it.

    Returns:
        A remark on the agent's leaving, or nothing.
    """
    deadline = time.monotonic() + GRACE_S
    if not (trial.folder / RECORD_FILE).exists():  # the agent left without a word: the server waits for its first one
        deadline = time.monotonic() + 1.0
    while server.poll() is None and time.monotonic() < deadline:  # the agent left: the server notices, if it was there
        _pause(stop)
    _end(server)
    while agent.poll() is None and time.monotonic() < deadline:
        _pause(stop)
    if agent.poll() is None:
        return f"the agent did not leave within {GRACE_S:g} s of the end"
    return f"the agent left with exit status {agent.returncode}" if agent.returncode else ""


def _outcome(trial: Trial, server: "subprocess.Popen[bytes]", agent: "subprocess.Popen[bytes]", remark: str) -> Outcome:
    """What came of it.

    Raises:
        TrialError: If that is no score.
    """
    if server.returncode != 0:
        raise TrialError(f"the server failed with exit status {server.returncode}: {_last_words(trial, 'remote')}")
    try:
        record = Record.load(trial.folder / RECORD_FILE)
    except (OSError, ValueError) as error:
        raise TrialError(f"the server left no record: {error}") from error
    if not record.is_whole and agent.returncode != 0:
        raise TrialError(f"{remark} after {record.timesteps} timesteps: {_last_words(trial, 'agent')}")
    if not record.scored():
        raise TrialError(f"the agent left without playing: {_last_words(trial, 'agent')}")
    return Outcome(record=record, remark=remark)


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


@contextlib.contextmanager
def _started(
    trial: Trial, name: str, words: "list[str] | tuple[str, ...]", modules: Path
) -> "Iterator[subprocess.Popen[bytes]]":
    """Runs a command in a trial's folder, its output in files named as the contest names them; ends it at last.

    Args:
        trial: Whose folder and seed.
        name: `agent` or `remote`.
        words: The command.
        modules: Folder whose modules `python -m` shall still find there.
    """
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(modules)]))
    told = {SEED_VARIABLE: trial.seed, TIMESTEPS_VARIABLE: trial.timesteps, WALLCLOCK_VARIABLE: trial.wallclock_s}
    environment = {name: value for name, value in os.environ.items() if name not in told} | {"PYTHONPATH": path}
    environment |= {name: str(value) for name, value in told.items() if value is not None}
    with (
        (trial.folder / f"{name}-stdout.txt").open("wb") as out,
        (trial.folder / f"{name}-stderr.txt").open("wb") as err,
    ):
        try:
            process = subprocess.Popen(
                words,
                cwd=trial.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # a group of its own: to be ended with its children, and not by Ctrl-C
            )
        except OSError as error:
            raise TrialError(f"{name}: cannot run {words[0]}: {error.strerror}") from error
    try:
        yield process
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process with everything it started: asks first, then insists."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _pause(stop: threading.Event) -> None:
    """Waits for the next look.

    Raises:
        Stopped: If the trial is called off.
    """
    if stop.wait(POLL_S):
        raise Stopped


def _last_words(trial: Trial, name: str) -> str:
    """What a process said last on stderr, an exception's own line where there is one, and where the rest is."""
    path = trial.folder / f"{name}-stderr.txt"
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    begin = max((number for number, line in enumerate(lines) if line.startswith("Traceback (")), default=len(lines))
    exception = next((line for line in lines[begin + 1 :] if not line[0].isspace()), "")
    words = exception or (lines[-1].strip() if lines else "no word on stderr")
    return f"{words[:200]} ({path})"
