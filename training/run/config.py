"""The settings of a training run; the learner, the network and the lanes have settings of their own in it."""

import dataclasses
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.ranges import require
from agent.vision import VisionConfig
from fernway.looks import Looks
from training.learning.ppo import PPOConfig
from training.network.model import NetworkConfig
from training.ranges import require_least


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Trains a Q-network by the contest's reward.

    On fresh levels of Fernway's twin, or with --levels on the emulator. The same command goes on from the checkpoint in
    --out, if there is one; a larger --timesteps lengthens the run. `torchrun --nproc-per-node N -m training train ...`
    learns in N processes together, each with its own lanes.
    """

    out: Path
    """Folder of the run: checkpoint, weights, curve, TensorBoard's events, pictures."""

    levels: Path | None = None
    """List of levels to learn on, CSV with the columns game,state, played on the emulator; None: fresh levels of Fernway,
    on its twin."""

    held_out: Path | None = None
    """List of levels that are never learned from and scored on the way, likewise; without it nothing is scored there."""

    any_rom: bool = False
    """Goes on with ROMs that the games' states and rewards were not made for."""

    timesteps: int = 20_000_000
    """Timesteps of the whole run, over all lanes and processes."""

    minutes: float = 0.0
    """Ends with a checkpoint after so many minutes, and the same command goes on; 0: plays all timesteps."""

    weights: Path | None = None
    """Goes on from the network in this file, with smaller steps. On games of --levels, only its value learns at first
    (`--ppo.warm-up-timesteps`)."""

    sees: Literal["screen", "inside"] = "screen"
    """What learns: a Q-network that sees the screen; or an insider, which sees the terrain, the objects and the player's
    motion in exact numbers, on the twin alone. It learns ten times as many timesteps a second, and can teach a Q-network."""

    teacher: Path | None = None
    """An insider's weights: the Q-network's policy learns to play as it would, on the twin, wherever its own play takes it;
    its value learns from the reward as ever. Source: Ross et al. 2011 (DAgger)."""

    lanes: int = 0
    """Games that a process plays side by side; 0: 64 on the twin, one for each of its cores on the emulator."""

    rollout: int = 0
    """Timesteps of each lane between two updates; 0: 128, more where few lanes would make a small rollout."""

    stall_timesteps: int = 150
    """An episode ends after so many timesteps without a new best return; 150 are 10 seconds, 0: it never does."""

    threads: int = 1
    """Threads that step a process's lanes."""

    seed: int = 0
    """Of everything random in the run."""

    checkpoint_period: int = 500_000
    """Timesteps between two checkpoints."""

    score_period: int = 1_000_000
    """Timesteps between two scores on held-out levels; 0: none."""

    score_levels: tuple[int, int] = (64, 64)
    """Held-out levels of the training zones, and of zones never trained on; on the emulator --held-out counts."""

    score_episodes: int = 1
    """Episodes on each of them."""

    plots: bool = True
    """Draws pictures at every checkpoint."""

    looks: Looks = field(default_factory=Looks)
    """How the looks of episodes differ, so that the network learns the shape of a level and not its paint; on the twin
    alone, and never in scores. With `--looks.own 1` they do not."""

    dashless: float = 0.5
    """Probability that an episode's hero has no spin dash, as in Sonic 1, so that the network does not count on it; on the
    twin alone, and never in scores."""

    ppo: PPOConfig = field(default_factory=PPOConfig)
    """How the network learns."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    """What the network looks at; with --weights the weights' own."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    """The network's sizes; with --weights the weights' own."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require_least(self, 1, "timesteps", "threads", "checkpoint_period", "score_episodes")
        require_least(self, 0, "minutes", "seed", "score_period", "lanes", "rollout", "stall_timesteps")
        require(0 <= self.dashless <= 1, "--dashless of 0 .. 1", self.dashless)
        is_scorable = min(self.score_levels) >= 0 and (any(self.score_levels) or not self.score_period)
        require(is_scorable, "--score-levels of at least 0, one above", self.score_levels)
        if (self.sees == "inside" or self.teacher) and self.levels is not None:
            raise ValueError("--sees inside and --teacher go with Fernway's twin, and not with --levels")
        if self.sees == "inside" and self.teacher:
            raise ValueError("--teacher goes with --sees screen: an insider has nothing to learn from another")
        if self.held_out is not None and self.levels is None:
            raise ValueError("--held-out goes with --levels: on Fernway's twin, held-out levels are drawn")

    @property
    def seen(self) -> VisionConfig | None:
        """What is looked at; None: the inside."""
        return self.vision if self.sees == "screen" else None

    @property
    def is_scored(self) -> bool:
        """Whether the network is scored on the way."""
        return self.score_period > 0 and (self.levels is None or self.held_out is not None)


LANES, INSIDER_LANES = 64, 256
"""On the twin, where a lane costs little, and many make a rollout that says something; and for an insider, which is quick."""

ROLLOUT, INSIDER_ROLLOUT, ROLLOUT_LEAST = 128, 64, 4096
"""Timesteps of each lane between two updates; an insider's; and of all lanes together, as smaller rollouts are too noisy to learn from
(measured: learning flattened at 4,096 and rose again at 16,384)."""


def settled(config: TrainConfig) -> TrainConfig:
    """Fills in what the settings leave to the machine and the kind of game."""
    lanes, rollout = config.lanes, config.rollout
    if not lanes:
        on_twin = LANES if config.sees == "screen" else INSIDER_LANES
        lanes = on_twin if config.levels is None else max(1, cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    if not rollout:
        rollout = max(
            ROLLOUT if config.sees == "screen" else INSIDER_ROLLOUT,
            math.ceil(ROLLOUT_LEAST / (lanes * int(os.environ.get("WORLD_SIZE", "1")))),
        )
    return dataclasses.replace(config, lanes=lanes, rollout=rollout)


def cores() -> int:
    """Counts the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
