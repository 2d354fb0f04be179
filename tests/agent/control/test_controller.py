import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from toys import RIGHT, B, moment

from agent.config import RunConfig
from agent.control.bandit import Bandit, Kind
from agent.control.controller import Controller, NobodyCanPlayError
from agent.control.stall import StallConfig
from agent.level.landmarks import PATCHES, landmark
from agent.level.trajectories import Memory, MemoryConfig, Trajectory
from agent.players.learned import Learned
from agent.players.moment import Moment
from agent.players.player import Player
from agent.players.simple import Idle
from agent.rules import Buttons, buttons
from agent.vision import Observation, VisionConfig

CONFIG = RunConfig(stall=StallConfig(patience=3, headway=20.0), memory=MemoryConfig(replay_slack=5.0))


class Steady:
    """Always holds the same."""

    def __init__(self, name: str, held: Buttons) -> None:
        self.name = name
        self.held = held
        self.turns = 0

    def begin(self, moment: Moment) -> None:
        self.turns += 1

    def act(self, moment: Moment) -> Buttons:
        return self.held


class Broken:
    """A Q-function gone wrong."""

    def q_values(self, obs: Observation) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return np.full(9, np.nan, np.float32)


def make(
    main: Player,
    fallback: Player | None = None,
    after_replay: Player | None = None,
    memory: Memory | None = None,
    say: Callable[[str], None] = print,
) -> Controller:
    return Controller(
        CONFIG,
        main=main,
        fallback=fallback,
        after_replay=after_replay or main,
        memory=memory,
        rng=np.random.default_rng(0),
        say=say,
    )


def play(controller: Controller, returns: list[float], first_timestep: int = 0) -> list[Buttons]:
    """Plays on, the episode's return before each timestep being given."""
    acted = []
    for timestep, episode_return in enumerate(returns, start=first_timestep):
        acted.append(controller.act(moment(episode_return, timestep)))
        controller.took(acted[-1], episode_return + 1)
    return acted


def test_the_fallback_plays_from_a_stall_until_there_is_headway() -> None:
    main, fallback = Steady("learned", buttons("RIGHT")), Steady("jerk", buttons("B"))
    controller = make(main, fallback)
    controller.begin_episode(0.0)
    returns = [10.0, 10.0, 10.0, 10.0, 10.0, 30.0, 30.5, 30.5, 30.5, 30.5]
    acted = "".join("B" if held[B] else "R" for held in play(controller, returns))
    #        a rise, three without: stall; 20 above it is not enough, 20.5 is; then patience anew
    assert acted == "RRR" + "BBB" + "RRR" + "B"
    assert (main.turns, fallback.turns) == (2, 2)
    assert controller.timesteps_by_player == {"learned": 6, "jerk": 4}


def test_without_a_fallback_the_main_player_is_left_to_itself() -> None:
    controller = make(Steady("learned", buttons("RIGHT")))
    controller.begin_episode(0.0)
    assert all(held[RIGHT] for held in play(controller, [0.0] * 10))


def test_a_new_episode_starts_with_the_main_player_and_full_patience() -> None:
    controller = make(Steady("learned", buttons("RIGHT")), Steady("jerk", buttons("B")))
    controller.begin_episode(0.0)
    play(controller, [0.0] * 5)
    controller.end_episode(moment(0.0), terminated=True)
    controller.begin_episode(0.0)
    assert not any(held[B] for held in play(controller, [0.0] * 2))


def remembered() -> Memory:
    memory = Memory(CONFIG.memory)
    teacher = make(Steady("learned", buttons("DOWN")), memory=memory)
    teacher.begin_episode(0.0)
    play(teacher, [0.0, 10.0, 20.0])
    teacher.end_episode(moment(21.0), terminated=True)
    return memory


def test_an_episode_is_remembered_up_to_its_best_return() -> None:
    memory = remembered()
    (kept,) = memory.trajectories
    assert kept.returns.tolist() == [1.0, 11.0, 21.0]
    assert kept.mean == 21.0


