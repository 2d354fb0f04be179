"""`python -m training transfer`: how a network trained on Fernway would start on the contest's own games.

It needs none of their ROMs, as their start states hold the first screens. The figures say nothing of later screens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor
from tyro.conf import Positional

from agent.config import RunConfig
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import Level
from training.network import weights as networks
from training.network.model import QNetwork
from training.play.contest_screens import StartScreen, standing, start_screens
from training.ranges import require_least
from training.run.pictures import Picture, sheet, write_png
from training.run.score import PlayConfig, held_out, play
from training.run.values import Values, values_of

RIGHTWARD = [number for number, held in enumerate(ACTION_TABLE) if "RIGHT" in held]
"""The actions that go right: walking, jumping and rolling."""

EXAMPLE_PERIOD = 4
"""Timesteps of a lane between two of Fernway's observations that are kept."""

PAIR = (640, 224)
"""Width and height of two screens side by side, pixels."""

EXAMPLES = 2048
"""Most of Fernway's observations that a distance is measured to; a quarter as many give the usual distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferConfig:
    """Shows how weights would start on the contest's 58 levels, without their ROMs.

    The table has the probability of going right, and the distance of the features from those of Fernway.
    """

    weights: Positional[Path]
    """The .safetensors file."""

    levels: int = 64
    """Fresh levels of Fernway that the features are compared with; half of them with the other half for the measure."""

    seed: int = 0
    """Of these levels and the play on them."""

    pictures: Path | None = None
    """Draws the screens into this folder; they are the games' artwork and not to be passed on."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require_least(self, 2, "levels")
        require_least(self, 0, "seed")


def rightward(q: NDArray[np.float32]) -> NDArray[np.float64]:
    """Computes the probability of going right under softmax(Q / temperature), the agent's own temperature.

    Args:
        q: float32 [B, A].

    Returns:
        float64 [B].
    """
    scaled = q.astype(np.float64) / RunConfig().temperature
    policy = np.exp(scaled - scaled.max(1, keepdims=True))
    return np.asarray(policy[:, RIGHTWARD].sum(1) / policy.sum(1))


def rightward_share(values: Values, obs: NDArray[np.uint8]) -> float:
    """Returns the share of observations, uint8 [B, C, H, W], on which going right has a probability above one half."""
    return float((rightward(values(obs)) > 0.5).mean())


def level_observations(vision: VisionConfig) -> NDArray[np.uint8]:
    """Returns what a network looks at on the start screens that show a level, cards taken out: uint8 [54, C, H, W].

    Raises:
        ImportError: If stable-retro is not installed.
        ValueError: If it lacks a state.
    """
    return standing([screen.level for screen in start_screens() if screen.is_shown], vision)


@torch.inference_mode()
def features(network: QNetwork, obs: NDArray[np.uint8]) -> Tensor:
    """Returns what the network's torso makes of observations: uint8 [B, C, H, W] -> float32 [B, F]."""
    found: list[Tensor] = []
    hook = network.torso.register_forward_hook(lambda _module, _inputs, made: found.append(made))
    for part in np.array_split(obs, len(obs) // 256 + 1):
        network(torch.from_numpy(part))
    hook.remove()
    return torch.cat(found)


def examples(values: Values, vision: VisionConfig, levels: Sequence[Level], seed: int) -> NDArray[np.uint8]:
    """Returns observations of the network's own episodes on Fernway, as if nothing had moved: uint8 [B, C, H, W]."""
    kept: list[NDArray[np.uint8]] = []
    timestep = 0

    def watched(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal timestep
        if timestep % EXAMPLE_PERIOD == 0:
            kept.append(obs[:, -vision.planes :].copy())
        timestep += 1
        return values(obs)

    play(watched, vision, levels, seed=seed, config=PlayConfig(stall_timesteps=100))
    return np.tile(np.concatenate(kept), (1, vision.stack, 1, 1))


def nearest(queries: Tensor, references: Tensor) -> Tensor:
    """Returns the distance of each query [B, F] to the nearest reference [N, F]: float32 [B]."""
    return torch.cdist(queries, references).amin(1)


def transfer(config: TransferConfig) -> None:
    """Prints a table of the 58 levels, and its means.

    Raises:
        WeightsError: If the weights cannot be used.
        ValueError: If stable-retro is not installed or lacks a state.
        PictureError: If a picture cannot be written.
    """
    torch.set_num_threads(1)
    network, vision, _ = networks.load(config.weights)
    values = values_of(network)
    if config.pictures is not None:
        if config.pictures.exists() and not config.pictures.is_dir():
            raise ValueError(f"--pictures {config.pictures} is a file: wanted a folder")
        config.pictures.mkdir(parents=True, exist_ok=True)
    try:
        screens = start_screens()
    except ImportError as error:
        raise ValueError("stable-retro is not installed: pip install 'qjerk[contest]'") from error
    cards, bare = (standing([getattr(screen, name) for screen in screens], vision) for name in ("card", "level"))
    chances = {"card": rightward(values(cards)), "level": rightward(values(bare))}

    rng = np.random.default_rng(config.seed)
    levels = held_out(config.seed, config.levels, 0)["seen"]
    half = len(levels) // 2
    others, own = (examples(values, vision, part, config.seed) for part in (levels[half:], levels[:half]))
    references = features(network, rng.permutation(others)[:EXAMPLES])
    usual = nearest(features(network, rng.permutation(own)[: EXAMPLES // 4]), references).mean().item()
    distance = nearest(features(network, bare), references).numpy() / max(usual, 1e-12)

    shown = np.array([screen.is_shown for screen in screens])
    table = Table("game", "state", "right, with card", "right, without", "distance")
    for screen, with_card, without, far in zip(screens, chances["card"], chances["level"], distance, strict=True):
        cells = (f"{without:.2f}", f"{far:.2f}") if screen.is_shown else ("black", "")
        table.add_row(screen.game.removesuffix("-Genesis-v0"), screen.state, f"{with_card:.2f}", *cells)
    console = Console(width=110)
    console.print(table)
    for name, chance in (
        ("with the title card", chances["card"]),
        ("without it, where a level is shown", chances["level"][shown]),
    ):
        console.print(
            f"going right is more probable than not on {(chance > 0.5).sum()} of {len(chance)} {name}; "
            f"mean probability {chance.mean():.2f}"
        )
    console.print(
        f"features: {distance[shown].mean():.2f} times as far from the nearest of {len(references):,} of Fernway as "
        "those of other levels of Fernway are"
    )
    if config.pictures is not None:
        draw_sheets(config.pictures, screens, chances["card"], chances["level"])


def draw_sheets(
    folder: Path, screens: Sequence[StartScreen], with_card: NDArray[np.float64], without: NDArray[np.float64]
) -> None:
    """Draws a sheet of each game's screens, with card and without, and the probabilities of going right.

    Raises:
        PictureError: If one cannot be written.
    """
    sheets: dict[str, list[tuple[str, Picture]]] = {}
    for screen, *chances in zip(screens, with_card, without, strict=True):
        label = f"{screen.state}: right {chances[0]:.2f}, without card {chances[1]:.2f}"
        sheets.setdefault(screen.game, []).append((label, np.concatenate([screen.card, screen.level], 1)))
    for game, pictures in sheets.items():
        write_png(folder / f"{game}.png", sheet(pictures, columns=3, cell=PAIR))
