"""Runs `python -m training` in the process of a test."""

import pytest

from training.__main__ import main


def training(*words: object) -> int:
    """Runs a command; returns the exit status, also of one whose settings cannot be read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["training", *map(str, words)])
        try:
            return main()
        except SystemExit as exit_:
            return int(exit_.code or 0)
