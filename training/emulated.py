"""A game on the emulator that can be left and come back to: for planning on save states."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.actions import Buttons, action_buttons
from agent.vision import Screen
from contest import games
from contest.env import EPISODE_TIMESTEPS, FRAME_SKIP, ContestGame


class EmulatedGame(ContestGame):
    """The contest's environment with save states, and the sticky frames given from outside."""

    def snapshot(self) -> tuple[bytes, NDArray[np.uint8] | None]:
        """Returns all that `restore` needs to come back here."""
        return self._retro.em.get_state(), self._mask

    def restore(self, snapshot: tuple[bytes, NDArray[np.uint8] | None]) -> None:
        """Comes back to where the snapshot was taken."""
        state, self._mask = snapshot
        self._retro.em.set_state(state)
        # What the reward is counted from goes back too: rewards and ends are changes since the look before.
        self._retro.data.update_ram()
        self._retro.data.current_reward()
        self._retro.data.is_done()

    def play(self, held: Buttons, *, stuck: bool) -> tuple[float, bool]:
        """Plays one timestep.

        Args:
            held: int8 [12].
            stuck: Whether its first frame still plays what was held before; not so right after a reset.

        Returns:
            The reward, and whether the episode ended.
        """
        mask = self._retro.action_to_array(held)[0]
        first = mask if self._mask is None or not stuck else self._mask
        self._mask = mask
        reward = 0.0
        for frame in range(FRAME_SKIP):
            paid, terminated = self._frame(mask if frame else first)
            reward += paid
            if terminated:
                return reward, True
        return reward, False

    def screen(self) -> Screen:
        """Returns the present screen, uint8 [H, W, 3], RGB."""
        screen: Any = self.render()
        return np.asarray(screen, np.uint8)


class EmulatedEpisode:
    """One episode on the emulator, as `training.episode.Episode` is one on the twin."""

    def __init__(self, game: str, state: str | None) -> None:
        """Stands at the level's start; `close` before the next: a process can have only one emulator.

        Raises:
            GameError: If there is no such game or state, or its ROM is missing.
        """
        self.env = EmulatedGame(games.find(game, state), seed=0)
        self.env.reset(seed=0)
        self.timesteps = 0
        self.terminated = False
        self._buttons = action_buttons()

    @property
    def truncated(self) -> bool:
        """Has the time limit been reached?"""
        return not self.terminated and self.timesteps >= EPISODE_TIMESTEPS

    def step(self, action: int, *, stuck: bool) -> float:
        """Plays one timestep of an action of the table; returns the reward."""
        reward, self.terminated = self.env.play(self._buttons[action], stuck=stuck)
        self.timesteps += 1
        return reward

    def close(self) -> None:
        """Frees the emulator."""
        self.env.close()
