import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from knowing import trajectory
from toys import RIGHT, B, moment

from agent.config import RunConfig
from agent.control.bandit import Bandit
from agent.control.choice import Choice, Kind
from agent.control.controller import Controller
from agent.control.stall import NobodyCanPlayError, Relay, StallConfig
from agent.level.trajectories import MemoryConfig, Trajectory
from agent.players.learned import Learned
from agent.players.moment import Moment
from agent.players.player import Player
from agent.players.replayer import ReplayConfig
from agent.players.simple import Idle
from agent.rules import Buttons, buttons, pack
from agent.vision import Observation

SEEING = RunConfig(
    stall=StallConfig(patience=3, headway=20.0),
    replay=ReplayConfig(slack=5.0, pace_speed=0.0),
)
CONFIG = SEEING.blind()


class Steady:
    """Always holds the same."""

    def __init__(self, name: str, *held: str) -> None:
        self.name = name
        self.held = buttons(*held)
        self.turns = 0

    def begin(self, moment: Moment) -> None:
        self.turns += 1

    def act(self, moment: Moment) -> Buttons:
        return self.held


class Values:
    """A Q-function that always answers the same."""

    def __init__(self, value: float, action: int = 1) -> None:
        self.values = np.zeros(9, np.float32)
        self.values[action] = value

    def q_values(self, obs: Observation) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return self.values


class Always:
    """Chooses one kind, and remembers what it was paid."""

    def __init__(self, kind: Kind = Kind.REPLAY) -> None:
        self.kind = kind
        self.asked: list[float] = []
        self.paid: list[tuple[Kind, float]] = []

    def choose(self, best: Trajectory, share_used: float) -> Kind:
        self.asked.append(share_used)
        return self.kind

    def pay(self, kind: Kind, episode_return: float) -> None:
        self.paid.append((kind, episode_return))


def make(
    main: Player | None = None,
    fallback: Player | None = None,
    *,
    after_replay: Player | None = None,
    choice: Choice | None = None,
    config: RunConfig = CONFIG,
    say: Callable[[str], None] = print,
) -> Controller:
    main = main or Steady("learned", "RIGHT")
    policy = Relay(main, fallback or main, config.stall)
    return Controller(
        config,
        policy=policy,
        after_replay=Relay(after_replay, after_replay, config.stall) if after_replay else policy,
        choice=choice or Always(),
        say=say,
    )


def play(controller: Controller, returns: list[float]) -> list[Buttons]:
    """Plays on, the episode's return before each timestep being given."""
    acted = []
    for episode_return in returns:
        acted.append(controller.act(moment(episode_return)))
        controller.record(acted[-1], episode_return + 1)
    return acted


def play_episode(controller: Controller, returns: list[float]) -> list[Buttons]:
    """Plays an episode whose last timestep pays one."""
    controller.begin_episode(0.0)
    acted = play(controller, returns)
    controller.end_episode(moment(returns[-1] + 1))
    return acted


def words(acted: list[Buttons]) -> str:
    return "".join("B" if held[B] else "R" if held[RIGHT] else "." for held in acted)


def test_the_fallback_plays_from_a_stall_until_there_is_headway() -> None:
    main, fallback = Steady("learned", "RIGHT"), Steady("jerk", "B")
    controller = make(main, fallback)
    returns = [10.0, 10.0, 10.0, 10.0, 10.0, 30.0, 30.5, 30.5, 30.5, 30.5]
    #        a rise, three without: stall; 20 above it is not enough, 20.5 is; then patience anew
    assert words(play_episode(controller, returns)) == "RRR" + "BBB" + "RRR" + "B"
    assert (main.turns, fallback.turns) == (2, 2)
    assert controller.timesteps_by_player == {"learned": 6, "jerk": 4}


def test_without_a_fallback_the_main_player_is_left_to_itself() -> None:
    main = Steady("learned", "RIGHT")
    assert words(play_episode(make(main), [0.0] * 10)) == "R" * 10
    assert main.turns == 1


def test_a_new_episode_starts_with_the_main_player_and_full_patience() -> None:
    main, fallback = Steady("learned", "RIGHT"), Steady("jerk", "B")
    controller = make(main, fallback, choice=Always(Kind.POLICY))
    assert words(play_episode(controller, [0.0] * 5)) == "RRBBB"
    assert words(play_episode(controller, [0.0] * 3)) == "RRB"
    assert (main.turns, controller.timesteps_by_player) == (2, {"learned": 2, "jerk": 1})


def test_an_episode_is_remembered_up_to_its_best_return() -> None:
    controller = make(Steady("learned", "DOWN"))
    play_episode(controller, [0.0, 10.0, 20.0, 5.0])
    (kept,) = controller.memory.trajectories
    assert kept.returns.tolist() == [1.0, 11.0, 21.0]
    assert kept.actions.tolist() == [pack(buttons("DOWN"))] * 3
    assert kept.mean == 21.0


def test_who_remembers_nothing_never_replays() -> None:
    config = dataclasses.replace(CONFIG, memory=MemoryConfig(trajectories=0))
    controller = make(config=config)
    for _ in range(2):
        play_episode(controller, [0.0, 10.0])
        assert controller.timesteps_by_player == {"learned": 2}
    assert controller.memory.trajectories == []


