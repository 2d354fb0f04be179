import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.actions import buttons, pack
from agent.config import EPISODE_TIMESTEPS, IMPROVED_JERK_MEMORY, MemoryConfig
from agent.memory import Memory, Recorder, Trajectory


def trajectory(paid: float, length: int = 3) -> Trajectory:
    return Trajectory(
        actions=np.arange(length, dtype=np.uint16),
        returns=np.linspace(0, paid, length, dtype=np.float32),
        paid=paid,
        landmarks=np.empty((1, 0), np.uint8),
    )


def test_a_recording_is_cut_off_where_its_return_was_highest_first() -> None:
    recorder = Recorder(MemoryConfig(), 0)
    for names, episode_return in ((["RIGHT"], 1.0), (["B"], 3.0), (["LEFT"], 2.0), (["RIGHT"], 3.0)):
        recorder.add(buttons(*names), episode_return)
    best = recorder.best()
    assert best is not None
    assert best.actions.tolist() == [pack(buttons("RIGHT")), pack(buttons("B"))]
    assert best.returns.tolist() == [1.0, 3.0]
    assert (best.mean, best.plays) == (3.0, 1)


def test_an_empty_recording_has_no_best() -> None:
    assert Recorder(MemoryConfig(), 0).best() is None


def test_a_recording_is_bounded() -> None:
    recorder = Recorder(MemoryConfig(), 0)
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


def test_the_improved_rules_replay_more_often_what_paid_more() -> None:
    memory = Memory(IMPROVED_JERK_MEMORY)
    assert memory.exploit_probability(0.0) == pytest.approx(0.12)
    memory.add(trajectory(3000.0))
    assert memory.exploit_probability(0.5) == pytest.approx(0.12 + 0.5 + 0.3)