def test_a_replay_that_runs_out_is_played_on() -> None:
    memory = remembered()
    controller = make(Steady("learned", buttons("RIGHT")), Steady("jerk", buttons("B")), memory=memory)
    controller.begin_episode(1.0)  # the probability of replaying is over 1
    play(controller, [0.0, 10.0, 20.0, 30.0, 40.0])
    assert controller.timesteps_by_player == {"replay": 3, "learned": 2}
    controller.end_episode(moment(41.0), terminated=True)
    assert memory.trajectories[0].mean == (21.0 + 41.0) / 2, "a replay's return counts for its trajectory"
    assert memory.trajectories[1].returns.tolist() == [1.0, 11.0, 21.0, 31.0, 41.0], "and what went farther is kept"


def test_a_replay_that_goes_wrong_is_given_up_for_good() -> None:
    memory = remembered()
    controller = make(Steady("learned", buttons("RIGHT")), Steady("jerk", buttons("B")), memory=memory)
    controller.begin_episode(1.0)
    play(controller, [0.0, 4.0, 5.9, 40.0, 50.0])  # 11 had been paid by the second timestep, slack is 5
    assert controller.timesteps_by_player == {"replay": 2, "learned": 3}


@pytest.mark.parametrize("rounding", [0.0, 1e-3])
def test_a_replay_that_brought_nothing_new_is_not_kept_twice(rounding: float) -> None:
    memory = remembered()
    controller = make(Steady("learned", buttons("RIGHT")), memory=memory)
    controller.begin_episode(1.0)
    play(controller, [0.0, 10.0, 19.0 + rounding])
    controller.end_episode(moment(20.0), terminated=True)
    assert len(memory.trajectories) == 1


def test_the_stall_after_a_replay_is_counted_from_where_it_ended() -> None:
    memory = remembered()
    controller = make(Steady("learned", buttons("RIGHT")), Steady("jerk", buttons("B")), memory=memory)
    controller.begin_episode(1.0)
    play(controller, [0.0, 10.0, 20.0, 21.0, 21.0, 21.0, 21.0])
    assert controller.timesteps_by_player == {"replay": 3, "learned": 3, "jerk": 1}


def test_the_baseline_idles_after_a_replay() -> None:
    controller = make(Steady("jerk", buttons("B")), after_replay=Idle(), memory=remembered())
    controller.begin_episode(1.0)
    play(controller, [0.0, 10.0, 20.0, 21.0, 21.0])
    assert controller.timesteps_by_player == {"replay": 3, "idle": 2}


def test_how_often_it_replays_rises_over_the_run() -> None:
    controller = make(Steady("jerk", buttons("B")), memory=remembered())

    def share(used: float) -> float:
        replays = 0
        for _ in range(400):
            controller.begin_episode(used)
            controller.act(moment())
            replays += controller.timesteps_by_player["replay"]
        return replays / 400

    assert share(0.0) == pytest.approx(0.25, abs=0.06)
    assert share(0.5) == pytest.approx(0.75, abs=0.06)


def test_values_that_are_not_finite_retire_the_network_and_are_said_once() -> None:
    said: list[str] = []
    learned = Learned(Broken(), 0.0, np.random.default_rng(0))
    controller = make(learned, Steady("jerk", buttons("B")), say=said.append)
    for _ in range(2):
        controller.begin_episode(0.0)
        assert all(held[B] for held in play(controller, [0.0, 1.0, 2.0]))
        assert controller.timesteps_by_player == {"jerk": 3}
    assert len(said) == 1
    assert "not finite" in said[0]


class Right:
    """A Q-function for which RIGHT is the best."""

    def q_values(self, obs: Observation) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        values = np.zeros(9, np.float32)
        values[1] = 1.0
        return values


