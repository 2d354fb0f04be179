"""An environment and a client without manners, for the server's tests."""

import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import gymnasium as gym
import numpy as np
from fake_server import PATIENCE_S
from gymnasium import spaces

BUTTONS = spaces.MultiBinary(12)


SCREEN = spaces.Box(0, 255, (2, 3, 3), np.uint8)


REWARDS = [1, 0.5, 1e-07, -3.25, np.float32(0.1), 100000.0]


class Rewarding(gym.Env[Any, Any]):
    """Gives the rewards above in turn, and ends after four timesteps; the contest's server was asked the same."""

    def __init__(self, action_space: spaces.Space[Any] = BUTTONS, observation_space: spaces.Space[Any] = SCREEN):
        self.action_space, self.observation_space = action_space, observation_space
        self.actions: list[Any] = []
        self.seeds: list[int | None] = []
        self.timestep = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.seeds.append(seed)
        self.timestep = 0
        return np.full((2, 3, 3), 7, np.uint8), {}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        self.actions.append(action)
        self.timestep += 1
        screen = np.full((2, 3, 3), self.timestep, np.uint8)
        return screen, REWARDS[self.timestep - 1], self.timestep == 4, False, {}


class Client:
    """A client that says what it likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(str(folder / "sock"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hear(self, count: int = 1) -> bytes:
        """Reads that many messages."""
        data = b""
        while data.count(b"\f") < count:
            piece = self.socket.recv(1)
            if not piece:
                break
            data += piece
        return data

    def hear_out(self) -> bytes:
        data = b""
        with suppress(ConnectionResetError):  # the server has gone and left something unread
            while piece := self.socket.recv(4096):
                data += piece
        return data
