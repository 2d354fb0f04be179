from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.actions import buttons, pack
from agent.config import EPISODE_TIMESTEPS, MemoryConfig
from agent.memory import KnowledgeError, Memory, Recorder, Trajectory


def trajectory(paid: float, length: int = 3) -> Trajectory:
    return Trajectory(
        actions=np.arange(length, dtype=np.uint16), returns=np.linspace(0, paid, length, dtype=np.float32), paid=paid
    )


def test_a_recording_is_cut_off_where_its_return_was_highest_first() -> None:
    recorder = Recorder()
    for names, episode_return in ((["RIGHT"], 1.0), (["B"], 3.0), (["LEFT"], 2.0), (["RIGHT"], 3.0)):
        recorder.add(buttons(*names), episode_return)
    best = recorder.best()
    assert best is not None
    assert best.actions.tolist() == [pack(buttons("RIGHT")), pack(buttons("B"))]
    assert best.returns.tolist() == [1.0, 3.0]
    assert (best.mean, best.plays) == (3.0, 1)


def test_an_empty_recording_has_no_best() -> None:
    assert Recorder().best() is None


def test_a_recording_is_bounded() -> None:
    recorder = Recorder()
    for timestep in range(EPISODE_TIMESTEPS + 10):
        recorder.add(buttons(), float(timestep))
    best = recorder.best()
    assert best is not None
    assert len(best) == EPISODE_TIMESTEPS


def test_the_best_is_the_one_with_the_highest_mean() -> None:
    memory = Memory(MemoryConfig())
    assert memory.best() is None
    lucky, steady = trajectory(100.0), trajectory(90.0)
    memory.add(lucky)
    memory.add(steady)
    assert memory.best() is lucky
    lucky.pay(20.0)
    assert lucky.mean == 60.0
    assert memory.best() is steady


@given(st.lists(st.floats(-9000, 10000), max_size=20), st.integers(1, 5))
def test_memory_stays_bounded_and_keeps_the_best(paid: list[float], limit: int) -> None:
    memory = Memory(MemoryConfig(trajectories=limit))
    for value in paid:
        memory.add(trajectory(value))
        assert len(memory.trajectories) <= limit
    assert sorted(kept.mean for kept in memory.trajectories) == sorted(paid)[-limit:] if paid else True


def test_the_exploit_probability_is_the_baselines() -> None:
    memory = Memory(MemoryConfig())
    assert memory.exploit_probability(0.0) == 0.25
    assert memory.exploit_probability(0.5) == 0.75


def test_knowledge_outlives_the_run(tmp_path: Path) -> None:
    memory = Memory(MemoryConfig())
    for paid in (10.0, 30.0, 20.0):
        memory.add(trajectory(paid))
    memory.trajectories[1].pay(40.0)
    path = tmp_path / "knowledge.npz"
    memory.save(path, "a level")
    again = Memory(MemoryConfig())
    assert again.load(path, "a level")
    assert [(kept.paid, kept.plays, kept.actions.tolist()) for kept in again.trajectories] == [
        (kept.paid, kept.plays, kept.actions.tolist()) for kept in memory.trajectories
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["knowledge.npz"]


def test_knowledge_of_another_level_is_left_alone(tmp_path: Path) -> None:
    memory = Memory(MemoryConfig())
    memory.add(trajectory(10.0))
    memory.save(tmp_path / "knowledge.npz", "a level")
    other = Memory(MemoryConfig())
    assert not other.load(tmp_path / "knowledge.npz", "another level")
    assert other.trajectories == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"garbage" * 100])
def test_garbage_is_no_knowledge(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "knowledge.npz"
    path.write_bytes(content)
    with pytest.raises(KnowledgeError, match="knowledge"):
        Memory(MemoryConfig()).load(path, "a level")


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("actions_0", np.array([1 << 12, 0, 0], np.uint16)),
        ("actions_0", np.array([0, 0], np.uint16)),
        ("actions_0", np.array([[0, 0, 0]], np.uint16)),
        ("returns_0", np.array([0, np.nan, 0], np.float32)),
        ("returns_0", np.array([0, 0, 0], np.int64)),
        ("paid_0", np.array([1.0, 0.0])),
        ("paid_0", np.array([1.0])),
        ("format", np.array(99)),
        ("format", np.array(None)),
    ],
)
def test_knowledge_that_was_tampered_with_is_refused(tmp_path: Path, name: str, array: np.ndarray) -> None:
    memory = Memory(MemoryConfig())
    memory.add(trajectory(10.0))
    path = tmp_path / "knowledge.npz"
    memory.save(path, "a level")
    with np.load(path) as loaded:
        arrays = dict(loaded)
    np.savez(path, **{**arrays, name: array})
    again = Memory(MemoryConfig())
    with pytest.raises(KnowledgeError):
        again.load(path, "a level")
    assert again.trajectories == []
