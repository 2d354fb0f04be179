"""Keepers of knowledge: some that know something, some that know nothing."""

import numpy as np

from agent.config import RunConfig
from agent.level.knowledge import Keeper
from agent.level.trajectories import Memory, Trajectory
from agent.level.variations import Variations

CONFIG = RunConfig()


def memory() -> Memory:
    return Memory(CONFIG.memory)


def variations() -> Variations:
    return Variations(CONFIG.variations, np.random.default_rng(0))


def trajectory(
    paid: float, length: int = 3, actions: list[int] | None = None, returns: list[float] | None = None
) -> Trajectory:
    """One that paid steadily, if not told otherwise."""
    length = len(returns or actions or range(length))
    return Trajectory(
        actions=np.array(actions if actions is not None else range(length), np.uint16),
        returns=np.array(returns if returns is not None else np.linspace(0, paid, length), np.float32),
        paid=paid,
    )


def known() -> dict[str, Keeper]:
    kept, tried = memory(), variations()
    for paid, length in ((10.0, 3), (30.0, 9), (20.0, 1)):
        kept.add(trajectory(paid, length))
    kept.trajectories[1].pay(40.0)
    tried.note_end(25.0)
    return {"memory": kept, "variations": tried}


def fresh() -> dict[str, Keeper]:
    return {"memory": memory(), "variations": variations()}
