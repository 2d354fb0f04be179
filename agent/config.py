"""Every setting of a run."""

import dataclasses
from dataclasses import dataclass, field
from typing import Annotated

from agent.control.bandit import BanditConfig
from agent.control.stall import StallConfig
from agent.level.trajectories import MemoryConfig
from agent.players.jerk import JerkConfig
from agent.players.replayer import ReplayConfig
from agent.ranges import Checked, above, at_least, within
from agent.rules import CONTEST_TIMESTEPS, CONTEST_WALLCLOCK_S
from agent.wire.connect import RemoteConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig(Checked):
    """One run of the agent."""

    epsilon: Annotated[float, within(0, 1)] = 0.02
    """Probability of a random action where the learned policy plays."""

    temperature: Annotated[float, at_least(0)] = 0.15
    """Otherwise its action is drawn from softmax(Q / temperature), the network's units; 0: always the best one."""

    seed: Annotated[int, at_least(0)] = 0
    """Seed of everything random in the agent."""

    timesteps: Annotated[int, above(0)] = CONTEST_TIMESTEPS
    """Timesteps after which the agent stops by itself, if the server has not; what was used of them guides choices."""

    wallclock_s: Annotated[float, above(0)] = CONTEST_WALLCLOCK_S
    """Seconds after which the agent stops by itself, if the server has not."""

    remote: RemoteConfig = field(default_factory=RemoteConfig)
    """How to reach the remote environment."""

    jerk: JerkConfig = field(default_factory=JerkConfig)
    """The heuristic."""

    stall: StallConfig = field(default_factory=StallConfig)
    """When the heuristic relieves the learned policy."""

    bandit: BanditConfig = field(default_factory=BanditConfig)
    """Which kind of episode comes next."""

    memory: MemoryConfig = field(default_factory=MemoryConfig)
    """Retained knowledge."""

    replay: ReplayConfig = field(default_factory=ReplayConfig)
    """How a trajectory is played again."""

    def blind(self) -> "RunConfig":
        """Returns the same for an agent that looks at no screen: its replays count timesteps, as JERK's do."""
        return dataclasses.replace(self, replay=dataclasses.replace(self.replay, pace_speed=0.0))