def make_hybrid(
    say: Callable[[str], None] = print,
    memory: Memory | None = None,
    config: RunConfig = CONFIG,
    seed: int = 0,
) -> Controller:
    """As `python -m agent` wires it, the network always holding RIGHT."""
    rng = np.random.default_rng(seed)
    learned = Learned(Right(), 0.0, rng)
    return Controller(
        config,
        memory=memory,
        main=learned,
        fallback=Steady("jerk", buttons("B")),
        after_replay=learned,
        landmark=lambda moment: landmark(moment.stack.screen, VisionConfig()),
        bandit=Bandit(config.bandit),
        rng=rng,
        say=say,
    )


def test_a_retired_network_without_a_fallback_ends_the_run() -> None:
    controller = make(Learned(Broken(), 0.0, np.random.default_rng(0)))
    controller.begin_episode(0.0)
    with pytest.raises(NobodyCanPlayError, match="not finite"):
        controller.act(moment())


def test_replays_vary_less_and_less_and_only_what_was_played_as_it_was_is_judged() -> None:
    config = dataclasses.replace(CONFIG, memory=MemoryConfig(replay_slack=5.0, vary_share=1.0))

    def is_judged(seed: int, share_used: float) -> bool:
        """Plays a replay of three timesteps; was the trajectory judged by it?"""
        memory = Memory(config.memory, PATCHES)
        returns = np.array([1.0, 11.0, 21.0], np.float32)
        landmarks = np.zeros((1, PATCHES), np.uint8)
        memory.add(Trajectory(actions=np.ones(3, np.uint16), returns=returns, paid=42.0, landmarks=landmarks))
        controller = make_hybrid(memory=memory, config=config, seed=seed)
        assert controller._bandit is not None
        controller._bandit.pay(Kind.POLICY, 0.0)  # so that a replay is what has not been tried yet
        controller.begin_episode(share_used)
        play(controller, [0.0, 1.0, 11.0, 21.0])
        controller.end_episode(moment(21.0), terminated=True)
        is_whole = controller.timesteps_by_player["replay"] == 3
        assert (memory.trajectories[0].plays == 2) == is_whole
        return is_whole

    assert not any(is_judged(seed, 0.0) for seed in range(20))
    assert {is_judged(seed, 0.5) for seed in range(40)} == {True, False}
    assert all(is_judged(seed, 1.0) for seed in range(10)), "no more at the end of the run"


@pytest.mark.parametrize(("comes_to", "kept"), [(995.0, 2), (900.0, 1)])
def test_a_varied_replay_that_got_as_far_is_kept(comes_to: float, kept: int) -> None:
    config = dataclasses.replace(CONFIG, memory=MemoryConfig(vary_share=1.0))
    memory = Memory(config.memory, PATCHES)
    landmarks = np.zeros((1, PATCHES), np.uint8)
    returns = np.array([1.0, 11.0, 1000.0], np.float32)
    memory.add(Trajectory(actions=np.ones(3, np.uint16), returns=returns, paid=9000.0, landmarks=landmarks))
    controller = make_hybrid(memory=memory, config=config)
    assert controller._bandit is not None
    controller._bandit.pay(Kind.POLICY, 0.0)
    controller.begin_episode(0.0)
    play(controller, [0.0, 1.0, 11.0, comes_to])
    controller.end_episode(moment(comes_to), terminated=True)
    assert len(memory.trajectories) == kept


@pytest.mark.parametrize(("detour", "trajectories"), [(60, 2), (16, 1)])
def test_a_trajectory_that_is_mostly_detours_is_tried_without_them_too(detour: int, trajectories: int) -> None:
    memory = Memory(CONFIG.memory, PATCHES)
    controller = make_hybrid(memory=memory, config=CONFIG)
    # It stands still for a while on the way. The screen is the same all the time: return and speed tell places apart.
    way = [30.0 * timestep for timestep in range(16)]
    returns = [*way[:8], *[way[7]] * detour, *way[8:]]
    controller.begin_episode(0.0)
    play(controller, returns)
    controller.end_episode(moment(returns[-1], len(returns)), terminated=True)
    lengths = sorted(len(trajectory) for trajectory in memory.trajectories)
    assert (len(lengths), lengths[-1]) == (trajectories, len(returns))
    assert trajectories == 1 or len(way) <= lengths[0] <= len(way) + 8
