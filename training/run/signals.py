"""Signals that ask a run to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """SIGINT or SIGTERM came, and the run has written what it knows."""

    def __init__(self, number: int, then: str = "the same command goes on") -> None:
        """Remembers which signal it was; `then`: what the user can do now."""
        super().__init__(f"stopped by {signal.Signals(number).name}; {then}")
        self.status = 128 + number
        """Exit status, as shells have it."""


@contextmanager
def noted() -> Iterator[list[int]]:
    """Notes SIGINT and SIGTERM in the list that it yields, for a loop to look at; the second one interrupts."""
    came: list[int] = []

    def note(number: int, _: object) -> None:
        came.append(number)
        if len(came) > 1:  # whoever asks twice does not want to wait
            raise KeyboardInterrupt

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
