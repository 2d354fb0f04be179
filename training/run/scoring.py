"""`python -m training score`: how well weights play levels that they have never seen, on the twin, with intervals.

Returns of single episodes vary by thousands; only many levels, played with the same sticky frames, tell weights apart.
"""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from tyro.conf import Positional

from agent.ranges import require
from contest.scoring import bootstrap
from fernway.levels import Level, committed
from training.network import weights as networks
from training.play.lanes import Ending
from training.ranges import require_least
from training.run import score_report
from training.run.episodes import Recorder
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


def score_weights(config: ScoreConfig) -> None:
    """Plays, and prints tables: how well, and where episodes fail.

    Raises:
        ValueError: If pictures are wanted, and matplotlib is not installed.
        WeightsError: If weights cannot be used.
        OSError: If the figures cannot be written.
    """
    torch.set_num_threads(1)
    loaded = [(path, *networks.load(path)[:2]) for path in config.weights]  # wrong ones are refused before any play
    levels_of = groups(config)
    if config.out is not None:
        score_report.prepare(config.out)
    table = Table("weights", "levels", "episodes", "mean return [95 %]", "finished", "stalled", "gain [95 %]")
    figures: list[Figures] = []
    first: dict[str, NDArray[np.float64]] = {}
    played: list[Played] = []
    with Progress(console=Console(stderr=True)) as progress:
        for name, (path, network, vision) in zip(score_report.names(config.weights), loaded, strict=True):
            played.append(Played(name, *score_report.scales(path)))
            for group, levels in levels_of.items():
                task = progress.add_task(f"{name}, {group}", total=len(levels) * config.seeds)
                endings: list[Ending] = []
                for seed in range(config.seeds):
                    recorder = Recorder()
                    endings += play(
                        values_of(network),
                        vision,
                        levels,
                        seed=config.seed + 1000 * seed,
                        config=config.play,
                        tell=lambda task=task: progress.advance(task),  # type: ignore[misc]
                        watch=recorder,
                    )
                    played[-1].episodes.extend(recorder.episodes(levels, endings[-len(levels) :]))
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
