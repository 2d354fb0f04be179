"""The planner as a teacher: what it says of the actions in each lane's present state."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agent.actions import ACTION_TABLE
from fernway.teacher import Care, Teacher
from training.twin import Twin

SEED_STEP = 1_000_003
"""Between the seeds of two lanes' teachers, so that they share none for a long time."""


class Oracle(Protocol):
    """Whatever knows which actions are good in the lanes' present states."""

    def restart(self, seed: int) -> None:
        """Forgets what it was about to do: what follows depends on the lanes and this seed alone."""

    def values(self, lane: int) -> NDArray[np.float32]:
        """Values the actions, float32 [A], scaled reward units, the best one 0."""

    def advice(self, lane: int) -> int:
        """Chooses the action for a timestep that the planner plays, after `values`."""

    def played(self, action: NDArray[np.int64]) -> None:
        """Hears which actions int64 [L] the lanes play now."""


class TeacherOracle:
    """A teacher for each lane. Its plan's action is the best one; all others are worse by the same."""

    def __init__(self, twin: Twin, *, gap: float, care: Care | None = None) -> None:
        """Makes the teachers; each maps a level when it first sees it."""
        self._twin = twin
        self._gap = gap
        self._teachers = [Teacher(care) for _ in range(twin.lanes)]
        self._planned = np.full(twin.lanes, -1, np.int64)  # for the present timestep; -1: nothing was asked

    def restart(self, seed: int) -> None:
        """Restarts all teachers; see `Oracle`."""
        for lane, teacher in enumerate(self._teachers):
            teacher.restart(seed + SEED_STEP * lane)
        self._planned[:] = -1

    def values(self, lane: int) -> NDArray[np.float32]:
        """Values the actions; see `Oracle`."""
        planned = int(self._teachers[lane].plan(self._twin.game(lane))[0])
        self._planned[lane] = planned
        values = np.full(len(ACTION_TABLE), -self._gap, np.float32)
        values[planned] = 0
        return values

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
