"""What can be known before a timestep is played."""

from dataclasses import dataclass
from functools import cached_property

from agent.vision import FrameStack, Observation


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What can be known before a timestep is played; good until the next screen comes.

    Whatever takes time is worked out when it is first asked for, and once.
    """

    stack: FrameStack
    """The screens so far."""

    episode_return: float
    """Undiscounted sum of this episode's rewards so far, contest units."""

    reward: float
    """Of the last timestep, contest units; 0 at the start."""

    @cached_property
    def observation(self) -> Observation:
        """What the network sees, uint8 [C, H, W]."""
        return self.stack.observation()
