"""`Fernway-v0`: what Gymnasium makes of it, and which levels it plays."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from fernway import FernwayError
from fernway.envs import FernwayEnv, wanted_levels
from fernway.levels import UNSEEN_ZONES, Level, committed, is_validation
from fernway.looks import Looks
from fernway.observation import Observation
from fernway.vector import FRESH_SEEDS, FernwayVectorEnv


def drawn(wanted: Sequence[Level] | Any) -> list[Level]:
    """The levels that may come, or a hundred of those that are drawn."""
    rng = np.random.default_rng(0)
    return [wanted(rng) for _ in range(100)] if callable(wanted) else list(wanted)


@pytest.mark.parametrize("settings", [{"level": "FernHollow.Act1"}, {"split": "train", "observation": {"stack": 2}}])
def test_it_is_what_gymnasium_wants_of_an_environment(settings: dict[str, Any]) -> None:
    env = gym.make("Fernway-v0", render_mode="rgb_array", **settings)
    check_env(env.unwrapped)
    env.close()


def test_one_game_is_played_as_many_are() -> None:
    """The same seed gives the same levels, observations and rewards, over the end of an episode."""
    levels = wanted_levels(split="train")
    env, envs = (
        FernwayEnv(observation=Observation(), split="train"),
        FernwayVectorEnv(1, levels, observation=Observation()),
    )
    observation, _ = env.reset(seed=4)
    observations, _ = envs.reset(seed=4)
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(600):
        assert (observation == observations[0]).all()
        assert env.level == envs.levels[0]
        action = (rng.random(12) < 0.3).astype(np.int8)  # to the right, and anything but to the left besides
        action[6:8] = 0, 1
        observation, reward, terminated, truncated, _ = env.step(action)
        observations, rewards, *_ = envs.step(action[np.newaxis])
        assert reward == rewards[0]
        if terminated or truncated:
            ends += 1
            with pytest.raises(FernwayError, match="call reset"):
                env.step(action)
            observation, _ = env.reset()
            observations, *_ = envs.step(action[np.newaxis])
    assert ends == 1


def test_many_games_are_made_at_once() -> None:
    envs = gym.make_vec("Fernway-v0", num_envs=3, split="validation", observation={}, looks=Looks(), threads=2)
    assert isinstance(envs, FernwayVectorEnv)
    assert envs.reset(seed=1)[0].shape == (3, 4, 64, 80)
    assert all(is_validation(level.zone, level.act) for level in envs.levels)
    envs.close()
    apart = gym.make_vec("Fernway-v0", num_envs=2, vectorization_mode="sync", level="FernHollow.Act1")
    assert apart.reset(seed=1)[0].shape == (2, 224, 320, 3)
    apart.close()


def test_levels_are_chosen_by_name_by_numbers_or_by_split() -> None:
    assert wanted_levels(level="GlassDunes.Act2") == [committed()["GlassDunes.Act2"].level]
    assert wanted_levels(zone="TideHarbor", act=4, seed=7) == [Level(2, 4, 7)]
    assert wanted_levels(zone=2, seed=7) == [Level(2, 1, 7)]
    fresh_act = drawn(wanted_levels(zone="Star Atrium", act=3))
    assert {(level.zone, level.act) for level in fresh_act} == {(7, 3)}
    assert len({level.seed for level in fresh_act}) == 100
    splits = {split: drawn(wanted_levels(split=split)) for split in ("train", "validation", "fresh")}
    assert (len(splits["train"]), len(splits["validation"])) == (47, 11)
    assert not set(splits["train"]) & set(splits["validation"])
    assert all(is_validation(level.zone, level.act) for level in splits["validation"])
    for fresh in (splits["fresh"], drawn(wanted_levels())):
        assert all(level.seed >= FRESH_SEEDS and level.zone not in UNSEEN_ZONES for level in fresh)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": "FernHollow.Act0"}, "no level 'FernHollow.Act0'; nearest: FernHollow.Act"),
        ({"split": "test"}, "no split 'test'"),
        ({"level": "FernHollow.Act1", "split": "train"}, "one of level, zone and split, got level and split"),
        ({"act": 2}, "act needs a zone"),
        ({"level": "FernHollow.Act1", "seed": 2}, "seed needs a zone"),
        ({"zone": "Fern"}, "no zone 'Fern'"),
        ({"zone": 1, "act": 100}, "act 100"),
        ({"zone": 1, "seed": -1}, "seed -1"),
        ({"render_mode": "ansi"}, "render mode 'ansi'"),
        ({"observation": {"stack": 0}}, "stack of 1"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], message: str) -> None:
    for make in (FernwayEnv, lambda **settings: gym.make_vec("Fernway-v0", num_envs=2, **settings)):
        with pytest.raises(FernwayError, match=message):
            make(**settings)


def test_an_unknown_keyword_is_named() -> None:
    with pytest.raises(TypeError, match="no keyword 'difficulty'"):
        wanted_levels(difficulty=2)  # type: ignore[call-arg]
