"""One emulator in a process of its own, which takes orders from a socket, its standard input, and answers there.

A process can have only one emulator. Actions go one way and observations the other: screens become observations here.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import cv2

from agent.rules import action_buttons
from agent.vision import FrameStack, VisionConfig
from contest.remote import environment as contest_env

Answer = tuple[float, bool, bytes] | str
"""A timestep's reward, whether the episode is over, and the observation's bytes; or what went wrong, one line."""


@dataclass(frozen=True, slots=True)
class EmulatedLevel:
    """Where episodes start."""

    game: str
    state: str | None
    """A state's name, the absolute path of a state's file, or None for the game's default."""

    @property
    def name(self) -> str:
        """Its name for people."""
        return f"{self.game}/{os.path.basename(self.state or 'default')}"  # noqa: PTH119 - mostly no path


@dataclass(frozen=True, slots=True)
class Start:
    """An order to begin an episode."""

    level: EmulatedLevel
    seed: int
    """Of its sticky frames."""


class Console:
    """One emulator, and what the network sees of it."""

    def __init__(self, vision: VisionConfig, *, any_rom: bool) -> None:
        """Loads nothing before the first episode."""
        self._any_rom = any_rom
        self._stack = FrameStack(vision)
        self._buttons = action_buttons()
        self._env: contest_env.Env | None = None
        self._level: EmulatedLevel | None = None

    def answer(self, order: Start | int) -> Answer:
        """Begins an episode, or plays a timestep: an index into the action table.

        Raises:
            ValueError: If there is no such level, or the game is played with other buttons.
        """
        if isinstance(order, Start):
            screen, _ = self._load(order.level).reset(seed=order.seed)
            self._stack.reset(screen)
            return 0.0, False, self._stack.observation().tobytes()
        assert self._env is not None
        screen, reward, terminated, truncated, _ = self._env.step(self._buttons[order])
        self._stack.push(screen)
        return float(reward), terminated or truncated, self._stack.observation().tobytes()

    def _load(self, level: EmulatedLevel) -> contest_env.Env:
        if self._env is None or level != self._level:
            if self._env is not None:
                self._env.close()
            self._env = contest_env.make(level.game, level.state, any_rom=self._any_rom)
            self._level = level
            if self._env.action_space.shape != self._buttons[0].shape:
                wanted, came = len(self._buttons[0]), self._env.action_space
                raise ValueError(f"{level.game}: wanted a game with the Mega Drive's {wanted} buttons, got {came}")
        return self._env


def serve(pipe: Connection) -> None:
    """Answers until the other end is closed, by whatever ended the process there."""
    vision, any_rom = pipe.recv()
    console = Console(vision, any_rom=any_rom)
    while True:
        order = pipe.recv()
        try:
            answer = console.answer(order)
        except (ValueError, OSError, RuntimeError) as error:
            answer = str(error)
        pipe.send(answer)


def main() -> None:
    """Serves on the socket that is this process's standard input."""
    cv2.setNumThreads(1)
    with suppress(EOFError, ConnectionError):  # nobody is there any more
        serve(Connection(os.dup(0)))
