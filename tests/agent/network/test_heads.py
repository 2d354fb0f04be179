"""The heads in numpy answer as the network in torch, and lead gradients back as it does."""

import numpy as np
import pytest
import torch
from torch import Tensor

from agent.network.card import NetworkConfig
from agent.network.heads import HEAD_NAMES, Heads
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.network.model import QNetwork

VISION = VisionConfig(height=32, width=40, stack=2)


@pytest.fixture(scope="module")
def network() -> QNetwork:
    torch.manual_seed(3)
    network = QNetwork(VISION, NetworkConfig(channels=(4, 6), hidden=24, temperature=0.4), len(ACTION_TABLE))
    with torch.no_grad():
        for head in (network.value, network.advantage):
            for parameter in head.parameters():
                parameter.normal_(std=0.3)
    return network


def heads_of(network: QNetwork) -> Heads:
    parameters = network.state_dict()
    return Heads([parameters[name].numpy() for name in HEAD_NAMES], network.temperature)


def torch_heads(network: QNetwork, features: Tensor) -> tuple[Tensor, Tensor]:
    value = network.value(features)[:, 0]
    return value, torch.log_softmax(network.advantage(features) / network.temperature, 1)


def features_for(heads: Heads, count: int = 7) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    size = heads.parameters[0].shape[1]
    return np.random.default_rng(1).normal(size=(count, size)).astype(np.float32)


def test_they_answer_as_the_network(network: QNetwork) -> None:
    heads = heads_of(network)
    features = features_for(heads)
    with torch.inference_mode():
        value, log_policy = torch_heads(network, torch.from_numpy(features))
    answer = heads.answer(features)
    assert np.allclose(answer.value, value, atol=1e-5)
    assert np.allclose(answer.log_policy, log_policy, atol=1e-5)
    q_values = value[:, None] + network.temperature * log_policy
    assert np.allclose(heads.q_values(features), q_values, atol=1e-5)


def test_they_lead_gradients_back_as_the_network(network: QNetwork) -> None:
    heads = heads_of(network)
    features = features_for(heads)
    rng = np.random.default_rng(2)
    to_value = rng.normal(size=len(features)).astype(np.float32)
    to_log = rng.normal(size=(len(features), len(ACTION_TABLE))).astype(np.float32)
    value, log_policy = torch_heads(network, torch.from_numpy(features))
    network.zero_grad()
    ((value * torch.from_numpy(to_value)).sum() + (log_policy * torch.from_numpy(to_log)).sum()).backward()  # type: ignore[no-untyped-call]
    answer = heads.answer(features)
    to_logits = to_log - np.exp(answer.log_policy) * to_log.sum(1, keepdims=True)  # through the softmax
    found = heads.gradients(features, answer, to_value, to_logits)
    for name, gradient in zip(HEAD_NAMES, found, strict=True):
        wanted = network.get_parameter(name).grad
        assert wanted is not None
        assert np.allclose(gradient, wanted, atol=1e-4), name


def test_what_they_are_made_of_stays_as_it_is(network: QNetwork) -> None:
    heads = heads_of(network)
    heads.parameters[0][:] = 0
    assert network.get_parameter(HEAD_NAMES[0]).abs().sum() > 0
