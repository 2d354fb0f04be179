from collections import Counter

import numpy as np
import pytest
from toys import LEFT, RIGHT, B, moment

from agent.level.trajectories import MemoryConfig, Trajectory, Variation
from agent.players.jerk import Jerk, JerkConfig
from agent.players.learned import Learned
from agent.players.moment import Moment
from agent.players.replayer import Landmark, Replay
from agent.players.simple import Idle, Random
from agent.rules import ACTION_TABLE, action_buttons, buttons, pack
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
    assert player.is_sound


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
def test_learned_knows_when_its_values_are_not_finite(bad: float) -> None:
    player = Learned(Values(1, bad, *[0] * (len(ACTION_TABLE) - 2)), 0.0, rng())
    assert not player.act(moment()).any()
    assert not player.is_sound


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


def test_replay_holds_what_was_held_until_it_runs_out() -> None:
    actions = [buttons("RIGHT"), buttons("RIGHT", "B"), buttons("LEFT")]
    trajectory = Trajectory(
        actions=np.array([pack(held) for held in actions], np.uint16),
        returns=np.array([10, 20, 30], np.float32),
        paid=30.0,
        landmarks=np.empty((1, 0), np.uint8),
    )
    config = MemoryConfig(replay_slack=5.0)
    player = Replay(trajectory, config)
    for timestep, held in enumerate(actions):
        here = moment(timestep=timestep, episode_return=10.0 * timestep)
        assert player.is_on(here)
        assert player.act(here).tolist() == held.tolist()
    assert not player.is_on(moment(timestep=3, episode_return=30.0)), "it has run out"
    for episode_return, is_on in ((14.9, False), (15.0, True)):  # lost: over 5 below the 20 it had paid
        player = Replay(trajectory, config)
        for timestep in range(2):
            here = moment(timestep=timestep, episode_return=10.0 * timestep)
            assert player.is_on(here)
            player.act(here)
        assert player.is_on(moment(timestep=2, episode_return=episode_return)) == is_on


def test_a_lost_replay_goes_on_from_a_landmark_that_comes_by() -> None:
    config = MemoryConfig(replay_slack=5.0, landmark_period=2, rejoin_wait=2, rejoin_tries=1)
    trajectory = Trajectory(
        actions=np.arange(8, dtype=np.uint16),
        returns=np.arange(10, 90, 10, dtype=np.float32),
        paid=80.0,
        landmarks=np.array([[0], [20], [40], [60]], np.uint8),  # as the return, for short
    )

    def level(here: Moment) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return here.stack.screen[0, 0, :1]

    def replay(landmark: Landmark | None = level) -> Replay:
        player = Replay(trajectory, config, landmark)
        for timestep in range(4):
            here = moment(timestep=timestep, episode_return=10.0 * timestep, reward=10.0 * (timestep > 0))
            assert player.is_on(here)
            player.act(here)
        return player

    def at(episode_return: float, shown: int, reward: float = 10.0) -> Moment:
        here = moment(episode_return, 5, reward)
        here.stack.push(np.full((224, 320, 3), shown, np.uint8))
        return here

    player = replay()
    assert not player.is_on(at(30.0, 30)), "lost: 40 was paid by now"
    assert not player.is_on(at(40.0, 40)), "somebody else has played for one timestep alone"
    assert not player.is_on(at(40.0, 60)), "another place: the screen says so"
    assert not player.is_on(at(40.0, 40, reward=-10.0)), "passed the other way"
    assert not player.is_on(at(50.0, 50)), "between two landmarks"
    assert player.is_on(at(40.0, 40))
    assert pack(player.act(at(40.0, 40))) == 4
    assert player.is_on(at(50.0, 50))
    assert pack(player.act(at(50.0, 50))) == 5
    for _ in range(5):
        assert not player.is_on(at(40.0, 40)), "lost again: tried once, not twice"

    player = replay(None)
    assert not player.is_on(at(30.0, 30))
    for _ in range(5):
        assert not player.is_on(at(40.0, 40)), "who knows no screens stays lost"


WAIT, GO, JUMP = 0, int(pack(buttons("RIGHT"))), int(pack(buttons("RIGHT", "B")))


