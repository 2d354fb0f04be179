"""Small environments and players that tests play with."""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from agent.players.moment import Moment
from agent.rules import BUTTONS, SCREEN_SHAPE
from agent.vision import FrameStack, VisionConfig

LEFT, RIGHT, B = (BUTTONS.index(name) for name in ("LEFT", "RIGHT", "B"))


class Corridor(gym.Env[NDArray[np.uint8], NDArray[np.int8]]):
    """Ten reward a pixel to the right; a wall that only B while RIGHT is held gets over; ends at the far side."""

    def __init__(self, length: int = 60, wall: int = 30, limit: int = 200) -> None:
        self.action_space = gym.spaces.MultiBinary(len(BUTTONS))
        self.observation_space = gym.spaces.Box(0, 255, SCREEN_SHAPE, np.uint8)
        self._length, self._wall, self._limit = length, wall, limit
        self._screen = np.zeros(SCREEN_SHAPE, np.uint8)

    def _look(self) -> NDArray[np.uint8]:
        self._screen[:] = 0
        self._screen[120:140, self.x : self.x + 20] = 255
        return self._screen

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.x = self.timesteps = 0
        return self._look(), {}

    def step(self, action: NDArray[np.int8]) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        before = self.x
        self.timesteps += 1
        step = int(action[RIGHT]) - int(action[LEFT])
        if not (self.x == self._wall and step == 1 and not action[B]):
            self.x = max(self.x + step, 0)
        return self._look(), 10.0 * (self.x - before), self.x >= self._length, self.timesteps >= self._limit, {}


def moment(episode_return: float = 0.0, reward: float = 0.0) -> Moment:
    """A moment on a black screen."""
    stack = FrameStack(VisionConfig())
    stack.reset(np.zeros(SCREEN_SHAPE, np.uint8))
    return Moment(stack=stack, episode_return=episode_return, reward=reward)
