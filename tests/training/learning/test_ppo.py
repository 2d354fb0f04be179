"""The learner on a game that it must solve in seconds, and what it must not do on the way."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.learning.ppo import Learner, NotFiniteError, PPOConfig
from training.learning.rollout import Rollout
from training.network.model import NetworkConfig, QNetwork

VISION = VisionConfig(height=8, width=8, stack=1)
NETWORK = NetworkConfig(channels=(8,), hidden=32)
CONFIG = PPOConfig(batch_size=64, epochs=2, reward_scale=1.0)
LEARNING_RATE = 3e-3
LANES, LENGTH = 16, 8
BRIGHT, DARK = 2, 5
"""The actions that pay on a bright and on a dark screen."""
CPU = torch.device("cpu")


def learner(config: PPOConfig = CONFIG, seed: int = 0) -> Learner:
    torch.manual_seed(seed)
    return Learner(QNetwork(VISION, NETWORK, len(ACTION_TABLE)), config, CPU, torch.Generator().manual_seed(seed))


def screens(rng: np.random.Generator) -> torch.Tensor:
    return torch.from_numpy(np.where(rng.random((LANES, 1, 1, 1)) < 0.5, 40, 220).astype(np.uint8)).expand(
        LANES, *VISION.obs_shape
    )


def play(found: Learner, rng: np.random.Generator) -> tuple[Rollout, float]:
    """A rollout of a game in which each timestep is an episode: 1 for the right action, 0 for others."""
    rollout = Rollout.empty(LENGTH, screens(rng))
    for t in range(LENGTH):
        rollout.obs[t] = screens(rng)
        rollout.action[t], rollout.log_probability[t], rollout.value[t] = found.act(rollout.obs[t])
        wanted = torch.where(rollout.obs[t, :, 0, 0, 0] > 128, BRIGHT, DARK)
        rollout.reward[t] = (rollout.action[t] == wanted).float()
    return rollout, float(rollout.reward.mean())


def test_it_learns_which_action_pays_on_which_screen() -> None:
    found, rng = learner(), np.random.default_rng(0)
    first = np.mean([play(found, rng)[1] for _ in range(10)])
    assert first < 0.25, "chance is a ninth"
    for _ in range(120):
        found.update(play(found, rng)[0], learning_rate=LEARNING_RATE)
    last = np.mean([play(found, rng)[1] for _ in range(10)])
    assert last > 0.9
    q_values = found.q_values(
        torch.stack([torch.full(VISION.obs_shape, level, dtype=torch.uint8) for level in (220, 40)])
    )
    assert q_values.argmax(1).tolist() == [BRIGHT, DARK], "greedy on Q is greedy on the policy"
    value = found.value(screens(rng))
    assert value.mean().item() == pytest.approx(last, abs=0.15), "V is the return to be expected"


def test_actions_are_drawn_as_the_policy_has_it() -> None:
    found = learner()
    with torch.no_grad():
        assert isinstance(found.network, QNetwork)
        found.network.advantage[-1].get_parameter("bias").copy_(torch.linspace(0, 0.4, len(ACTION_TABLE)))
    obs = torch.zeros(2000, *VISION.obs_shape, dtype=torch.uint8)
    action, log_probability, _ = found.act(obs)
    q_values = found.q_values(obs[:1])[0]
    wanted = torch.softmax(q_values / NETWORK.temperature, 0)
    assert torch.allclose(log_probability, wanted.log()[action], atol=1e-4)
    share = torch.bincount(action, minlength=len(ACTION_TABLE)) / len(action)
    assert (share - wanted).abs().max() < 0.04


def test_value_alone_leaves_the_policy_as_it_is() -> None:
    found, rng = learner(), np.random.default_rng(0)
    rollout, _ = play(found, rng)
    obs = rollout.obs.flatten(0, 1)
    before, value = found.network.value_and_policy(obs)[1].clone(), found.value(obs)
    found.update(rollout, learning_rate=LEARNING_RATE, only_value=True)
    assert torch.equal(found.network.value_and_policy(obs)[1], before)
    assert not torch.allclose(found.value(obs), value)


def test_an_advantage_beyond_the_clip_moves_nothing_more() -> None:
    config = dataclasses.replace(CONFIG, epochs=60, entropy_weight=0.0, value_weight=0.0)
    found, rng = learner(config), np.random.default_rng(0)
    rollout, _ = play(found, rng)
    found.update(rollout, learning_rate=1e-3)
    log_policy = found.network.value_and_policy(rollout.obs.flatten(0, 1))[1]
    log_now = log_policy.gather(1, rollout.action.flatten()[:, None])[:, 0]
    ratio = (log_now - rollout.log_probability.flatten()).exp()
    assert ratio.median().item() < 1.6, "without the clip 120 updates on one rollout go far beyond"


def test_what_it_saves_is_what_it_goes_on_from() -> None:
    rng = np.random.default_rng(0)
    first = learner()
    for _ in range(3):
        first.update(play(first, rng)[0], learning_rate=1e-3)
    second = learner(seed=5)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    rollout, _ = play(first, rng)
    for found in (first, second):
        found._generator.manual_seed(7)
        found.update(rollout, learning_rate=1e-3)
    for (name, one), (_, other) in zip(
        first.network.state_dict().items(), second.network.state_dict().items(), strict=True
    ):
        assert torch.equal(one, other), name


def test_the_state_of_another_network_is_refused() -> None:
    torch.manual_seed(0)
    other = QNetwork(VISION, dataclasses.replace(NETWORK, hidden=16), len(ACTION_TABLE))
    state = Learner(other, CONFIG, CPU, torch.Generator()).state_dict()
    with pytest.raises(ValueError, match="another network"):
        learner().load_state_dict(state)


def test_a_gradient_that_is_not_finite_stops_it_before_the_weights_change() -> None:
    found, rng = learner(), np.random.default_rng(0)
    rollout, _ = play(found, rng)
    rollout.reward[0, 0] = float("inf")
    before = {name: tensor.clone() for name, tensor in found.network.state_dict().items()}
    with pytest.raises(NotFiniteError, match="not finite"):
        found.update(rollout, learning_rate=1e-3)
    assert all(torch.equal(before[name], tensor) for name, tensor in found.network.state_dict().items())


@pytest.mark.parametrize(
    "setting", [{"gamma": 1.1}, {"clip": 0.0}, {"epochs": 0}, {"entropy_weight": -1.0}, {"learning_rate": 0.0}]
)
def test_settings_out_of_range_are_named(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting)).replace("_", "-")):
        PPOConfig(**setting)  # type: ignore[arg-type]
