"""The origin's deep Q-network: its losses by hand, its memory against a list, a toy that it must solve, the command."""

import csv
import os
import signal
import subprocess
import sys
import time
from math import log
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from trained import training

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.experiments.deep_q import Batch, DeepQ, LossName, ReplayBuffer, symlog, td_loss
from training.experiments.dqn import DQNConfig
from training.learning.ppo import NotFiniteError
from training.network import weights as networks
from training.network.model import NetworkConfig, QNetwork

VISION = VisionConfig(height=36, width=36, stack=1)


def learner(loss: LossName = "huber", learning_rate: float = 1e-3, target_period: int = 25) -> DeepQ:
    torch.manual_seed(0)
    network = QNetwork(VISION, NetworkConfig(torso="conv", channels=(4, 8, 8), hidden=16), len(ACTION_TABLE))
    return DeepQ(network, loss=loss, learning_rate=learning_rate, target_period=target_period)


@pytest.mark.parametrize(
    ("name", "q", "target", "loss", "slope"),
    [
        ("huber", 0.0, 0.5, 0.125, -0.5),
        ("huber", 0.0, 3.0, 2.5, -1.0),
        ("huber", 3.0, 0.0, 2.5, 1.0),
        ("mse", 1.0, 4.0, 9.0, -6.0),
        ("msle", 0.0, 1.0, log(2) ** 2, -2 * log(2)),  # -1.386: not 0, or what starts there stays there
        ("msle", 0.0, -1.0, log(2) ** 2, 2 * log(2)),
        ("msle", -1.0, 1.0, 4 * log(2) ** 2, -2 * log(2)),  # -2 log 2 away, and a slope of a half there
        ("msle", 3.0, 1.0, log(2) ** 2, log(2) / 2),
        ("msle", -50.0, -50.0, 0.0, 0.0),
    ],
)
def test_losses_and_their_slopes_by_hand(name: LossName, q: float, target: float, loss: float, slope: float) -> None:
    value = torch.tensor([q], requires_grad=True)
    found = td_loss(name, value, torch.tensor([target]))
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert found.item() == pytest.approx(loss)
    assert value.grad is not None
    assert value.grad.item() == pytest.approx(slope)


def test_the_logarithm_has_negative_values_too() -> None:
    assert symlog(torch.tensor([-3.0, 0.0, 3.0])).tolist() == pytest.approx([-log(4), 0.0, log(4)])


def test_what_is_drawn_is_what_was_played_however_often_the_memory_has_gone_round() -> None:
    stack, lanes, kept = 3, 2, 9
    rng = np.random.default_rng(0)
    replay = ReplayBuffer(kept, lanes, (stack, 1, 2), np.random.default_rng(1))
    played: list[list[tuple[int, float, bool]]] = [
        [] for _ in range(lanes)
    ]  # action, reward, whether the episode ended

    def frame(lane: int, t: int) -> NDArray[np.uint8]:
        return np.array([[lane, t]], np.uint8)

    def stacked(lane: int, t: int) -> NDArray[np.uint8]:
        first = max((before + 1 for before in range(t) if played[lane][before][2]), default=0)
        return np.stack([frame(lane, max(t - back, first)) for back in reversed(range(stack))])

    seen = set()
    for t in range(40):
        for lane in range(lanes):
            played[lane].append((int(rng.integers(9)), float(t + 100 * lane), bool(rng.random() < 0.2)))
        action, reward, ended = (np.array([played[lane][t][part] for lane in range(lanes)]) for part in range(3))
        frames = np.stack([frame(lane, t) for lane in range(lanes)])
        replay.add(frames, action, reward.astype(np.float32), np.where(ended, 0, 0.5))
        assert len(replay) == lanes * max(min(t + 1, kept) - stack, 0)
        if not len(replay):
            continue
        batch = replay.sample(60)
        for i in range(60):
            lane, at = batch.obs[i, -1, 0].tolist()
            seen.add(t - at)
            action_then, paid, is_over = played[lane][at]
            assert np.array_equal(batch.obs[i], stacked(lane, at))
            assert (batch.action[i], batch.reward[i], batch.discount[i]) == (action_then, paid, 0 if is_over else 0.5)
            assert np.array_equal(batch.next_obs[i], stacked(lane, at + 1))
    assert seen == set(range(1, kept - stack + 1)), "all that has a stack and a successor"


