"""What a player sees before it acts."""

from dataclasses import dataclass

from agent.vision import FrameStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a player sees before it acts."""

    stack: FrameStack
    """The screens so far; made into an observation only for players that look."""

    timestep: int
    """Timesteps played in this episode."""

    episode_return: float
    """Undiscounted sum of this episode's rewards so far, contest units."""

    reward: float
    """Of the last timestep, contest units; 0 at the start."""
