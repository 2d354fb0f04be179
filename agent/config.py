"""Every setting of a run."""

from dataclasses import dataclass, field

from agent.control.bandit import BanditConfig
from agent.control.stall import StallConfig
from agent.level.trajectories import MemoryConfig
from agent.players.jerk import JerkConfig
from agent.ranges import require
from agent.rules import CONTEST_TIMESTEPS, CONTEST_WALLCLOCK_S
from agent.wire.connect import RemoteConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """One run of the agent."""

    epsilon: float = 0.02
    """Probability of a random action where the learned policy plays."""

    temperature: float = 0.25
    """Otherwise its action is drawn from softmax(Q / temperature), the network's units; 0: always the best one."""

    seed: int = 0
    """Seed of everything random in the agent."""

    timesteps: int = CONTEST_TIMESTEPS
    """Timesteps after which the agent stops by itself, if the server has not; also scales the exploit probability."""

    wallclock_s: float = CONTEST_WALLCLOCK_S
    """Seconds after which the agent stops by itself, if the server has not."""

    remote: RemoteConfig = field(default_factory=RemoteConfig)
    """How to reach the remote environment."""

    jerk: JerkConfig = field(default_factory=JerkConfig)
    """The heuristic."""

    stall: StallConfig = field(default_factory=StallConfig)
    """The stall detector."""

    memory: MemoryConfig = field(default_factory=MemoryConfig)
    """Retained knowledge."""

    bandit: BanditConfig = field(default_factory=BanditConfig)
    """Which kind of episode comes next."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require(0 <= self.epsilon <= 1, "epsilon within 0..1", self.epsilon)
        require(self.temperature >= 0, "temperature of at least 0", self.temperature)
        require(self.seed >= 0, "a seed of at least 0", self.seed)
        require(self.timesteps > 0, "timesteps above 0", self.timesteps)
        require(self.wallclock_s > 0, "wallclock above 0 s", self.wallclock_s)
