"""Checkpoints: one file, whole or not there at all, with everything that a run goes on from; no pickle."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor

from common.files import write_file

CHECKPOINT_FORMAT = "2"
"""Version of the file's layout."""

CHECKPOINT_FORMAT_WITHOUT_SUM = "1"
"""An older layout without a checksum, which is read, too."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be written or used; the message says why."""


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Writes a checkpoint; whatever goes wrong, the one that was there before stays whole.

    Args:
        path: The file.
        state: A nest of dictionaries and lists with tensors, arrays and what JSON knows.

    Raises:
        CheckpointError: If it cannot be written, for instance because the disk is full.
    """
    tensors: dict[str, Tensor] = {}
    tree = _split(state, "", tensors)
    text = json.dumps(tree)
    content = save_tensors(tensors, {"format": CHECKPOINT_FORMAT, "tree": text, "sum": _sum(text, tensors)})
    try:
        write_file(path, content)
    except OSError as error:
        size = len(content) / 2**20
        raise CheckpointError(f"cannot write the checkpoint {path} ({size:.0f} MiB): {error.strerror}") from error


def load(path: Path) -> dict[str, Any]:
    """Reads what `save` wrote; arrays come back as tensors.

    Raises:
        CheckpointError: If it cannot be read or is something else.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") not in (CHECKPOINT_FORMAT, CHECKPOINT_FORMAT_WITHOUT_SUM):
                raise CheckpointError(
                    f"{path} is no checkpoint of this version: wanted format {CHECKPOINT_FORMAT}, "
                    f"got {metadata.get('format')}"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        if metadata["format"] == CHECKPOINT_FORMAT and metadata["sum"] != _sum(metadata["tree"], tensors):
            raise CheckpointError(f"the checkpoint {path} is damaged: its checksum is another one")
        state = _join(json.loads(metadata["tree"]), tensors)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"cannot read the checkpoint {path}: {error}") from error
    return dict(state)


def _split(node: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Moves tensors out of the nest, so that JSON can hold it."""
    match node:
        case Tensor():
            tensors[name] = node.detach().contiguous()
            return {"": name}
        case np.ndarray():
            return _split(torch.from_numpy(np.ascontiguousarray(node)), name, tensors)
        case Mapping():
            items = [[key, _split(child, f"{name}/{key}", tensors)] for key, child in node.items()]
            return {"items": items}
        case list() | tuple():
            return [_split(child, f"{name}/{index}", tensors) for index, child in enumerate(node)]
        case _:
            return node


def _join(node: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(node, list):
        return [_join(child, tensors) for child in node]
    if isinstance(node, dict):
        if "" in node:
            return tensors[node[""]]
        return {key: _join(child, tensors) for key, child in node["items"]}
    return node


def _sum(tree: str, tensors: Mapping[str, Tensor]) -> str:
    """Returns the checksum of all that a checkpoint holds: a disk's or a copy's error must not be learned on from."""
    found = hashlib.blake2b(tree.encode(), digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        found.update(tensor.flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()
