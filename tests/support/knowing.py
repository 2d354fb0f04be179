"""Memories of a level: one that knows something, one that knows nothing."""

import numpy as np

from agent.level.trajectories import Memory, MemoryConfig, Trajectory


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


def memory() -> Memory:
    return Memory(MemoryConfig())


def known() -> list[Trajectory]:
    kept = [trajectory(paid, length) for paid, length in ((10.0, 3), (30.0, 9), (20.0, 1))]
    kept[1].pay(40.0)
    return kept
