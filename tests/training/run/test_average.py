from pathlib import Path

import pytest
import torch
from trained import training

from agent.network.card import Card, WeightsError
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.network import weights as networks
from training.network.model import NetworkConfig, QNetwork
from training.run.average import AverageConfig, average

VISION, SIZES = VisionConfig(height=36, width=36, stack=1), NetworkConfig(channels=(4,), hidden=8)


def saved(path: Path, seed: int, sizes: NetworkConfig = SIZES) -> Path:
    torch.manual_seed(seed)
    networks.save(
        path, QNetwork(VISION, sizes, len(ACTION_TABLE)), VISION, sizes, {"gamma": 0.9, "commit": "c", "seed": seed}
    )
    return path


def test_it_is_the_mean_of_every_tensor_and_tells_of_whom(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{seed}.safetensors", seed) for seed in range(3)]
    average(AverageConfig(weights=tuple(paths), out=tmp_path / "mean.safetensors"))
    mean, vision, sizes = networks.load(tmp_path / "mean.safetensors")
    assert (vision, sizes) == (VISION, SIZES)
    each = [networks.load(path)[0].state_dict() for path in paths]
    for name, tensor in mean.state_dict().items():
        assert torch.allclose(tensor, torch.stack([one[name] for one in each]).mean(0), atol=1e-6), name
    about = Card.read(tmp_path / "mean.safetensors").about
    assert about["gamma"] == 0.9
    assert about["run"] == {"commit": "c"}
    assert [sorted(one) for one in about["weights"]] == [["seed", "sha256"]] * 3
    assert [one["seed"] for one in about["weights"]] == [0, 1, 2]
    assert [one["sha256"] for one in about["weights"]] == [Card.read(path).sha256 for path in paths]


def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    one, other = saved(tmp_path / "1.safetensors", 0), saved(tmp_path / "2.safetensors", 0, NetworkConfig(hidden=8))
    out = tmp_path / "mean.safetensors"
    for weights, wanted in (((one,), "two or more"), ((one, other), "does not fit")):
        with pytest.raises(WeightsError, match=wanted):
            average(AverageConfig(weights=weights, out=out))
    assert training("average", str(one), str(tmp_path / "none.safetensors"), "--out", str(out)) == 1
    assert not out.exists()
