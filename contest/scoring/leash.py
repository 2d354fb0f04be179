"""Runs a command that must not outlive whoever started it: `python leash.py COMMAND...`, stdin the leash.

stdin is a pipe whose other end the starter alone holds. However the starter ends, by SIGKILL too, the kernel closes that
end; then the command is asked to end, and whatever is left of it is killed: its children, their children, and those in
groups and sessions of their own. The same is done when the command ends by itself. Exit status: the command's, or 128
and the number of the signal that ended it, as shells have it.

On Linux, orphans of the command become children of this process (PR_SET_CHILD_SUBREAPER), so that nothing it started
gets lost, and the command dies with this process (PR_SET_PDEATHSIG). Elsewhere the process group has to do.

It imports only small modules of the standard library, as such a process stands beside every command.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

GRACE_S = 2.0
"""Seconds between asking the command to end and killing it, once the starter is gone."""

SWEEP_S = 5.0
"""Seconds to go on killing what is left: a process may be starting further ones, or hang in the kernel."""

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # of <linux/prctl.h>
_IS_LINUX = sys.platform == "linux"


class Leashed:
    """A command that runs.

    Args:
        words: The command.

    Raises:
        OSError: If it cannot be run.
    """

    def __init__(self, words: list[str]) -> None:
        """Starts it."""
        self.status: int | None = None
        """Exit status once it has ended; minus the signal's number if that ended it."""
        if _IS_LINUX:
            _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._woken, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        starter = os.getpid()

        def tie() -> None:
            if _IS_LINUX:
                _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != starter:
                    os._exit(1)

        # This process has one thread, so code between fork and exec is safe.
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, preexec_fn=tie)  # noqa: PLW1509
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the interface's
        self._ask(number)

    def _ask(self, number: int) -> None:
        """Sends the command a signal, while it is there."""
        if self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the command ends.

        Args:
            seconds: For how long; None: until then or until the leash is cut.

        Returns:
            Whether it has ended.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            self._reap()
            if self.status is not None:
                return True
            left_s = None if deadline is None else deadline - time.monotonic()
            if left_s is not None and left_s <= 0:
                return False
            watched = [self._woken] if deadline is not None else [self._woken, sys.stdin.fileno()]
            ready, _, _ = select.select(watched, [], [], left_s)
            if self._woken in ready:
                os.read(self._woken, 4096)
            elif ready:
                return False

    def end(self) -> None:
        """Asks it to end, and waits a little while until it does."""
        self._ask(signal.SIGTERM)
        self.wait(GRACE_S)

    def sweep(self) -> None:
        """Kills whatever is left of it."""
        deadline = time.monotonic() + SWEEP_S
        while (left := _descendants()) and time.monotonic() < deadline:
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()
            time.sleep(0.005)
        self._reap()

    def _reap(self) -> None:
        """Collects the exit status of the command and of its orphans, once they have ended."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == self._process.pid:
                    self.status = self._process.returncode = os.waitstatus_to_exitcode(found[1])


def _descendants() -> list[int]:
    """Processes that this one started, and those that they did; nothing where there is no /proc to tell."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found = [os.getpid()]
    for pid in found:  # grows as it is walked
        found += children.get(pid, [])
    return found[1:]


def _prctl(option: int, value: int) -> None:
    """Sets an attribute of this process; where the kernel refuses, the process group has to do."""
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def main() -> int:
    """Runs the command; returns the exit status."""
    try:
        leashed = Leashed(sys.argv[1:])
    except OSError as error:
        sys.stderr.write(f"cannot run {sys.argv[1]}: {error.strerror}\n")
        return 126
    is_over = leashed.wait()
    if not is_over:
        leashed.end()
    leashed.sweep()
    if not is_over and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # where there is no /proc; nobody is left who would ask for the status
    assert leashed.status is not None
    return leashed.status if leashed.status >= 0 else 128 - leashed.status


if __name__ == "__main__":
    sys.exit(main())
