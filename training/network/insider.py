"""The insider: a small network that sees the game's inside, learns by reward at ten times the speed, and teaches then.

Source: Chen et al. 2019, "Learning by cheating"; Lee et al. 2020, "Learning quadrupedal locomotion over challenging
terrain" (a teacher with privileged information).
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from agent.files import write_file
from agent.network.card import WeightsError, one_line
from agent.rules import ACTION_TABLE
from fernway.vector import INSIDE
from training.network.model import QNetwork

INSIDER_FORMAT = "1"
"""Version of the file's layout."""

HIDDEN = 256
"""Units of each hidden layer."""

LEAST_SPREAD, FARTHEST = 0.05, 5.0
"""Numbers that hardly vary are not blown up further than by 1 / LEAST_SPREAD; none counts for more than FARTHEST."""


class Insider(nn.Module):
    """Two hidden layers for a value and a policy, which make Q = V + t * log pi, as `QNetwork` does."""

    mean: Tensor
    spread: Tensor

    def __init__(self, temperature: float) -> None:
        """Builds the network with orthogonal initialisation; `scale_to` before it learns.

        Args:
            temperature: Of the policy, scaled reward units.
        """
        super().__init__()
        self.temperature = temperature
        self.first, self.second = nn.Linear(INSIDE, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.value, self.policy = nn.Linear(HIDDEN, 1), nn.Linear(HIDDEN, len(ACTION_TABLE))
        for layer, gain in ((self.first, 2**0.5), (self.second, 2**0.5), (self.value, 0.1), (self.policy, 0.01)):
            nn.init.orthogonal_(layer.weight, gain)
            nn.init.zeros_(layer.bias)
        self.register_buffer("mean", torch.zeros(INSIDE))
        self.register_buffer("spread", torch.ones(INSIDE))

    def scale_to(self, inside: Tensor) -> None:
        """Scales what comes in by what was seen: inside, float32 [B, INSIDE]."""
        self.mean.copy_(inside.mean(0))
        self.spread.copy_(inside.std(0).clamp_min(LEAST_SPREAD))

    def value_and_policy(self, inside: Tensor) -> tuple[Tensor, Tensor]:
        """Computes what a learner by reward needs.

        Args:
            inside: float32 [B, INSIDE].

        Returns:
            The value, float32 [B], scaled reward units, and log pi, float32 [B, A].
        """
        with torch.autocast(inside.device.type, enabled=False):  # 8 bits are too few for numbers that are exact
            scaled = ((inside - self.mean) / self.spread).clamp(-FARTHEST, FARTHEST)
            features = torch.relu(self.second(torch.relu(self.first(scaled))))
            return self.value(features)[:, 0], torch.log_softmax(self.policy(features), 1)

    def forward(self, inside: Tensor) -> Tensor:
        """Computes Q-values float32 [B, A] of float32 [B, INSIDE]."""
        value, log_policy = self.value_and_policy(inside)
        return value[:, None] + self.temperature * log_policy


Network = QNetwork | Insider
"""What learns."""


def save(path: Path, insider: Insider, about: dict[str, Any]) -> None:
    """Writes an insider and how it came about, in one file that appears whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in insider.state_dict().items()}
    said = {"format": INSIDER_FORMAT, "temperature": insider.temperature, "about": about}
    write_file(path, save_tensors(tensors, {"insider": json.dumps(said)}))


def load(path: Path) -> tuple[Insider, dict[str, Any]]:
    """Reads an insider and how it came about.

    Raises:
        WeightsError: If the file cannot be read, or is something else.
    """
    try:
        with safe_open(path, "pt") as file:
            said = json.loads((file.metadata() or {}).get("insider", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        if not isinstance(said, dict) or said.get("format") != INSIDER_FORMAT:
            raise WeightsError(
                f"{path} is no insider of this version: `python -m training train --sees inside` makes one"
            )
        insider = Insider(float(said["temperature"]))
        insider.load_state_dict(tensors)
        about = dict(said["about"])
    except (OSError, SafetensorError, RuntimeError, TypeError, ValueError, KeyError) as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError(f"cannot use the insider {path}: {one_line(error)}") from error
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise WeightsError(f"{path} holds values that are not finite")
    return insider, about
