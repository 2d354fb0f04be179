"""`python -m training`: see training/cli.py."""

import sys

from common import terminal


def main() -> int:
    """Runs the command line; returns the exit status."""
    return terminal.run("training", "training.cli", "qjerk[training]")


if __name__ == "__main__":
    sys.exit(main())
