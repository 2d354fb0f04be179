"""What the agent holds: its resident memory over a whole run against an environment that costs nothing.

    python tests/bench/bench_memory.py [TIMESTEPS] [MODE] [FLAG ...]

The environment is a random walk with episodes of every length, served over the real wire. Prints the curve.
"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from agent.rules import EPISODE_TIMESTEPS, SCREEN_SHAPE
from contest.remote.server import Server

LINES = 20
"""Lines of the curve."""


class Walk(gym.Env[NDArray[np.uint8], NDArray[np.int8]]):
    """Pays at random; its episodes end at random, after 700 timesteps on average; its screens are few and ready."""

    def __init__(self, seed: int) -> None:
        """Draws its screens."""
        self.action_space = gym.spaces.MultiBinary(12)
        self.observation_space = gym.spaces.Box(0, 255, SCREEN_SHAPE, np.uint8)
        self._rng = np.random.default_rng(seed)
        self._screens = [self._rng.integers(0, 256, SCREEN_SHAPE, np.uint8) for _ in range(8)]
        self.total = 0

    def _screen(self) -> NDArray[np.uint8]:
        return self._screens[self.total % len(self._screens)]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Starts an episode."""
        super().reset(seed=seed)
        self._timesteps = 0
        self.total += 1
        return self._screens[0], {}

    def step(self, action: NDArray[np.int8]) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Plays one timestep."""
        self._timesteps += 1
        self.total += 1
        terminated = bool(self._rng.random() < 1 / 700)
        return self._screen(), float(self._rng.normal(1, 5)), terminated, self._timesteps >= EPISODE_TIMESTEPS, {}


def resident_mb(pid: int) -> float:
    """Returns the resident memory of a process, MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(timesteps: str = "1000000", mode: str = "hybrid", *flags: str) -> None:
    """Prints the curve."""
    env = Walk(0)
    with tempfile.TemporaryDirectory() as folder:
        with Server(env, Path(folder) / "tmp" / "sock") as server:
            serving = threading.Thread(target=server.serve, kwargs={"timesteps": int(timesteps)})
            serving.start()
            command = [sys.executable, "-m", "agent", "--mode", mode, *flags]
            agent = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
            began_at, printed = time.monotonic(), 0
            while agent.poll() is None:
                if env.total * LINES >= printed * int(timesteps):
                    printed += 1
                    pace = env.total / (time.monotonic() - began_at)
                    print(f"{env.total:9d} timesteps  {resident_mb(agent.pid):8.1f} MB  {pace:7.0f} timesteps/s")
                time.sleep(0.05)
            serving.join()
        knowledge = Path(folder) / "out" / "knowledge.npz"
        size = knowledge.stat().st_size / 1024 if knowledge.exists() else 0
        print(f"exit status {agent.returncode}, {env.total} timesteps, knowledge.npz {size:.0f} KB")


if __name__ == "__main__":
    main(*sys.argv[1:])
