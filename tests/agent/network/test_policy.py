"""What acts is what was trained: ONNX Runtime's answers against torch's."""

import time

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from agent.network.policy import Policy
from agent.players.learned import Learned, UnfitError
from agent.players.moment import Moment
from agent.rules import ACTION_TABLE, SCREEN_SHAPE
from agent.vision import FrameStack, VisionConfig
from training.network.graph import q_graph
from training.network.model import NetworkConfig, QNetwork

VISION = VisionConfig()
CONFIGS = {
    "impala": NetworkConfig(),
    "conv": NetworkConfig(torso="conv", channels=(16, 32, 32)),
}


def network(config: NetworkConfig, vision: VisionConfig = VISION, seed: int = 0) -> QNetwork:
    """A network whose Q-values differ, unlike those of a fresh one, and in the middle of whose head nothing is zero."""
    torch.manual_seed(seed)
    net = QNetwork(vision, config, len(ACTION_TABLE))
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim == 1:
                parameter.normal_(std=0.1)
        for head in (net.value[-1], net.advantage[-1]):
            head.get_parameter("weight").mul_(50)
        net.obs_mean.fill_(120.0 + seed)
        net.obs_std.fill_(50.0 + seed)
    return net


def observations(vision: VisionConfig = VISION, count: int = 4) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (count, *vision.obs_shape), np.uint8)
    flat = [np.full(vision.obs_shape, level, np.uint8) for level in (0, 255)]
    return np.concatenate([noise, flat])


def played(net: QNetwork, vision: VisionConfig = VISION) -> Policy:
    return Policy(q_graph(net, vision.obs_shape), vision)


def torch_answers(net: QNetwork, obs: NDArray[np.uint8]) -> NDArray[np.float32]:
    with torch.inference_mode():
        answers: NDArray[np.float32] = net(torch.from_numpy(obs)).numpy()
    return answers


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_it_answers_as_the_network_does(config: NetworkConfig, seed: int) -> None:
    net = network(config, seed=seed)
    wanted = torch_answers(net, observations())
    assert np.ptp(wanted, 1).min() > 0.1, "the test would not tell the actions apart"
    policy = played(net, VISION)
    answers = np.stack([policy.q_values(obs) for obs in observations()])
    assert answers.dtype == np.float32
    assert np.allclose(answers, wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_any_size_and_kind_of_observation_will_do(config: NetworkConfig) -> None:
    vision = VisionConfig(height=84, width=96, stack=2, pixels="colour")
    net = network(config, vision)
    obs = observations(vision, count=1)
    assert np.allclose(played(net, vision).q_values(obs[0]), torch_answers(net, obs)[0], rtol=0, atol=1e-4)


def test_an_answer_stays_what_it_was() -> None:
    policy = played(network(CONFIGS["impala"]), VISION)
    first, second = (policy.q_values(obs) for obs in observations()[:2])
    assert (first == policy.q_values(observations()[0])).all()
    assert not np.allclose(first, second)


def test_a_policy_keeps_the_weights_it_was_made_of() -> None:
    net = network(CONFIGS["impala"])
    obs = observations()[0]
    policy = played(net, VISION)
    before = policy.q_values(obs)
    with torch.no_grad():
        net.value[-1].get_parameter("bias").add_(1.0)
    assert (policy.q_values(obs) == before).all()
    assert np.allclose(played(net, VISION).q_values(obs), before + 1, atol=1e-4)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_one_weight_that_is_no_number_takes_the_player_out(config: NetworkConfig) -> None:
    stack = FrameStack(VISION)
    stack.reset(np.random.default_rng(0).integers(0, 256, SCREEN_SHAPE, np.uint8))
    moment = Moment(stack=stack, episode_return=0.0, reward=0.0)
    for name, _ in network(config).named_parameters():
        net = network(config)
        with torch.no_grad():
            parameter = net.get_parameter(name)
            parameter[(0,) * parameter.ndim] = float("nan")
        learned = Learned(played(net, VISION), 0.0, np.random.default_rng(0))
        with pytest.raises(UnfitError, match="not finite"):
            learned.act(moment)


def test_a_module_without_an_operator_is_refused_by_name() -> None:
    net = network(CONFIGS["impala"])
    net.torso.append(nn.Tanh())
    with pytest.raises(TypeError, match="Tanh"):
        played(net, VISION)


def test_nothing_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    played(network(CONFIGS["impala"]), VISION).q_values(observations()[0])
    assert capfd.readouterr() == ("", "")


def test_weights_can_be_swapped_during_a_run() -> None:
    net = network(CONFIGS["impala"])
    played(net, VISION)
    began_at = time.process_time()
    played(net, VISION)
    assert time.process_time() - began_at < 0.5


def test_deciding_is_far_within_what_a_timestep_affords() -> None:
    policy = played(network(CONFIGS["impala"]), VISION)
    obs = observations()[0]
    began_at = time.process_time()
    for _ in range(20):
        policy.q_values(obs)
    # 43.2 ms a timestep is what the contest leaves; a tenth of it is a warning that something runs away.
    assert (time.process_time() - began_at) / 20 < 0.00432
