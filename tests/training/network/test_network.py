import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from agent.assembly import WEIGHTS
from agent.network.card import Card, WeightsError, card_path, graph_path
from agent.network.policy import Policy
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.network.graph import q_graph
from training.network.model import NetworkConfig, QNetwork
from training.network.weights import load, save

VISION = VisionConfig()
CONFIG = NetworkConfig()


def network(seed: int = 0) -> QNetwork:
    torch.manual_seed(seed)
    return QNetwork(VISION, CONFIG, len(ACTION_TABLE))


def screens(count: int = 3) -> torch.Tensor:
    shape = (count, *VISION.obs_shape)
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, np.uint8))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    weights = tmp_path / "net.safetensors"
    save(weights, network(), VISION, CONFIG, {"seed": 0})
    return weights


def change_card(weights: Path, **changes: Any) -> None:
    card = json.loads(card_path(weights).read_text())
    card_path(weights).write_text(json.dumps({**card, **changes}))


def test_it_values_every_action_of_every_observation() -> None:
    q_values = network()(screens())
    assert q_values.shape == (3, len(ACTION_TABLE))
    assert torch.isfinite(q_values).all()


def test_the_dueling_head_adds_an_advantage_of_zero_mean() -> None:
    net = network()
    with torch.no_grad():
        for parameter in net.advantage[-1].parameters():
            parameter.zero_()
        constant = net(screens())
    assert torch.allclose(constant, constant[:, :1].expand_as(constant)), "without advantages all actions are alike"


def test_in_bfloat16_it_values_nearly_the_same() -> None:
    network = load(WEIGHTS)[0]
    torch.manual_seed(0)
    obs = torch.randint(0, 256, (16, *VisionConfig().obs_shape), dtype=torch.uint8)
    with torch.no_grad():
        value, log_policy = network.value_and_policy(obs)
        with torch.autocast("cpu", torch.bfloat16):
            rounded = network.value_and_policy(obs)
    assert rounded[0].dtype == rounded[1].dtype == torch.float32
    assert (rounded[0] - value).abs().max() < 0.05 * value.abs().max()
    assert (rounded[1].exp() - log_policy.exp()).abs().max() < 0.1


def test_what_is_saved_is_what_is_loaded(saved: Path) -> None:
    net, vision, config = load(saved)
    assert (vision, config) == (VISION, CONFIG)
    for (name, wanted), (_, came) in zip(network().state_dict().items(), net.state_dict().items(), strict=True):
        assert torch.equal(wanted, came), name
    assert json.loads(card_path(saved).read_text())["about"] == {"seed": 0}
    assert sorted(path.name for path in saved.parent.iterdir()) == ["net.json", "net.onnx", "net.safetensors"]


def test_weights_that_are_not_finite_are_neither_saved_nor_loaded(tmp_path: Path, saved: Path) -> None:
    net = network()
    with torch.no_grad():
        next(net.parameters())[0, 0, 0, 0] = float("nan")
    with pytest.raises(WeightsError, match="not finite"):
        save(tmp_path / "bad.safetensors", net, VISION, CONFIG)
    assert not (tmp_path / "bad.safetensors").exists()
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, saved)
    change_card(saved, sha256=hashlib.sha256(saved.read_bytes()).hexdigest())
    with pytest.raises(WeightsError, match="not finite"):
        load(saved)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"sha256": "0" * 64}, "sha256"),
        ({"sha256": None}, "sha256"),
        ({"graph_sha256": None}, "graph_sha256"),
        ({"format": 1}, "format 2, got 1"),
        ({"format": 99}, "format 2, got 99"),
        ({"actions": [["LEFT"]]}, "another action table"),
        ({"actions": [1, 2]}, "action"),
        ({"actions": [[1], [[]]]}, "action"),
        ({"vision": {"height": 64, "colour": "red"}}, "does not describe a network"),
        ({"vision": {"height": "64"}}, "does not describe a network"),
        ({"network": {}}, "does not describe a network"),
        ({"network": {"channels": 3, "hidden": "x"}}, "does not describe a network"),
        ({"network": []}, "network"),
    ],
    ids=str,
)
def test_a_card_that_does_not_fit_is_refused_in_one_line(saved: Path, changes: dict[str, Any], names: str) -> None:
    change_card(saved, **changes)
    with pytest.raises(WeightsError, match=names) as refusal:
        load(saved)
    assert "\n" not in str(refusal.value)


def test_weights_of_another_size_are_refused_by_the_tensors_name(saved: Path) -> None:
    card = json.loads(card_path(saved).read_text())
    change_card(saved, network={**card["network"], "hidden": CONFIG.hidden // 2})
    with pytest.raises(WeightsError, match=r"tensor advantage\.0\.bias"):
        load(saved)


@pytest.mark.parametrize("name", ["net.safetensors", "net.json"])
@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_missing_and_broken_files_are_named(saved: Path, name: str, content: bytes | None) -> None:
    path = saved.with_name(name)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=name):
        load(saved)


def test_garbage_with_the_right_digest_is_still_no_network(saved: Path) -> None:
    saved.write_bytes(b"\x08\0\0\0\0\0\0\0garbage!")
    change_card(saved, sha256=hashlib.sha256(saved.read_bytes()).hexdigest())
    with pytest.raises(WeightsError, match="not a safetensors file"):
        load(saved)


def test_what_plays_is_what_was_saved(saved: Path) -> None:
    """Without torch, from the graph beside the weights."""
    policy = Policy.load(saved)
    assert policy.vision == VISION
    with torch.inference_mode():
        wanted = network()(screens()).numpy()
    came = np.stack([policy.q_values(screen) for screen in screens().numpy()])
    assert np.allclose(came, wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["net.onnx", "net.json"])
@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_missing_and_broken_graphs_are_named(saved: Path, name: str, content: bytes | None) -> None:
    path = saved.with_name(name)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=name) as refusal:
        Policy.load(saved)
    assert "\n" not in str(refusal.value)


def test_garbage_with_the_right_digest_is_still_no_graph(saved: Path) -> None:
    for garbage in (b"", b"garbage", graph_path(saved).read_bytes()[:-100], bytes(1000)):
        graph_path(saved).write_bytes(garbage)
        change_card(saved, graph_sha256=hashlib.sha256(garbage).hexdigest())
        with pytest.raises(WeightsError, match=r"net\.onnx: the graph cannot be played by") as refusal:
            Policy.load(saved)
        assert "\n" not in str(refusal.value)


def test_the_bundled_graph_is_the_bundled_weights() -> None:
    net, vision, _ = load(WEIGHTS)
    assert hashlib.sha256(q_graph(net, vision.obs_shape)).hexdigest() == Card.read(WEIGHTS).graph_sha256


def test_playing_imports_no_torch() -> None:
    program = (
        "import sys; from agent.assembly import WEIGHTS; from agent.network.policy import Policy; Policy.load(WEIGHTS)"
    )
    program += "; print(*{'torch', 'onnx', 'safetensors'} & {name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
