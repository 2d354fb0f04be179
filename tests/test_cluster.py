"""Acting as pieces of work, training on them, and a local Ray with two workers, one of which is killed in the middle."""

import contextlib
import dataclasses
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agent.actions import ACTION_TABLE
from agent.config import SCREEN_SHAPE, NetworkConfig, VisionConfig
from agent.network import QNetwork
from agent.replay import ReplayConfig
from fernway import GAME
from fernway.levels import Level
from fernway.route import Effort
from training import __main__ as command
from training import source
from training.actor import Actor, Moment
from training.cluster import LOCAL, Cluster, ClusterError, Weights, Worker
from training.config import PlannerConfig, TrainConfig
from training.curve import read_curve
from training.emulator_planner import EmulatorEffort
from training.experience import Chunk, Experience
from training.schedules import EpsilonSchedule
from training.search import Task
from training.source import Workers, open_source
from training.train import train
from training.trainer import Trainer

VISION, NETWORK = VisionConfig(height=36, width=40), NetworkConfig(channels=(4, 8, 8), hidden=16)
CONFIG = TrainConfig(
    out=Path(),
    ray=LOCAL,
    workers=2,
    lanes=2,
    timesteps=240,
    chunk_timesteps=20,
    checkpoint_period=80,
    log_period=40,
    score_period=0,
    broadcast_period=3,
    batch_size=8,
    vision=VISION,
    network=NETWORK,
    replay=ReplayConfig(capacity=400),
    epsilon=EpsilonSchedule(observe=20),
    planner=PlannerConfig(period=2, epsilon=0.1, share_timesteps=100),
)
UPDATES = len(range(24, 241, 8))
"""Of a run with these settings: one every 8 timesteps, the first after 20 timesteps of observing."""

STARTS = [0, 40, 80, 120, 160, 200]
"""Of its chunks."""


def weights(version: int) -> Weights:
    torch.manual_seed(version)
    return Weights.of(QNetwork(VISION, NETWORK, len(ACTION_TABLE)), VISION, NETWORK, version)


def require_equal(one: Experience, two: Experience) -> None:
    for name in one.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("ray")
    with Cluster(LOCAL, workers=2) as opened:
        yield opened


def test_ray_reports_to_nobody(cluster: Cluster) -> None:
    from ray._common.usage.usage_lib import usage_stats_enabled  # what Ray itself asks before it reports

    assert not usage_stats_enabled()


