"""`python -m training qtable`: the origin's memory of screens and its tabular Q-learning, beside random, JERK and networks."""

import csv
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from agent.assembly import WEIGHTS, Mode, build_agent
from agent.config import RunConfig
from agent.players.moment import Moment
from agent.rules import ACTION_TABLE, action_buttons
from agent.vision import FrameStack, Screen, VisionConfig
from training.experiments.screen_table import ScreenTable, TableError
from training.experiments.table_player import Rule, Seen, TablePlayer, TableSettings
from training.ranges import require_least
from training.run import figures

CURVE_PERIOD = 100
"""Timesteps between two points of the curve of distinct screens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QTableConfig:
    """Plays one level with screen tables, and compares them with random moves, JERK, deep Q-network and bundled network.

    The tables are kept in --out: the same command goes on with what they know.
    """

    out: Path = Path("results/qtable")
    """Folder of the tables, of table.csv, episodes.csv and qtable.png."""

    game: str = "Fernway-Native"
    """Any game that `python -m contest list games` knows."""

    state: str | None = "FernHollow.Act1"
    """A state's name or file."""

    timesteps: int = 50_000
    """Timesteps of each method."""

    slots: int = 1 << 20
    """Slots of a table, a power of two: 44 bytes each, taken at once."""

    weights: Path | None = WEIGHTS
    """The network to compare with; None: none."""

    dqn: Path | None = None
    """Weights of `python -m training dqn` to compare with, too."""

    seed: int = 0
    """Of everything random."""

    table: TableSettings = field(default_factory=TableSettings)
    """How the tables learn."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require_least(self, 1, "timesteps")


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


Act = Callable[[], NDArray[np.int8]]


class _TableAgent:
    """A table player behind what `play` calls."""

    def __init__(self, player: TablePlayer) -> None:
        self._player = player
        self._buttons = action_buttons()

    def begin(self, screen: Screen, share_used: float) -> None:
        del share_used
        self._player.begin(screen)

    def act(self) -> NDArray[np.int8]:
        held: NDArray[np.int8] = self._buttons[self._player.act()]
        return held

    def record(self, held: NDArray[np.int8], reward: float, screen: Screen, *, terminated: bool, is_over: bool) -> None:
        del held, is_over
        self._player.learn(reward, screen, terminated=terminated)

    def known(self) -> int | None:
        return self._player.table.screens


class _ControllerAgent:
    """The submission's controller in one of its modes behind what `play` calls."""

    def __init__(self, mode: Mode, run: RunConfig, weights: Path) -> None:
        self._controller, vision = build_agent(mode, weights, run)
        self._stack = FrameStack(vision)

    def begin(self, screen: Screen, share_used: float) -> None:
        self._return, self._reward = 0.0, 0.0
        self._stack.reset(screen)
        self._controller.begin_episode(share_used)

    def _moment(self) -> Moment:
        return Moment(stack=self._stack, episode_return=self._return, reward=self._reward)

    def act(self) -> NDArray[np.int8]:
        return self._controller.act(self._moment())

    def record(self, held: NDArray[np.int8], reward: float, screen: Screen, *, terminated: bool, is_over: bool) -> None:
        self._stack.push(screen)
        self._reward = reward
        self._return += reward
        self._controller.record(held, self._return)
        if is_over:
            self._controller.end_episode(self._moment(), terminated=terminated)

    def known(self) -> int | None:
        return None


