"""`python -m training average`: the mean of several networks of one run, which often plays better than each of them.

Source: Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization".
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from tyro.conf import Positional

from agent.network.card import WeightsError
from training.network import weights as networks


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageConfig:
    """Averages the weights of networks that come from one run."""

    weights: Positional[tuple[Path, ...]]
    """Two or more .safetensors files; their networks are of the same sizes and look at the same."""

    out: Path
    """Where the mean goes, a .safetensors file."""


def average(config: AverageConfig) -> None:
    """Writes the mean of some weights, with a card of what they share and what each has of its own.

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
    apart = [networks.about(path) for path in config.weights]
    shared = {name: value for name, value in apart[0].items() if all(one.get(name) == value for one in apart)}
    scales = ("reward_scale", "gamma", "temperature")
    about: dict[str, Any] = {name: shared[name] for name in scales if name in shared}
    about["command"] = f"python -m training average {' '.join(map(str, config.weights))} --out {config.out}"
    about["held_out"] = max((one.get("held_out", []) for one in apart), key=len)  # of the run they are all of
    about["run"] = {name: value for name, value in shared.items() if name not in scales}  # the stages before it, once
    about["weights"] = [
        {name: value for name, value in one.items() if name not in shared and name != "held_out"} for one in apart
    ]
    networks.save(config.out, mean, vision, sizes, about)
    Console(stderr=True).print(f"{config.out}: the mean of {len(config.weights)} networks")