class Ends:
    """Two games whose episodes end after 3 and 5 timesteps; the step after an end brings the next first screen."""

    lanes = 2

    def __init__(self) -> None:
        self.ages = np.zeros(2, int)

    def _screens(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return np.stack([np.full(SCREEN_SHAPE, 10 * age, np.uint8) for age in self.ages])

    def reset(self, seed: Sequence[int]) -> Any:
        self.ages[:] = 0
        return self._screens()

    def step(self, action: Any) -> tuple[Any, ...]:
        lengths = np.array([3, 5])
        self.ages = np.where(self.ages == lengths, 0, self.ages + 1)
        ends = self.ages == lengths
        return self._screens(), np.where(self.ages == 0, 0.0, 1.0), ends, np.zeros(2, bool)

    def cut(self, mask: Any) -> None:
        pass

    def is_rewound(self) -> Any:
        return np.zeros(2, bool)

    def level_name(self, lane: int) -> str:
        return f"level {lane}"

    def close(self) -> None:
        pass


def test_experience_holds_each_screen_once_and_marks_where_episodes_begin() -> None:
    seen: list[Any] = []

    def q_values(obs: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        seen.append(obs[:, :, 0, 0].tolist())
        return np.zeros((2, len(ACTION_TABLE)), np.float32)

    config = dataclasses.replace(CONFIG, planner=PlannerConfig(period=0), stall_timesteps=0)
    found = Experience.of(Chunk(config, 40, 6), Actor(config, Ends(), None), q_values, version=7)
    assert (found.start, found.version, found.timesteps) == (40, 7, 12)
    assert found.planes[:, :, 0, 0, 0].T.tolist() == [[0, 10, 20, 30, 0, 10, 20], [0, 10, 20, 30, 40, 50, 0]]
    assert found.begins.T.astype(int).tolist() == [[1, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 1]]
    assert found.terminated.T.astype(int).tolist() == [[0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 0]]
    assert found.rewards.T.tolist() == [[1, 1, 1, 0, 1, 1], [1, 1, 1, 1, 1, 0]]
    assert np.isnan(found.labels).all()
    assert [(number, ending.lane, ending.timesteps) for number, ending in found.endings] == [(2, 0, 3), (4, 1, 5)]
    assert seen[3] == [[0, 10, 20, 30], [0, 10, 20, 30]], "the stack, newest last"
    assert seen[5] == [[0, 0, 0, 10], [20, 30, 40, 50]], "an episode's first screen fills its stack"


def test_a_piece_done_again_gives_the_same_whatever_the_worker_did_before() -> None:
    worker, other = Worker(), Worker()
    chunk = Chunk(CONFIG, 40, 20)
    one = worker.collect(weights(1), chunk)
    elsewhere = worker.collect(weights(2), Chunk(CONFIG, 80, 5))
    require_equal(one, worker.collect(weights(1), chunk))
    require_equal(one, other.collect(weights(1), chunk))
    is_labelled = np.isfinite(one.labels).all(2)
    assert 0.2 < is_labelled.mean() < 1, "every second timestep, and where the planner plays"
    assert (one.actions != one.chosen).any(), "the planner plays now and then"
    assert np.isfinite(one.lost).any()
    assert not np.array_equal(one.planes[0], elsewhere.planes[0]), "other levels"


def test_moments_of_a_chunk_are_those_of_the_actor() -> None:
    config = dataclasses.replace(
        CONFIG, stall_timesteps=15, planner=PlannerConfig(period=2, share_start=0, share_end=0)
    )

    def still(obs: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.eye(len(ACTION_TABLE), dtype=np.float32)[[0] * len(obs)]

    actor = Actor.open(config)
    there = list(Experience.of(Chunk(config, 0, 20), actor, still, version=0).moments())
    here = list(actor.play(still, 0, 40, np.random.default_rng([config.seed, 0, 1])))
    actor.close()
    assert any(moment.seen.endings for moment in here), "episodes stalled"
    assert len(there) == len(here) == 21
    for one, two in zip(here, there, strict=True):
        require_same(one, two)


def require_same(one: Moment, two: Moment) -> None:
    assert (one.played is None) == (two.played is None)
    for left, right in ((one, two), (one.seen, two.seen), (one.played, two.played)):
        for name in getattr(left, "__slots__", ()):
            if name not in ("seen", "played"):
                np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


class InProcess:
    """Stands in for a cluster: does what is asked at once, and gives the newest first."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.done: list[Experience] = []
        self.asked: list[int] = []
        self.given: list[int] = []
        self.versions: list[int] = []

    def broadcast(self, found: Weights) -> Weights:
        self.versions.append(found.version)
        return found

    def ask(self, found: Weights, chunk: Chunk) -> None:
        self.asked.append(chunk.start)
        self.done.append(self.worker.collect(found, chunk))

    def next_experience(self) -> Experience:
        found = self.done.pop()
        self.given.append(found.start)
        return found


def on_chunks(config: TrainConfig) -> tuple[Trainer, InProcess]:
    cluster: Any = InProcess()
    return Trainer(config, Workers(config, cluster)), cluster


def test_a_run_on_chunks_goes_on_with_those_that_were_under_way(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, planner=PlannerConfig(period=0))
    trainer, cluster = on_chunks(config)
    rows = list(next(trainer.legs()))
    assert [row.timesteps for row in rows] == [40, 80]
    assert cluster.asked == [0, 40, 80, 120], "two under way, always"
    assert cluster.given == [40, 80]
    trainer.save(tmp_path / "checkpoint")
    resumed, second = on_chunks(config)
    resumed.load(tmp_path / "checkpoint")
    rows = [row for leg in resumed.legs() for row in leg]
    assert [row.timesteps for row in rows] == [120, 160, 200, 240]
    assert second.asked == [0, 120, 160, 200]
    assert sorted(cluster.given + second.given) == STARTS, "each chunk once"
    assert (resumed.timesteps, resumed.learner.updates) == (240, UPDATES)
    for versions, first in ((cluster.versions, 0), (second.versions, trainer.learner.updates)):
        assert versions[0] == first, "the newest"
        assert len(versions) > 1
        assert np.diff(versions).min() >= CONFIG.broadcast_period
    resumed.replay.check_valid()
    assert (resumed.action_counts.sum(), sum(row.episodes for row in rows)) == (240, len(resumed.endings))


def test_a_run_begun_on_one_machine_goes_on_on_a_cluster(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, planner=PlannerConfig(period=0), ray=None)
    with open_source(config) as here:
        begun = Trainer(config, here)
        list(next(begun.legs()))
        begun.save(tmp_path / "checkpoint")
    trainer, cluster = on_chunks(dataclasses.replace(config, ray=LOCAL))
    trainer.load(tmp_path / "checkpoint")
    list(next(trainer.legs()))
    assert (cluster.asked, trainer.timesteps) == ([80, 120, 160, 200], 160)


def test_returns_never_run_across_the_seam_of_two_chunks() -> None:
    config = dataclasses.replace(CONFIG, planner=PlannerConfig(period=0), workers=1)
    trainer, _ = on_chunks(config)
    for leg in trainer.legs():
        list(leg)
    state = trainer.replay.state()
    sampleable = np.flatnonzero(state["priorities"] > 0)
    age, ended = state["age"].reshape(-1, 2), state["ended"].reshape(-1, 2)
    assert (np.flatnonzero((age == 0).all(1))[:3] == [0, 21, 42]).all(), "every chunk begins anew in both lanes"
    for slot in sampleable:
        position, lane = divmod(int(slot), 2)
        for step in range(1, config.replay.n_step + 1):
            assert age[position + step, lane] > 0, "no window reaches into another episode"
            if ended[position + step, lane]:
                break
    assert len(sampleable) >= 2 * 6 * (20 - config.replay.n_step)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_is_replaced_and_its_work_done_again(cluster: Cluster) -> None:
    here = Worker()
    chunks = [Chunk(CONFIG, start, 20) for start in STARTS[:4]]
    alone = {chunk.start: here.collect(weights(1), chunk) for chunk in chunks}
    before = cluster.processes()
    assert len(set(before)) == 2
    found = {}
    for number, experience in enumerate(cluster.collect(cluster.broadcast(weights(1)), chunks)):
        if number == 0:
            os.kill(before[0], signal.SIGKILL)
        found[experience.start] = experience
    assert sorted(found) == sorted(alone)
    for start, experience in found.items():
        require_equal(experience, alone[start])
    after = cluster.processes()
    assert before[0] not in after, "the killed worker was replaced"
    assert before[1] in after


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_training_survives_the_death_of_a_worker(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "Cluster", lambda address, workers: contextlib.nullcontext(cluster))
    config = dataclasses.replace(CONFIG, out=tmp_path, plots=False)
    before = cluster.processes()
    rows_at_death: list[int] = []

    def kill() -> None:
        curve = tmp_path / "curve.csv"
        while not (curve.exists() and len(read_curve(curve))):
            time.sleep(0.01)
        os.kill(before[0], signal.SIGKILL)
        rows_at_death.append(len(read_curve(curve)))

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    train(config)
    killer.join(120)
    assert rows_at_death[0] < 6, "in the middle"
    assert before[0] not in cluster.processes(), "the killed worker was replaced"
    rows = read_curve(tmp_path / "curve.csv")
    assert [row["timesteps"] for row in rows] == [40, 80, 120, 160, 200, 240]
    assert rows[-1]["updates"] == UPDATES
    assert np.isfinite([row["frames_lost"] for row in rows]).all(), "the planner judged everywhere"
    card = json.loads((tmp_path / "newest.json").read_text())["about"]
    assert (card["timesteps"], card["updates"]) == (240, UPDATES)
    assert "--ray local" in card["command"]


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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_goes_wrong_in_a_worker_is_told_here(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match=r"^a worker of the cluster failed: ValueError: .+$"):
        list(cluster.collect(cluster.broadcast(weights(1)), [Chunk(CONFIG, -1, 3)]))


def test_no_cluster_gives_one_clear_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match="at least 1 worker"):
        Cluster(LOCAL, workers=0)
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1"):
        assert command.main(["train", "--out", str(tmp_path), "--no-plots", "--ray", address]) == 1
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert line.startswith(f"training: no Ray cluster at {address}: ")


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install 'qjerk\[cluster\]'"):
        Cluster(LOCAL, workers=1)


def test_emulators_do_not_go_on_a_cluster() -> None:
    with pytest.raises(ValueError, match="one of --ray and --levels"):
        TrainConfig(out=Path(), ray=LOCAL, levels=Path("levels.csv"))
    with pytest.raises(ValueError, match="workers above 0"):
        TrainConfig(out=Path(), workers=0)
