"""A retro game as the contest's environment: sticky frame skip, time limit, contest scenario, bk2 recording.

Source: openai/retro-contest, support/retro_contest/local.py and __init__.py.
"""

import zlib
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import stable_retro as retro
from gymnasium.wrappers import TimeLimit
from numpy.typing import NDArray

from agent.rules import EPISODE_TIMESTEPS, FRAME_SKIP, STICK_PROBABILITY
from contest.remote import games
from contest.remote.games import GameError, Level

Screen = NDArray[np.uint8]
Env = gym.Env[Screen, Any]


class ContestGame(gym.Env[Screen, Any]):
    """A game at contest timesteps, without time limit.

    One step is four frames. The first of them still plays the previous action with a probability of a quarter, but not
    on the first step after a reset; the reward is the sum over the frames; the end of the episode ends the step early.
    This is what stepping the emulator's own environment four times does, except that only the screen that is handed
    out is read, which gives 1.25 times the timesteps a second.

    Args:
        level: The game and the state every episode starts from; `native` must be None.
        discrete_actions: Stable-retro's discrete actions instead of the buttons as MultiBinary.
        bk2dir: Folder for one recording an episode, `GAME-STATE-NUMBER.bk2`; must exist. None records nothing.
        seed: Of the delays; None draws one.

    Raises:
        GameError: If the emulator refuses the level.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 60 // FRAME_SKIP}  # noqa: RUF012 - as gymnasium declares it
    render_mode = "rgb_array"

    def __init__(
        self,
        level: Level,
        *,
        discrete_actions: bool = False,
        bk2dir: Path | None = None,
        seed: int | None = None,
    ) -> None:
        """Loads the game and its start state."""
        try:
            self._retro = retro.make(
                level.game,
                level.state or _default_state(level),
                level.integration,
                scenario="contest" if level.has_contest_scenario else None,
                use_restricted_actions=retro.Actions.DISCRETE if discrete_actions else retro.Actions.FILTERED,
                record=False if bk2dir is None else str(bk2dir),
                render_mode="rgb_array",
            )
        except (OSError, EOFError, RuntimeError, zlib.error) as error:  # an unreadable ROM or state
            raise GameError(f"{level.game} {level.state or ''}: cannot be loaded: {error}") from error
        self._check_state(level)
        self.observation_space = self._retro.observation_space
        self._shape: tuple[int, ...] = self._retro.observation_space.shape
        self.action_space = self._retro.action_space
        self._rng = np.random.default_rng(seed)
        self._mask: NDArray[np.uint8] | None = None  # of the previous action; None right after a reset

    def _check_state(self, level: Level) -> None:
        """Makes sure that every reset starts from a state the emulator takes.

        Raises:
            GameError: If it does not take the level's.
        """
        env = self._retro
        if env.initial_state is None:  # a game that comes without states: its episodes start at power-on
            env.initial_state, env.statename = env.em.get_state(), "power-on"
        elif not env.em.set_state(env.initial_state):
            env.close()
            raise GameError(f"{level.game} refuses the state {level.state}: it belongs to another game or is cut short")

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Screen, dict[str, Any]]:
        """Starts an episode from the level's state.

        Args:
            seed: Restarts the delays; None lets them run on.
            options: Not used.

        Returns:
            The screen, uint8 [H, W, 3], and an empty dictionary.
        """
        del options
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self._mask = None
        screen, _ = self._retro.reset()
        return self._fitted(screen), {}

    def step(self, action: Any) -> tuple[Screen, float, bool, bool, dict[str, Any]]:
        """Plays an action for up to four frames.

        Args:
            action: Buttons, bool or 0/1 [12], or the number of a discrete action.

        Returns:
            Screen uint8 [H, W, 3], reward, terminated, truncated (always False) and an empty dictionary.
        """
        env = self._retro
        mask = env.action_to_array(action)[0]
        if self._mask is None or self._rng.random() > STICK_PROBABILITY:
            self._mask = mask
        reward, terminated = 0.0, False
        for _ in range(FRAME_SKIP):
            reward_of_frame, terminated = self._frame(self._mask)
            reward += reward_of_frame
            if terminated:
                break
            self._mask = mask  # from the second frame on, the new action
        return self._fitted(env.get_screen(apply_rotation=True)), reward, terminated, False, {}

    def _frame(self, mask: NDArray[np.uint8]) -> tuple[float, bool]:
        """Plays one frame as RetroEnv.step does, but leaves the screen where it is.

        Returns:
            The frame's reward and whether it ended the episode.
        """
        env = self._retro
        env.em.set_button_mask(mask, 0)
        if env.movie:
            for button, pressed in enumerate(mask):
                env.movie.set_key(button, pressed, 0)
            env.movie.step()
        env.em.step()
        env.data.update_ram()
        return env.data.current_reward(), env.data.is_done()

    def _fitted(self, screen: Screen) -> Screen:
        """Fits a screen into the observation space: some games change the video mode on the way.

        Args:
            screen: uint8 [any, any, 3].

        Returns:
            uint8 [H, W, 3], cut at or filled with black to the right and the bottom.
        """
        if screen.shape == self._shape:
            return screen
        fitted = np.zeros(self._shape, np.uint8)
        height, width = (min(one, other) for one, other in zip(screen.shape[:2], fitted.shape[:2], strict=True))
        fitted[:height, :width] = screen[:height, :width]
        return fitted

    def render(self) -> Any:
        """The current screen, uint8 [H, W, 3]."""
        return self._fitted(self._retro.get_screen(apply_rotation=True))

    def position(self) -> tuple[int, int] | None:
        """Where the player is in the level, x and y in pixels, of a game whose integration has variables of that name."""
        try:
            return int(self._retro.data.lookup_value("x")), int(self._retro.data.lookup_value("y"))
        except KeyError:
            return None

    def close(self) -> None:
        """Ends the recording and frees the emulator, of which a process can have only one."""
        if self._retro is not None:
            self._retro.stop_record()
            self._retro.close()
            self._retro = None


def _default_state(level: Level) -> Any:
    """Returns what stable-retro takes for the default state, which it cannot find in a folder without metadata."""
    metadata = retro.data.get_file_path(level.game, "metadata.json", level.integration)
    return retro.State.DEFAULT if metadata else retro.State.NONE


def make(
    game: str,
    state: str | None = None,
    *,
    discrete_actions: bool = False,
    bk2dir: Path | None = None,
    seed: int | None = None,
    any_rom: bool = False,
) -> Env:
    """Makes the contest's environment of a level.

    Args:
        game: Name of a game, with or without its version (`-v0`).
        state: A state's name or the path of a `.state` file; None is the game's default.
        discrete_actions: Discrete actions instead of the buttons as MultiBinary(12).
        bk2dir: Folder for one recording an episode, made if missing; None records nothing.
        seed: Of the sticky frame skip; None draws one.
        any_rom: Whether to go on with a ROM that the game's integration was not made for.

    Returns:
        An environment of screens uint8 [224, 320, 3] (games with another size keep theirs), with the time limit.

    Raises:
        GameError: If there is no such game or state, its ROM is missing or another one, or it cannot be
            recorded.
    """
    level = games.find(game, state, any_rom=any_rom)
    env: Env
    if level.native is not None:
        if bk2dir is not None:
            raise GameError(f"{level.game} runs without an emulator: there is nothing to record as bk2")
        try:
            env = level.native.make(level.state, discrete_actions=discrete_actions, seed=seed)
        except ValueError as error:
            raise GameError(f"{level.game}: {error}") from error
    else:
        if bk2dir is not None:
            bk2dir.mkdir(parents=True, exist_ok=True)
        env = ContestGame(level, discrete_actions=discrete_actions, bk2dir=bk2dir, seed=seed)
    return TimeLimit(env, EPISODE_TIMESTEPS)
