"""The players of one level that are held against each other, and the episodes that they play."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agent.assembly import Mode, build_agent
from agent.config import RunConfig
from agent.players.moment import Moment
from agent.rules import Buttons, action_buttons
from agent.vision import FrameStack, Screen
from training.experiments.table_player import TablePlayer

CURVE_PERIOD = 100
"""Timesteps between two points of the curve of distinct screens."""


@dataclass(slots=True, kw_only=True)
class Run:
    """The episodes of a method."""

    method: str
    returns: list[float] = field(default_factory=list)
    """Of the finished episodes; of the unfinished one if there is no other."""
    ends: list[int] = field(default_factory=list)
    """Timestep at which each ended."""
    screens: list[int] = field(default_factory=list)
    """Distinct screens every CURVE_PERIOD timesteps; empty for methods without a table."""


class Contender(Protocol):
    """Whoever `play` lets play."""

    def begin(self, screen: Screen, share_used: float) -> None:
        """Starts an episode.

        Args:
            screen: Its first, uint8 [H, W, 3], to keep.
            share_used: Of all timesteps, 0..1.
        """

    def act(self) -> Buttons:
        """Chooses what to hold."""

    def record(self, held: Buttons, reward: float, screen: Screen, *, terminated: bool, is_over: bool) -> None:
        """Takes in what came of it.

        Args:
            held: What was held.
            reward: Contest units.
            screen: The next, uint8 [H, W, 3], to keep.
            terminated: Whether the game ended the episode.
            is_over: Whether anything did.
        """

    def known(self) -> int | None:
        """Returns how many distinct screens it has seen; None if it does not count."""


class TableAgent:
    """A table player behind what `play` calls."""

    def __init__(self, player: TablePlayer) -> None:
        """Plays as `player` does."""
        self._player = player
        self._buttons = action_buttons()

    def begin(self, screen: Screen, share_used: float) -> None:
        """See `Contender`."""
        del share_used
        self._player.begin(screen)

    def act(self) -> Buttons:
        """See `Contender`."""
        held: Buttons = self._buttons[self._player.act()]
        return held

    def record(self, held: Buttons, reward: float, screen: Screen, *, terminated: bool, is_over: bool) -> None:
        """See `Contender`."""
        del held, is_over
        self._player.learn(reward, screen, terminated=terminated)

    def known(self) -> int | None:
        """See `Contender`."""
        return self._player.table.screens


class ControllerAgent:
    """The submission's controller in one of its modes behind what `play` calls."""

    def __init__(self, mode: Mode, run: RunConfig, weights: Path) -> None:
        """Builds the agent.

        Raises:
            ValueError: If the mode wants weights, and these cannot be used.
        """
        self._controller, vision = build_agent(mode, weights, run)
        self._stack = FrameStack(vision)

    def begin(self, screen: Screen, share_used: float) -> None:
        """See `Contender`."""
        self._return, self._reward = 0.0, 0.0
        self._stack.reset(screen)
        self._controller.begin_episode(share_used)

    def _moment(self) -> Moment:
        return Moment(stack=self._stack, episode_return=self._return, reward=self._reward)

    def act(self) -> Buttons:
        """See `Contender`."""
        return self._controller.act(self._moment())

    # The heuristic has no use for `terminated`.
    def record(self, held: Buttons, reward: float, screen: Screen, *, terminated: bool, is_over: bool) -> None:  # noqa: ARG002
        """See `Contender`."""
        self._stack.push(screen)
        self._reward = reward
        self._return += reward
        self._controller.record(held, self._return)
        if is_over:
            self._controller.end_episode(self._moment())

    def known(self) -> int | None:
        """See `Contender`."""
        return None


def play(
    method: str, agent: Contender, env: Any, timesteps: int, on_timestep: Callable[[], object] = lambda: None
) -> Run:
    """Plays episodes until the timesteps are used up."""
    run = Run(method=method)
    is_over, paid = True, 0.0
    for timestep in range(timesteps):
        if is_over:
            screen, _ = env.reset()
            agent.begin(screen.copy(), timestep / timesteps)
            paid = 0.0
        if timestep % CURVE_PERIOD == 0 and (known := agent.known()) is not None:
            run.screens.append(known)
        held = agent.act()
        screen, reward, terminated, truncated, _ = env.step(held)
        is_over = terminated or truncated
        agent.record(held, float(reward), screen.copy(), terminated=terminated, is_over=is_over)
        paid += float(reward)
        if is_over:
            run.returns.append(paid)
            run.ends.append(timestep + 1)
        on_timestep()
    if not run.returns:
        run.returns.append(paid)
        run.ends.append(timesteps)
    return run
