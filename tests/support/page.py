"""The page of the game: built as its Makefile builds it, and its courses played again on the host."""

import ctypes
import hashlib
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from needs import require_program

from fernway import website
from fernway.levels import Level
from fernway.native import LEVEL, SCREEN_HEIGHT, SCREEN_WIDTH, STATE_SIZE
from fernway.observation import Observation, Observer
from fernway.vector import _LIB

ROOT = Path(__file__).parents[2]

Frame = tuple[int, bool]
"""A frame's buttons as bits, and whether it sticks to the move before."""


class Answer(ctypes.Structure):
    """`Answer` of host/vector.h."""

    _fields_ = (("reward", ctypes.c_double), ("terminated", ctypes.c_uint8), ("truncated", ctypes.c_uint8))


@dataclass(frozen=True, slots=True)
class Played:
    """What a course was, frame by frame."""

    rewards: list[float]
    endings: list[list[bool]]
    """Terminated and truncated."""
    digests: list[str]
    """Of each timestep, the first of them at the start; see `HostLane.digest`."""


class HostLane:
    """A game of the host library, frame by frame."""

    def __init__(self, level: Level) -> None:
        self.handle = _LIB.lane_new()
        self.observer = Observer(Observation())
        self.observation = np.zeros(Observation().shape, np.uint8)
        _LIB.lane_frame.restype, pointer = None, ctypes.c_void_p
        _LIB.lane_frame.argtypes = [pointer, ctypes.c_uint16, ctypes.c_uint8, pointer, pointer, pointer]
        self._eye, self._seen = ctypes.byref(self.observer), self.observation.ctypes.data
        _LIB.lane_begin(self.handle, level.zone, level.act, level.seed, self._eye, None, self._seen)

    def __del__(self) -> None:
        _LIB.lane_free(self.handle)

    def frame(self, buttons: int, sticks: bool) -> Answer:
        """Plays one."""
        answer = Answer()
        _LIB.lane_frame(self.handle, buttons, sticks, self._eye, self._seen, ctypes.byref(answer))
        return answer

    def memory(self) -> bytes:
        """The console's, level and all."""
        return ctypes.string_at(self.handle, STATE_SIZE + LEVEL.itemsize)

    def digest(self, timestep: int) -> str:
        """Of memory and observation, and every fourth time of the screen: it is as large as ten of the others."""
        found = hashlib.sha1(self.memory() + self.observation.tobytes())
        if timestep % 4 == 0:
            screen = np.empty((SCREEN_HEIGHT, SCREEN_WIDTH, 3), np.uint8)
            _LIB.lane_screen(self.handle, screen.ctypes.data)
            rgba = np.insert(screen, 3, 255, axis=2)  # as a canvas takes it
            found.update(rgba.tobytes())
        return found.hexdigest()


def on_host(level: Level, frames: Sequence[Frame]) -> Played:
    """Plays frames to the end or to the last of them."""
    lane = HostLane(level)
    played = Played([], [], [lane.digest(0)])
    for number, (buttons, sticks) in enumerate(frames, 1):
        answer = lane.frame(buttons, sticks)
        played.rewards.append(answer.reward)
        played.endings.append([bool(answer.terminated), bool(answer.truncated)])
        if number % 4 == 0 or any(played.endings[-1]):
            played.digests.append(lane.digest(len(played.digests)))
        if any(played.endings[-1]):
            break
    return played


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves a folder as `python -m fernway web` does; its address."""
    with website.server(0, folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{website.HOST}:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def built() -> Path:
    """The page's folder, made anew where its sources are newer; skips the test where that needs what is not there."""
    for program, package in (("emcc", "emscripten"), ("node", "nodejs"), ("npm", "npm"), ("make", "make")):
        require_program(program, package)
    made = subprocess.run(["make", "-C", ROOT / "fernway", "web"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return website.SITE
