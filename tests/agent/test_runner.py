from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest
from toys import Corridor

from agent.config import RunConfig
from agent.control.choice import JerkChoice
from agent.control.controller import Controller
from agent.control.stall import Relay
from agent.journal import Episode
from agent.players.jerk import Jerk
from agent.players.moment import Moment
from agent.rules import Buttons
from agent.runner import REFUSALS_MAX, Runner
from agent.stop import Stopped, StopSignal
from agent.vision import VisionConfig
from agent.wire.messages import GymRemoteError, ResetError, ServerDisconnectError, TimestepTimeoutError


class Scripted:
    """Stands where RemoteEnv stands: a corridor that raises what a test wants at the calls it wants."""

    def __init__(self, trouble: dict[int, BaseException], length: int = 20) -> None:
        self._env = Corridor(length=length, wall=-1)
        self._trouble = trouble
        self._calls = -1
        self.timesteps = 0
        self.log = ""

    def _maybe_raise(self, name: str) -> None:
        self._calls += 1
        self.log += name
        if self._calls in self._trouble:
            raise self._trouble[self._calls]

    def reset(self) -> tuple[Any, dict[str, Any]]:
        self._maybe_raise("r")
        self.timesteps += 1
        return self._env.reset()

    def step(self, held: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._maybe_raise("s")
        self.timesteps += 1
        return self._env.step(held)


class NeverStop(StopSignal):
    """Leaves the process's signals alone."""

    def __init__(self) -> None:
        self._came = None
        self._is_waiting = False


def run(
    trouble: dict[int, BaseException], timesteps: int = 100, length: int = 20
) -> tuple[Runner, Scripted, Iterator[Episode], list[str]]:
    config = RunConfig(timesteps=timesteps).blind()
    rng = np.random.default_rng(0)
    jerk = Jerk(config.jerk, rng)
    relay = Relay(jerk, jerk, config.stall)
    choice = JerkChoice(config.jerk, rng)
    controller = Controller(config, policy=relay, after_replay=relay, choice=choice, say=print)
    levels: list[str] = []
    env = Scripted(trouble, length)
    runner = Runner(env, controller, VisionConfig(), config, stop=NeverStop(), on_level=levels.append)
    return runner, env, runner.episodes(), levels


def test_it_plays_episode_after_episode_up_to_its_own_limit() -> None:
    runner, env, episodes, levels = run({}, timesteps=50)
    ended = [(episode.end, episode.timesteps, episode.episode_return) for episode in episodes]
    assert ended == [("terminated", 20, 200.0), ("terminated", 20, 200.0), ("unfinished", 7, 70.0)]
    assert env.timesteps == 50
    assert runner.end == "50 timesteps played"
    assert levels == [runner.level]


def test_a_reset_is_the_first_thing_and_follows_each_end() -> None:
    _, env, episodes, _ = run({}, timesteps=64)
    list(episodes)
    assert env.log == ("r" + "s" * 20) * 3 + "r"


def test_the_servers_limit_ends_the_run_the_regular_way_and_keeps_the_last_episode() -> None:
    runner, _, episodes, _ = run({30: TimestepTimeoutError("limit")})
    ended = [(episode.end, episode.timesteps) for episode in episodes]
    assert ended == [("terminated", 20), ("unfinished", 8)]
    assert "timesteps are used up" in runner.end


def test_a_signal_ends_the_run_the_same_way() -> None:
    runner, _, episodes, _ = run({30: Stopped("SIGTERM")})
    assert [episode.end for episode in episodes] == ["terminated", "unfinished"]
    assert runner.end == "SIGTERM"


def test_a_dead_server_is_an_error_after_the_last_episode_was_given() -> None:
    _, _, episodes, _ = run({30: ServerDisconnectError()})
    assert [next(episodes).end, next(episodes).end] == ["terminated", "unfinished"]
    with pytest.raises(ServerDisconnectError):
        next(episodes)


def test_a_refused_step_ends_the_episode_and_the_next_begins() -> None:
    _, env, episodes, _ = run({5: ResetError()}, timesteps=27)
    assert [(episode.end, episode.timesteps) for episode in episodes] == [("refused", 4), ("terminated", 20)]
    assert env.log.startswith("rsssssr")


def test_a_refused_reset_plays_on_in_the_episode_that_runs() -> None:
    runner, env, episodes, levels = run({21: ResetError()}, timesteps=41, length=20)
    ended = [(episode.end, episode.timesteps) for episode in episodes]
    assert ended[0] == ("terminated", 20)
    assert env.log[20:23] == "srs", "the refused reset is followed by a step"
    assert ended[1][0] == "terminated"
    assert levels == [runner.level]


@pytest.mark.parametrize("first", [0, 1, 5])
def test_a_server_that_refuses_everything_is_given_up(first: int) -> None:
    refused = {call: ResetError() for call in range(first, first + 100)}
    _, env, episodes, _ = run(cast(dict[int, BaseException], refused))
    with pytest.raises(GymRemoteError, match="refused"):
        list(episodes)
    assert len(env.log) <= first + REFUSALS_MAX + 1


def test_refusals_are_counted_in_a_row() -> None:
    """One in each episode is survived, however many episodes there are."""
    refused = {call: ResetError() for call in range(21, 60 * 22, 22)}
    _, _, episodes, _ = run(cast(dict[int, BaseException], refused), timesteps=1000)
    assert len(list(episodes)) > 2 * REFUSALS_MAX
    almost = {call: ResetError() for call in [*range(5, 5 + REFUSALS_MAX), *range(20, 20 + REFUSALS_MAX)]}
    _, _, episodes, _ = run(cast(dict[int, BaseException], almost), timesteps=60)
    assert [episode.end for episode in episodes][-1] in ("terminated", "unfinished")


def test_an_episode_tells_how_long_it_took() -> None:
    _, _, episodes, _ = run({}, timesteps=50)
    assert all(0 < episode.seconds < 60 for episode in episodes)


@pytest.mark.parametrize(("length", "end"), [(20, "terminated"), (1000, "truncated")])
def test_an_episode_tells_how_it_ended(length: int, end: str) -> None:
    _, _, episodes, _ = run({}, timesteps=1000, length=length)
    assert next(episodes).end == end


def test_the_first_screen_is_the_resets(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    act = Controller.act

    def look(controller: Controller, here: Moment) -> Buttons:
        seen.append(int(here.observation[-1].max()))
        return act(controller, here)

    monkeypatch.setattr(Controller, "act", look)
    _, _, episodes, _ = run({}, timesteps=22)
    next(episodes)
    assert seen == [255] * 20, "the corridor's player is white, on a reset too"
