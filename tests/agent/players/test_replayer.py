import numpy as np
import pytest
from knowing import trajectory
from toys import moment

from agent.level.landmarks import PATCHES, LandmarkConfig
from agent.level.trajectories import Trajectory
from agent.level.variations import NO_VARIATION, Variation
from agent.players.moment import Moment
from agent.players.rejoin import Rejoin
from agent.players.replayer import ReplayConfig, Replayer
from agent.rules import buttons, pack

BLIND = LandmarkConfig(period=0)
WAIT, GO, JUMP = 0, int(pack(buttons("RIGHT"))), int(pack(buttons("RIGHT", "B")))


def replayer(
    played: Trajectory,
    config: ReplayConfig = ReplayConfig(),  # noqa: B008 - it cannot change
    landmarks: LandmarkConfig = BLIND,
    variation: Variation = NO_VARIATION,
) -> Replayer:
    return Replayer(played, config, Rejoin(played, landmarks), variation)


def is_on(player: Replayer, here: Moment) -> bool:
    player.follow(here)
    return player.is_on


def at(episode_return: float, shown: int = 0, reward: float = 10.0) -> Moment:
    """A moment on a screen of one gray."""
    here = moment(episode_return, reward)
    here.stack.push(np.full((224, 320, 3), shown, np.uint8))
    return here


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
    assert is_on(player, moment(30.0)) == holds, "without landmarks what is lost stays lost"


def test_nothing_is_behind_before_the_first_timestep() -> None:
    assert is_on(replayer(trajectory(900.0, returns=[500.0, 900.0])), moment(-10_000.0))


LOST = LandmarkConfig(period=2, wait=2, tries=1)


def lost(landmarks: LandmarkConfig = LOST) -> Replayer:
    """A replay of which four timesteps are played, with the return so far as what is shown; then it is lost."""
    played = Trajectory(
        actions=np.arange(8, dtype=np.uint16),
        returns=np.arange(10, 90, 10, dtype=np.float32),
        paid=80.0,
        landmarks=np.repeat(np.array([[0], [20], [40], [60]], np.uint8), PATCHES, 1),
    )
    player = replayer(played, ReplayConfig(slack=5.0), landmarks)
    for timestep in range(4):
        here = moment(10.0 * timestep, 10.0 * (timestep > 0))
        assert is_on(player, here)
        player.act(here)
    assert not is_on(player, at(30.0, 30)), "lost: 40 was paid by now"
    return player


def test_a_lost_replay_goes_on_from_a_landmark_that_comes_by() -> None:
    player = lost()
    assert not is_on(player, at(40.0, 40)), "somebody else has played for one timestep alone"
    assert not is_on(player, at(40.0, 60)), "another place: the screen says so"
    assert not is_on(player, at(40.0, 40, reward=-10.0)), "passed the other way"
    assert not is_on(player, at(50.0, 50)), "between two landmarks"
    assert is_on(player, at(40.0, 40))
    assert pack(player.act(at(40.0, 40))) == 4
    assert is_on(player, at(50.0, 50))
    assert pack(player.act(at(50.0, 50))) == 5
    for _ in range(5):
        assert not is_on(player, at(40.0, 40)), "lost again: tried once, not twice"


@pytest.mark.parametrize(
    ("episode_return", "shown", "reward", "found"),
    [(48.9, 43, 17.9, True), (49.0, 40, 10.0, False), (40.0, 44, 10.0, False), (40.0, 40, 18.0, False)],
)
def test_a_landmark_is_one_within_the_stated_bounds(
    episode_return: float, shown: int, reward: float, found: bool
) -> None:
    player = lost(LandmarkConfig(period=2, wait=1))
    assert is_on(player, at(episode_return, shown, reward)) == found


def test_of_several_landmarks_the_one_that_looks_most_alike_is_taken() -> None:
    player = lost(LandmarkConfig(period=2, wait=1, distance=100.0, difference=30.0))
    here = at(30.0, 58)
    assert is_on(player, here)
    assert pack(player.act(here)) == 6


def test_a_landmark_is_tried_as_often_as_told() -> None:
    player = lost(LandmarkConfig(period=2, wait=1, tries=3))
    found = 0
    for _ in range(20):
        if is_on(player, here := at(40.0, 40)):
            found += 1
            player.act(here)
            assert not is_on(player, at(0.0, 0)), "lost again"
    assert found == 3


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


def test_a_replay_that_was_found_again_is_late_for_nothing() -> None:
    """Time that was lost before does not count any more where it goes on from a landmark."""
    played = Trajectory(
        actions=np.full(30, GO, np.uint16),
        returns=np.arange(20, 620, 20, dtype=np.float32),
        paid=600.0,
        landmarks=np.repeat(np.arange(0, 30, dtype=np.uint8)[:, None] * 8, PATCHES, 1),
    )
    config = ReplayConfig(slack=50.0)
    player = replayer(played, config, LandmarkConfig(period=1, wait=1, tries=9))
    for timestep in range(4):
        here = at(20.0 * timestep, 0, 20.0 * (timestep > 0))
        assert is_on(player, here)
        player.act(here)
    for _ in range(2):  # it falls behind by two timesteps, and plays two again
        here = at(40.0, 0, 20.0)
        assert is_on(player, here)
        player.act(here)
    late = player._late
    assert late > 0
    assert not is_on(player, at(-100.0, 0, 20.0))
    here = at(400.0, 160, 20.0)
    assert is_on(player, here)
    assert player._late == 0
    player.act(here)
    assert player._next == 21


@pytest.mark.parametrize(("shift", "held"), [(2, [0, 1, 4, 5, 4, 5]), (-1, [0, 1, 1, 2, 4, 5])])
def test_a_variation_does_things_earlier_or_later_for_a_while(shift: int, held: list[int]) -> None:
    player = replayer(trajectory(0.0, 6), variation=Variation(start=2, timesteps=2, shift=shift))
    played = []
    for timestep in range(6):
        assert is_on(player, moment())
        assert player.is_varied == (timestep >= 2)
        played.append(int(pack(player.act(moment()))))
    assert played == held
    assert not is_on(player, moment())


@pytest.mark.parametrize(("shift", "held"), [(9, [5] * 6), (-9, [0] * 6)])
def test_a_variation_beyond_the_trajectorys_ends_holds_what_was_held_there(shift: int, held: list[int]) -> None:
    player = replayer(trajectory(0.0, 6), variation=Variation(start=0, timesteps=6, shift=shift))
    assert [int(pack(player.act(moment()))) for _ in range(6)] == held


def test_somebody_else_plays_a_variation_until_a_landmark_comes_by() -> None:
    played = Trajectory(
        actions=np.arange(6, dtype=np.uint16),
        returns=np.arange(10.0, 70.0, 10.0, dtype=np.float32),
        paid=60.0,
        landmarks=np.zeros((6, PATCHES), np.uint8),
    )
    landmarks = LandmarkConfig(period=1, distance=5.0, speed=100.0)
    player = replayer(played, landmarks=landmarks, variation=Variation(start=2, timesteps=2, shift=None))
    on = []
    for timestep in range(6):
        here = moment(10.0 * timestep)
        on.append(is_on(player, here))
        if on[-1]:
            assert pack(player.act(here)) == timestep
    assert on == [True, True, False, False, True, True]
    assert player.is_varied


def test_a_replay_without_a_variation_is_never_varied() -> None:
    player = replayer(trajectory(0.0, 6))
    for _ in range(6):
        assert is_on(player, moment())
        player.act(moment())
    assert not player.is_varied


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
