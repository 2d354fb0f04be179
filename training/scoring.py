"""`python -m training score`: how well weights play levels they have never seen, on the twin, with an interval.

Single episodes vary by thousands: weights are told apart by many levels, not by the 11 of the validation alone.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from tyro.conf import Positional

from agent import network as networks
from agent.config import RunConfig
from agent.network import QNetwork
from fernway.levels import Level, committed
from fernway.vector import fresh_level
from training.actor import QValues
from training.score import Score, score


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreConfig:
    """Scores weights on Fernway's twin: single episodes without memory, fallback or learning."""

    weights: Positional[tuple[Path, ...]]
    """The .safetensors files."""

    seeds: int = 3
    """Episodes on each of the 11 validation levels."""

    variants: int = 6
    """Other seeds of each validation level, one episode each."""

    fresh: int = 100
    """Fresh levels of the training zones, one episode each."""

    seed: int = 0
    """Of the levels, the sticky frames and everything random: the same for all weights."""

    epsilon: float = RunConfig().epsilon
    """Probability of a random action."""

    temperature: float = RunConfig().temperature
    """Otherwise the action is drawn from softmax(Q / temperature); 0: always the best one."""

    stall_timesteps: int = 400
    """Gives an episode up after so many timesteps without a new best return, which saves time; 0: never."""

    json: Path | None = None
    """File for the figures."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        if not self.weights or min(self.seeds, self.variants, self.fresh) < 0 or self.temperature < 0:
            raise ValueError(f"wanted weights, and counts and a temperature of at least 0, got {self}")
        if self.seeds + self.variants + self.fresh == 0:
            raise ValueError("wanted something to play: seeds, variants or fresh above 0")


def draw_levels(config: ScoreConfig) -> dict[str, list[Level]]:
    """Draws the levels, by what they have in common with those trained on."""
    rng = np.random.default_rng(config.seed)
    validation = [solved.level for solved in committed().values() if solved.validation]
    variants = [
        Level(level.zone, level.act, int(rng.integers(1 << 32))) for level in validation for _ in range(config.variants)
    ]
    return {
        "validation levels": validation * config.seeds,
        "their zones and acts, other seeds": variants,
        "training zones, fresh seeds": [fresh_level(rng) for _ in range(config.fresh)],
    }


def values_of(network: QNetwork) -> QValues:
    """Returns what the network makes of observations."""
    network.eval()

    def q_values(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(obs)).numpy(), np.float32)

    return q_values


def drawn(q_values: QValues, temperature: float, rng: np.random.Generator) -> QValues:
    """Adds the noise that makes of the highest value a draw from the softmax, as the agent's player does."""

    def noisy(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        q = q_values(obs)
        return (q + temperature * rng.gumbel(size=q.shape)).astype(np.float32)

    return noisy


def score_weights(config: ScoreConfig) -> None:
    """Plays and prints a table.

    Raises:
        WeightsError: If weights cannot be used.
    """
    torch.set_num_threads(1)
    loaded = {path: networks.load(path)[:2] for path in config.weights}  # what is wrong is found out at once
    groups = {name: levels for name, levels in draw_levels(config).items() if levels}
    table = Table("weights", "levels", "episodes", "mean return [95 %]", "finished", "given up")
    figures: list[dict[str, object]] = []
    with Progress(console=Console(stderr=True)) as progress:
        for path, (network, vision) in loaded.items():
            for name, levels in groups.items():
                task = progress.add_task(f"{path.name}, {name}", total=len(levels))
                found = score(
                    drawn(values_of(network), config.temperature, np.random.default_rng(config.seed)),
                    vision,
                    levels,
                    seed=config.seed,
                    epsilon=config.epsilon,
                    stall_timesteps=config.stall_timesteps,
                    tell=lambda done, task=task: progress.update(task, completed=done),  # type: ignore[misc]
                )
                figures.append({"weights": str(path), "levels": name, **summary(found)})
                table.add_row(
                    path.name,
                    name,
                    str(len(levels)),
                    f"{found.mean:,.0f} ± {found.ci95:,.0f}",
                    f"{found.finished:.0%}",
                    f"{np.mean([ending.is_cut for ending in found.endings]):.0%}",
                )
    Console(width=120).print(table)
    if config.json is not None:
        config.json.write_text(json.dumps(figures, indent=1) + "\n")


def summary(found: Score) -> dict[str, float]:
    """Returns a score's figures by name."""
    return {
        "episodes": len(found.endings),
        "mean": round(found.mean, 1),
        "ci95": round(found.ci95, 1),
        "finished": round(found.finished, 3),
        "given_up": round(float(np.mean([ending.is_cut for ending in found.endings])), 3),
    }
