"""The one environment loop; survives what the server does."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from numpy.typing import NDArray

from agent.config import RunConfig
from agent.control.controller import Controller
from agent.control.stall import NobodyCanPlayError
from agent.journal import UNFINISHED, Episode
from agent.players.moment import Moment
from agent.rules import Buttons, buttons
from agent.stop import Stopped, StopSignal
from agent.vision import FrameStack, VisionConfig, fingerprint
from agent.wire.messages import GymRemoteError, ResetError, RunEnd

REFUSALS_MAX = 10
"""Resets and steps the server may refuse in a row before the run is given up."""


class Env(Protocol):
    """What the loop plays: `agent.wire.client.RemoteEnv`, or something that answers as it does."""

    @property
    def timesteps(self) -> int:
        """Timesteps that the run has used up."""

    def reset(self) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begins an episode; returns its first screen."""

    def step(self, action: Buttons, /) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Plays a timestep; returns the screen, the reward, terminated and truncated."""


class Runner:
    """Plays episode after episode until the run is over."""

    def __init__(
        self,
        env: Env,
        controller: Controller,
        vision: VisionConfig,
        config: RunConfig,
        *,
        stop: StopSignal,
        on_level: Callable[[str], None],
    ) -> None:
        """Wires the loop; nothing is sent yet.

        Args:
            env: The remote environment.
            controller: Decides what to hold.
            vision: How screens become observations.
            config: Limits of the run.
            stop: Lets the user end the run.
            on_level: Called once with what the level is known by, when its first screen has come.
        """
        self._env = env
        self._controller = controller
        self._vision = vision
        self._config = config
        self._stop = stop
        self._on_level = on_level
        self._stack = FrameStack(vision)
        self._deadline = time.monotonic() + config.wallclock_s
        self._refusals = 0
        self.level = ""
        """What the level is known by; empty until its first screen has come."""
        self.end = ""
        """How the run ended; empty while it goes on."""

    def episodes(self) -> Iterator[Episode]:
        """Plays; gives each episode when it is over, the last one unfinished.

        Raises:
            GymRemoteError: If the server is gone, or does what it must not; after the last episode was given.
            NobodyCanPlayError: If the Q-network cannot play and nobody can take over; likewise.
        """
        while not self.end:
            failure: Exception | None = None
            try:
                self._play()
            except (RunEnd, Stopped) as reason:
                self.end = str(reason)
            except (GymRemoteError, NobodyCanPlayError) as error:
                failure = error
            if self._timesteps:
                self._controller.end_episode(self._moment())
                yield Episode(
                    episode_return=self._return,
                    timesteps=self._timesteps,
                    end=self._episode_end or UNFINISHED,
                    timesteps_by_player=self._controller.timesteps_by_player,
                    seconds=time.monotonic() - self._began_at,
                )
            if failure:
                raise failure

    def _play(self) -> None:
        """Plays one episode to its end, or to the run's."""
        self._timesteps = 0
        self._return = self._reward = 0.0
        self._episode_end = ""
        self._began_at = time.monotonic()
        self._controller.begin_episode(self._env.timesteps / self._config.timesteps)
        self._reset()
        while not self._episode_end and not self._is_over():
            self._step(self._controller.act(self._moment()))

    def _moment(self) -> Moment:
        return Moment(stack=self._stack, episode_return=self._return, reward=self._reward)

    def _is_over(self) -> bool:
        """Are the run's own limits reached? The server's come as exceptions."""
        if self._env.timesteps >= self._config.timesteps:
            self.end = f"{self._config.timesteps} timesteps played"
        elif time.monotonic() >= self._deadline:
            self.end = f"{self._config.wallclock_s:g} s used up"
        return bool(self.end)

    def _reset(self) -> None:
        try:
            with self._stop.waiting():
                screen, _ = self._env.reset()
        except ResetError:
            # The server holds that an episode is running: play on in it.
            self._count_refusal()
            self._step(buttons())
            return
        self._stack.reset(screen)
        if not self.level:
            self.level = fingerprint(screen, self._vision)
            self._on_level(self.level)

    def _step(self, held: Buttons) -> None:
        try:
            with self._stop.waiting():
                screen, reward, terminated, truncated, _ = self._env.step(held)
        except ResetError:
            # The server holds that the episode is over: begin the next.
            self._count_refusal()
            self._episode_end = "refused"
            return
        self._refusals = 0
        self._stack.push(screen)
        self._timesteps += 1
        self._reward = float(reward)
        self._return += self._reward
        self._controller.record(held, self._return)
        if terminated or truncated:
            self._episode_end = "terminated" if terminated else "truncated"

    def _count_refusal(self) -> None:
        self._refusals += 1
        if self._refusals > REFUSALS_MAX:
            raise GymRemoteError(f"the server refused {self._refusals} steps and resets in a row")
