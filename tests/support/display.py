"""A display of a test's own, for windows that people would look at and press keys in."""

import os
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fernway.play import HEIGHT, SCALE, WIDTH

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


def wait_for(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"{what} within {PATIENCE_S:g} s"
        time.sleep(0.1)
