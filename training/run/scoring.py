"""`python -m training score`: how well weights play levels that they have never seen, on the twin, with intervals.

Returns of single episodes vary by thousands; only many levels, played with the same sticky frames, tell weights apart.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from tyro.conf import Positional

from agent.ranges import require
from agent.vision import VisionConfig
from contest.scoring import bootstrap
from fernway.levels import Level, committed
from training.cluster.tasks import results
from training.network import weights as networks
from training.network.model import QNetwork
from training.play.lanes import Ending
from training.ranges import require_least
from training.run import score_report
from training.run.episodes import Episode, Recorder
from training.run.score import PlayConfig, held_out, play
from training.run.score_report import Played
from training.run.values import values_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreConfig:
    """Scores weights on Fernway's twin: single episodes without memory, heuristic or learning."""

    weights: Positional[tuple[Path, ...]]
    """The .safetensors files; the others are held against the first, level by level."""

    seen: int = 150
    """Fresh levels of the training zones."""

    unseen: int = 60
    """Fresh levels of the zones never trained on."""

    seeds: int = 2
    """Episodes on each level, and on each of the 11 validation levels."""

    seed: int = 0
    """Of the levels, the sticky frames and everything random: the same for all weights."""

    play: PlayConfig = field(default_factory=PlayConfig)
    """How the network plays."""

    cluster: str | None = None
    """Plays on a Ray cluster, with the same figures: `here` for all cores of this machine, `auto` for the cluster that it
    belongs to, or HOST:PORT of its head. Needs the extra `cluster`. None: on one core, without Ray."""

    out: Path | None = None
    """Folder for the figures and pictures: failures, Q-values, maps of the validation levels; or a .json file for the
    figures alone."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require_least(self, 0, "seen", "unseen", "seed")
        require_least(self, 1, "seeds")
        require(bool(self.weights), "at least one .safetensors file", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How well some weights play one group of levels."""

    weights: str
    levels: str
    episodes: int
    mean: float
    """Mean return, contest units."""
    ci95: tuple[float, float] | None
    """Of the mean, by bootstrap over levels; None for a single level."""
    finished: float
    """Share of the episodes that reached the end."""
    stalled: float
    """Share that was given up."""
    gain: float | None = None
    """Mean over levels of how much more these weights return than the first ones; None for the first ones."""
    gain_ci95: tuple[float, float] | None = None


def groups(config: ScoreConfig) -> dict[str, list[Level]]:
    """Draws the levels, grouped by how close they are to those trained on."""
    fresh = held_out(config.seed, config.seen, config.unseen)
    found = {
        "validation levels": [solved.level for solved in committed().values() if solved.validation],
        "training zones, fresh levels": fresh["seen"],
        "unseen zones, fresh levels": fresh["unseen"],
    }
    return {name: levels for name, levels in found.items() if levels}


class Task(NamedTuple):
    """One episode on each of some levels."""

    network: QNetwork
    vision: VisionConfig
    levels: list[Level]
    seed: int
    config: PlayConfig


def play_task(task: Task, tell: Callable[[], object] = lambda: None) -> list[Episode]:
    """Plays; `tell` is called after each episode."""
    torch.set_num_threads(1)  # two threads are slower than one on networks of this size (measured)
    recorder = Recorder()
    network, vision, levels, seed, config = task
    endings = play(values_of(network), vision, levels, seed=seed, config=config, tell=tell, watch=recorder)
    return recorder.episodes(levels, endings)


def _played(tasks: list[Task], cluster: str | None, tell: Callable[[int], object]) -> Iterator[list[Episode]]:
    """Plays all tasks, here or on a cluster, and tells how many episodes have been played since it last did."""
    if cluster is None:
        yield from (play_task(task, lambda: tell(1)) for task in tasks)
        return
    for episodes in results(play_task, tasks, cluster):
        tell(len(episodes))
        yield episodes


def score_weights(config: ScoreConfig) -> None:
    """Plays, and prints tables: how well, and where episodes fail.

    Raises:
        ValueError: If pictures are wanted, and matplotlib is not installed; or there is no such cluster.
        WeightsError: If weights cannot be used.
        OSError: If the figures cannot be written.
    """
    loaded = [(path, *networks.load(path)[:2]) for path in config.weights]  # wrong ones are refused before any play
    levels_of = groups(config)
    if config.out is not None:
        score_report.prepare(config.out)
    names = score_report.names(config.weights)
    tasks = [
        Task(network, vision, levels, config.seed + 1000 * seed, config.play)
        for _, network, vision in loaded
        for levels in levels_of.values()
        for seed in range(config.seeds)
    ]
    table = Table("weights", "levels", "episodes", "mean return [95 %]", "finished", "stalled", "gain [95 %]")
    figures: list[Figures] = []
    first: dict[str, NDArray[np.float64]] = {}
    played: list[Played] = []
    with Progress(console=Console(stderr=True)) as progress:
        done = progress.add_task("episodes", total=sum(len(task.levels) for task in tasks))
        found = _played(tasks, config.cluster, lambda episodes: progress.advance(done, episodes))
        for name, (path, _, _) in zip(names, loaded, strict=True):
            played.append(Played(name, *score_report.scales(path)))
            for group in levels_of:
                progress.update(done, description=f"{name}, {group}")
                endings: list[Ending] = []
                for _ in range(config.seeds):
                    episodes = next(found)
                    played[-1].episodes.extend(episodes)
                    endings += [episode.ending for episode in episodes]
                figures.append(summary(str(path), group, endings, config.seeds, first.get(group)))
                first.setdefault(group, level_means(endings, config.seeds))
                table.add_row(name, *_cells(figures[-1]))
    console = Console(width=140)
    console.print(table)
    console.print(score_report.table(played))
    if config.out is not None:
        score_report.write(config.out, [dataclasses.asdict(one) for one in figures], played)


def level_means(endings: list[Ending], seeds: int) -> NDArray[np.float64]:
    """Returns each level's mean return, float64 [levels], of endings in the order [seeds, levels]."""
    returns = np.array([ending.episode_return for ending in endings])
    return np.asarray(returns.reshape(seeds, -1).mean(0))


def summary(weights: str, levels: str, endings: list[Ending], seeds: int, first: NDArray[np.float64] | None) -> Figures:
    """Sums endings up; `first`: the first weights' mean returns, level by level."""
    means = level_means(endings, seeds)
    estimate = bootstrap.over_levels(means)
    gain = None if first is None else bootstrap.over_levels(means - first)
    return Figures(
        weights=weights,
        levels=levels,
        episodes=len(endings),
        mean=estimate.value,
        ci95=_ends(estimate),
        finished=float(np.mean([ending.is_finished for ending in endings])),
        stalled=float(np.mean([ending.is_stalled for ending in endings])),
        gain=gain.value if gain else None,
        gain_ci95=_ends(gain) if gain else None,
    )


def _ends(estimate: bootstrap.Estimate) -> tuple[float, float] | None:
    return None if estimate.low is None or estimate.high is None else (estimate.low, estimate.high)


def _cells(one: Figures) -> tuple[str, ...]:
    def text(value: float | None, ends: tuple[float, float] | None) -> str:
        if value is None:
            return ""
        return f"{value:,.0f}" + (f" [{ends[0]:,.0f}, {ends[1]:,.0f}]" if ends else "")

    return (
        one.levels,
        str(one.episodes),
        text(one.mean, one.ci95),
        f"{one.finished:.0%}",
        f"{one.stalled:.0%}",
        text(one.gain, one.gain_ci95),
    )
