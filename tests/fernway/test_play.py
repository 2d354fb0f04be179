"""`python -m fernway play` in a window on a display of its own, with keys pressed as a person would."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from display import PATIENCE_S, Display, wait_for
from numpy.typing import NDArray

from fernway import levels, native
from fernway.play import WIDTH
from fernway.search import start_level


def moved_right_by(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> int:
    """Pixels the ground moved to the left between two screens; 0 if it did not, or is another one."""
    rows = slice(184, 200)  # ground, without the lives at its left; nothing moves in it by itself
    for by in range(1, 120):
        if np.array_equal(before[rows, 120 + by :], after[rows, 120 : WIDTH - by]):
            return by
    return 0


def idle_screens(frames: int) -> set[bytes]:
    """What the first level shows while nobody does anything."""
    game = native.Game()
    start_level(game, levels.by_name("FernHollow.Act1").level)
    seen = set()
    for _ in range(frames):
        seen.add(game.screen().tobytes())
        game.frame(0)
    return seen


@pytest.mark.slow
def test_a_person_sees_the_player_run(display: Display) -> None:
    game = subprocess.Popen(
        [sys.executable, "-m", "fernway", "play"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"DISPLAY": display.name},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        expected = idle_screens(900)
        wait_for(lambda: game.poll() is not None or display.shown().tobytes() in expected, "the level's start is seen")
        before = display.shown()
        display.press("keydown", "Right")
        wait_for(lambda: moved_right_by(before, display.shown()) >= 16, "the player runs to the right")
        display.press("keyup", "Right")
        display.press("key", "Escape")
        assert game.wait(PATIENCE_S) == 0
        assert game.stderr is not None
        assert game.stderr.read() == ""
    finally:
        if game.poll() is None:
            game.send_signal(signal.SIGKILL)
        game.communicate()
