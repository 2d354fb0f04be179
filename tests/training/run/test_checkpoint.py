"""Checkpoints: all of it comes back, and nothing that goes wrong destroys the one that is there."""

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from training.run.checkpoint import CheckpointError, load, save

STATE: dict[str, Any] = {
    "network": {"weight": torch.arange(6.0).view(2, 3), "bias": torch.tensor(2.5)},
    "optimizer": {"state": {0: {"step": torch.tensor(3.0)}, 1: {}}, "param_groups": [{"lr": 1e-3, "params": [0, 1]}]},
    "rng": np.random.default_rng(3).bit_generator.state,
    "planes": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "flags": np.array([True, False]),
    "timesteps": 7,
    "name": None,
}


def same(one: Any, two: Any) -> bool:
    if isinstance(one, dict):
        return isinstance(two, dict) and one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, np.ndarray):
        one = torch.from_numpy(one)
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and torch.equal(one, two)
    return bool(one == two)


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save(path, STATE)
    found = load(path)
    assert same(STATE, found)
    rng = np.random.default_rng()
    rng.bit_generator.state = found["rng"]
    assert rng.random() == np.random.default_rng(3).random()


def test_channels_last_weights_come_back(tmp_path: Path) -> None:
    weight = torch.arange(300.0).view(4, 3, 5, 5).contiguous(memory_format=torch.channels_last)
    save(tmp_path / "one", {"weight": weight})
    assert torch.equal(load(tmp_path / "one")["weight"], weight)


@contextmanager
def little_disk() -> Iterator[None]:
    """Files may not grow beyond 10,000 bytes: what a full disk looks like to whoever writes.

    No fixture: pytest reports before it tears fixtures down, and its own output may go to a file longer than that.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save(path, STATE)
    with pytest.raises(CheckpointError, match="cannot write the checkpoint"), little_disk():
        save(path, {**STATE, "planes": np.zeros((100, 1000), np.uint8)})
    assert same(STATE, load(path))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot write the checkpoint"):
        save(tmp_path / "gone" / "checkpoint.safetensors", STATE)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "text", "weights"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save(path, STATE)
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(path.read_bytes()[:-20])
        case "text":
            path.write_text(json.dumps({"timesteps": 7}))
        case "weights":
            from safetensors.torch import save_file

            save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="checkpoint"):
        load(path)
