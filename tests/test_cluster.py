"""A local Ray with two workers, one of which is killed in the middle."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from agent.actions import ACTION_TABLE
from agent.config import SCREEN_SHAPE, NetworkConfig, VisionConfig
from agent.network import QNetwork
from fernway import GAME
from fernway.levels import Level
from fernway.route import Effort
from training.cluster import LOCAL, Chunk, Cluster, ClusterError, Weights, Worker, _act
from training.emulator_planner import EmulatorEffort
from training.search import Task

VISION, NETWORK = VisionConfig(), NetworkConfig()
CHUNKS = [Chunk(seed=seed, lanes=2, timesteps=40, epsilon=0.1) for seed in range(5)]


def weights(version: int) -> Weights:
    torch.manual_seed(version)
    network = QNetwork(VISION, NETWORK, len(ACTION_TABLE))
    tensors = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    return Weights(version=version, tensors=tensors, vision=VISION, network=NETWORK)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("ray")
    with Cluster(LOCAL, workers=2) as opened:
        yield opened


class Ends:
    """Two games whose episodes end after 3 and 5 timesteps; the step after an end brings the next first screen."""

    def __init__(self) -> None:
        self.ages = np.zeros(2, int)

    def _screens(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return np.stack([np.full(SCREEN_SHAPE, 10 * age, np.uint8) for age in self.ages])

    def reset(self, seed: int) -> tuple[Any, dict[str, Any]]:
        return self._screens(), {}

    def step(self, buttons: Any) -> tuple[Any, ...]:
        lengths = np.array([3, 5])
        self.ages = np.where(self.ages == lengths, 0, self.ages + 1)
        ends = self.ages == lengths
        return self._screens(), np.where(self.ages == 0, 0.0, 1.0), ends, np.zeros(2, bool), {}


def test_experience_holds_each_screen_once_and_marks_where_episodes_begin() -> None:
    seen: list[Any] = []

    def q_values(obs: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        seen.append(obs[:, :, 0, 0].tolist())
        return np.zeros((2, len(ACTION_TABLE)), np.float32)

    found = _act(Ends(), q_values, weights(7), Chunk(seed=3, lanes=2, timesteps=6, epsilon=0.0))
    assert found.version == 7
    assert found.planes[:, :, 0, 0, 0].T.tolist() == [[0, 10, 20, 30, 0, 10, 20], [0, 10, 20, 30, 40, 50, 0]]
    assert found.begins.T.astype(int).tolist() == [[1, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 1]]
    assert found.terminated.T.astype(int).tolist() == [[0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 0]]
    assert found.rewards.T.tolist() == [[1, 1, 1, 0, 1, 1], [1, 1, 1, 1, 1, 0]]
    assert seen[3] == [[0, 10, 20, 30], [0, 10, 20, 30]], "the stack, newest last"
    assert seen[5] == [[0, 0, 0, 10], [20, 30, 40, 50]], "an episode's first screen fills its stack"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_is_replaced_and_its_work_done_again(cluster: Cluster) -> None:
    here = Worker()
    alone = {chunk.seed: here.collect(weights(1), chunk) for chunk in CHUNKS}
    before = cluster.processes()
    assert len(set(before)) == 2
    found = {}
    for number, experience in enumerate(cluster.collect(cluster.broadcast(weights(1)), CHUNKS)):
        if number == 0:
            os.kill(before[0], signal.SIGKILL)
        found[experience.seed] = experience
    assert sorted(found) == sorted(alone)
    for seed, experience in found.items():
        assert np.array_equal(experience.actions, alone[seed].actions)
        assert np.array_equal(experience.planes, alone[seed].planes)
    after = cluster.processes()
    assert before[0] not in after, "the killed worker was replaced"
    assert before[1] in after


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_search_and_evaluation_run_on_the_same_workers(cluster: Cluster) -> None:
    level = Level(0, 1, 5)
    effort = Effort(samples=1, finalists=0)
    tasks = [Task(GAME, "x", level, seed, 20, effort, EmulatorEffort()) for seed in range(3)]
    found = dict(cluster.search(tasks))
    assert sorted(task.seed for task in found) == [0, 1, 2]
    assert all(demonstration.seed == task.seed for task, demonstration in found.items())
    for version in (2, 3):
        (outcome,) = cluster.evaluate(cluster.broadcast(weights(version)), [(level, 0)], epsilon=1.0)
        assert (outcome.level, outcome.version) == (level, version)
        assert outcome.timesteps > 1


def test_no_cluster_gives_one_clear_line() -> None:
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match="at least 1 worker"):
        Cluster(LOCAL, workers=0)