def play(
    method: str, agent: _TableAgent | _ControllerAgent, env: Any, timesteps: int, on_timestep: Callable[[], None]
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


def _table(path: Path, slots: int) -> ScreenTable:
    actions = len(ACTION_TABLE)
    return ScreenTable.load(path, slots, actions) if path.exists() else ScreenTable(slots, actions)


def qtable(config: QTableConfig) -> None:
    """Plays all methods, then writes and prints what came of it.

    Raises:
        ValueError: If there is no such game or state, or weights or a table cannot be used.
    """
    from contest.remote.environment import make

    figures.require_matplotlib()
    config.out.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    memory = ScreenTable.memory_bytes(config.slots, len(ACTION_TABLE))
    console.print(f"a table of {config.slots} slots takes {memory / 1e6:.0f} MB, one at a time")
    rules: list[tuple[Rule, Seen]] = [("memory", "crop"), ("qlearning", "crop"), ("qlearning", "observation")]
    run = RunConfig(seed=config.seed, timesteps=config.timesteps)
    agents = {"random": _ControllerAgent("random", run, WEIGHTS), "jerk": _ControllerAgent("jerk", run, WEIGHTS)}
    if config.dqn is not None:
        as_trained = dataclasses.replace(run, temperature=0.0)
        agents["deep Q-network"] = _ControllerAgent("greedy", as_trained, config.dqn)
    if config.weights is not None:
        agents["network"] = _ControllerAgent("greedy", run, config.weights)
    runs = []
    env = make(config.game, config.state, seed=config.seed)
    try:
        with Progress(console=console) as progress:
            bar = progress.add_task("", total=config.timesteps * (len(rules) + len(agents)))

            def tick() -> None:
                progress.advance(bar)

            for method, agent in agents.items():
                progress.update(bar, description=method)
                runs.append(play(method, agent, env, config.timesteps, tick))
            for rule, seen in rules:
                method = f"{rule} of {seen}"
                progress.update(bar, description=method)
                path = config.out / f"{rule}-{seen}.npz"
                table = _table(path, config.slots)
                player = TablePlayer(table, rule, seen, config.table, VisionConfig(), config.seed)
                try:
                    runs.append(play(method, _TableAgent(player), env, config.timesteps, tick))
                finally:
                    table.save(path)
    finally:
        env.close()
    _report(config, runs)


def _report(config: QTableConfig, runs: list[Run]) -> None:
    try:
        with (config.out / "episodes.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["method", "episode", "timestep", "return"])
            for run in runs:
                rows = enumerate(zip(run.ends, run.returns, strict=True))
                writer.writerows([run.method, number, end, f"{paid:.3f}"] for number, (end, paid) in rows)
        with (config.out / "table.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["method", "timesteps", "episodes", "mean", "best", "screens"])
            writer.writerows(_row(config, run) for run in runs)
    except OSError as error:
        raise TableError(f"{config.out}: the results cannot be written: {error}") from error
    _draw(config.out / "qtable.png", runs)
    shown = Table("method", "timesteps", "episodes", "mean return", "best", "distinct screens")
    for run in runs:
        shown.add_row(*_row(config, run))
    Console().print(shown)


def _row(config: QTableConfig, run: Run) -> list[str]:
    mean, best = f"{np.mean(run.returns):.0f}", f"{max(run.returns):.0f}"
    known = str(run.screens[-1]) if run.screens else "-"
    return [run.method, str(config.timesteps), str(len(run.returns)), mean, best, known]


def _draw(path: Path, runs: list[Run]) -> None:
    """Draws distinct screens over time, and the return of each episode: a strip for each method."""
    figure, axes = figures.figure(1, 2, "tables of screens, and others", size=(13, 1.5 + 0.6 * max(len(runs), 5)))
    left, right = axes[0]
    last = max(end for run in runs for end in run.ends)
    for number, run in enumerate(runs):
        colour = f"C{number}"
        if run.screens:
            left.plot(np.arange(len(run.screens)) * CURVE_PERIOD, run.screens, color=colour, label=run.method)
        heights = number + 0.35 - 0.7 * np.array(run.ends) / last  # late episodes higher: dots do not hide one another
        right.plot(run.returns, heights, ".", markersize=4, alpha=0.5, color=colour)
        right.vlines(np.mean(run.returns), number - 0.42, number + 0.42, color="black", linewidth=1.5)
    left.set(xlabel="timesteps", ylabel="distinct screens", title="What the tables have seen")
    title = "How far each episode got (black: the mean)"
    right.set(xlabel="return", title=title, yticks=range(len(runs)), yticklabels=[run.method for run in runs])
    right.invert_yaxis()
    right.grid(axis="x", alpha=0.3)
    left.legend()
    figures.save(path, figure)
