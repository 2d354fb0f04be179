from hypothesis import given
from hypothesis import strategies as st
from knowing import trajectory
from properties import examples

from agent.level.trajectories import Memory, MemoryConfig, Recorder
from agent.rules import EPISODE_TIMESTEPS, buttons, pack


def test_a_recording_is_cut_off_where_its_return_was_highest_first() -> None:
    recorder = Recorder()
    for names, episode_return in ((["RIGHT"], 1.0), (["B"], 3.0), (["LEFT"], 2.0), (["RIGHT"], 3.0)):
        recorder.add(buttons(*names), episode_return)
    best = recorder.best()
    assert best.actions.tolist() == [pack(buttons("RIGHT")), pack(buttons("B"))]
    assert best.returns.tolist() == [1.0, 3.0]
    assert (best.mean, best.plays) == (3.0, 1)


def test_rounding_makes_a_recording_no_longer() -> None:
    recorder = Recorder()
    for episode_return in (1.0, 3.0, 3.0 + 1e-6, 2.0, 3.0 + 2e-6):
        recorder.add(buttons("RIGHT"), episode_return)
    best = recorder.best()
    assert len(best) == 2


def test_a_recording_is_bounded() -> None:
    recorder = Recorder()
    for timestep in range(EPISODE_TIMESTEPS + 10):
        recorder.add(buttons(), float(timestep))
    best = recorder.best()
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


@examples()
@given(st.lists(st.floats(-9000, 10000), max_size=20), st.integers(1, 5))
def test_memory_stays_bounded_and_keeps_the_best(paid: list[float], limit: int) -> None:
    memory = Memory(MemoryConfig(trajectories=limit))
    for value in paid:
        memory.add(trajectory(value))
        assert len(memory.trajectories) <= limit
    assert sorted(kept.mean for kept in memory.trajectories) == sorted(paid)[-limit:] if paid else True


def test_a_trajectory_takes_two_bytes_an_action_and_four_a_return() -> None:
    recorder = Recorder()
    recorder.add(buttons("RIGHT"), 1.0)
    best = recorder.best()
    kinds = [array.dtype.name for array in (best.actions, best.returns)]
    assert kinds == ["uint16", "float32"]
