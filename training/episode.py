"""One episode on the native twin under the contest's rules, with the sticky frames given from outside."""

import numpy as np

from agent.actions import action_buttons
from contest.env import EPISODE_TIMESTEPS, FRAME_SKIP
from fernway.levels import Level
from fernway.native import Game, buttons_to_bits

PROGRESS_REWARD = 9000.0
"""Reward for the whole way. Source: retro-contest's scenario scripts."""

TIME_BONUS = 1000.0
"""Reward for reaching the end at once, falling to 0 at the time limit. Source: as above."""

FRAME_LIMIT = EPISODE_TIMESTEPS * FRAME_SKIP

_BITS = [buttons_to_bits(held.tolist()) for held in action_buttons()]


class Episode:
    """Plays a level from its start; whoever gives the same actions and sticks sees the same screens."""

    def __init__(self, level: Level) -> None:
        """Stands at the level's start."""
        self.level = level
        self.game = Game(level.zone, level.act, level.seed)
        self.timesteps = 0
        self.terminated = False
        """A life was lost or the end reached."""
        self._before = 0
        self._frames = 0
        self._progress = 0.0

    @property
    def truncated(self) -> bool:
        """Has the time limit been reached?"""
        return not self.terminated and self.timesteps >= EPISODE_TIMESTEPS

    def step(self, action: int, *, stuck: bool) -> float:
        """Plays one timestep.

        Args:
            action: Index into the action table.
            stuck: Whether its first frame still plays the action before; not so on the first timestep.

        Returns:
            The reward.
        """
        game, bits = self.game, _BITS[action]
        first = self._before if stuck and self.timesteps else bits
        outcome = game.frames(np.array([first, *[bits] * (FRAME_SKIP - 1)], np.uint16))
        self._frames += outcome.frames
        self._before = bits
        self.timesteps += 1
        self.terminated = outcome.dead or outcome.level_end
        progress = min(max((outcome.x - game.start_x) / (game.end_x - game.start_x), 0.0), 1.0)
        reward = PROGRESS_REWARD * (progress - self._progress)
        self._progress = progress
        if progress >= 1:
            reward += TIME_BONUS * (1 - min(self._frames / FRAME_LIMIT, 1))
        return reward
