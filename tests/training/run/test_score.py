"""Scores of weights: one episode a level in the levels' order, the same for all weights, and gains level by level."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from endings import ending
from numpy.typing import NDArray

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import UNSEEN_ZONES, ZONES, Level, committed
from fernway.vector import FRESH_SEEDS, fresh_level
from training.network import weights as networks
from training.network.model import NetworkConfig, QNetwork
from training.play.stages import TwinStage
from training.run import score
from training.run.score import PlayConfig, held_out, play, play_on
from training.run.scoring import ScoreConfig, level_means, score_weights, summary

VISION = VisionConfig(height=32, width=40, stack=2)
QUICK = PlayConfig(stall_timesteps=30)
RIGHT = ACTION_TABLE.index(("RIGHT",))


def to_the_right(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Q-values of somebody who knows one thing."""
    assert obs.shape[1:] == VISION.obs_shape
    return np.tile(np.where(np.arange(len(ACTION_TABLE)) == RIGHT, 5, 0).astype(np.float32), (len(obs), 1))


def test_endings_come_in_the_order_of_the_levels() -> None:
    levels = held_out(0, 4, 3)
    both = [*levels["seen"], *levels["unseen"]]
    told: list[int] = []
    stage = TwinStage(3, VISION, both, 5)
    endings = play_on(stage, 3, to_the_right, both, seed=5, config=QUICK, tell=lambda: told.append(1))
    assert [end.level for end in endings] == [level.name for level in both]
    assert {end.lane for end in endings} == {0, 1, 2}, "seven levels, three games"
    assert len(told) == len(both)
    assert all(end.timesteps > 0 for end in endings)


def test_the_same_seed_gives_the_same_episodes() -> None:
    levels = held_out(0, 3, 0)["seen"]
    first, again, other = (play(to_the_right, VISION, levels, seed=seed, config=QUICK) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_an_episode_is_given_up_where_it_brings_nothing() -> None:
    still = np.eye(1, len(ACTION_TABLE), ACTION_TABLE.index(()), dtype=np.float32)[0] * 1e6
    config = PlayConfig(epsilon=0.0, stall_timesteps=30)
    endings = play(lambda obs: np.tile(still, (len(obs), 1)), VISION, held_out(0, 2, 0)["seen"], seed=0, config=config)
    assert [(end.timesteps, end.is_stalled, end.episode_return) for end in endings] == [(30, True, 0.0)] * 2


def test_what_a_listener_raises_ends_the_play() -> None:
    def refuse() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        play(to_the_right, VISION, held_out(0, 3, 0)["seen"], seed=0, config=QUICK, tell=refuse)


def test_held_out_levels_are_always_the_same_and_no_run_learns_from_them() -> None:
    levels = held_out(0, 64, 64)
    assert levels == held_out(0, 64, 64)
    assert levels != held_out(1, 64, 64)
    assert all(level.zone not in UNSEEN_ZONES and level.seed >= FRESH_SEEDS for level in levels["seen"])
    assert {level.zone for level in levels["unseen"]} == set(UNSEEN_ZONES)
    assert {level.zone for level in levels["seen"]} == set(range(len(ZONES))) - set(UNSEEN_ZONES)
    held = {level.seed for kind in levels.values() for level in kind}
    assert len(held) == 128
    for seed in range(3):  # runs draw 32 bits of seed: what they draw first is looked at here
        rng = np.random.default_rng(np.random.SeedSequence((seed, 0, 0)).spawn(2)[1])
        assert not held & {fresh_level(rng).seed for _ in range(5000)}
    assert not held & {solved.level.seed for solved in committed().values()}


def test_means_and_gains_by_hand() -> None:
    # Two levels, two seeds; endings are in the order [seeds, levels].
    first = [ending(1000), ending(200, is_stalled=True), ending(3000), ending(400)]
    assert level_means(first, 2).tolist() == [2000, 300]
    found = summary("a", "some", first, 2, None)
    assert (found.mean, found.episodes, found.finished, found.stalled) == (1150, 4, 0, 0.25)
    assert found.gain is None
    assert found.ci95
    assert 300 <= found.ci95[0] < 1150 < found.ci95[1] <= 2000
    better = [ending(1100), ending(9600, is_finished=True), ending(3100), ending(200)]
    later = summary("b", "some", better, 2, level_means(first, 2))
    assert later.gain == (100 + 4600) / 2
    assert later.gain_ci95
    assert later.gain_ci95[0] == pytest.approx(100)
    assert later.gain_ci95[1] == pytest.approx(4600)
    assert later.finished == 0.25


def test_nobody_knows_the_spread_of_a_single_level() -> None:
    found = summary("a", "one", [ending(1000), ending(2000)], 2, np.array([1000.0]))
    assert (found.mean, found.ci95, found.gain, found.gain_ci95) == (1500, None, 500, None)


def test_weights_against_themselves_gain_nothing(tmp_path: Path) -> None:
    sizes = NetworkConfig(channels=(4,), hidden=8)
    torch.manual_seed(0)
    network = QNetwork(VISION, sizes, len(ACTION_TABLE))
    paths = tmp_path / "one.safetensors", tmp_path / "same.safetensors"
    for path in paths:
        networks.save(path, network, VISION, sizes, {"gamma": 0.995, "reward_scale": 0.01})
    out = tmp_path / "scores.json"
    score_weights(ScoreConfig(weights=paths, out=out, seen=2, unseen=2, seeds=1, play=QUICK))
    rows = json.loads(out.read_text(encoding="utf-8"))["scores"]
    assert [row["mean"] for row in rows[:3]] == [row["mean"] for row in rows[3:]]
    assert [row["gain"] for row in rows] == [None] * 3 + [0] * 3
    assert [row["gain_ci95"] for row in rows[3:]] == [[0, 0]] * 3


@pytest.mark.parametrize(
    ("setting", "named"),
    [({"seeds": 0}, "--seeds"), ({"seen": -1}, "--seen"), ({"seed": -1}, "--seed"), ({"weights": ()}, "safetensors")],
)
def test_settings_out_of_range_are_named(setting: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        ScoreConfig(**{"weights": (Path("a"),), **setting})  # type: ignore[arg-type]


def test_how_it_plays_is_checked() -> None:
    for setting in ({"epsilon": 1.5}, {"temperature": -1.0}, {"stall_timesteps": -1}):
        with pytest.raises(ValueError, match="wanted"):
            PlayConfig(**setting)


def test_levels_may_be_more_than_games(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "LANES", 2)
    levels: list[Level] = held_out(3, 5, 0)["seen"]
    endings = play(to_the_right, VISION, levels, seed=0, config=QUICK)
    assert [end.level for end in endings] == [level.name for level in levels]
    assert {end.lane for end in endings} == {0, 1}
