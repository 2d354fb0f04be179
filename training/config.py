"""Every setting of a training run."""

from dataclasses import dataclass, field
from pathlib import Path

from agent.config import NetworkConfig, VisionConfig
from agent.learner import LearnerConfig
from agent.replay import ReplayConfig
from training.augment import AugmentConfig
from training.schedules import EpsilonSchedule, linear


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerConfig:
    """What the planner teaches; it needs the twin."""

    period: int = 1
    """Timesteps of a lane between two states that the planner labels; 0: no planner at all."""

    gap: float = 1.5
    """By how much the label of the planned action lies above that of every other, what the learner's temperature is
    measured in: which of several equally good actions the planner keeps to can be learned, too."""

    frame: float = 0.067
    """By how much an action's label falls for every frame that it loses on the way to the goal, the same units."""

    doomed: float = 120.0
    """An action that loses so many frames counts as doomed: no label falls further."""

    epsilon: float = 0.02
    """Probability of a random action where the planner teaches, which knows without exploring; elsewhere the run's
    `epsilon` counts."""

    share_start: float = 1.0
    """Share of the timesteps that the planner plays at first. Source: Ross et al. 2011, DAgger."""

    share_end: float = 0.15
    """Share of the timesteps that it plays later."""

    share_timesteps: int = 12_000
    """Timesteps (over all lanes) over which its share falls."""

    segment: int = 24
    """Timesteps that it plays at a stretch, on average."""

    patience: int = 60
    """Timesteps without a new best return after which it plays past whatever stopped the student."""

    rewinds: int = 12
    """How often on a level an episode begins anew a little before the death, and the planner plays past it."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("period", "gap", "frame", "share_timesteps", "rewinds"):
            if getattr(self, name) < 0:
                raise ValueError(f"wanted {name} of at least 0, got {getattr(self, name)}")
        if not 0 <= self.share_end <= self.share_start <= 1:
            raise ValueError(f"wanted 0 <= share_end <= share_start <= 1, got {self.share_end}, {self.share_start}")
        if self.doomed <= 0 or self.segment < 1 or self.patience < 1:
            raise ValueError(f"wanted doomed above 0, segment and patience of at least 1, got {self}")
        if not 0 <= self.epsilon <= 1:
            raise ValueError(f"wanted epsilon within 0..1, got {self.epsilon}")

    def share(self, timestep: int) -> float:
        """Returns the share of the timesteps that the planner plays at one of them."""
        return linear(self.share_start, self.share_end, timestep, self.share_timesteps)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Trains a Q-network on Fernway's twin, or with --levels on the emulator.

    On the twin a planner teaches what each action loses; on the emulator there is none, and the network learns by
    reward alone. The same command goes on from the last checkpoint if it finds one in --out.
    """

    out: Path
    """Folder of the run: checkpoint, weights, curve, TensorBoard's events, pictures."""

    levels: Path | None = None
    """List of levels, columns game,state: trains on the emulator on these. Without it: on the twin, on fresh levels."""

    weights: Path | None = None
    """Weights to start from."""

    seed: int = 0
    """Of everything random."""

    timesteps: int = 400_000
    """Timesteps of the whole run, over all lanes."""

    lanes: int = 16
    """Environments that step together."""

    ray: str | None = None
    """Address of a Ray cluster whose workers play, the learner staying here: `auto` for the one this machine is part
    of, `local` to start one. It trains on the twin alone."""

    workers: int = 2
    """How many of the cluster's cores play; they matter with --ray alone, as the two that follow."""

    chunk_timesteps: int = 500
    """Timesteps of each lane that a worker plays at a stretch, beginning with new levels."""

    broadcast_period: int = 100
    """Updates after which the workers' next stretches are played with newer weights."""

    hours: float = 0.0
    """Stops at the first checkpoint after so many hours of this process; 0: never. The same command goes on."""

    plots: bool = True
    """Draws the diagnostics at every checkpoint; needs matplotlib."""

    update_period: int = 8
    """Timesteps (over all lanes) for one update."""

    batch_size: int = 64
    """Transitions of an update."""

    reward_scale: float = 0.01
    """Multiplies the contest's rewards. Source: retro-baselines, 0.005 to 0.01."""

    stall_timesteps: int = 200
    """Timesteps without a new best return after which a training episode is cut; 0: never."""

    checkpoint_period: int = 16_000
    """Timesteps between two checkpoints. Each ends the episodes under way, so that a resumed run does what one that
    was never stopped does."""

    log_period: int = 800
    """Timesteps between two rows of the curve."""

    score_period: int = 16_000
    """Timesteps between two scores on held-out levels (twin only); 0: never."""

    learning_rate_end: float = 3e-5
    """Step size at the end of the run; it falls along half a cosine."""

    importance_start: float = 0.4
    """Importance exponent at first; 1 at the end. Source: Schaul et al. 2016."""

    epsilon: EpsilonSchedule = field(default_factory=EpsilonSchedule)
    """Random actions where no planner teaches, and when learning begins."""

    planner: PlannerConfig = field(default_factory=PlannerConfig)
    """The planner's part."""

    replay: ReplayConfig = field(default_factory=ReplayConfig)
    """What is kept."""

    learner: LearnerConfig = field(default_factory=LearnerConfig)
    """How the network learns."""

    augment: AugmentConfig = field(default_factory=AugmentConfig)
    """How observations are changed before the network learns from them."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    """How a screen becomes an observation."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    """The network's sizes."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in (
            *("timesteps", "lanes", "update_period", "batch_size", "checkpoint_period", "log_period"),
            *("workers", "chunk_timesteps", "broadcast_period"),
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"wanted {name} above 0, got {getattr(self, name)}")
        if self.checkpoint_period % self.log_period:
            raise ValueError(
                f"wanted a checkpoint_period that is a multiple of log_period {self.log_period}, "
                f"got {self.checkpoint_period}"
            )
        if self.reward_scale <= 0:
            raise ValueError(f"wanted reward_scale above 0, got {self.reward_scale}")
        if self.ray is not None and self.levels is not None:
            raise ValueError("wanted one of --ray and --levels: a cluster's workers play the twin, not emulators")

    @property
    def has_planner(self) -> bool:
        """Whether a planner teaches; only the twin's states can be planned in."""
        return self.levels is None and self.planner.period > 0

    def epsilon_at(self, timestep: int) -> float:
        """Returns the probability of a random action at a timestep."""
        return self.planner.epsilon if self.has_planner else self.epsilon(timestep)
