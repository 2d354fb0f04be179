"""The training command end to end, on the real twin: it runs, it resumes exactly, it says what is wrong."""

import csv
import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent import network as networks
from agent.config import NetworkConfig, VisionConfig
from agent.learner import LearnerConfig
from agent.network import QNetwork
from agent.replay import ReplayConfig
from training import diagnostics
from training.augment import AugmentConfig, augmenter
from training.config import PlannerConfig, TrainConfig
from training.curve import TIMED, Curve
from training.lanes import Lanes
from training.schedules import EpsilonSchedule, cosine, linear
from training.score import score
from training.scoring import ScoreConfig, draw_levels, drawn, score_weights
from training.train import settings_of
from training.twin import Twin, held_out_levels

ROOT = Path(__file__).resolve().parent.parent
SMALL = [
    *("--lanes", "2", "--timesteps", "240", "--checkpoint-period", "80", "--log-period", "40", "--update-period", "8"),
    *("--batch-size", "8", "--score-period", "0", "--replay.capacity", "400", "--epsilon.observe", "20"),
    *("--epsilon.explore", "100", "--vision.height", "36", "--vision.width", "40", "--network.channels", "4", "8", "8"),
    *("--network.hidden", "16", "--planner.period", "2"),
]


def command(out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "training", "train", "--out", str(out), *SMALL, *more]


def run(out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(out, *more), check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)


