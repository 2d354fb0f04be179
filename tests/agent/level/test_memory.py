import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from agent.level.trajectories import IMPROVED_JERK_MEMORY, Memory, MemoryConfig, Recorder, Trajectory
from agent.rules import EPISODE_TIMESTEPS, buttons, pack


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


def test_rounding_makes_a_recording_no_longer() -> None:
    recorder = Recorder(MemoryConfig(), 0)
    for episode_return in (1.0, 3.0, 3.0 + 1e-6, 2.0, 3.0 + 2e-6):
        recorder.add(buttons("RIGHT"), episode_return)
    best = recorder.best()
    assert best is not None
    assert len(best) == 2


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


@examples()
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


def walked(returns: list[float], looks: list[int]) -> Trajectory:
    """A trajectory whose actions are numbered, with a landmark of one patch every second timestep."""
    return Trajectory(
        actions=np.arange(len(returns), dtype=np.uint16),
        returns=np.array(returns, np.float32),
        paid=max(returns),
        landmarks=np.array(looks, np.uint8)[:, None],
    )


def test_without_detours_what_lay_between_two_visits_is_gone() -> None:
    config = MemoryConfig(landmark_period=2, rejoin_distance=5.0, rejoin_speed=5.0, rejoin_difference=3.0)
    # To a wall at 40, back to 20 and to the wall again, then on. Landmarks before timesteps 0, 2, 4 ...
    returns = [10.0, 20.0, 30.0, 40.0, 40.0, 40.0, 30.0, 20.0, 30.0, 40.0, 40.0, 40.0, 50.0, 60.0]
    looks = [0, 20, 40, 40, 20, 40, 40]
    trajectory = walked(returns, looks)
    shorter = trajectory.without_detours(config)
    assert shorter.actions.tolist() == [0, 1, 2, 3, 10, 11, 12, 13]
    assert shorter.returns.tolist() == [10.0, 20.0, 30.0, 40.0, 40.0, 40.0, 50.0, 60.0]
    assert shorter.landmarks.ravel().tolist() == [0, 20, 40, 40]
    assert (shorter.mean, shorter.plays) == (60.0, 1)
    # What looks different is another place: nothing is dropped.
    assert len(walked(returns, [0, 20, 40, 50, 60, 70, 80]).without_detours(config)) == len(returns)


def test_an_agent_that_knows_no_screens_keeps_detours() -> None:
    kept = trajectory(10.0)
    assert kept.without_detours(MemoryConfig()) is kept


def test_variations_begin_a_little_before_where_replays_end() -> None:
    config = MemoryConfig(vary_before=10, vary_timesteps=6, vary_shift=2)
    memory = Memory(config)
    known = trajectory(1000.0, 101)  # 10 a timestep
    memory.note_end(500.0)
    drawn = [memory.vary(known, np.random.default_rng(seed)) for seed in range(300)]
    assert {variation.start for variation in drawn} == set(range(40, 50))
    assert {variation.timesteps for variation in drawn} == set(range(1, 7))
    assert {variation.shift for variation in drawn} == {None, -2, -1, 1, 2}


def test_a_trajectory_of_which_nothing_is_known_is_left_for_good_before_its_own_end() -> None:
    config = MemoryConfig(vary_before=10)
    known = trajectory(1000.0, 101)
    drawn = [Memory(config).vary(known, np.random.default_rng(seed)) for seed in range(100)]
    assert {variation.start for variation in drawn} == set(range(91, 101))
    assert {(variation.timesteps, variation.shift) for variation in drawn} == {(EPISODE_TIMESTEPS, None)}
