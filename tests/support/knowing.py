"""Keepers of knowledge: some that know something, some that know nothing."""

import numpy as np

from agent.config import RunConfig
from agent.level.knowledge import Keeper
from agent.level.landmarks import PATCHES
from agent.level.trajectories import Memory, Trajectory

CONFIG = RunConfig()


def memory() -> Memory:
    return Memory(CONFIG.memory, PATCHES)


def known() -> dict[str, Keeper]:
    kept = memory()
    for paid in (10.0, 30.0, 20.0):
        returns = np.linspace(0, paid, 3, dtype=np.float32)
        kept.add(
            Trajectory(
                actions=np.arange(3, dtype=np.uint16),
                returns=returns,
                paid=paid,
                landmarks=np.full((1, 129), int(paid), np.uint8),
            )
        )
    kept.trajectories[1].pay(40.0)
    kept.note_end(25.0)
    return {"memory": kept}


def fresh() -> dict[str, Keeper]:
    return {"memory": memory()}
