"""Processes that end with this one, however it ends, and with everything that they started."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

GRACE_S = 10.0
"""Seconds a process gets to leave when it is asked to. Source: retro-contest, `retro-contest run`."""

_INSIST_S = 8.0  # more than contest/scoring/leash.py takes from the cut of the leash to its own end

Process = subprocess.Popen[bytes]


@contextlib.contextmanager
def started(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str], stdout: Path, stderr: Path
) -> Iterator[Process]:
    """Runs a command on a leash (contest/scoring/leash.py) and ends it at last.

    It is in a session of its own: Ctrl-C in the terminal does not reach it.

    Args:
        words: The command; its program must be there.
        folder: Where it runs.
        environment: All of its environment variables.
        stdout: File for its output.
        stderr: File for its complaints.
    """
    leash = [sys.executable, "-I", "-S", str(Path(__file__).with_name("leash.py")), *words]
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(
            leash,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: Process) -> None:
    """Ends a process of `started` with everything it started: asks first, then insists."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    assert process.stdin
    process.stdin.close()  # cuts the leash
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_INSIST_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def how(status: int) -> str:
    """How a process of `started` ended, in words."""
    number = status - 128
    name = f" ({signal.Signals(number).name})" if number in set(signal.Signals) else ""
    return f"exit status {status}{name}"


def module_path(*folders: Path) -> str:
    """A PYTHONPATH for a process that runs elsewhere: this one's, its entries from the current folder, and more."""
    entries = os.environ.get("PYTHONPATH")
    named = [Path(entry) for entry in entries.split(os.pathsep)] if entries else []
    return os.pathsep.join(str(entry.absolute()) for entry in [*named, *folders])
