"""The planner as a teacher: what it says of the actions in each lane's present state."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fernway.teacher import Care, Teacher
from training.config import PlannerConfig
from training.twin import Twin

SEED_STEP = 1_000_003
"""Between the seeds of two lanes' teachers, so that they share none for a long time."""


class Oracle(Protocol):
    """Whatever knows which actions are good in the lanes' present states."""

    def restart(self, seed: int) -> None:
        """Forgets what it was about to do: what follows depends on the lanes and this seed alone."""

    def lost(self, lane: int) -> NDArray[np.float32]:
        """Says what each action loses, float32 [A], frames on the way to the goal; what is doomed loses no more."""

    def advice(self, lane: int) -> int:
        """Chooses the action for a timestep that the planner plays, after `lost`, which is 0 for it."""

    def played(self, action: NDArray[np.int64]) -> None:
        """Hears which actions int64 [L] the lanes play now."""


def label(lost: NDArray[np.float32], planned: int, config: PlannerConfig) -> NDArray[np.float32]:
    """Makes what the network learns: the planned action is the best, another is worse by a gap and by what it loses.

    Args:
        lost: float32 [A], frames; 0 for the planned action.
        planned: Its index.
        config: The gap, and what a frame counts for.

    Returns:
        float32 [A], values of the actions, 0 for the planned one.
    """
    values = (-config.gap - config.frame * lost).astype(np.float32)
    values[planned] = 0
    return values


class TeacherOracle:
    """A teacher for each lane."""

    def __init__(self, twin: Twin, *, doomed: float, care: Care | None = None) -> None:
        """Makes the teachers; each maps a level when it first sees it.

        Args:
            twin: Where the lanes play.
            doomed: Frames; no action loses more.
            care: How carefully to plan.
        """
        self._twin = twin
        self._doomed = doomed
        self._teachers = [Teacher(care) for _ in range(twin.lanes)]
        self._planned = np.full(twin.lanes, -1, np.int64)  # for the present timestep; -1: nothing was asked

    def restart(self, seed: int) -> None:
        """Restarts all teachers; see `Oracle`."""
        for lane, teacher in enumerate(self._teachers):
            teacher.restart(seed + SEED_STEP * lane)
        self._planned[:] = -1

    def lost(self, lane: int) -> NDArray[np.float32]:
        """Says what each action loses; see `Oracle`."""
        teacher = self._teachers[lane]
        planned = self._planned[lane] = teacher.plan(self._twin.game(lane))[0]
        # A plan under way goes on though another may be a little better: that one loses nothing then.
        lost: NDArray[np.float32] = np.clip(teacher.costs - teacher.costs[planned], 0, np.float32(self._doomed))
        return lost

    def advice(self, lane: int) -> int:
        """Chooses the plan's action; see `Oracle`."""
        return int(self._planned[lane])

    def played(self, action: NDArray[np.int64]) -> None:
        """Lets plans go on where they were followed; see `Oracle`."""
        for lane, teacher in enumerate(self._teachers):
            if self._planned[lane] < 0 or self._twin.begins_anew(lane):
                teacher.drop()
            else:
                teacher.played(int(action[lane]))
        self._planned[:] = -1
