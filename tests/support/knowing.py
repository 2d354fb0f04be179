"""Keepers of knowledge: some that know something, some that know nothing."""

import numpy as np
from toys import moment

from agent.config import RunConfig
from agent.level.knowledge import Keeper
from agent.level.trajectories import Memory, Trajectory
from agent.players.explorer import Explorer
from agent.vision import VisionConfig

CONFIG = RunConfig()


def memory() -> Memory:
    return Memory(CONFIG.memory, CONFIG.places.patches)


def explorer() -> Explorer:
    return Explorer(CONFIG, VisionConfig(), None, np.random.default_rng(0))


def known() -> dict[str, Keeper]:
    kept, learned = memory(), explorer()
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
    learned.begin(moment())
    rng = np.random.default_rng(1)
    for timestep in range(300):
        here = moment(float(timestep), timestep, 1.0)
        here.stack.push(np.full((224, 320, 3), rng.integers(256), np.uint8))
        learned.act(here)
    learned.finish(here, terminated=True)
    return {"memory": kept, "explorer": learned}


def fresh() -> dict[str, Keeper]:
    return {"memory": memory(), "explorer": explorer()}
