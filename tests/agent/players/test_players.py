from collections import Counter

import numpy as np
import pytest
from toys import LEFT, RIGHT, B, moment

from agent.players.jerk import Jerk, JerkConfig
from agent.players.learned import Learned, TempoConfig, UnfitError
from agent.players.simple import Idle, Random
from agent.rules import ACTION_TABLE, action_buttons, pack
from agent.vision import Observation

JERK = JerkConfig()


class Values:
    """A Q-function that always answers the same."""

    def __init__(self, *values: float) -> None:
        self.values = np.array(values, np.float32)
        self.calls = 0

    def q_values(self, obs: Observation) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        assert obs.dtype == np.uint8
        self.calls += 1
        return self.values


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize("action", range(len(ACTION_TABLE)))
def test_learned_takes_the_action_of_the_highest_value(action: int) -> None:
    values = np.zeros(len(ACTION_TABLE))
    values[action] = 1
    player = Learned(Values(*values), 0.0, rng())
    assert player.act(moment()).tolist() == action_buttons()[action].tolist()


def test_the_temperature_decides_how_often_a_lesser_action_is_taken() -> None:
    player = Learned(Values(1.0, 0.5, *[-100.0] * (len(ACTION_TABLE) - 2)), 0.0, rng(), temperature=0.25)
    counts = Counter(int(pack(player.act(moment()))) for _ in range(4000))
    first, second = (pack(held) for held in action_buttons()[:2])
    assert counts[first] + counts[second] == 4000
    assert counts[second] / 4000 == pytest.approx(1 / (1 + np.exp(2)), abs=0.02)


def test_epsilon_is_the_share_of_random_actions() -> None:
    values = Values(1, *[0] * (len(ACTION_TABLE) - 1))
    player = Learned(values, 0.25, rng())
    here = moment()
    acted = [player.act(here).tolist() for _ in range(4000)]
    assert values.calls == pytest.approx(3000, abs=100)
    others = sum(held != action_buttons()[0].tolist() for held in acted)
    assert others == pytest.approx(1000 * (1 - 1 / len(ACTION_TABLE)), abs=100)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_learned_refuses_to_play_by_values_that_are_not_finite(bad: float) -> None:
    player = Learned(Values(1, bad, *[0] * (len(ACTION_TABLE) - 2)), 0.0, rng())
    with pytest.raises(UnfitError, match="its Q-values are not finite"):
        player.act(moment())


def test_a_slow_decision_is_forgiven_a_slow_mean_is_not() -> None:
    now = [0.0]
    takes = iter([0.070, 0.001, 0.001, 0.001, 0.030, 0.030, 0.030, 0.030])

    class Slow(Values):
        def q_values(self, obs: Observation) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
            now[0] += next(takes)
            return super().q_values(obs)

    tempo = TempoConfig(limit_s=0.020, window=4)
    player = Learned(Slow(*[0.0] * len(ACTION_TABLE)), 0.0, rng(), tempo=tempo, clock=lambda: now[0])
    here = moment()
    for _ in range(6):  # means over four of 18, 8, 16 ms
        player.act(here)
    with pytest.raises(UnfitError, match=r"deciding takes over 20\.0 ms a timestep"):
        player.act(here)  # 23 ms


def test_jerk_moves_right_as_long_as_that_earns_something() -> None:
    player = Jerk(JERK, rng())
    player.begin(moment())
    for timestep in range(5 * JERK.right_timesteps):
        held = player.act(moment(episode_return=float(timestep)))
        assert held[RIGHT]
        assert not held[LEFT]


def test_jerk_moves_left_after_a_move_that_earned_nothing_then_right_again() -> None:
    player = Jerk(JERK, rng())
    here = moment(episode_return=7.0)
    player.begin(here)
    is_left = [bool(player.act(here)[LEFT]) for _ in range(2 * (JERK.right_timesteps + JERK.left_timesteps))]
    move = [False] * JERK.right_timesteps + [True] * JERK.left_timesteps
    assert is_left == move * 2


def test_jerk_judges_a_move_by_what_it_alone_earned() -> None:
    player = Jerk(JERK, rng())
    player.begin(moment(episode_return=500.0))
    for _ in range(JERK.right_timesteps):
        player.act(moment(episode_return=500.0))
    assert player.act(moment(episode_return=499.0))[LEFT]


def test_jerk_jumps_are_held_for_four_timesteps_and_as_frequent_as_the_baselines() -> None:
    player = Jerk(JerkConfig(right_timesteps=100_000), rng())
    player.begin(moment())
    here = moment()
    held = "".join("B" if player.act(here)[B] else "." for _ in range(50_000))
    runs = [len(run) for run in held.strip(".").split(".") if run]
    assert all(run % JERK.jump_timesteps == 0 for run in runs)
    # A jump starts with probability p at each timestep outside one: share held = 4p / (1 + 3p).
    p = JERK.jump_probability
    assert held.count("B") / len(held) == pytest.approx(4 * p / (1 + 3 * p), abs=0.01)


def test_random_draws_every_action_about_as_often() -> None:
    player = Random(rng())
    here = moment()
    table = [tuple(row) for row in action_buttons().tolist()]
    counts = np.bincount([table.index(tuple(player.act(here).tolist())) for _ in range(9000)], minlength=len(table))
    assert counts.min() > 0.8 * 9000 / len(table)


def test_idle_holds_nothing() -> None:
    assert not Idle().act(moment()).any()
