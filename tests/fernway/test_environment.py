"""Fernway without an emulator gives what the emulator gives: screens, rewards and ends under the contest's rules."""

import re
from typing import cast

import numpy as np
import pytest

import agent.rules
import contest.remote.environment
import fernway.native
import fernway.rules
import fernway.teacher
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
            if timestep % 10 == 9:  # any buttons at all: some together are as good as none
                held = rng.integers(0, 2, len(held), np.int8)
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
        assert total > fernway.rules.PROGRESS_REWARD
    finally:
        emulated.close()


def test_the_rules_are_the_same_in_the_agent_in_fernway_in_the_twin_and_in_the_emulators_script() -> None:
    found: dict[str, float] = {"FRAME_LIMIT": agent.rules.EPISODE_TIMESTEPS * agent.rules.FRAME_SKIP}
    found |= {name: getattr(agent.rules, name) for name in ("FRAME_SKIP", "STICK_PROBABILITY", "EPISODE_TIMESTEPS")}
    found |= {"PROGRESS_REWARD": agent.rules.LEVEL_REWARD, "TIME_BONUS": agent.rules.TIME_BONUS}
    assert {name: value for name, value in vars(fernway.rules).items() if name.isupper()} == found
    twin = re.findall(r"#define (\w+) +(\d+)", (fernway.FOLDER / "host" / "native.h").read_text())
    script = re.findall(r"local ([A-Z_]+) = (\d+)", (fernway.INTEGRATION / "script.lua").read_text())
    assert {name: float(value) for name, value in twin} == {
        name: value for name, value in found.items() if name != "STICK_PROBABILITY"
    }
    assert {name: float(value) for name, value in script}.items() <= found.items()
    assert len(script) == 3
    (planner,) = re.findall(r"#define STICK (\d+) .* of (\d+)", (fernway.FOLDER / "host" / "teach.c").read_text())
    assert int(planner[0]) / int(planner[1]) == agent.rules.STICK_PROBABILITY
    assert fernway.native.BUTTONS == agent.rules.BUTTONS
    assert (fernway.native.SCREEN_HEIGHT, fernway.native.SCREEN_WIDTH, 3) == agent.rules.SCREEN_SHAPE
    assert len(agent.rules.ACTION_TABLE) == fernway.teacher.ACTIONS


def test_a_level_that_does_not_exist_and_discrete_actions_are_refused_in_one_line() -> None:
    with pytest.raises(GameError, match="FernHollow"):
        contest.remote.environment.make("Fernway-Native", "FernHolow.Act1")
    with pytest.raises(GameError, match="buttons only"):
        contest.remote.environment.make("Fernway-Native", discrete_actions=True)
