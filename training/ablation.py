"""What the network should see: `python -m training.ablation --train DEMOS --test DEMOS`.

A small network learns the planner's values by imitation on some levels, once for each kind of input, all else equal;
held-out levels tell how often its choice costs frames, and how often a life. A few minutes an input: enough to tell
inputs apart, not to play well.
"""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn

from agent.actions import ACTION_TABLE
from agent.config import NetworkConfig, VisionConfig
from agent.network import QNetwork
from agent.vision import look
from training.demonstration import FRAMES, Demonstration, DemonstrationError, load, screens

INPUTS = {
    "gray 64 x 80": VisionConfig(),
    "edges 64 x 80": VisionConfig(pixels="edges"),
    "colour 64 x 80": VisionConfig(pixels="colour"),
    "gray 84 x 84": VisionConfig(height=84, width=84),
    "gray 48 x 60": VisionConfig(height=48, width=60),
}
"""The inputs compared."""

GOOD = 8.0
"""Frames within which a choice counts as one of the best."""

DOOMED = 250.0
"""Frames lost from which on a choice counts as one that costs a life, of the 500 that a life counts for."""

SHIFT = 4
"""Pixels of random shift while learning. Source: DrQ, Kostrikov et al. 2020."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationConfig:
    """Compares inputs of the network by imitation of the planner."""

    train: Path
    """Folder of demonstrations to learn from, written by `python -m training search`."""

    test: Path
    """Folder of demonstrations of other levels."""

    updates: int = 1500
    """Updates for each input."""

    batch_size: int = 64
    """States of an update."""

    temperature: float = 30.0
    """Frames by which a worse action is e times less likely in what is learned."""

    network: NetworkConfig = field(default_factory=lambda: NetworkConfig(torso="conv"))
    """The network's sizes."""

    seeds: int = 1
    """Runs for each input."""


@dataclass(frozen=True, slots=True)
class States:
    """Planes of all screens in a row, and of each state the newest's index and the planner's values."""

    planes: NDArray[np.uint8]
    first: NDArray[np.int64]
    newest: NDArray[np.int64]
    values: NDArray[np.float32]

    def observations(self, chosen: NDArray[np.int64], stack: int) -> NDArray[np.uint8]:
        """Stacks the screens of some states, uint8 [B, C, H, W]."""
        back = np.arange(1 - stack, 1)
        rows = np.maximum(self.newest[chosen, None] + back, self.first[chosen, None])
        found: NDArray[np.uint8] = self.planes[rows]
        return found.reshape(len(chosen), -1, *found.shape[-2:])


def states(demonstrations: list[Demonstration], vision: VisionConfig) -> States:
    """Plays demonstrations again and keeps what the network would see."""
    planes: list[NDArray[np.uint8]] = []
    first: list[int] = []
    newest: list[int] = []
    values: list[NDArray[np.float32]] = []
    count = 0
    for demonstration in demonstrations:
        seen = [look(screen, vision) for screen in screens(demonstration)][:-1]
        planes += seen
        first += [count] * len(seen)
        newest += range(count, count + len(seen))
        values.append(demonstration.values)
        count += len(seen)
    return States(np.stack(planes), np.array(first), np.array(newest), np.concatenate(values))


def _shifted(obs: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    padded = nn.functional.pad(obs.float(), (SHIFT,) * 4, mode="replicate").to(torch.uint8)
    down, right = (int(n) for n in rng.integers(0, 2 * SHIFT + 1, 2))
    return padded[..., down : down + obs.shape[-2], right : right + obs.shape[-1]]


def learn(train: States, vision: VisionConfig, config: AblationConfig, seed: int, label: str) -> QNetwork:
    """Imitates the planner: cross entropy with the softmax of its values."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = QNetwork(vision, config.network, len(ACTION_TABLE))
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-4, fused=True)
    wanted = torch.softmax(torch.from_numpy(train.values) / config.temperature, 1)
    for _ in track(range(config.updates), label, console=Console(stderr=True)):
        chosen = rng.integers(len(train.newest), size=config.batch_size)
        obs = _shifted(torch.from_numpy(train.observations(chosen, vision.stack)), rng)
        loss = nn.functional.cross_entropy(network(obs), wanted[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network


def judge(network: QNetwork, test: States, vision: VisionConfig) -> tuple[float, float, float]:
    """Returns the shares of good and of doomed choices, and the mean frames lost, on states not learned from."""
    lost = []
    with torch.inference_mode():
        for start in range(0, len(test.newest), 256):
            chosen = np.arange(start, min(start + 256, len(test.newest)))
            action = network(torch.from_numpy(test.observations(chosen, vision.stack))).argmax(1).numpy()
            lost.append(test.values[chosen].max(1) - test.values[chosen, action])
    frames = np.concatenate(lost)
    return float((frames <= GOOD).mean()), float((frames >= DOOMED).mean()), float(frames.mean())


def _load(folder: Path) -> list[Demonstration]:
    found = [load(path) for path in sorted(folder.glob("*.npz"))]
    if not found or any(demonstration.unit != FRAMES for demonstration in found):
        raise DemonstrationError(
            f"{folder}: wanted demonstrations on Fernway's twin, made by `python -m training search`"
        )
    return found


def main() -> int:
    """Runs the comparison; returns the exit status."""
    config = tyro.cli(AblationConfig, prog="python -m training.ablation")
    torch.set_num_threads(1)
    table = Table("input", "good choices", "doomed choices", "frames lost", "CPU ms/update")
    try:
        train, test = _load(config.train), _load(config.test)
        for name, vision in INPUTS.items():
            learned, unseen = states(train, vision), states(test, vision)
            began_at = time.process_time()
            networks = [learn(learned, vision, config, seed, name) for seed in range(config.seeds)]
            cost = (time.process_time() - began_at) / config.updates / config.seeds * 1e3
            good, doomed, lost = np.mean([judge(network, unseen, vision) for network in networks], axis=0)
            table.add_row(name, f"{good:.1%}", f"{doomed:.1%}", f"{lost:.1f}", f"{cost:.0f}")
    except (ValueError, OSError) as error:
        Console(stderr=True).print(f"training: {error}", highlight=False, soft_wrap=True)
        return 1
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
