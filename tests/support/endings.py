"""Endings of episodes as tests want them."""

from training.play.lanes import Ending


def ending(
    episode_return: float, *, timesteps: int = 10, is_finished: bool = False, is_stalled: bool = False
) -> Ending:
    """An episode from a level's start that never had more than it has in the end."""
    return Ending(
        lane=0,
        level="FernHollow.Act1",
        episode_return=episode_return,
        best_return=episode_return,
        timesteps=timesteps,
        is_finished=is_finished,
        is_stalled=is_stalled,
    )
