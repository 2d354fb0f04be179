"""A game of a few timesteps that `contest` finds as it finds any package's: by an entry point (see conftest.py).

Imported by the tests and by the servers they start.
"""

from typing import Any

import gymnasium as gym
import numpy as np

LENGTHS = {"short": 10, "long": 100_000}
"""Timesteps of an episode by state."""


class ToyGame(gym.Env[Any, Any]):
    """Pays at random, by its seed alone, when RIGHT is held."""

    observation_space = gym.spaces.Box(0, 255, (4, 4, 3), np.uint8)
    action_space = gym.spaces.MultiBinary(12)

    def __init__(self, length: int, seed: int | None) -> None:
        self.length, self.rng, self.left = length, np.random.default_rng(seed), 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.left = self.length
        return np.zeros((4, 4, 3), np.uint8), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.left -= 1
        reward = float(self.rng.integers(100)) * bool(action[7])
        return np.zeros((4, 4, 3), np.uint8), reward, self.left == 0, False, {}

    def position(self) -> tuple[int, int]:
        """What `contest` asks where an episode ends: here, after how many timesteps."""
        return 10 * (self.length - self.left), 7


def draw(state: str | None) -> tuple[Any, tuple[int, int]]:
    """What `contest` asks for a map: a green level of 200 x 100 pixels whose upper left corner is at -10, -20."""
    if state == "long":
        raise ValueError("no <map> of this one")
    return np.full((100, 200, 3), (0, 200, 0), np.uint8), (-10, -20)


def states() -> list[str]:
    """What `contest` asks a game for."""
    return list(LENGTHS)


def make(state: str | None, *, discrete_actions: bool, seed: int | None) -> ToyGame:
    """What `contest` asks a game for."""
    assert not discrete_actions
    return ToyGame(LENGTHS[state or "short"], seed)


AGENT = """
import os, subprocess, sys, time
from pathlib import Path
from agent.wire.client import RemoteEnv, RunEnd
from agent.wire.connect import RemoteConfig

what, seed = sys.argv[1], os.environ["QJERK_SEED"]
assert sys.argv[2] == seed, sys.argv
Path("agent.pid").write_text(str(os.getpid()))
print("playing", what, "seed", seed, flush=True)
if what == "idle" or (what == "idle-on-1" and seed == "1"):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    start = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", start, deaf])
    Path("child.pid").write_text(str(child.pid))
    env = RemoteEnv(RemoteConfig())
    time.sleep(600)
if what == "tamper":
    for name in ("episodes.json", "monitor.csv", "log.csv", "pair.json", "best.bk2"):
        Path(name).write_text('{"episodes": [[9999.0, 1]], "timesteps": 35, "seconds": 1, "end": "timesteps used up"}')
if what == "blind":
    print("playing without the Q-network, by the heuristic alone: there are no weights", flush=True)
env = RemoteEnv(RemoteConfig())
right = [int(number == 7) for number in range(12)]
try:
    over = True
    while True:
        over = env.reset() is None if over else any(env.step(right)[2:4])
        if what == "quit" and env.timesteps == 15:
            break
        if (what == "crash" or (what == "crash-on-1" and seed == "1")) and env.timesteps == 15:
            sys.exit("the agent has crashed")
except RunEnd:
    pass
sys.exit(3 if what == "odd" else 0)
"""
"""An agent that holds RIGHT, and what else its argument says."""