def test_a_memory_that_is_too_small_or_too_large_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 10 frames, got 8"):
        ReplayBuffer(4, 2, (4, 8, 8), rng)
    with pytest.raises(ValueError, match="ask for fewer frames"):
        ReplayBuffer(1 << 40, 1, (4, 64, 80), rng)
    with pytest.raises(ValueError, match="wanted a transition"):
        ReplayBuffer(5, 2, (4, 8, 8), rng).sample(1)
    replay = ReplayBuffer(50, 2, (4, 8, 8), rng)
    held = sum(value.nbytes for value in vars(replay).values() if isinstance(value, np.ndarray))
    assert held == ReplayBuffer.memory_bytes(50, 2, (4, 8, 8))


def batch(reward: float = 1.0, discount: float = 0.9) -> Batch:
    rng = np.random.default_rng(0)
    obs, next_obs = rng.integers(0, 256, (2, 8, *VISION.obs_shape), np.uint8)
    action = rng.integers(0, len(ACTION_TABLE), 8)
    one = np.ones(8, np.float32)
    return Batch(obs=obs, action=action, reward=reward * one, discount=discount * one, next_obs=next_obs)


def test_the_loss_is_of_the_targets_best_action() -> None:
    found, data = learner("mse"), batch()
    with torch.no_grad():
        q = found.online_network(torch.from_numpy(data.obs)).gather(1, torch.from_numpy(data.action)[:, None])[:, 0]
        target = 1 + 0.9 * found.target_network(torch.from_numpy(data.next_obs)).amax(1)
    assert found.update(data) == pytest.approx((((q - target) ** 2).mean().item(), q.mean().item()), rel=1e-4)


def test_the_target_network_follows_only_every_period() -> None:
    found = learner(learning_rate=1e-2, target_period=3)
    initial = found.target_network.get_parameter("value.0.weight").clone()
    for updates in range(1, 7):
        found.update(batch())
        target, online = (one.get_parameter("value.0.weight") for one in (found.target_network, found.online_network))
        assert torch.equal(target, online) == (updates % 3 == 0)
        assert torch.equal(target, initial) == (updates < 3)


