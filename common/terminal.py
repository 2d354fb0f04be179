"""Command lines: what all of them do alike, whatever the terminal, the pipe behind it or the Python that runs them."""

import contextlib
import io
import os
import sys
from importlib import import_module
from pathlib import Path

from .files import reason

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

_ROOT = Path(__file__).resolve().parent.parent


def run(name: str, module: str, distribution: str) -> int:
    """Runs a command line.

    Args:
        name: What its messages begin with.
        module: Has the function `main`, which returns the exit status, and `REFUSALS`, the exceptions whose message is one
            line for the user. Only imported here, so that what goes wrong meanwhile is one line, too.
        distribution: What to install for it outside a checkout, with the extras it needs.

    Returns:
        The exit status: 1 with one line on stderr where something is wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without box drawing characters still gets the words
    refusals: tuple[type[Exception], ...] = ()
    try:
        try:
            commands = import_module(module)
            refusals = commands.REFUSALS
            return int(commands.main())
        finally:
            sys.stdout.flush()  # not later, where nobody would catch what comes of it
    except BrokenPipeError:  # `... | head`: whoever read has enough
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 0
    except KeyboardInterrupt:
        complain(f"{name}: interrupted")
        return INTERRUPTED
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("agent", "common", "contest", "fernway", "training"):
            raise
        complain(f"{name}: {error.name} is not installed for {sys.executable}: {_advice(distribution)}")
    except OSError as error:
        complain(f"{name}: {reason(error)}")
    except Exception as error:
        if not isinstance(error, refusals):
            raise
        complain(f"{name}: {error}")
    return 1


def complain(line: str) -> None:
    """Prints a line on stderr, if anybody still reads it."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def plural(number: int, thing: str) -> str:
    """Says how many there are: `1 episode`, `2 episodes`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _advice(distribution: str) -> str:
    """How to get to an environment that has everything."""
    venv = _ROOT / ".venv"
    if not (_ROOT / "build.sh").exists():
        return f"it comes with {distribution}"
    if Path(sys.prefix) == venv:
        return "`./build.sh install` installs it"
    made = "" if venv.exists() else "./build.sh demo makes the environment; then "
    return f"{made}`. {os.path.relpath(venv / 'bin' / 'activate')}` makes it this shell's"
