import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from knowing import trajectory
from properties import examples
from toys import moment

from agent.level.landmarks import PATCHES
from agent.level.trajectories import Memory, MemoryConfig, Recorder
from agent.players.moment import Moment
from agent.rules import EPISODE_TIMESTEPS, buttons, pack


def test_a_recording_is_cut_off_where_its_return_was_highest_first() -> None:
    recorder = Recorder(0)
    for names, episode_return in ((["RIGHT"], 1.0), (["B"], 3.0), (["LEFT"], 2.0), (["RIGHT"], 3.0)):
        recorder.add(buttons(*names), episode_return)
    best = recorder.best()
    assert best.actions.tolist() == [pack(buttons("RIGHT")), pack(buttons("B"))]
    assert best.returns.tolist() == [1.0, 3.0]
    assert (best.mean, best.plays) == (3.0, 1)


def test_rounding_makes_a_recording_no_longer() -> None:
    recorder = Recorder(0)
    for episode_return in (1.0, 3.0, 3.0 + 1e-6, 2.0, 3.0 + 2e-6):
        recorder.add(buttons("RIGHT"), episode_return)
    best = recorder.best()
    assert len(best) == 2


def test_a_recording_is_bounded() -> None:
    recorder = Recorder(0)
    for timestep in range(EPISODE_TIMESTEPS + 10):
        recorder.add(buttons(), float(timestep))
    best = recorder.best()
    assert len(best) == EPISODE_TIMESTEPS


def test_the_best_is_the_one_with_the_highest_mean() -> None:
    memory = Memory(MemoryConfig(), 4)
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
    memory = Memory(MemoryConfig(trajectories=limit), 4)
    for value in paid:
        memory.add(trajectory(value))
        assert len(memory.trajectories) <= limit
    assert sorted(kept.mean for kept in memory.trajectories) == sorted(paid)[-limit:] if paid else True


def seen(shown: int) -> Moment:
    """A moment on a screen of one gray."""
    here = moment()
    here.stack.push(np.full((224, 320, 3), shown, np.uint8))
    return here


def record(timesteps: int, *, period: int = 2, first: int = 0) -> list[int]:
    """Records so many timesteps, from the first that somebody chose on; returns the landmarks' grays."""
    recorder = Recorder(period)
    for timestep in range(timesteps):
        if timestep >= first:
            recorder.look(seen(10 * timestep))
        recorder.add(buttons(), float(timestep))
    landmarks = recorder.best().landmarks
    assert landmarks.shape[1] == PATCHES
    return [int(row[0]) for row in landmarks]


def test_landmarks_are_recorded_every_few_timesteps() -> None:
    assert record(5) == [0, 20, 40]
    assert record(4) == [0, 20]
    assert record(5, period=3) == [0, 30]
    assert record(5, period=0) == []


def test_where_nobody_chose_the_first_timestep_the_next_screen_is_its_landmark() -> None:
    assert record(5, first=1) == [10, 20, 40]


def test_a_recording_ends_with_an_episode_though_its_landmarks_be_missing() -> None:
    assert record(5, first=5) == [0, 0, 0]


def test_landmarks_are_bounded_as_timesteps_are() -> None:
    recorder = Recorder(EPISODE_TIMESTEPS)
    for timestep in range(2 * EPISODE_TIMESTEPS + 1):
        if timestep % EPISODE_TIMESTEPS == 0:
            recorder.look(seen(timestep // EPISODE_TIMESTEPS))
        recorder.add(buttons(), float(timestep))
    assert len(recorder._landmarks) == 1


def test_a_trajectory_takes_two_bytes_an_action_and_four_a_return() -> None:
    recorder = Recorder(2)
    recorder.add(buttons("RIGHT"), 1.0)
    best = recorder.best()
    kinds = [array.dtype.name for array in (best.actions, best.returns, best.landmarks)]
    assert kinds == ["uint16", "float32", "uint8"]