def remembering(*args: Player, **settings: object) -> Controller:
    """One that has held DOWN for three timesteps, which paid 1, 11 and 21."""
    controller = make(*args, **settings)  # type: ignore[arg-type]
    controller.memory.add(trajectory(21.0, actions=[int(pack(buttons("DOWN")))] * 3, returns=[1.0, 11.0, 21.0]))
    return controller


def test_the_choice_is_asked_with_what_can_be_replayed_and_is_paid() -> None:
    choice = Always(Kind.REPLAY)
    controller = make(choice=choice)
    play_episode(controller, [0.0, 10.0])
    assert (choice.asked, choice.paid) == ([], [(Kind.POLICY, 11.0)]), "nothing to replay: nothing to choose"
    controller.begin_episode(0.25)
    assert choice.asked == [0.25]
    play(controller, [0.0, 10.0])
    controller.end_episode(moment(7.0))
    assert choice.paid[1:] == [(Kind.REPLAY, 7.0)]


def test_a_replay_that_runs_out_is_played_on() -> None:
    controller = remembering(Steady("learned", "RIGHT"), Steady("jerk", "B"))
    play_episode(controller, [0.0, 10.0, 20.0, 30.0, 40.0])
    assert controller.timesteps_by_player == {"replay": 3, "learned": 2}
    first, second = controller.memory.trajectories
    assert first.mean == (21.0 + 41.0) / 2, "a replay's return counts for its trajectory"
    assert second.returns.tolist() == [1.0, 11.0, 21.0, 31.0, 41.0], "and what went farther is kept"


def test_a_replay_that_goes_wrong_is_given_up_for_good() -> None:
    controller = remembering(Steady("learned", "RIGHT"), Steady("jerk", "B"))
    play_episode(controller, [0.0, 4.0, 5.9, 40.0, 50.0])  # 11 had been paid by the second timestep, slack is 5
    assert controller.timesteps_by_player == {"replay": 2, "learned": 3}


@pytest.mark.parametrize("rounding", [0.0, 1e-3])
def test_a_replay_that_brought_nothing_new_is_not_kept_twice(rounding: float) -> None:
    controller = remembering()
    play_episode(controller, [0.0, 10.0, 20.0 + rounding])
    assert len(controller.memory.trajectories) == 1


@pytest.mark.parametrize("kept_for", [Kind.POLICY, Kind.REPLAY])
def test_an_episode_of_the_policys_is_kept_whatever_it_paid(kept_for: Kind) -> None:
    controller = remembering(choice=Always(kept_for))
    play_episode(controller, [0.0, 10.0, 15.0])
    assert len(controller.memory.trajectories) == (2 if kept_for is Kind.POLICY else 1)


def test_the_stall_after_a_replay_is_counted_from_where_it_ended() -> None:
    controller = remembering(Steady("learned", "RIGHT"), Steady("jerk", "B"))
    play_episode(controller, [0.0, 10.0, 20.0, 21.0, 21.0, 21.0, 21.0])
    assert controller.timesteps_by_player == {"replay": 3, "learned": 3, "jerk": 1}


def test_the_baseline_idles_after_a_replay() -> None:
    controller = remembering(Steady("jerk", "B"), after_replay=Idle())
    play_episode(controller, [0.0, 10.0, 20.0, 21.0, 21.0])
    assert controller.timesteps_by_player == {"replay": 3, "idle": 2}


def test_values_that_are_not_finite_retire_the_network_and_are_said_once() -> None:
    said: list[str] = []
    learned = Learned(Values(np.nan), 0.0, np.random.default_rng(0))
    controller = make(learned, Steady("jerk", "B"), say=said.append, choice=Always(Kind.POLICY))
    for _ in range(2):
        assert words(play_episode(controller, [0.0, 1.0, 2.0])) == "BBB"
        assert controller.timesteps_by_player == {"jerk": 3}
    assert len(said) == 1
    assert "not finite" in said[0]


def test_a_network_that_is_retired_does_not_play_on_after_a_replay_either() -> None:
    said: list[str] = []
    learned = Learned(Values(np.nan), 0.0, np.random.default_rng(0))
    controller = remembering(learned, Steady("jerk", "B"), say=said.append)
    for _ in range(2):
        assert words(play_episode(controller, [0.0, 10.0, 20.0, 30.0, 40.0])) == "...BB"
        controller.memory.trajectories[1:] = []
    assert len(said) == 1


def test_a_retired_network_without_a_fallback_ends_the_run() -> None:
    controller = make(Learned(Values(np.nan), 0.0, np.random.default_rng(0)))
    controller.begin_episode(0.0)
    with pytest.raises(NobodyCanPlayError, match="the Q-network cannot play: its Q-values are not finite"):
        controller.act(moment())


def test_with_the_bandit_replays_alternate_as_they_pay() -> None:
    controller = make(choice=Bandit(CONFIG.bandit))
    kinds = []
    for _ in range(4):
        controller.begin_episode(1.0)  # not knowing is worth nothing any more
        play(controller, [0.0, 10.0, 20.0])
        kinds.append("replay" if controller.timesteps_by_player["replay"] else "policy")
        controller.end_episode(moment(100.0 if kinds[-1] == "policy" else 50.0))
    assert kinds == ["policy", "replay", "policy", "policy"]
