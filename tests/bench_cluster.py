"""Measures what a local Ray of one and of two workers does, and what travels: `python tests/bench_cluster.py`."""

import time
from pathlib import Path

import numpy as np

from agent.actions import ACTION_TABLE
from agent.network import QNetwork
from fernway import GAME
from fernway.levels import Level
from fernway.route import Effort
from training.cluster import LOCAL, Cluster, Weights
from training.config import PlannerConfig, TrainConfig
from training.emulator_planner import EmulatorEffort
from training.experience import Chunk, Experience
from training.search import Task

SEARCHES, SEARCH_TIMESTEPS = 4, 100
CHUNKS, CHUNK_TIMESTEPS = 4, 60
TAUGHT_CHUNKS, TAUGHT_TIMESTEPS = 2, 150

ALONE = TrainConfig(out=Path(), planner=PlannerConfig(period=0))
TAUGHT = TrainConfig(out=Path())
"""What `python -m training train --ray` plays with its default settings: the planner says what each action loses."""


class Pace:
    """Timesteps a second, and a second of the workers' processor time."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._began_at, self._used = time.perf_counter(), cluster.cpu_seconds()

    def __call__(self, timesteps: int) -> str:
        clock, cpu = time.perf_counter() - self._began_at, self._cluster.cpu_seconds() - self._used
        return f"{timesteps / clock:>12.0f} {timesteps / cpu:>12.0f}"


def act(
    cluster: Cluster, weights: Weights, config: TrainConfig, chunks: int, timesteps: int
) -> tuple[str, list[Experience]]:
    reference = cluster.broadcast(weights)
    pieces = [Chunk(config, config.lanes * timesteps * number, timesteps) for number in range(chunks)]
    pace = Pace(cluster)
    found = list(cluster.collect(reference, pieces))
    return pace(sum(experience.timesteps for experience in found)), found


def main() -> None:
    network = QNetwork(TAUGHT.vision, TAUGHT.network, len(ACTION_TABLE))
    weights = Weights.of(network, TAUGHT.vision, TAUGHT.network, version=1)
    print(f"weights: {weights.bytes / 1e6:.2f} MB a version")
    print(f"{'':8} {'search, timesteps':>25} {'acting, timesteps':>25} {'acting with labels':>25}")
    print(f"{'workers':>8}" + 3 * f" {'a second':>12} {'a CPU second':>12}")
    for workers in (1, 2):
        with Cluster(LOCAL, workers) as cluster:
            warm_up = [Chunk(ALONE, number, 5) for number in range(workers)]  # imports, first calls
            list(cluster.collect(cluster.broadcast(weights), warm_up))
            levels = [Level(seed % 6, 1, 3_000_000_000 + seed) for seed in range(SEARCHES)]
            tasks = [Task(GAME, "", level, 0, SEARCH_TIMESTEPS, Effort(), EmulatorEffort()) for level in levels]
            pace = Pace(cluster)
            searched = pace(sum(len(demonstration.actions) for _, demonstration in cluster.search(tasks)))
            acted, _ = act(cluster, weights, ALONE, CHUNKS, CHUNK_TIMESTEPS)
            taught, found = act(cluster, weights, TAUGHT, TAUGHT_CHUNKS, TAUGHT_TIMESTEPS)
        print(f"{workers:>8} {searched} {acted} {taught}")
    size, timesteps = (np.sum([getattr(one, name) for one in found]) for name in ("bytes", "timesteps"))
    print(f"experience: {size / timesteps:.0f} bytes a timestep")


if __name__ == "__main__":
    main()
