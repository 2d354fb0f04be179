"""Serves a level as the contest's remote environment: `retro-contest-remote run`, with its files and its flags.

Source: openai/retro-contest, support/retro_contest/remote.py.
"""

import os
import shlex
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import gymnasium as gym
from tyro.conf import Positional, arg

from agent.wire import SOCKET_NAME
from common.terminal import plural
from contest.remote import games
from contest.remote.environment import Env, Screen, make
from contest.remote.monitor import EPISODES_END, STOPPED_END, Monitor, Record, Recorder
from contest.remote.server import Cause, Server


class ServeError(Exception):
    """The run cannot be served, or ended in a way it must not; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """Serves the contest's remote environment to one agent; the flags are those of `retro-contest-remote run`."""

    game: Annotated[Positional[str], arg(metavar="GAME")]
    """Name of the game, with or without its version (-v0)."""

    state: Annotated[Positional[str | None], arg(metavar="[STATE]")] = None
    """Where episodes start: a state's name or the path of a .state file. None is the game's default state."""

    socketdir: Annotated[Path, arg(aliases=["-s"], metavar="DIR")] = Path("tmp/sock")
    """Folder for the socket."""

    timestep_limit: Annotated[int | None, arg(aliases=["-T"], metavar="N")] = None
    """Timesteps after which the run ends; the contest has 1,000,000."""

    wallclock_limit: Annotated[float | None, arg(aliases=["-W"], metavar="S")] = None
    """Seconds after which the run ends, the wait for the agent among them; the contest has 43,200."""

    monitordir: Annotated[Path | None, arg(aliases=["-m"], metavar="DIR")] = None
    """Folder for monitor.csv and log.csv."""

    bk2dir: Annotated[Path | None, arg(aliases=["-b"], metavar="DIR")] = None
    """Folder for one bk2 recording an episode."""

    discrete_actions: Annotated[bool, arg(aliases=["-D"])] = False
    """Serve a discrete action space."""

    daemonize: Annotated[bool, arg(aliases=["-d"])] = False
    """Go on in the background."""

    seed: Annotated[int | None, arg(metavar="N")] = None
    """Of the sticky frame skip; None draws one."""

    episodes: Annotated[int | None, arg(metavar="N")] = None
    """Episodes after which the run ends."""

    any_rom: bool = False
    """Go on with a ROM that is not the one the game's states and reward were made for."""

    record: Annotated[Path | None, arg(metavar="FILE")] = None
    """JSON file for every episode's return and length, the unfinished last one's too."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("timestep_limit", "wallclock_limit", "episodes"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise ServeError(f"wanted {name.replace('_', '-')} above 0, got {value}")
        if self.seed is not None and self.seed < 0:
            raise ServeError(f"wanted a seed of at least 0, got {self.seed}")


def serve(options: Serve, say: Callable[[str], None]) -> Record | None:
    """Serves until the run is over; a KeyboardInterrupt ends it cleanly.

    Args:
        options: What to serve.
        say: Tells the user something, one line.

    Returns:
        What was played; None in the process that leaves the serving to one in the background.

    Raises:
        GameError: If there is no such level.
        ServeError: If the agent broke the protocol.
        OSError: If a folder cannot be written or another server is alive in it.
    """
    games.find(options.game, options.state, any_rom=options.any_rom)
    if options.daemonize and os.fork():
        return None
    env = make(
        options.game,
        options.state,
        discrete_actions=options.discrete_actions,
        bk2dir=options.bk2dir,
        seed=options.seed,
        any_rom=options.any_rom,
    )
    with closing(_watched(env, options)) as recorder:
        try:
            with Server(recorder, options.socketdir) as server:
                say(announcement(options))
                end = server.serve(timesteps=options.timestep_limit, wallclock_s=options.wallclock_limit)
        except _EpisodesOver:
            return recorder.finish(EPISODES_END)
        except KeyboardInterrupt:
            return recorder.finish(STOPPED_END)
        record = recorder.finish(end.cause)
    if end.cause is Cause.CLIENT_ERROR:
        raise ServeError(f"{end.cause}: {end.detail}")
    return record


def announcement(options: Serve) -> str:
    """Says what is served, where, and which command plays it."""
    level = games.find(options.game, options.state, any_rom=options.any_rom)
    limits = [] if options.timestep_limit is None else [plural(options.timestep_limit, "timestep")]
    limits += [] if options.wallclock_limit is None else [f"{options.wallclock_limit:g} s"]
    agent = ["python", "-m", "agent"]
    agent += [] if options.socketdir == Path("tmp/sock") else ["--socket", str(options.socketdir)]
    agent += [] if options.timestep_limit is None else ["--timesteps", str(options.timestep_limit)]
    agent += [] if options.wallclock_limit is None else ["--wallclock", f"{options.wallclock_limit:g}"]
    where = f"{level.game} {level.state or games.default_state(level) or 'from power-on'}"
    return (
        f"serving {where} on {options.socketdir / SOCKET_NAME}, {' and '.join(limits) or 'without limit'}; "
        f"the agent connects with: {shlex.join(agent)}"
    )


def _watched(env: Env, options: Serve) -> Recorder:
    """Wraps an environment in everything that limits and records its episodes."""
    if options.episodes is not None:
        env = _EpisodeLimit(env, options.episodes)
    if options.monitordir is not None:
        env = Monitor(env, options.monitordir)
    return Recorder(env, options.record)


class _EpisodesOver(BaseException):
    """All episodes are played. No Exception: to the server it is no fault of the environment, but a stop."""


class _EpisodeLimit(gym.Wrapper[Screen, Any, Screen, Any]):
    """Ends the run at the reset after the last episode, when the monitor has written it down."""

    def __init__(self, env: Env, episodes: int) -> None:
        super().__init__(env)
        self._left = episodes

    def reset(self, **kwargs: Any) -> tuple[Screen, dict[str, Any]]:
        if self._left == 0:
            raise _EpisodesOver
        self._left -= 1
        return self.env.reset(**kwargs)
