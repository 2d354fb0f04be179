"""Tasks on a Ray cluster of this machine: what comes back, in which order, and what is said without one."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from needs import unavailable

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.vector import fresh_level
from training.cluster.tasks import HERE, results
from training.network.model import NetworkConfig, QNetwork
from training.run.score import PlayConfig
from training.run.scoring import Task, _played, play_task


@pytest.fixture
def ray() -> None:
    """Ray, which is an extra of its own."""
    if find_spec("ray") is None:
        unavailable("Ray is not installed: pip install -e '.[cluster]'")


def half(number: int) -> float:
    return 12 / number


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
def test_a_cluster_plays_the_same() -> None:
    vision, sizes = VisionConfig(), NetworkConfig(torso="conv", channels=(4, 4, 4), hidden=8)
    network = QNetwork(vision, sizes, len(ACTION_TABLE))
    rng = np.random.default_rng(0)
    tasks = [
        Task(network, vision, [fresh_level(rng) for _ in range(count)], 7, PlayConfig(stall_timesteps=20))
        for count in (3, 1, 2)
    ]
    told: list[int] = []
    for episodes, task in zip(_played(tasks, HERE, told.append), tasks, strict=True):
        for one, other in zip(episodes, play_task(task), strict=True):
            assert (one.level, one.ending) == (other.level, other.ending)
            assert np.array_equal(one.places, other.places)
            assert np.array_equal(one.q, other.q)
    assert told == [3, 1, 2]


@pytest.mark.usefixtures("ray")
@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:1", "auto"])
def test_a_cluster_that_is_not_there_is_named(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(ValueError, match=rf"no cluster at --cluster {address}: wanted here, auto or HOST:PORT"):
        list(results(half, [1], address))


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install 'qjerk\[cluster\]'"):
        list(results(half, [1], HERE))
