"""What the agent says, whatever the terminal, and whoever has stopped listening."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from types import TracebackType


def say(line: str) -> None:
    """Tells the user something, at once: a container's output is a pipe. Output that nobody takes costs no run."""
    try:
        print(line, flush=True)
    except OSError:  # the reader is gone, or the disk is full
        _give_up()


def name_missing_libraries() -> None:
    """From now on an import that fails for want of a library ends the process with a line that says what to do."""
    usual = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != "agent":
            advice = "in a clone, ./build.sh demo makes an environment with it, and `. .venv/bin/activate` enters it"
            print(f"agent: {error.name} is not installed for {sys.executable}: {advice}", file=sys.stderr)
        else:
            usual(kind, error, trace)

    sys.excepthook = tell


@contextlib.contextmanager
def whatever_the_terminal() -> Iterator[None]:
    """Lets a command line inside print characters that the terminal lacks, and end quietly in `... | head`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # not later, where nobody would catch what comes of it
    except BrokenPipeError:
        _give_up()


def _give_up() -> None:
    """Prints into nowhere from now on."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
