"""`python -m contest`: see contest/cli.py."""

import signal
import sys

from common import terminal


def main() -> int:
    """Runs the command line; returns the exit status."""
    return terminal.run("contest", "contest.cli", "qjerk[contest]")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a container is stopped the way Ctrl-C stops it
    sys.exit(main())
