"""`python -m agent`: plays one run."""

from agent.stop import Stopped, StopSignal, before_the_first_episode
from agent.terminal import name_missing_libraries, say, whatever_the_terminal

if __name__ == "__main__":  # before the imports that take seconds: whoever stops the process need not wait for them
    stop = StopSignal()
    name_missing_libraries()

import dataclasses
import math
import os
import sys
import time
from pathlib import Path

import gymnasium as gym
import tyro

from agent.assembly import WEIGHTS, Mode, build_agent
from agent.config import RunConfig
from agent.control.stall import NobodyCanPlayError
from agent.journal import UNFINISHED, Episode, Journal
from agent.rules import (
    BUTTONS,
    CONTEST_TIMESTEPS,
    CONTEST_WALLCLOCK_S,
    SEED_VARIABLE,
    TIMESTEPS_VARIABLE,
    WALLCLOCK_VARIABLE,
)
from agent.runner import Env, Runner
from agent.wire.client import RemoteEnv
from agent.wire.connect import RemoteConfig
from agent.wire.messages import GymRemoteError, RunEnd

PROGRESS_PERIOD_S = 10.0
"""Least seconds between two lines of progress."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """Plays one run of the Retro Contest through its remote environment.

    Without arguments it plays with the contest's values. Exit status: 0 when the run ended the regular way, 1 with one
    line on stderr otherwise.
    """

    socket: Path = RemoteConfig().socket_dir
    """Folder with the server's socket."""

    weights: Path = WEIGHTS
    """The Q-network, a .safetensors file with its .json card beside it."""

    mode: Mode = "hybrid"
    """hybrid: learned policy, heuristic on a stall, retained knowledge. greedy: learned policy alone. jerk: the
    contest's JERK baseline. improved-jerk: that with a contestant's rules. random: random actions."""

    epsilon: float = RunConfig().epsilon
    """Probability of a random action where the learned policy plays."""

    temperature: float = RunConfig().temperature
    """Otherwise its action is drawn from softmax(Q / temperature); 0: always the action of the highest Q-value."""

    seed: int | None = None
    """Seed of everything random in the agent. None: QJERK_SEED of the environment, or else 0."""

    timesteps: int | None = None
    """Timesteps of the run, as the server counts them. None: QJERK_TIMESTEPS of the environment, or else the contest's
    1,000,000."""

    wallclock: float | None = None
    """Seconds of the run. None: QJERK_WALLCLOCK of the environment, or else the contest's 12 hours."""

    out: Path = Path("out")
    """Folder for episodes.csv and the retained knowledge. Knowledge of the same level that lies there is used."""


def given(flag: float | None, variable: str, default: float) -> float:
    """Returns a flag's value, else the environment variable's, else the default; of the default's type.

    Raises:
        ValueError: If the variable is asked and holds no number.
    """
    if flag is not None:
        return flag
    text = os.environ.get(variable, "")
    try:
        return type(default)(text) if text else default
    except ValueError:
        what = "a whole number" if isinstance(default, int) else "a number"
        raise ValueError(f"{variable} of the environment: wanted {what}, got {text[:40]!r}") from None


class Progress:
    """Prints a line now and then."""

    def __init__(self, env: Env, timesteps: int) -> None:
        """Starts counting."""
        self._env = env
        self._timesteps = timesteps
        self._began_at = self._printed_at = time.monotonic()
        self._sum = 0.0
        self._best = -math.inf
        self._episodes = 0
        self._unfinished: Episode | None = None

    def add(self, episode: Episode) -> None:
        """Takes in an episode, and prints a line if the last one is a while ago."""
        if episode.end == UNFINISHED:
            self._unfinished = episode
        else:
            self._count(episode)
        if time.monotonic() - self._printed_at >= PROGRESS_PERIOD_S:
            self._printed_at = time.monotonic()
            say(self.line())

    def _count(self, episode: Episode) -> None:
        self._episodes += 1
        self._sum += episode.episode_return
        self._best = max(self._best, episode.episode_return)

    def line(self) -> str:
        """Returns where the run stands. The mean is its score: an unfinished episode counts only if it is alone."""
        if not self._episodes and self._unfinished is not None:
            self._count(self._unfinished)
        pace = self._env.timesteps / max(time.monotonic() - self._began_at, 1e-9)
        episodes = f"{self._episodes} episode{'' if self._episodes == 1 else 's'}"
        returns = f", mean return {self._sum / self._episodes:.1f}, best {self._best:.1f}" if self._episodes else ""
        return f"timestep {self._env.timesteps} of {self._timesteps}: {episodes}{returns}, {pace:.0f} timesteps/s"


def play(arguments: Arguments, config: RunConfig, stop: StopSignal) -> None:
    """Plays the run and writes its record.

    Raises:
        GymRemoteError: If the server cannot be reached, is gone, or does what it must not.
        ValueError: If the mode cannot do without the Q-network and there is none, or the server's game has other
            buttons.
        NobodyCanPlayError: If the Q-network fails during the run and nobody can take over.
        Stopped: If the user stopped it while it was connecting.
    """
    controller, vision = build_agent(arguments.mode, arguments.weights, config)
    stop.begin()
    with stop.waiting():
        env = RemoteEnv(config.remote, on_wait=say)
    if env.action_space != gym.spaces.MultiBinary(len(BUTTONS)):
        env.close()
        raise ValueError(f"wanted an environment with {len(BUTTONS)} buttons, got {env.action_space}")
    # Only now: an agent that the server turns away leaves the record to the one that plays.
    journal = Journal(arguments.out, say)
    progress = Progress(env, config.timesteps)

    def on_level(level: str) -> None:
        say(f"connected; first screen came at {time.time():.3f}")
        journal.recall(controller.memory, level)

    runner = Runner(env, controller, vision, config, stop=stop, on_level=on_level)
    try:
        for episode in runner.episodes():
            journal.add(episode)
            progress.add(episode)
            journal.save(controller.memory, runner.level, is_last=False)
    finally:
        if runner.level:
            journal.save(controller.memory, runner.level, is_last=True)
        env.close()
    say(progress.line())
    say(f"the run is over: {runner.end}")


def main(stop: StopSignal) -> int:
    """Plays one run; returns the exit status."""
    arguments = tyro.cli(Arguments, prog="python -m agent")
    try:
        config = RunConfig(
            epsilon=arguments.epsilon,
            temperature=arguments.temperature,
            seed=int(given(arguments.seed, SEED_VARIABLE, RunConfig().seed)),
            timesteps=int(given(arguments.timesteps, TIMESTEPS_VARIABLE, CONTEST_TIMESTEPS)),
            wallclock_s=given(arguments.wallclock, WALLCLOCK_VARIABLE, CONTEST_WALLCLOCK_S),
            remote=RemoteConfig(socket_dir=arguments.socket),
        )
        play(arguments, config, stop)
    except (RunEnd, Stopped) as reason:
        say(before_the_first_episode(reason))
    except (GymRemoteError, NobodyCanPlayError, ValueError) as error:
        print(f"agent: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    status = 0
    with whatever_the_terminal():
        status = main(stop)
    sys.exit(status)
