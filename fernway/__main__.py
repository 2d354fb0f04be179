"""`python -m fernway`: see fernway/cli.py."""

import signal
import sys

from fernway.common import terminal


def main() -> int:
    """Runs the command line; returns the exit status."""
    return terminal.run("fernway", "fernway.cli", "fernway[emulator,tools]")


def script() -> None:
    """Runs the command line as a program of its own."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a container is stopped the way Ctrl-C stops it
    sys.exit(main())


if __name__ == "__main__":
    script()
