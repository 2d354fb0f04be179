"""`python -m training search`: the planner plays levels; each episode becomes a demonstration file."""

import csv
import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from common.levels import read_levels
from contest.env import STICK_PROBABILITY
from fernway import GAME
from fernway.levels import ACTS, Level, by_name, committed, zone_number
from fernway.native import check_level
from fernway.route import Effort
from training.demonstration import FRAMES, REWARD, Demonstration, DemonstrationError, load
from training.emulator_planner import EmulatorEffort, EmulatorPlanner
from training.planner import Planner, choose

FIRST_SEED = 1 << 20
"""Seeds from here on are of no level that is committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchConfig:
    """Lets the planner play levels under the contest's rules; writes a demonstration of each, and goes on where it stopped.

    Levels of Fernway are played on its native twin, 3 ms a timestep; those of other games on the emulator, about a
    second a timestep.
    """

    out: Path
    """Folder of the demonstrations, an .npz each (training/demonstration.py), and of summary.csv."""

    levels: Path | None = None
    """List of levels, columns game,state."""

    zones: tuple[str, ...] = ()
    """Zones of Fernway, instead of a list: names or numbers."""

    seeds: int = 10
    """Fresh levels of each zone."""

    first_seed: int = FIRST_SEED
    """Seed of each zone's first level; the others follow."""

    seed: int = 0
    """Of the sticky frames and of the planner."""

    timesteps: int = 4500
    """Timesteps after which an episode is left."""

    jobs: int = 1
    """Processes, or workers of the cluster."""

    ray: str | None = None
    """Address of a Ray cluster that plays the levels: `auto` for the one this machine is part of, `local` to start one."""

    effort: Effort = field(default_factory=Effort)
    """How hard to think, on the twin."""

    emulator: EmulatorEffort = field(default_factory=EmulatorEffort)
    """How hard to think, on the emulator."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        if (self.levels is None) == (not self.zones):
            raise ValueError("wanted one of --levels and --zones")
        for name in ("seeds", "timesteps", "jobs"):
            if getattr(self, name) < 1:
                raise ValueError(f"wanted {name} of at least 1, got {getattr(self, name)}")


class Task(NamedTuple):
    """One episode to play."""

    game: str
    state: str
    level: Level | None
    """The numbers of a Fernway level, None for another game."""
    seed: int
    timesteps: int
    effort: Effort
    emulator: EmulatorEffort

    @property
    def name(self) -> str:
        """The demonstration's file name."""
        where = Path(self.state).stem if self.state.endswith(".state") else self.state
        which = f"{where}.{self.level.seed}" if self.level else f"{self.game}.{where}"
        return f"{which}.{self.seed}.npz"


def play(task: Task) -> Demonstration:
    """Plays one episode with the planner in the loop."""
    return _play_twin(task, task.level) if task.level else _play_emulator(task)


def _play_twin(task: Task, level: Level) -> Demonstration:
    from training.episode import Episode

    episode, planner = Episode(level), Planner(task.effort, seed=task.seed)
    rng = np.random.default_rng([task.seed, level.zone, level.act, level.seed])
    log = _Log()
    while not (episode.terminated or episode.truncated) and episode.timesteps < task.timesteps:
        values = planner.values(episode.game)
        action = choose(values, log.before)
        stuck = bool(episode.timesteps) and bool(rng.random() <= STICK_PROBABILITY)
        log.add(action, stuck, values, episode.step(action, stuck=stuck))
    return log.demonstration(task, FRAMES, terminated=episode.terminated)


def _play_emulator(task: Task) -> Demonstration:
    from training.emulated import EmulatedEpisode

    episode = EmulatedEpisode(task.game, task.state or None)
    try:
        planner = EmulatorPlanner(episode.env, task.emulator, seed=task.seed)
        rng = np.random.default_rng(task.seed)
        log = _Log()
        while not (episode.terminated or episode.truncated) and episode.timesteps < task.timesteps:
            values = planner.values()
            action = choose(values, log.before)
            stuck = bool(episode.timesteps) and bool(rng.random() <= STICK_PROBABILITY)
            log.add(action, stuck, values, episode.step(action, stuck=stuck))
        return log.demonstration(task, REWARD, terminated=episode.terminated)
    finally:
        episode.close()


