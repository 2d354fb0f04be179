"""The Q-network, and loading and saving it: safetensors beside a JSON card that says what it is."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from agent.actions import ACTION_TABLE
from agent.config import NetworkConfig, VisionConfig
from agent.files import read_file, write_file

CARD_FORMAT = 1
"""Version of the card's layout."""

CARD_BYTES_MOST, WEIGHTS_BYTES_MOST = 1 << 20, 1 << 30
"""Bytes of a card and of weights; the bundled ones take a thousandth of that."""


class WeightsError(ValueError):
    """Weights that cannot be used; the message says what was wanted and what came."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut. Source: Espeholt et al. 2018, figure 3."""

    def __init__(self, channels: int) -> None:
        """Builds the block."""
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Computes float32 [B, C, H, W] from the same shape."""
        residual: Tensor = self.second(torch.relu(self.first(torch.relu(features))))
        return features + residual


def _conv_torso(planes: int, channels: tuple[int, ...]) -> nn.Sequential:
    first, second, third = channels
    return nn.Sequential(
        nn.Conv2d(planes, first, 8, stride=4),
        nn.ReLU(),
        nn.Conv2d(first, second, 4, stride=2),
        nn.ReLU(),
        nn.Conv2d(second, third, 3, stride=1),
        nn.ReLU(),
        nn.Flatten(),
    )


def _impala_torso(planes: int, channels: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = planes
    for stage, after in enumerate(channels):
        # The strided first convolution makes it four times as fast as the published torso (measured).
        size, stride = (5, 2) if stage == 0 else (3, 1)
        layers.append(nn.Conv2d(before, after, size, stride=stride, padding=size // 2))
        layers += [nn.MaxPool2d(3, stride=2, padding=1), ResidualBlock(after)]
        before = after
    return nn.Sequential(*layers, nn.ReLU(), nn.Flatten())


def _patches_torso(planes: int, channels: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = planes
    for stage, after in enumerate(channels):
        if stage == 0:  # [B, planes, H, W] -> [B, channels, H / 4, W / 4]: patches that overlap by half
            layers.append(nn.Conv2d(before, after, 8, stride=4, padding=2))
        else:
            layers += [nn.ReLU(), nn.Conv2d(before, after, 3, stride=2, padding=1)]
        layers.append(ResidualBlock(after))
        before = after
    return nn.Sequential(*layers, nn.ReLU(), nn.Flatten())


TORSOS: dict[str, Callable[[int, tuple[int, ...]], nn.Sequential]] = {
    "conv": _conv_torso,
    "impala": _impala_torso,
    "patches": _patches_torso,
}


class QNetwork(nn.Module):
    """Convolutions, then a dueling head whose advantages are t * log pi, of the policy pi = softmax(Q / t).

    So the value is the soft maximum of the Q-values, t * log sum exp(Q / t), and a policy and its value function are a
    Q-function. Source: Mnih et al. 2015; Wang et al. 2016 (dueling); Schulman et al. 2017, "Equivalence between policy
    gradients and soft Q-learning", section 3.
    """

    obs_mean: Tensor
    obs_std: Tensor

    def __init__(self, vision: VisionConfig, config: NetworkConfig, actions: int, *, initialise: bool = True) -> None:
        """Builds the network with orthogonal initialisation (gain sqrt 2; 0.01 for the outputs: all begins near 0).

        Args:
            vision: Gives the observation's shape.
            config: The sizes.
            actions: How many Q-values there are.
            initialise: False where the weights are replaced anyway: the initialisation takes a second (measured).
        """
        super().__init__()
        self.temperature = config.temperature
        self.torso = TORSOS[config.torso](vision.obs_shape[0], config.channels)
        with torch.no_grad():
            features = self.torso(torch.zeros(1, *vision.obs_shape)).shape[1]
        self.value = nn.Sequential(nn.Linear(features, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1))
        self.advantage = nn.Sequential(nn.Linear(features, config.hidden), nn.ReLU(), nn.Linear(config.hidden, actions))
        for module in self.modules():
            if initialise and isinstance(module, nn.Conv2d | nn.Linear):
                is_output = module in (self.value[-1], self.advantage[-1])
                nn.init.orthogonal_(module.weight, gain=0.01 if is_output else 2**0.5)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        # Not centred and scaled, the network answered the same action for 11,000 updates (measured).
        self.register_buffer("obs_mean", torch.tensor(128.0))
        self.register_buffer("obs_std", torch.tensor(64.0))
        # Channels innermost: half the time of a training step (measured, AVX-512).
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def value_and_policy(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Computes what a learner by reward needs.

        Args:
            obs: uint8 [B, C, H, W].

        Returns:
            The value, float32 [B], scaled reward units, and log pi, float32 [B, A].
        """
        device = obs.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32
        scaled = obs.to(dtype).sub_(self.obs_mean).div_(self.obs_std)
        features = self.torso(scaled.contiguous(memory_format=torch.channels_last))  # [B, F]
        value, advantage = self.value[:-1](features).float(), self.advantage[:-1](features).float()  # [B, hidden]
        with torch.autocast(device, enabled=False):  # 8 bits are too few for a value of 30 and for a ratio near 1
            return self.value[-1](value)[:, 0], torch.log_softmax(self.advantage[-1](advantage) / self.temperature, 1)

    def forward(self, obs: Tensor) -> Tensor:
        """Computes Q-values.

        Args:
            obs: uint8 [B, C, H, W].

        Returns:
            float32 [B, A], scaled reward units.
        """
        value, log_policy = self.value_and_policy(obs)
        return value[:, None] + self.temperature * log_policy


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
