"""How a run ends that was asked to stop."""

import signal


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """SIGINT or SIGTERM came; the checkpoint is written."""

    def __init__(self, number: int) -> None:
        """Remembers which signal it was."""
        super().__init__(f"stopped by {signal.Signals(number).name}; the same command goes on")
        self.status = 128 + number
        """Exit status, as shells have it."""