@pytest.mark.parametrize("reward", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_stops_before_the_weights_change(reward: float) -> None:
    found = learner("mse")
    before = {name: weight.clone() for name, weight in found.online_network.state_dict().items()}
    with pytest.raises(NotFiniteError, match="update 1: a gradient is not finite"):
        found.update(batch(reward))
    assert all(torch.equal(before[name], weight) for name, weight in found.online_network.state_dict().items())


def test_actions_are_random_as_often_as_asked() -> None:
    found, rng = learner(), np.random.default_rng(0)
    obs = np.repeat(batch().obs[:1], 1000, 0)
    best = int(found.act(obs[:1], 0.0, rng)[0][0])
    action, is_greedy = found.act(obs, 0.7, rng)
    assert (action[is_greedy] == best).all()
    assert is_greedy.mean() == pytest.approx(0.3, abs=0.05)
    assert (np.bincount(action[~is_greedy], minlength=len(ACTION_TABLE)) > 40).all()


def screen(place: int) -> NDArray[np.uint8]:
    """A toy: a bright column is the place 0..3 on a dark screen; RIGHT goes right, LEFT left, all else waits."""
    shown = np.zeros(VISION.obs_shape, np.uint8)
    shown[:, :, place * 9 : place * 9 + 9] = 255
    return shown


@pytest.mark.parametrize("loss", ["huber", "mse", "msle"])
def test_the_toy_is_solved(loss: LossName) -> None:
    """It pays 1 at the place 3, the end: greedy walks straight there, and the Q-values are the true ones."""
    right, left = ACTION_TABLE.index(("RIGHT",)), ACTION_TABLE.index(("LEFT",))
    rng, lanes = np.random.default_rng(0), 8
    replay, found = ReplayBuffer(200, lanes, VISION.obs_shape, rng), learner(loss, learning_rate=2e-3)
    places = np.zeros(lanes, np.int64)
    for timestep in range(300):
        obs = np.stack([screen(int(place)) for place in places])
        action, _ = found.act(obs, 1.0, rng)
        action = np.where(action > left, right, action)  # the toy is short of ways to the right
        places = np.maximum(places + (action == right) - (action == left), 0)
        ended = places == 3
        replay.add(obs[:, -1], action, ended.astype(np.float32), np.where(ended, 0, 0.9))
        places[ended] = 0
        if timestep > 50:
            found.update(replay.sample(32))
    obs = np.stack([screen(place) for place in range(3)])
    assert found.act(obs, 0.0, rng)[0].tolist() == [right] * 3
    with torch.no_grad():
        q = found.online_network(torch.from_numpy(obs))
    assert q.amax(1).tolist() == pytest.approx([0.81, 0.9, 1.0], abs=0.1)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"lanes": 0}, "wanted --lanes of at least 1, got 0"),
        ({"observe": -1}, "--observe of at least 0"),
        ({"gamma": 1.0}, "--gamma within"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DQNConfig(**wrong)  # type: ignore[arg-type]


def test_it_observes_then_explores_then_exploits() -> None:
    config = DQNConfig(observe=100, explore=200, epsilon=0.1)
    assert [config.epsilon_at(timestep) for timestep in (0, 100, 200, 300, 900)] == pytest.approx(
        [1, 1, 0.55, 0.1, 0.1]
    )


TINY = [
    "--observe",
    "64",
    "--explore",
    "64",
    "--memory",
    "400",
    "--network.channels",
    "4",
    "4",
    "4",
    "--network.hidden",
    "16",
    "--log-period",
    "160",
]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def require_whole(out: Path) -> None:
    """Reads what a run has written."""
    assert {path.name for path in out.iterdir()} == {"curve.csv", "dqn.json", "dqn.onnx", "dqn.png", "dqn.safetensors"}
    network, vision, _ = networks.load(out / "dqn.safetensors")
    assert np.isfinite(network(torch.zeros(1, *vision.obs_shape, dtype=torch.uint8)).detach().numpy()).all()
    picture = cv2.imread(str(out / "dqn.png"))
    assert picture is not None
    assert picture.std() > 10


@pytest.mark.slow
def test_the_command_trains_and_the_table_holds_what_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "dqn"
    assert training("dqn", "--out", out, "--timesteps", "400", *TINY) == 0
    require_whole(out)
    curve = rows(out / "curve.csv")
    assert [int(row["timesteps"]) for row in curve] == [160, 320, 400]
    assert [float(row["epsilon"]) for row in curve] == pytest.approx([0.05, 0.05, 0.05])
    assert all(float(row["loss"]) > 0 for row in curve)
    table = ["qtable", "--out", str(tmp_path / "table"), "--timesteps", "60", "--slots", "1024"]
    assert training(*table, "--dqn", out / "dqn.safetensors") == 0
    methods = [row["method"] for row in rows(tmp_path / "table" / "table.csv")]
    assert methods[:4] == ["random", "jerk", "deep Q-network", "network"]
    assert training(*table, "--dqn", out / "none.safetensors") == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"training: there are no weights at {out / 'none.safetensors'}"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_whole_files(tmp_path: Path, number: signal.Signals) -> None:
    pytest.importorskip("matplotlib")
    command = [sys.executable, "-m", "training", "dqn", "--out", str(tmp_path / "out"), *TINY]
    run = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[3],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "out" / "dqn.json").exists():
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(number)
    _, errors = run.communicate(timeout=300)
    assert run.returncode == 128 + number
    assert errors.splitlines()[-1] == f"training: stopped by {number.name}; what it learned is in {tmp_path / 'out'}"
    require_whole(tmp_path / "out")
    assert all(None not in row.values() for row in rows(tmp_path / "out" / "curve.csv"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--state", "FernHolow.Act1"], "no level 'FernHolow.Act1'; nearest: FernHollow.Act1"),
        (["--memory", "16"], "wanted --memory of at least 40 frames"),
        (["--memory", "999999999999"], "for the replay, got"),
        (["--vision.pixels", "edges"], "the twin makes gray observations, got --vision.pixels edges"),
    ],
)
def test_bad_input_gives_one_clear_line(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    assert training("dqn", "--out", tmp_path / "out", *words) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("training: ")
    assert says in error
    assert not (tmp_path / "out").exists()
