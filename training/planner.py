"""The planner: values of actions in any state of Fernway's native twin, under the contest's sticky frames.

A value is minus the number of frames that it is to the goal when the action is held for the next timestep and the best
plan found follows, a lost life counting as `Effort.death` frames more than it is from where it was lost. So differences
between values are frames lost; equal values mean that it does not matter; and nothing is promised for waiting, because
a frame spent is a frame lost.

How far it is to the goal is told by a map of the level (`fernway.route`), made in about half a second when the planner
first sees a level, which knows dead ends and the ways back out of them. What happens in the next second is played out
on noisy copies of the game.
"""

import numpy as np
from numpy.typing import NDArray

from agent.actions import ACTION_TABLE, action_buttons
from fernway.native import Game
from fernway.route import Effort, Route

TIE = 1.0
"""Frames within which two actions count as equally good."""


class Planner:
    """Values actions in one game at a time; `values` frees the interpreter's lock, so that threads may share the work."""

    def __init__(self, effort: Effort | None = None, *, seed: int = 0) -> None:
        """Has no map yet.

        Args:
            effort: How hard to think about a decision; the default takes 3 ms.
            seed: Of the noise and of the plans that are tried.
        """
        self._effort = effort or Effort()
        self._seed = seed
        self._actions = action_buttons()
        self._route = Route()
        self._level: tuple[int, int, int] | None = None
        self._start = Game()
        self.togo: int | None = None
        """Frames from the level's start to its goal without noise; None if no way was found."""

    def values(self, game: Game) -> NDArray[np.float32]:
        """Values the actions of `ACTION_TABLE` in the game's state, which is left as it is.

        Args:
            game: In any state of any level; a level other than the last one is mapped first (half a second).

        Returns:
            float32 [A], minus frames to the goal.
        """
        level = game.zone, game.act, game.seed
        if level != self._level:
            self._start.load(*level)
            self.togo = self._route.build(self._start)
            self._level = level
        self._seed += 1
        return -self._route.costs(game, self._actions, self._effort, self._seed)


def choose(values: NDArray[np.float32], before: int | None = None) -> int:
    """Chooses one of the best actions.

    Args:
        values: float32 [A], frames.
        before: The action of the timestep before, which is kept if it is as good: nothing sticks then.

    Returns:
        The index of the action: `before`, or RIGHT, or the very best, the first of them that is within `TIE` of it.
    """
    enough = values.max() - TIE
    for action in (before, ACTION_TABLE.index(("RIGHT",))):
        if action is not None and values[action] >= enough:
            return action
    return int(values.argmax())
