"""Loading and saving a Q-network: safetensors beside a JSON card that says what it is."""

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

from agent.files import read_file, write_file
from agent.network.model import NetworkConfig, QNetwork
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig

CARD_FORMAT = 1
"""Version of the card's layout."""


CARD_BYTES_MOST, WEIGHTS_BYTES_MOST = 1 << 20, 1 << 30
"""Bytes of a card and of weights; the bundled ones take a thousandth of that."""


class WeightsError(ValueError):
    """Weights that cannot be used; the message says what was wanted and what came."""


def card_path(weights: Path) -> Path:
    """Returns where the card of these weights lies."""
    return weights.with_suffix(".json")


def save(
    weights: Path, network: QNetwork, vision: VisionConfig, config: NetworkConfig, about: dict[str, Any] | None = None
) -> None:
    """Writes the weights and their card; each file appears whole or not at all.

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
    card = {
        "format": CARD_FORMAT,
        "sha256": hashlib.sha256(data).hexdigest(),
        "vision": dataclasses.asdict(vision),
        "network": dataclasses.asdict(config),
        "actions": ACTION_TABLE,
        "about": about or {},
    }
    weights.parent.mkdir(parents=True, exist_ok=True)
    write_file(weights, data)
    write_file(card_path(weights), (json.dumps(card, indent=2) + "\n").encode())


def load(weights: Path) -> tuple[QNetwork, VisionConfig, NetworkConfig]:
    """Reads weights and card, checking all of it before use.

    Raises:
        WeightsError: If a file is missing, the card and the weights do not belong together, the action table is
            another one, or a tensor's name, shape or value is not as it must be.
    """
    card = _read_card(card_path(weights))
    try:
        data = read_file(weights, WEIGHTS_BYTES_MOST)
    except OSError as error:
        raise WeightsError(f"cannot read the weights {weights}: {error.strerror}") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != card["sha256"]:
        raise WeightsError(
            f"{weights} is not the file its card speaks of: wanted sha256 {card['sha256'][:64]}, got {digest}"
        )
    table = tuple(tuple(names) if isinstance(names, list) else (str(names),) for names in card["actions"])
    if table != ACTION_TABLE:
        raise WeightsError(
            f"{weights} was trained on another action table: wanted {ACTION_TABLE}, got {str(table)[:300]}"
        )
    try:
        tensors = load_tensors(data)
    except Exception as error:  # safetensors raises its own class, which it does not export for typing
        raise WeightsError(f"{weights} is not a safetensors file: {' '.join(str(error).split())[:300]}") from error
    try:
        vision = VisionConfig(**card["vision"])
        config = NetworkConfig(**{**card["network"], "channels": tuple(card["network"]["channels"])})
        sizes = (*config.channels, config.hidden)
        if any(one * other > len(data) for one, other in pairwise(sizes)):  # more than there is memory for, maybe
            raise ValueError(f"{weights} is too small for layers of {str(sizes)[:80]}")
        network = QNetwork(vision, config, len(table), initialise=False)
    except (TypeError, ValueError, KeyError, RuntimeError, ArithmeticError) as error:
        words = " ".join(str(error).split())[:300]
        raise WeightsError(f"the card {card_path(weights)} does not describe a network: {words}") from error
    wanted = {name: (list(tensor.shape), tensor.dtype) for name, tensor in network.state_dict().items()}
    came = {name: (list(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    for name in sorted(wanted.keys() | came.keys()):
        if wanted.get(name) != came.get(name):
            raise WeightsError(f"{weights}: tensor {name}: wanted {wanted.get(name)}, got {came.get(name)}")
    _require_finite(tensors, weights)
    network.load_state_dict(tensors)
    return network, vision, config


def about(weights: Path) -> dict[str, Any]:
    """Reads what the card of some weights tells of how they came about, and their sha256.

    Raises:
        WeightsError: If there is no card.
    """
    card = _read_card(card_path(weights))
    return {"sha256": card["sha256"], **card["about"]}


def _require_finite(tensors: dict[str, Tensor], weights: Path) -> None:
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{weights}: tensor {name} holds values that are not finite")


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(read_file(path, CARD_BYTES_MOST))
    except OSError as error:
        raise WeightsError(f"cannot read the card {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"the card {path} is not JSON: {error}") from error
    kinds = {"format": int, "sha256": str, "vision": dict, "network": dict, "actions": list}
    for key, kind in kinds.items():
        if not isinstance(card, dict) or not isinstance(card.get(key), kind):
            raise WeightsError(f"the card {path}: wanted a field {key} of type {kind.__name__}")
    if card["format"] != CARD_FORMAT:
        raise WeightsError(f"the card {path}: wanted format {CARD_FORMAT}, got {str(card['format'])[:40]}")
    return dict(card)
