"""Runs a real server on a real socket for a test, in a thread of its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym

from contest.remote.server import End, Server


class Clock:
    """Stands where the server looks at the time: a test lets it pass, rather than hope that enough of it does."""

    def __init__(self) -> None:
        self._skipped_s = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped_s

    def skip(self, seconds: float) -> None:
        self._skipped_s += seconds


class Serving:
    """A server at work."""

    def __init__(self, server: Server, limits: dict[str, Any]) -> None:
        self.end: End | None = None
        self._server = server
        self._limits = limits
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        self.end = self._server.serve(**self._limits)


@contextmanager
def serving(env: gym.Env[Any, Any], folder: Path, **limits: Any) -> Iterator[Serving]:
    """Serves `env` in `folder`; waits for the end of the run on leaving."""
    with Server(env, folder, seed=0) as server:
        run = Serving(server, limits)
        run.thread.start()
        yield run
        run.thread.join(timeout=120)
        assert not run.thread.is_alive(), "the server did not end"
