"""The card of a run's weights, which tells how they came about."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.checkout import commit
from training.network import insider as insiders
from training.network import weights as networks
from training.run.config import TrainConfig
from training.run.curve import ScoreRow


def about(
    config: TrainConfig, processes: int, timesteps: int, seconds: float, scores: Sequence[ScoreRow]
) -> dict[str, Any]:
    """Describes a run, for the card beside its weights.

    Args:
        config: Its settings.
        processes: That learn together.
        timesteps: Played by now.
        seconds: Since this process began the run, or went on with it.
        scores: On held-out levels by now.
    """
    launcher = "python" if processes == 1 else f"torchrun --nproc-per-node {processes}"
    found: dict[str, Any] = {
        "command": f"{launcher} -m training train " + " ".join(settings_of(config)),
        "commit": commit(Path(__file__).parent),
        "seed": config.seed,
        "timesteps": timesteps,
        "seconds_of_this_process": round(seconds),
        "reward_scale": config.ppo.reward_scale,
        "gamma": config.ppo.gamma,
        "temperature": config.network.temperature,
        "held_out": [
            {name: None if value != value else value for name, value in dataclasses.asdict(row).items()}  # noqa: PLR0124
            for row in scores
        ],
    }
    if config.weights is not None:  # the stage before, with its command
        inside = config.sees == "inside"
        found["weights"] = insiders.load(config.weights)[1] if inside else networks.about(config.weights)
    if config.teacher is not None:
        found["teacher"] = insiders.load(config.teacher)[1]
    return found


def settings_of(config: Any, default: Any = None, prefix: str = "--") -> list[str]:
    """Lists the command line's options that make this configuration: those that are not the defaults."""
    words = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.default is not dataclasses.MISSING:
            usual = field.default
        elif field.default_factory is not dataclasses.MISSING:
            usual = field.default_factory()
        else:
            usual = None
        name = field.name.replace("_", "-")
        usual = usual if default is None else getattr(default, field.name)
        if dataclasses.is_dataclass(value):
            words += settings_of(value, usual, f"{prefix}{name}.")
        elif isinstance(value, bool):
            words += [] if value == usual else [f"{prefix}{'' if value else 'no-'}{name}"]
        elif value != usual:
            shown = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words.append(f"{prefix}{name} {shown}")
    return words