def replayed(
    actions: list[int], nudge: float, *, wall: bool = False, is_blind: bool = False
) -> list[tuple[float, int]]:
    """Replays what was held where a timestep to the right pays 20, on a day when the fourth pays `nudge` besides.

    Returns:
        Where it was at each timestep, and what it held; with a `wall`, nothing pays after the fourth.
    """
    trajectory = Trajectory(
        actions=np.array(actions, np.uint16),
        returns=np.cumsum([20.0 * (held != WAIT) for held in actions]).astype(np.float32),
        paid=0.0,
        landmarks=np.zeros((len(actions), 1), np.uint8),
    )
    config = MemoryConfig(landmark_period=1, rejoin_tries=0, **({"pace_speed": 0.0} if is_blind else {}))
    player = Replay(trajectory, config, None if is_blind else lambda _: np.zeros(1, np.uint8))
    place = reward = 0.0
    found: list[tuple[float, int]] = []
    while player.is_on(here := moment(place, len(found), reward)):
        held = int(pack(player.act(here)))
        found.append((place, held))
        reward = 0.0 if held == WAIT or (wall and len(found) > 4) else 20.0
        place += reward + nudge * (len(found) == 4)
    return found


@pytest.mark.parametrize(("nudge", "late"), [(20.0, -1), (0.0, 0), (5.0, 0), (-5.0, 0), (-20.0, 1), (-40.0, 2)])
def test_a_replay_that_is_ahead_or_behind_jumps_where_the_trajectory_jumped(nudge: float, late: int) -> None:
    actions = [GO] * 12 + [JUMP] * 2
    played = replayed(actions, nudge)
    assert [held for _, held in played] == [GO] * (12 + late) + [JUMP] * 2
    assert played[-2][0] == pytest.approx(240.0, abs=5.0)
    assert [held for _, held in replayed(actions, nudge, is_blind=True)] == actions


@pytest.mark.parametrize("nudge", [20.0, -20.0])
def test_a_replay_makes_up_for_lost_time_where_the_trajectory_waited(nudge: float) -> None:
    played = replayed([GO] * 8 + [WAIT] * 8 + [JUMP] * 2, nudge)
    assert [held for _, held in played].index(JUMP) == 16
    assert [held for _, held in played].count(WAIT) == (9 if nudge > 0 else 7)


def test_a_replay_that_is_stuck_does_not_wait() -> None:
    actions = [GO] * 10 + [JUMP] * 2
    assert [held for _, held in replayed(actions, 0.0, wall=True)] == actions


@pytest.mark.parametrize(("shift", "held"), [(2, [0, 1, 4, 5, 4, 5]), (-1, [0, 1, 1, 2, 4, 5])])
def test_a_variation_does_things_earlier_or_later_for_a_while(shift: int, held: list[int]) -> None:
    trajectory = Trajectory(
        actions=np.arange(6, dtype=np.uint16),
        returns=np.zeros(6, np.float32),
        paid=0.0,
        landmarks=np.empty((2, 0), np.uint8),
    )
    player = Replay(trajectory, MemoryConfig(), variation=Variation(start=2, timesteps=2, shift=shift))
    played = []
    for timestep in range(6):
        assert player.is_on(moment(timestep=timestep))
        assert player.is_varied == (timestep >= 2)
        played.append(int(pack(player.act(moment(timestep=timestep)))))
    assert played == held
    assert not player.is_on(moment(timestep=6))


def test_somebody_else_plays_a_variation_until_a_landmark_comes_by() -> None:
    config = MemoryConfig(landmark_period=1, rejoin_distance=5.0, rejoin_speed=100.0)
    trajectory = Trajectory(
        actions=np.arange(6, dtype=np.uint16),
        returns=np.arange(10.0, 70.0, 10.0, dtype=np.float32),
        paid=60.0,
        landmarks=np.zeros((6, 1), np.uint8),
    )
    player = Replay(
        trajectory,
        config,
        lambda _: np.zeros(1, np.uint8),
        Variation(start=2, timesteps=2, shift=None),
    )
    on = []
    for timestep in range(6):
        here = moment(10.0 * timestep, timestep)
        on.append(player.is_on(here))
        if on[-1]:
            assert pack(player.act(here)) == timestep
    assert on == [True, True, False, False, True, True]
    assert player.is_varied


def test_random_draws_every_action_about_as_often() -> None:
    player = Random(rng())
    here = moment()
    table = [tuple(row) for row in action_buttons().tolist()]
    counts = np.bincount([table.index(tuple(player.act(here).tolist())) for _ in range(9000)], minlength=len(table))
    assert counts.min() > 0.8 * 9000 / len(table)


def test_idle_holds_nothing() -> None:
    assert not Idle().act(moment()).any()
