"""Every setting of a training run that is not the learner's or the network's own."""

from dataclasses import dataclass, field
from pathlib import Path

from agent.config import NetworkConfig, VisionConfig
from agent.learning.ppo import PPOConfig
from fernway.looks import Looks
from training.play.twin import PracticeConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Trains a Q-network by the contest's reward.

    On fresh levels of Fernway's twin, or with --levels on the emulator. The same command goes on from the checkpoint in
    --out, if there is one; a larger --timesteps lengthens the run. `torchrun --nproc-per-node N -m training train ...`
    learns in N processes together, each with its own lanes.
    """

    out: Path
    """Folder of the run: checkpoint, weights, curve, TensorBoard's events, pictures."""

    timesteps: int = 20_000_000
    """Timesteps of the whole run, over all lanes and processes."""

    minutes: float = 0.0
    """Ends after so long with a checkpoint, and the same command goes on; 0: plays all timesteps."""

    weights: Path | None = None
    """Goes on from the network in this file; at first only the value learns (`--ppo.warm-up-timesteps`)."""

    teacher: Path | None = None
    """Weights of another network, of any size, whose policy this one comes nearer to at first: how a network grows.
    Source: Schmitt et al. 2018."""

    teacher_timesteps: int = 1_000_000
    """Over so many timesteps the weight of the cross entropy with the teacher's policy falls from 1 to 0."""

    lanes: int = 64
    """Games that a process plays side by side."""

    rollout: int = 128
    """Timesteps of each lane between two updates."""

    threads: int = 1
    """Threads that step a process's lanes."""

    seed: int = 0
    """Of everything random in the run."""

    checkpoint_period: int = 500_000
    """Timesteps between two checkpoints."""

    score_period: int = 1_000_000
    """Timesteps between two scores on held-out levels; 0: none."""

    score_levels: tuple[int, int] = (64, 64)
    """Held-out levels of the training zones, and of zones never trained on."""

    plots: bool = True
    """Draws pictures at every checkpoint."""

    practice: PracticeConfig = field(default_factory=PracticeConfig)
    """When episodes end, and where the next begin."""

    looks: Looks = field(default_factory=Looks)
    """How the looks of episodes differ, so that the network learns the shape of a level and not its paint; never in
    scores. With `--looks.own 1` they do not."""

    ppo: PPOConfig = field(default_factory=PPOConfig)
    """How the network learns."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    """What the network looks at; with --weights the weights' own."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    """The network's sizes; with --weights the weights' own."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("timesteps", "teacher_timesteps", "lanes", "rollout", "threads", "checkpoint_period"):
            if getattr(self, name) < 1:
                raise ValueError(f"wanted --{name.replace('_', '-')} of at least 1, got {getattr(self, name)}")
        for name in ("minutes", "seed", "score_period"):
            if getattr(self, name) < 0:
                raise ValueError(f"wanted --{name.replace('_', '-')} of at least 0, got {getattr(self, name)}")
        if min(self.score_levels) < 0 or (self.score_period and not any(self.score_levels)):
            raise ValueError(f"wanted --score-levels of at least 0, one above, got {self.score_levels}")
