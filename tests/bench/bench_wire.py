"""What the wire costs: our client against our server on an environment that costs nothing.

    python tests/bench/bench_wire.py [ROUNDS]

Prints timesteps/s, and the processor time of either end per timestep next to that of copying a screen once. The best
of several rounds counts: other work on the machine only ever makes a round slower.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from agent.rules import EPISODE_TIMESTEPS, SCREEN_SHAPE
from agent.wire.client import RemoteEnv
from agent.wire.connect import RemoteConfig
from contest.remote.server import Server

ROUNDS = 10


class Still(gym.Env[Any, Any]):
    """Shows one screen for ever."""

    action_space = gym.spaces.MultiBinary(12)
    observation_space = gym.spaces.Box(0, 255, SCREEN_SHAPE, np.uint8)
    screen = np.zeros(SCREEN_SHAPE, np.uint8)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return self.screen, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.screen, 0.125, False, False, {}


class Clocked(Still):
    """Keeps the server's processor time where the client can read it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.file.write_text(str(time.process_time()))
        return super().reset()


def microseconds(work: Callable[[], object], count: int) -> float:
    """Returns the processor time of one call."""
    began_at = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began_at) / count * 1e6


def play(folder: Path, rounds: int) -> list[tuple[float, float, float]]:
    """Returns timesteps/s and both ends' microseconds of processor time per timestep, round by round."""
    action = np.zeros(12, np.int8)
    measured = []
    with RemoteEnv(RemoteConfig(socket_dir=folder)) as env:
        env.reset()
        for _ in range(rounds):
            server_began_at = float((folder / "cpu").read_text())
            began_at = time.perf_counter()
            client = microseconds(lambda: env.step(action), EPISODE_TIMESTEPS)
            seconds = time.perf_counter() - began_at
            env.reset()
            server = (float((folder / "cpu").read_text()) - server_began_at) / EPISODE_TIMESTEPS * 1e6
            measured.append((EPISODE_TIMESTEPS / seconds, client, server))
    return measured


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as name:
        process = subprocess.Popen([sys.executable, __file__, "--serve", name])
        try:
            speeds, clients, servers = zip(*play(Path(name), rounds), strict=True)
        finally:
            process.wait(30)
    copy = min(microseconds(Still.screen.copy, 1000) for _ in range(rounds))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, best of {rounds} x {EPISODE_TIMESTEPS} timesteps")
    print(f"timesteps/s                        {max(speeds):8.0f}")
    print(f"client's processor time a timestep {min(clients):8.1f} us")
    print(f"server's processor time a timestep {min(servers):8.1f} us")
    print(f"one copy of a screen in memory     {copy:8.1f} us")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        served = Path(sys.argv[2])
        with Server(Clocked(served / "cpu"), served) as server:
            server.serve(ignore_reset=False)
    else:
        main()
