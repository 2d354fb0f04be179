"""`python -m fernway play` in a window on a display of its own, with keys pressed as a person would."""

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from needs import unavailable
from numpy.typing import NDArray

from fernway import levels, native
from fernway.play import HEIGHT, SCALE, WIDTH
from fernway.search import start_level

PATIENCE_S = 40.0
"""For anything to happen: drawing in software on a busy machine can take 50 ms a frame."""


class Display:
    """An X server without a screen, whose picture lies in a file."""

    def __init__(self, folder: Path) -> None:
        reader, writer = os.pipe()
        geometry = f"{WIDTH * SCALE}x{HEIGHT * SCALE}x24"
        command = [
            "Xvfb",
            "-displayfd",
            str(writer),
            "-fbdir",
            str(folder),
            "-screen",
            "0",
            geometry,
            "-nolisten",
            "tcp",
        ]
        self._server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            self.name = f":{pipe.read().strip()}"  # ends when the server has closed it: it is ready, or dead
        self._picture = folder / "Xvfb_screen0"

    def close(self) -> None:
        self._server.terminate()
        self._server.wait()

    def shown(self) -> NDArray[np.uint8]:
        """What is on the whole display, a pixel for each of the console's: RGB uint8 [224, 320, 3]."""
        raw = self._picture.read_bytes()
        header = struct.unpack(">25I", raw[:100])  # X11/XWDFile.h
        size, width, height, line, colours = header[0], header[4], header[5], header[12], header[19]
        start = size + 12 * colours
        pixels = np.frombuffer(raw, np.uint8, height * line, start).reshape(height, -1, 4)[:, :width]
        return pixels[SCALE // 2 :: SCALE, SCALE // 2 :: SCALE, 2::-1]

    def press(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], check=True, env=os.environ | {"DISPLAY": self.name}, timeout=PATIENCE_S)


@pytest.fixture
def display(tmp_path: Path) -> Iterator[Display]:
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            unavailable(f"{program} is missing")
    found = Display(tmp_path)
    yield found
    found.close()


def wait_for(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"{what} within {PATIENCE_S:g} s"
        time.sleep(0.1)


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
