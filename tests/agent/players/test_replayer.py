import numpy as np
import pytest
from knowing import trajectory
from toys import moment

from agent.level.trajectories import Trajectory
from agent.players.moment import Moment
from agent.players.replayer import ReplayConfig, Replayer
from agent.rules import buttons, pack

WAIT, GO, JUMP = 0, int(pack(buttons("RIGHT"))), int(pack(buttons("RIGHT", "B")))


def replayer(
    played: Trajectory,
    config: ReplayConfig = ReplayConfig(),  # noqa: B008 - it cannot change
) -> Replayer:
    return Replayer(played, config)


def is_on(player: Replayer, here: Moment) -> bool:
    player.follow(here)
    return player.is_on


def test_replay_holds_what_was_held_until_it_runs_out() -> None:
    played = trajectory(30.0, actions=[GO, JUMP, WAIT], returns=[10.0, 20.0, 30.0])
    player = replayer(played)
    for timestep, held in enumerate([GO, JUMP, WAIT]):
        here = moment(10.0 * timestep)
        assert is_on(player, here)
        assert pack(player.act(here)) == held
    for _ in range(2):
        assert not is_on(player, moment(30.0)), "it has run out"


@pytest.mark.parametrize(("episode_return", "holds"), [(14.9, False), (15.0, True), (100.0, True)])
def test_replay_is_lost_where_it_falls_behind_what_had_been_paid(episode_return: float, holds: bool) -> None:
    player = replayer(trajectory(30.0, returns=[10.0, 20.0, 30.0]), ReplayConfig(slack=5.0))
    for timestep in range(2):
        here = moment(10.0 * timestep)
        assert is_on(player, here)
        player.act(here)
    assert is_on(player, moment(episode_return)) == holds
    assert is_on(player, moment(30.0)) == holds, "what is lost stays lost"


def test_nothing_is_behind_before_the_first_timestep() -> None:
    assert is_on(replayer(trajectory(900.0, returns=[500.0, 900.0])), moment(-10_000.0))


def replayed(
    actions: list[int], nudge: float, *, wall: bool = False, pace_speed: float = 4.0
) -> list[tuple[float, int]]:
    """Replays what was held where a timestep to the right pays 20, on a day when the fourth pays `nudge` besides.

    Returns:
        Where it was at each timestep, and what it held; with a `wall`, nothing pays after the fourth.
    """
    paid = np.cumsum([20.0 * (held != WAIT) for held in actions]).tolist()
    player = replayer(trajectory(0.0, actions=actions, returns=paid), ReplayConfig(pace_speed=pace_speed))
    place = reward = 0.0
    found: list[tuple[float, int]] = []
    while is_on(player, here := moment(place, reward)):
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
    assert [held for _, held in replayed(actions, nudge, pace_speed=0.0)] == actions


@pytest.mark.parametrize("nudge", [20.0, -20.0])
def test_a_replay_makes_up_for_lost_time_where_the_trajectory_waited(nudge: float) -> None:
    played = replayed([GO] * 8 + [WAIT] * 8 + [JUMP] * 2, nudge)
    assert [held for _, held in played].index(JUMP) == 16
    assert [held for _, held in played].count(WAIT) == (9 if nudge > 0 else 7)


def test_a_replay_that_is_stuck_does_not_wait() -> None:
    actions = [GO] * 10 + [JUMP] * 2
    assert [held for _, held in replayed(actions, 0.0, wall=True)] == actions


@pytest.mark.parametrize("nudge", [-20.0, 20.0])
def test_keeping_pace_loses_no_press_and_makes_none_longer(nudge: float) -> None:
    """Where each timestep holds something else than the one before, nothing may be left out or played twice."""
    actions = [GO, JUMP] * 8
    assert [held for _, held in replayed(actions, nudge)] == actions


@pytest.mark.parametrize(
    ("actions", "behind", "held"),
    [
        ([GO] * 6, 2, [GO] * 6 + [GO]),  # before the third timestep the replay is behind: the second is played twice
        ([GO] * 3, 2, [GO] * 3),  # the last timestep is left for what comes after the trajectory
    ],
)
def test_pace_is_kept_from_the_third_timestep_to_the_last_but_one(
    actions: list[int], behind: int, held: list[int]
) -> None:
    paid = [20.0 * (timestep + 1) for timestep in range(len(actions))]
    player = replayer(trajectory(0.0, actions=actions, returns=paid))
    played, place, reward = [], 0.0, 0.0
    while is_on(player, here := moment(place, reward)):
        played.append(int(pack(player.act(here))))
        reward = 20.0
        place += reward - 20.0 * (len(played) == behind)
    assert played == held
