"""Loading and saving a Q-network: safetensors, the graph that plays by them, and the card of both."""

import dataclasses
import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from agent.files import write_file
from agent.network.card import (
    CARD_FORMAT,
    Card,
    WeightsError,
    card_path,
    graph_path,
    one_line,
    read_checked,
)
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.network.graph import q_graph
from training.network.model import NetworkConfig, QNetwork


def save(
    weights: Path, network: QNetwork, vision: VisionConfig, config: NetworkConfig, about: dict[str, Any] | None = None
) -> None:
    """Writes the weights, the graph that plays by them and the card; each file appears whole or not at all.

    Args:
        weights: The `.safetensors` file.
        network: What to save.
        vision: The pipeline it was trained on.
        config: Its sizes.
        about: What else the card tells: data, seeds, settings, commit, time spent, scores.

    Raises:
        WeightsError: If a weight is not finite.
    """
    tensors = network.state_dict()
    _require_finite(tensors, weights)
    data = save_tensors({name: tensor.detach().contiguous() for name, tensor in tensors.items()})
    graph = q_graph(network, vision.obs_shape)
    card = {
        "format": CARD_FORMAT,
        "sha256": hashlib.sha256(data).hexdigest(),
        "graph_sha256": hashlib.sha256(graph).hexdigest(),
        "vision": dataclasses.asdict(vision),
        "network": dataclasses.asdict(config),
        "actions": ACTION_TABLE,
        "about": about or {},
    }
    weights.parent.mkdir(parents=True, exist_ok=True)
    write_file(weights, data)
    write_file(graph_path(weights), graph)
    write_file(card_path(weights), (json.dumps(card, indent=2) + "\n").encode())


def load(weights: Path) -> tuple[QNetwork, VisionConfig, NetworkConfig]:
    """Reads weights and card, checking all of it before use.

    Raises:
        WeightsError: If a file is missing, the card and the weights do not belong together, the action table is
            another one, or a tensor's name, shape or value is not as it must be.
    """
    card = Card.read(weights)
    data = read_checked(weights, "weights", card.sha256)
    try:
        tensors = load_tensors(data)
    except Exception as error:  # safetensors raises its own class, which it does not export for typing
        raise WeightsError(f"{weights} is not a safetensors file: {one_line(error)}") from error
    try:
        channels = tuple(card.network["channels"])
        # Networks were saved before the setting came: each of their stages pools.
        config = NetworkConfig(**{"pooled": len(channels), **card.network, "channels": channels})
        sizes = (*config.channels, config.hidden)
        if any(one * other > len(data) for one, other in pairwise(sizes)):  # more than there is memory for, maybe
            raise ValueError(f"{weights} is too small for layers of {str(sizes)[:80]}")
        network = QNetwork(card.vision, config, len(ACTION_TABLE), initialise=False)
    except (TypeError, KeyError, ValueError, RuntimeError, ArithmeticError) as error:
        raise WeightsError(f"the card {card_path(weights)} does not describe a network: {one_line(error)}") from error
    wanted = {name: (list(tensor.shape), tensor.dtype) for name, tensor in network.state_dict().items()}
    came = {name: (list(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    for name in sorted(wanted.keys() | came.keys()):
        if wanted.get(name) != came.get(name):
            raise WeightsError(f"{weights}: tensor {name}: wanted {wanted.get(name)}, got {came.get(name)}")
    _require_finite(tensors, weights)
    network.load_state_dict(tensors)
    return network, card.vision, config


def about(weights: Path) -> dict[str, Any]:
    """Reads what the card of some weights tells of how they came about, and their sha256.

    Raises:
        WeightsError: If there is no card.
    """
    card = Card.read(weights)
    return {"sha256": card.sha256, **card.about}


def _require_finite(tensors: dict[str, Tensor], weights: Path) -> None:
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{weights}: tensor {name} holds values that are not finite")