class _Log:
    """What happened so far in an episode."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, bool, float]] = []
        self._values: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []

    @property
    def before(self) -> int | None:
        return self._rows[-1][0] if self._rows else None

    def add(
        self, action: int, stuck: bool, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], reward: float
    ) -> None:
        self._rows.append((action, stuck, reward))
        self._values.append(values)

    def demonstration(self, task: Task, unit: str, *, terminated: bool) -> Demonstration:
        actions, stuck, rewards = zip(*self._rows, strict=True)
        return Demonstration(
            game=task.game,
            state=task.state,
            level=task.level,
            seed=task.seed,
            actions=np.array(actions, np.uint8),
            stuck=np.array(stuck, np.bool_),
            rewards=np.array(rewards, np.float32),
            values=np.stack(self._values),
            unit=unit,
            terminated=terminated,
        )


def tasks(config: SearchConfig) -> list[Task]:
    """Lists the episodes that are asked for.

    Raises:
        ValueError: If a level does not exist, its ROM is missing or the list cannot be read.
    """
    return [
        Task(game, state, level, config.seed, config.timesteps, config.effort, config.emulator)
        for game, state, level in (_fresh(config) if config.zones else _listed(config))
    ]


def _fresh(config: SearchConfig) -> Iterator[tuple[str, str, Level]]:
    for zone in (zone_number(zone) for zone in config.zones):
        for seed in range(config.first_seed, config.first_seed + config.seeds):
            level = Level(zone, 1 + seed % ACTS[zone], seed)
            check_level(level.zone, level.act, level.seed)
            yield GAME, level.name, level


def _listed(config: SearchConfig) -> Iterator[tuple[str, str, Level | None]]:
    from contest.games import listed

    assert config.levels is not None
    for row in read_levels(config.levels, listed):
        game, state = row.level.game, row.level.state
        if game == GAME and (state is None or not state.endswith(".state")):
            solved = by_name(state or next(iter(committed())))
            yield GAME, solved.level.name, solved.level
        else:
            yield game, state or "", None


def _done(path: Path) -> Demonstration | None:
    """Loads a demonstration that is there already, None if there is none that can be used."""
    try:
        return load(path)
    except DemonstrationError:
        return None


def search(config: SearchConfig) -> None:
    """Plays every level that has no demonstration yet, then prints what they came to.

    Raises:
        ValueError: If a level does not exist or a file cannot be written.
    """
    wanted = tasks(config)
    try:
        config.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{config.out} cannot be made: {error}") from error
    returns: dict[str, tuple[float, int]] = {}
    open_tasks = []
    for task in wanted:
        found = _done(config.out / task.name)
        if found is None:
            open_tasks.append(task)
        else:
            returns[task.name] = found.episode_return, len(found.actions)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("searching", total=len(wanted), completed=len(returns))
        for task, demonstration in _played(open_tasks, config):
            name = task.name
            demonstration.save(config.out / name)
            returns[name] = demonstration.episode_return, len(demonstration.actions)
            mean = np.mean([paid for paid, _ in returns.values()])
            progress.update(bar, advance=1, description=f"mean return {mean:.0f}")
            progress.console.print(
                f"{name}: return {demonstration.episode_return:.1f}, {len(demonstration.actions)} timesteps"
            )
    _summarise(config.out / "summary.csv", returns)


def _pair(task: Task) -> tuple[Task, Demonstration]:
    return task, play(task)


def _played(open_tasks: Sequence[Task], config: SearchConfig) -> Iterator[tuple[Task, Demonstration]]:
    """Plays in this process, in several, or on a cluster."""
    if config.ray is not None:
        from training.cluster import Cluster

        with Cluster(config.ray, config.jobs) as cluster:
            yield from cluster.search(open_tasks)
    elif config.jobs == 1:
        yield from map(_pair, open_tasks)
    else:
        with multiprocessing.get_context("spawn").Pool(config.jobs) as pool:
            yield from pool.imap_unordered(_pair, open_tasks)


def _summarise(path: Path, returns: dict[str, tuple[float, int]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["demonstration", "return", "timesteps"])
        writer.writerows([name, f"{paid:.3f}", timesteps] for name, (paid, timesteps) in sorted(returns.items()))
    paid = np.array([paid for paid, _ in returns.values()])
    half = 1.96 * paid.std(ddof=1) / len(paid) ** 0.5 if len(paid) > 1 else float("nan")
    finished = np.mean(paid >= 9000)
    Console().print(
        f"{len(paid)} levels: mean return {paid.mean():.1f} +- {half:.1f}, {finished:.0%} over 9,000: {path}"
    )
