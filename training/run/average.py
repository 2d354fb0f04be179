"""`python -m training average`: the mean of several networks of one run, which often plays better than each of them.

Source: Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization".
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from tyro.conf import Positional

from agent.network import weights as networks
from agent.network.card import Card, WeightsError


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageConfig:
    """Averages the weights of networks that come from one run."""

    weights: Positional[tuple[Path, ...]]
    """Two or more .safetensors files; their networks are of the same sizes and look at the same."""

    out: Path
    """Where the mean goes, a .safetensors file."""


def average(config: AverageConfig) -> None:
    """Writes the mean of some weights, with a card that has the cards of all of them.

    Raises:
        WeightsError: If weights cannot be used, or do not fit together.
        OSError: If the mean cannot be written.
    """
    if len(config.weights) < 2:
        raise WeightsError(f"wanted two or more files of weights, got {len(config.weights)}")
    mean, vision, sizes = networks.load(config.weights[0])
    tensors = mean.state_dict()
    for path in config.weights[1:]:
        other, *fits = networks.load(path)
        if fits != [vision, sizes]:
            raise WeightsError(f"{path} does not fit {config.weights[0]}: wanted {sizes} on {vision}, got others")
        for name, tensor in other.state_dict().items():
            tensors[name] += tensor  # the network's own memory
    for tensor in tensors.values():
        tensor /= len(config.weights)
    cards = [Card.read(path) for path in config.weights]
    shared = ("reward_scale", "gamma", "temperature")
    about: dict[str, Any] = {name: cards[0].about[name] for name in shared if name in cards[0].about}
    about["command"] = f"python -m training average {' '.join(map(str, config.weights))} --out {config.out}"
    about["held_out"] = max((card.about.get("held_out", []) for card in cards), key=len)  # of the run they are all of
    about["weights"] = [networks.about(path) for path in config.weights]
    networks.save(config.out, mean, vision, sizes, about)
    Console(stderr=True).print(f"{config.out}: the mean of {len(config.weights)} networks")
