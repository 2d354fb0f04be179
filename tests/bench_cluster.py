"""Measures what a local Ray of one and of two workers does, and what travels: `python tests/bench_cluster.py`."""

import time

import numpy as np

from agent.actions import ACTION_TABLE
from agent.config import NetworkConfig, VisionConfig
from agent.network import QNetwork
from fernway import GAME
from fernway.levels import Level
from fernway.route import Effort
from training.cluster import LOCAL, Chunk, Cluster, Weights
from training.emulator_planner import EmulatorEffort
from training.search import Task

SEARCHES, SEARCH_TIMESTEPS = 4, 100
CHUNKS, LANES, CHUNK_TIMESTEPS = 4, 16, 60


def main() -> None:
    vision, network = VisionConfig(), NetworkConfig()
    tensors = {
        name: tensor.numpy() for name, tensor in QNetwork(vision, network, len(ACTION_TABLE)).state_dict().items()
    }
    weights = Weights(version=1, tensors=tensors, vision=vision, network=network)
    print(f"weights: {weights.bytes / 1e6:.2f} MB a version")
    print(f"{'':8} {'search, timesteps':>25} {'acting, timesteps':>25}")
    print(f"{'workers':>8} {'a second':>12} {'a CPU second':>12} {'a second':>12} {'a CPU second':>12}")
    for workers in (1, 2):
        with Cluster(LOCAL, workers) as cluster:
            reference = cluster.broadcast(weights)
            list(
                cluster.collect(reference, [Chunk(seed, 1, 5, 0.1) for seed in range(workers)])
            )  # imports, first calls
            levels = [Level(seed % 6, 1, 3_000_000_000 + seed) for seed in range(SEARCHES)]
            tasks = [Task(GAME, "", level, 0, SEARCH_TIMESTEPS, Effort(), EmulatorEffort()) for level in levels]
            began_at, used = time.perf_counter(), cluster.cpu_seconds()
            searched = sum(len(demonstration.actions) for _, demonstration in cluster.search(tasks))
            search = searched / (time.perf_counter() - began_at), searched / (cluster.cpu_seconds() - used)
            began_at, used = time.perf_counter(), cluster.cpu_seconds()
            chunks = [Chunk(seed, LANES, CHUNK_TIMESTEPS, 0.1) for seed in range(CHUNKS)]
            experience = list(cluster.collect(reference, chunks))
            acted = sum(chunk.actions.size for chunk in experience)
            acting = acted / (time.perf_counter() - began_at), acted / (cluster.cpu_seconds() - used)
        print(f"{workers:>8} {search[0]:>12.0f} {search[1]:>12.0f} {acting[0]:>12.0f} {acting[1]:>12.0f}")
    print(f"experience: {np.sum([chunk.bytes for chunk in experience]) / acted:.0f} bytes a timestep")


if __name__ == "__main__":
    main()
