"""`python -m training qtable`: the origin's memory of screens and its tabular Q-learning, beside random, JERK and networks."""

import csv
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from agent.assembly import WEIGHTS
from agent.config import RunConfig
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.experiments.contenders import CURVE_PERIOD, ControllerAgent, Run, TableAgent, play
from training.experiments.screen_table import ScreenTable, TableError
from training.experiments.table_player import Rule, Seen, TablePlayer, TableSettings
from training.ranges import require_least
from training.run import figures

TABLES: tuple[tuple[Rule, Seen], ...] = (("memory", "crop"), ("qlearning", "crop"), ("qlearning", "observation"))
"""The tables that play."""


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


def table_path(out: Path, rule: Rule, seen: Seen) -> Path:
    """Returns where `play_all` keeps a table."""
    return out / f"{rule}-{seen}.npz"


def _table(path: Path, slots: int) -> ScreenTable:
    actions = len(ACTION_TABLE)
    return ScreenTable.load(path, slots, actions) if path.exists() else ScreenTable(slots, actions)


def play_all(
    config: QTableConfig,
    on_method: Callable[[str], None] = lambda _: None,
    on_timestep: Callable[[], None] = lambda: None,
) -> list[Run]:
    """Plays all methods; the tables are kept in `config.out`.

    Args:
        config: The experiment's.
        on_method: Called with a method's name before it plays.
        on_timestep: Called after each timestep.

    Raises:
        ValueError: If there is no such game or state, or weights or a table cannot be used.
        OSError: If the folder cannot be made.
    """
    from contest.remote.environment import make

    config.out.mkdir(parents=True, exist_ok=True)
    run = RunConfig(seed=config.seed, timesteps=config.timesteps)
    agents = {"random": ControllerAgent("random", run, WEIGHTS), "jerk": ControllerAgent("jerk", run, WEIGHTS)}
    if config.dqn is not None:
        as_trained = dataclasses.replace(run, temperature=0.0)
        agents["deep Q-network"] = ControllerAgent("greedy", as_trained, config.dqn)
    if config.weights is not None:
        agents["network"] = ControllerAgent("greedy", run, config.weights)
    runs = []
    env = make(config.game, config.state, seed=config.seed)
    try:
        for method, agent in agents.items():
            on_method(method)
            runs.append(play(method, agent, env, config.timesteps, on_timestep))
        for rule, seen in TABLES:
            method, path = f"{rule} of {seen}", table_path(config.out, rule, seen)
            on_method(method)
            table = _table(path, config.slots)
            player = TablePlayer(table, rule, seen, config.table, VisionConfig(), config.seed)
            try:
                runs.append(play(method, TableAgent(player), env, config.timesteps, on_timestep))
            finally:
                table.save(path)
    finally:
        env.close()
    return runs


def qtable(config: QTableConfig) -> None:
    """Plays all methods, then writes and prints what came of it.

    Raises:
        ValueError: If there is no such game or state, or weights or a table cannot be used.
    """
    figures.require_matplotlib()
    console = Console(stderr=True)
    memory = ScreenTable.memory_bytes(config.slots, len(ACTION_TABLE))
    console.print(f"a table of {config.slots} slots takes {memory / 1e6:.0f} MB, one at a time")
    methods = 2 + (config.dqn is not None) + (config.weights is not None) + len(TABLES)
    with Progress(console=console) as progress:
        bar = progress.add_task("", total=config.timesteps * methods)
        runs = play_all(
            config,
            on_method=lambda method: progress.update(bar, description=method),
            on_timestep=lambda: progress.advance(bar),
        )
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
    figures.save(config.out / "qtable.png", draw(runs))
    shown = Table("method", "timesteps", "episodes", "mean return", "best", "distinct screens")
    for run in runs:
        shown.add_row(*_row(config, run))
    Console().print(shown)


def _row(config: QTableConfig, run: Run) -> list[str]:
    mean, best = f"{np.mean(run.returns):.0f}", f"{max(run.returns):.0f}"
    known = str(run.screens[-1]) if run.screens else "-"
    return [run.method, str(config.timesteps), str(len(run.returns)), mean, best, known]


def draw(runs: Sequence[Run]) -> Any:
    """Draws distinct screens over timesteps, and the return of each episode, method by method.

    Returns:
        A figure of matplotlib.
    """
    figure, axes = figures.figure(1, 2, "tables of screens, and others", size=(12, 4.5))
    left, right = axes[0]
    rng = np.random.default_rng(0)  # moves dots up and down a little, so that none hides another
    width = 6.0  # ever thinner, so that no line hides another
    for row, run in enumerate(runs):
        colour = f"C{row}"
        if run.screens:
            timesteps = np.arange(len(run.screens)) * CURVE_PERIOD
            left.plot(timesteps, run.screens, label=run.method, color=colour, linewidth=width)
            width /= 2
        heights = row + rng.uniform(-0.3, 0.3, len(run.returns))
        right.plot(run.returns, heights, ".", markersize=4, alpha=0.6, color=colour)
        right.plot([np.mean(run.returns)] * 2, [row - 0.4, row + 0.4], color="black", linewidth=1.5)
    left.set(xlabel="timesteps", ylabel="distinct screens", title="what the tables have seen", ylim=(0, None))
    left.legend()
    left.grid(alpha=0.3)
    right.set_yticks(range(len(runs)), [f"{run.method}\nepisodes: {len(run.returns):,}" for run in runs], fontsize=8)
    right.invert_yaxis()
    right.set(xlabel="return", title="return of each episode; black: their mean")
    right.grid(alpha=0.3, axis="x")
    return figure
