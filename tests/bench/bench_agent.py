"""What the agent costs: its timesteps/s against those of a client that does nothing, on the same game, in one run.

    python tests/bench/bench_agent.py [GAME] [TIMESTEPS] [ROUNDS] [MODE] [FLAG ...]

Each round serves the game twice, once for each client. Prints the ratio of every round and their median; both clients
are processes of their own, as in the contest. MODE is the agent's; greedy, the default, asks the network every timestep.
FLAGS are more of the agent's, such as --epsilon.
"""

import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from agent.assembly import WEIGHTS
from agent.network.card import NetworkConfig
from agent.network.model import QNetwork
from agent.network.weights import save
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig

CONSTANT = """
import time
from pathlib import Path
from agent.rules import buttons
from agent.wire.client import RemoteEnv
from agent.wire.connect import RemoteConfig
from agent.wire.messages import RunEnd
env = RemoteEnv(RemoteConfig(socket_dir=Path("tmp/sock")))
held = buttons("RIGHT")
try:
    env.reset()
    began_at = time.perf_counter()
    while True:
        _, _, terminated, truncated, _ = env.step(held)
        if terminated or truncated:
            env.reset()
except RunEnd:
    print(time.perf_counter() - began_at)
"""


def serve(game: str, timesteps: int, folder: Path) -> subprocess.Popen[bytes]:
    """Starts the contest's environment in `folder`."""
    command = [sys.executable, "-m", "contest", "serve", game, "-T", str(timesteps), "--seed", "1"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)


def constant_s(game: str, timesteps: int) -> float:
    """Returns how long the client that does nothing takes, seconds."""
    with tempfile.TemporaryDirectory() as folder, serve(game, timesteps, Path(folder)) as server:
        client = [sys.executable, "-c", CONSTANT]
        seconds = float(subprocess.run(client, cwd=folder, check=True, capture_output=True, text=True).stdout)
        server.wait()
    return seconds


def agent_s(game: str, timesteps: int, weights: Path, flags: Sequence[str]) -> tuple[float, float]:
    """Returns how long the agent takes, seconds, and the share of timesteps the network played."""
    with tempfile.TemporaryDirectory() as folder, serve(game, timesteps, Path(folder)) as server:
        command = [sys.executable, "-m", "agent", "--weights", str(weights), *flags]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        server.wait()
        with (Path(folder) / "out" / "episodes.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    played = sum(int(row["timesteps"]) for row in rows)
    learned = sum(float(row["learned"]) * int(row["timesteps"]) for row in rows) / played
    return sum(float(row["seconds"]) for row in rows), learned


def main(
    game: str = "Airstriker-Genesis-v0", timesteps: str = "3000", rounds: str = "3", mode: str = "greedy", *flags: str
) -> None:
    """Prints the ratios."""
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        weights = WEIGHTS
        if not weights.exists():
            weights = Path(folder) / "net.safetensors"
            vision, config = VisionConfig(), NetworkConfig()
            save(weights, QNetwork(vision, config, len(ACTION_TABLE)), vision, config)
            print("no bundled weights: an untrained network of the default size plays (the cost is the same)")
        for _ in range(int(rounds)):
            idle_s = constant_s(game, int(timesteps))
            seconds, learned = agent_s(game, int(timesteps), weights, ["--mode", mode, *flags])
            ratios.append(idle_s / seconds)
            print(
                f"{time.strftime('%H:%M:%S')}  constant {int(timesteps) / idle_s:6.0f} timesteps/s   agent "
                f"{int(timesteps) / seconds:6.0f} timesteps/s (network playing {learned:.0%})   ratio {ratios[-1]:.3f}"
            )
    median = statistics.median(ratios)
    agent = " ".join([mode, *flags])
    print(f"median ratio {median:.3f} over {rounds} rounds of {timesteps} timesteps on {game}, {agent}")
    print(f"ONNX Runtime {version('onnxruntime')}, one thread")


if __name__ == "__main__":
    main(*sys.argv[1:])
