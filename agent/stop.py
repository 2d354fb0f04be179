"""SIGINT and SIGTERM: they end the agent at once while nothing has begun, and later only where nothing is half done.

Imports nothing that takes time: the signals are taken over before whatever does. A container's first process ignores
a signal that it has not taken over.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Stopped(BaseException):
    """The user or the machine asked the run to stop."""


def before_the_first_episode(reason: object) -> str:
    """Returns what the agent says when it ends without an episode, and that is in order."""
    return f"the run is over before its first episode: {reason}"


class StopSignal:
    """Turns SIGINT and SIGTERM into the end of the process or into `Stopped`."""

    def __init__(self) -> None:
        """Takes the two signals over; until `begin` they end the process, with status 0."""
        self._came: str | None = None
        self._has_begun = False
        self._is_waiting = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the interface's
        self._came = signal.Signals(number).name
        if not self._has_begun:
            # No exception: a library's import may catch it, and go on.
            with suppress(OSError):
                os.write(1, f"{before_the_first_episode(self._came)}\n".encode())
            os._exit(0)
        if self._is_waiting:
            raise Stopped(self._came)

    def begin(self) -> None:
        """Says that there is something to lose from now on."""
        self._has_begun = True

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Lets a signal interrupt what is inside: waiting for the server.

        Raises:
            Stopped: If a signal came.
        """
        self._is_waiting = True
        try:
            if self._came:
                raise Stopped(self._came)
            yield
        finally:
            self._is_waiting = False