def curve(out: Path) -> list[dict[str, str]]:
    with (out / "curve.csv").open(newline="") as file:
        return [{name: value for name, value in row.items() if name not in TIMED} for row in csv.DictReader(file)]


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    """IMPALA, planner, augmentation, prioritised replay: all that has a state of its own is in it."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finished = run(whole)
    assert finished.returncode == 0, finished.stderr
    with subprocess.Popen(command(killed), cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 600
        while not (killed / "newest.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert (killed / "checkpoint.safetensors").exists()
    assert len(curve(killed)) < len(curve(whole))
    resumed = run(killed)
    assert resumed.returncode == 0, resumed.stderr
    assert "goes on from" in resumed.stderr
    assert curve(killed) == curve(whole)
    one, two = (networks.load(out / "newest.safetensors")[0].state_dict() for out in (whole, killed))
    for name, weight in one.items():
        np.testing.assert_array_equal(weight.numpy(), two[name].numpy(), err_msg=name)
    for out in (whole, killed):
        for picture in diagnostics.PICTURES:
            assert (out / picture).read_bytes().startswith(b"\x89PNG")
        assert list((out / "tensorboard").iterdir())
    other = run(killed, "--learner.margin", "0.7")
    assert other.returncode == 1
    assert other.stderr.strip().splitlines()[-1].startswith("training: ")
    assert "use the same settings or another --out" in other.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--replay.capacity", "10000000000"), "replay wants"),
        (("--levels", "nowhere.csv"), "nowhere.csv: cannot be read"),
        (("--weights", "nowhere.safetensors"), "nowhere.json"),
        (("--learner.learning-rate", "1e30"), "finite"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, more: tuple[str, ...], message: str) -> None:
    failed = run(tmp_path / "out", *more)
    assert failed.returncode == 1
    assert message in failed.stderr.strip().splitlines()[-1]
    assert "Traceback" not in failed.stderr


@pytest.mark.slow
def test_levels_with_a_wrong_name_are_refused_before_anything_is_played(tmp_path: Path) -> None:
    levels = tmp_path / "levels.csv"
    levels.write_text("game,state\nAirstriker-Genesis-v0,Level1\nAirstriker-Genesis-v0,Level99\n")
    failed = run(tmp_path / "out", "--levels", str(levels))
    assert failed.returncode == 1
    assert "levels.csv, line 3:" in failed.stderr


@pytest.mark.slow
def test_any_imported_game_trains_on_the_emulator(tmp_path: Path) -> None:
    levels = tmp_path / "levels.csv"
    levels.write_text("game,state\nAirstriker-Genesis-v0,Level1\n")
    out = tmp_path / "out"
    finished = run(out, "--levels", str(levels), "--timesteps", "120", "--stall-timesteps", "15")
    assert finished.returncode == 0, finished.stderr
    assert [int(row["timesteps"]) for row in curve(out)] == [40, 80, 120]
    assert sum(int(row["episodes"]) for row in curve(out)) > 2  # cut where they stall
    networks.load(out / "newest.safetensors")


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="lanes above 0"):
        TrainConfig(out=Path(), lanes=0)
    with pytest.raises(ValueError, match="share_end <= share_start"):
        PlannerConfig(share_start=0.1, share_end=0.5)
    with pytest.raises(ValueError, match="epsilon within"):
        PlannerConfig(epsilon=1.1)
    with pytest.raises(ValueError, match="wanted gap"):
        PlannerConfig(gap=-1)
    with pytest.raises(ValueError, match="for epsilon"):
        EpsilonSchedule(start=0.1, end=0.5)
    with pytest.raises(ValueError, match="invert within"):
        AugmentConfig(invert=2.0)


def test_the_card_tells_the_options_that_are_not_the_defaults() -> None:
    config = TrainConfig(
        out=Path("x"),
        lanes=3,
        plots=False,
        learner=LearnerConfig(td_weight=0.5),
        network=NetworkConfig(channels=(1, 2, 3)),
        replay=ReplayConfig(),
    )
    assert settings_of(config) == [
        "--out x",
        "--lanes 3",
        "--no-plots",
        "--learner.td-weight 0.5",
        "--network.channels 1 2 3",
    ]


@pytest.mark.parametrize(("timestep", "epsilon"), [(0, 1.0), (99, 1.0), (100, 0.9), (150, 0.5), (200, 0.1), (999, 0.1)])
def test_epsilon_observes_explores_exploits(timestep: int, epsilon: float) -> None:
    schedule = EpsilonSchedule(observe=100, explore=100, start=0.9, end=0.1)
    assert schedule(timestep) == pytest.approx(epsilon)


def test_lines_and_cosines() -> None:
    assert [linear(1.0, 3.0, now, 4) for now in (0, 2, 4, 9)] == [1.0, 2.0, 3.0, 3.0]
    assert linear(1.0, 3.0, 0, 0) == 3.0
    assert [round(cosine(2.0, 0.0, now, 4), 6) for now in (0, 2, 4, 9)] == [2.0, 1.0, 0.0, 0.0]


def test_shift_moves_all_screens_of_a_stack_alike() -> None:
    obs = np.zeros((32, 4, 12, 12), np.uint8)
    obs[:, :, 6, 6] = 255
    changed = augmenter(AugmentConfig(shift=3, contrast=0, brightness=0), np.random.default_rng(0))(obs)
    places = [np.argwhere(sample[0] == 255) for sample in changed]
    assert all(len(place) == 1 and abs(place[0] - 6).max() <= 3 for place in places)
    assert len({tuple(place[0]) for place in places}) > 10
    assert all((sample == sample[:1]).all() for sample in changed)
    assert (obs[:, :, 6, 6] == 255).all(), "the original stays as it is"


def test_light_changes_by_as_much_as_asked() -> None:
    obs = np.full((200, 1, 8, 8), 227, np.uint8)
    config = AugmentConfig(shift=0, contrast=0.2, brightness=10)
    changed = augmenter(config, np.random.default_rng(0))(obs)
    # 127.5 + 99.5 * (0.8 .. 1.2) + (-10 .. 10), clipped
    assert changed.min() >= 197
    assert changed.max() >= 245
    assert (changed == changed[:, :, :1, :1]).all(), "one change for a whole observation"
    inverted = augmenter(AugmentConfig(shift=0, contrast=0, brightness=0, invert=1.0), np.random.default_rng(0))(obs)
    assert (inverted == 255 - 227).all()


def test_lanes_cut_what_stalls_and_stack_what_follows() -> None:
    vision = VisionConfig(height=36, width=40)
    lanes = Lanes(Twin(2, lambda rng, lane: held_out_levels()[lane]), vision, stall_timesteps=5)
    seen = lanes.reset([1])
    assert seen.is_first.all()
    endings = []
    for timestep in range(1, 8):
        seen = lanes.step(np.zeros(2, np.int64))
        endings += seen.endings
        if timestep == 5:
            assert seen.truncated.all()
            assert not seen.terminated.any()
        assert (seen.is_first == (timestep == 6)).all()
        if timestep == 6:
            assert (lanes.obs == lanes.obs[:, -1:]).all(), "a stack begins with the first screen alone"
    assert [(ending.lane, ending.is_cut, ending.is_finished, ending.timesteps) for ending in endings] == [
        (0, True, False, 5),
        (1, True, False, 5),
    ]


def test_a_lane_that_dies_goes_back_a_little() -> None:
    deadly = held_out_levels()[8]  # running to the right is over within seconds
    twin = Twin(1, lambda rng, lane: deadly, rewinds=2)
    lanes = Lanes(twin, VisionConfig(height=36, width=40), stall_timesteps=0)
    lanes.reset([0])
    right = np.ones(1, np.int64)
    for death in range(1, 4):
        for _ in range(200):
            if lanes.step(right).terminated[0]:
                break
        else:
            pytest.fail("nothing killed it")
        died_at = twin.game(0).frame_count
        seen = lanes.step(right)
        assert seen.is_first[0]
        assert seen.reward[0] == 0
        assert bool(twin.is_rewound()[0]) == (death <= 2)
        assert twin.game(0).frame_count < died_at
    assert twin.game(0).frame_count < 10, "then another level begins"


def test_score_is_that_of_the_levels_in_order() -> None:
    vision = VisionConfig(height=36, width=40)

    def runs_right(
        obs: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        q = np.zeros((len(obs), 9), np.float32)
        q[:, 1] = 1
        return q

    levels = held_out_levels()[:3]
    found = score(runs_right, vision, levels, seed=0, epsilon=0.0, stall_timesteps=40)
    again = score(runs_right, vision, levels, seed=0, epsilon=0.0, stall_timesteps=40)
    assert [dataclasses.astuple(one) for one in found.endings] == [dataclasses.astuple(one) for one in again.endings]
    assert [ending.level.split("/")[0] for ending in found.endings] == [level.name for level in levels]
    assert all(ending.episode_return > 100 for ending in found.endings)
    assert found.mean == pytest.approx(np.mean([ending.episode_return for ending in found.endings]))
    assert found.ci95 > 0
    assert math.isnan(found.doomed), "nobody judged"
    assert all(path[-1][0] > path[0][0] for path in found.paths)


def test_score_says_how_often_the_network_goes_wrong_and_draws_where_it_ended(tmp_path: Path) -> None:
    def always_right(obs: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.repeat(np.eye(9, dtype=np.float32)[1][None], len(obs), 0)

    levels = held_out_levels()[7:9]
    found = score(always_right, VisionConfig(), levels, seed=0, epsilon=0.0, stall_timesteps=60, doomed_frames=40.0)
    assert 0 < found.doomed < 0.2, "it runs into what kills it, and is right most of the time"
    assert (found.lost >= 0).all()
    assert found.lost.max() == 40, "nothing loses more"
    curve = Curve(tmp_path, 0)
    diagnostics.draw_map(tmp_path, found, curve, 0)
    curve.close()
    assert (tmp_path / diagnostics.MAP).read_bytes().startswith(b"\x89PNG")


def test_weights_are_scored_on_levels_of_each_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vision, sizes = VisionConfig(height=36, width=40), NetworkConfig(torso="conv", channels=(4, 4, 4), hidden=16)
    weights = tmp_path / "small.safetensors"
    networks.save(weights, QNetwork(vision, sizes, 9), vision, sizes)
    config = ScoreConfig(
        weights=(weights,), seeds=1, variants=0, fresh=2, stall_timesteps=20, json=tmp_path / "score.json"
    )
    levels = draw_levels(config)
    assert {name: len(found) for name, found in levels.items()} == {
        "validation levels": 11,
        "their zones and acts, other seeds": 0,
        "training zones, fresh seeds": 2,
    }
    assert levels == draw_levels(config), "the same for all weights"
    score_weights(config)
    rows = json.loads((tmp_path / "score.json").read_text())
    assert [row["episodes"] for row in rows] == [11, 2]
    assert all(row["finished"] == 0 for row in rows)
    assert "small.safetensors" in capsys.readouterr().out
    with pytest.raises(ValueError, match="something to play"):
        ScoreConfig(weights=(weights,), seeds=0, variants=0, fresh=0)


def test_noise_draws_from_the_softmax() -> None:
    q = np.array([[0.0, 1.0, -1.0]], np.float32)
    temperature = 0.5
    noisy = drawn(lambda obs: np.repeat(q, len(obs), 0), temperature, np.random.default_rng(0))
    chosen = noisy(np.zeros((20_000, 1), np.uint8)).argmax(1)
    wanted = np.exp(q[0] / temperature) / np.exp(q[0] / temperature).sum()
    assert np.bincount(chosen, minlength=3) / len(chosen) == pytest.approx(wanted, abs=0.01)
