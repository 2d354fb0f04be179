"""Fernway without an emulator gives what the emulator gives: screens, rewards and ends under the contest's rules."""

from typing import cast

import numpy as np
import pytest

import contest.remote.environment
import fernway.environment
from agent.rules import action_buttons
from contest.remote.games import GameError
from fernway import levels
from fernway.environment import NativeEnv
from fernway.teacher import Teacher

TIMESTEPS = 300


def one_act_a_zone() -> list[str]:
    first: dict[int, str] = {}
    for name, solved in levels.committed().items():
        first.setdefault(solved.level.zone, name)
    return list(first.values())


@pytest.mark.slow
@pytest.mark.parametrize("state", one_act_a_zone())
def test_the_twin_plays_as_the_emulator_does(state: str) -> None:
    emulated = contest.remote.environment.make("Fernway-Genesis-v0", state)
    try:
        native = contest.remote.environment.make("Fernway-Native", state)
        rng = np.random.default_rng(7)
        table = action_buttons()
        over = True
        for timestep in range(TIMESTEPS):
            if over:
                seen = [env.reset(seed=timestep)[0] for env in (emulated, native)]
                assert np.array_equal(seen[0], seen[1])
            # Mostly to the right, so that the level comes by.
            held = table[rng.choice(len(table), p=[0.02, 0.3, 0.3, 0.05, 0.05, 0.08, 0.05, 0.05, 0.1])]
            (screen, reward, terminated, truncated, _), twin = emulated.step(held), native.step(held)
            assert np.array_equal(screen, twin[0]), f"screens differ at timestep {timestep}"
            assert twin[1:4] == (reward, terminated, truncated)  # to the last bit: what learns would part otherwise
            over = terminated or truncated
    finally:
        emulated.close()


@pytest.mark.slow
def test_the_twin_pays_the_same_at_the_end_of_a_level() -> None:
    emulated = contest.remote.environment.make("Fernway-Genesis-v0", "FernHollow.Act1")
    try:
        native = contest.remote.environment.make("Fernway-Native", "FernHollow.Act1")
        teacher, table = Teacher(seed=0), action_buttons()
        emulated.reset(seed=3)
        native.reset(seed=3)
        total, terminated = 0.0, False
        while not terminated:
            action = int(teacher.plan(cast(NativeEnv, native.unwrapped)._game)[0])
            teacher.played(action)
            (_, reward, terminated, truncated, _), twin = emulated.step(table[action]), native.step(table[action])
            assert twin[1:4] == (reward, terminated, truncated)
            total += float(reward)
        assert total > fernway.environment.PROGRESS_REWARD
    finally:
        emulated.close()


def test_its_rules_are_the_contests() -> None:
    assert fernway.environment.FRAME_SKIP == contest.remote.environment.FRAME_SKIP
    assert fernway.environment.STICK_PROBABILITY == contest.remote.environment.STICK_PROBABILITY
    assert (
        fernway.environment.FRAME_LIMIT
        == contest.remote.environment.EPISODE_TIMESTEPS * contest.remote.environment.FRAME_SKIP
    )


def test_a_level_that_does_not_exist_and_discrete_actions_are_refused_in_one_line() -> None:
    with pytest.raises(GameError, match="FernHollow"):
        contest.remote.environment.make("Fernway-Native", "FernHolow.Act1")
    with pytest.raises(GameError, match="buttons only"):
        contest.remote.environment.make("Fernway-Native", discrete_actions=True)
