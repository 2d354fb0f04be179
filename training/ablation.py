"""`python -m training ablation`: what the network should see.

The same network learns the planner's labels once for each kind of input, all else equal: the same states in the same
batches, the loss of `train`. States of held-out levels tell what each input's choices cost. Intervals are over levels,
because neighbouring states are alike; inputs are compared state by state with the default.
"""

import csv
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from agent.actions import ACTION_TABLE
from agent.config import SCREEN_SHAPE, NetworkConfig, VisionConfig
from agent.learner import Learner
from agent.losses import soft_label_loss
from agent.network import QNetwork
from agent.policy import Policy
from agent.replay import Batch
from agent.vision import FrameStack
from contest.bootstrap import Estimate, estimate, mean
from training.augment import augmenter
from training.config import TrainConfig
from training.labelled import States, gather, pictures_bytes, unseen
from training.schedules import cosine
from training.twin import any_fresh_level

DEFAULT = "gray 64 x 80"
"""The input that the others are compared with."""

INPUTS = {
    DEFAULT: VisionConfig(),
    "edges 64 x 80": VisionConfig(pixels="edges"),
    "colour 64 x 80": VisionConfig(pixels="colour"),
    "gray 84 x 84": VisionConfig(height=84, width=84),
    "gray 48 x 60": VisionConfig(height=48, width=60),
    "gray, 2 screens": VisionConfig(stack=2),
    "gray, 1 screen": VisionConfig(stack=1),
}
"""The inputs compared."""

DECISIONS = 200
"""Decisions whose cost is measured."""

_AS_TRAINED = TrainConfig(out=Path())  # whatever is not compared is as `train` has it


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationConfig:
    """Compares inputs of the network by what its choices lose on levels it has not seen."""

    out: Path = Path("results/ablation.csv")
    """Table of every input's, seed's and level's measures, written as they come."""

    states: int = 16_000
    """States to learn from, of fresh levels; see `training.labelled` for what they take."""

    test_states: int = 6_000
    """States of held-out zones and acts."""

    updates: int = 1_200
    """Updates for each input and seed."""

    seeds: int = 2
    """Networks for each input; the states are the same."""

    batch_size: int = _AS_TRAINED.batch_size
    """States of an update."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    """The network's sizes."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("states", "test_states", "updates", "seeds", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"wanted {name} of at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a network's choices come to, state by state: float [S] each."""

    cross_entropy: NDArray[np.float32]
    """Of its Q-values with the planner's labels, as in training."""

    frames: NDArray[np.float32]
    """Lost by its best action on the way to the goal."""

    doomed: NDArray[np.float32]
    """Percent: 100 where its best action is doomed, otherwise 0."""


MEASURES = {"cross_entropy": "cross entropy", "frames": "frames lost", "doomed": "doomed, %"}
"""Fields of `Judged` and what they are called."""


def learn(
    states: States, vision: VisionConfig, config: AblationConfig, seed: int, tell: Callable[[], None] = lambda: None
) -> QNetwork:
    """Learns the planner's labels as `train` does; the batches depend on the seed alone.

    Returns:
        The last weights, not their running average, which `train` ships: its 1,000 updates are as many as there are
        here, so that it would still hold what the network began with. The step size falls to almost nothing instead.
    """
    torch.manual_seed(seed)
    network = QNetwork(vision, config.network, len(ACTION_TABLE))
    learner = Learner(network, _AS_TRAINED.learner, augmenter(_AS_TRAINED.augment, np.random.default_rng([seed, 1])))
    rng = np.random.default_rng([seed, 0])
    size = config.batch_size
    nothing, ones = np.zeros(size, np.float32), np.ones(size, np.float32)
    for update in range(config.updates):
        rate = cosine(_AS_TRAINED.learner.learning_rate, _AS_TRAINED.learning_rate_end, update, config.updates)
        learner.set_learning_rate(rate)
        chosen = rng.integers(len(states), size=size)
        obs = states.observations(chosen, vision)
        learner.update(
            Batch(  # nothing is learned by reward where the planner valued the actions
                slots=chosen,
                obs=obs,
                action=np.zeros(size, np.int64),
                reward=nothing,
                discount=nothing,
                next_obs=obs,
                weight=ones,
                values=states.values[chosen],
            )
        )
        tell()
    return learner.online_network


def judge(network: QNetwork, states: States, vision: VisionConfig) -> Judged:
    """Says what the network's choices come to in each state."""
    cross_entropy, frames = [], []
    with torch.inference_mode():
        for chosen in np.array_split(np.arange(len(states)), -(-len(states) // 256)):
            q = network(torch.from_numpy(states.observations(chosen, vision)))
            values = torch.from_numpy(states.values[chosen])
            cross_entropy.append(soft_label_loss(q, values, _AS_TRAINED.learner.temperature).numpy())
            frames.append(states.lost[chosen, q.argmax(1).numpy()])
    lost = np.concatenate(frames)
    doomed = 100 * (lost >= np.float32(_AS_TRAINED.planner.doomed))
    return Judged(cross_entropy=np.concatenate(cross_entropy), frames=lost, doomed=doomed.astype(np.float32))


def by_level(values: NDArray[np.float32], level: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the mean [levels] of what the states [S] of each level came to."""
    return np.asarray(np.bincount(level, values) / np.bincount(level))


def decision_ms(network: QNetwork, vision: VisionConfig) -> float:
    """Measures a decision as the agent takes it, CPU milliseconds: from a new screen to the Q-values."""
    policy, stack = Policy(network, vision), FrameStack(vision)
    screen = np.random.default_rng(0).integers(256, size=SCREEN_SHAPE, dtype=np.uint8)
    stack.reset(screen)
    began_at = time.process_time()
    for _ in range(DECISIONS):
        stack.push(screen)
        policy.q_values(stack.observation())
    return (time.process_time() - began_at) / DECISIONS * 1e3


Levels = dict[str, NDArray[np.float64]]
"""By measure: mean of each level, [levels]."""


def over_levels(levels: NDArray[np.float64]) -> Estimate:
    """Returns the mean over levels [levels] with its 95 % interval, levels drawn anew (bootstrap)."""
    return estimate(mean, [levels])


def ablation(config: AblationConfig) -> None:
    """Makes the states, learns and judges, then prints what came of it.

    Raises:
        ValueError: If a setting does not fit.
        OSError: If the table cannot be written.
    """
    config.out.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    console = Console(stderr=True)
    visions = list(INPUTS.values())
    memory = pictures_bytes(visions, config.states + config.test_states)
    console.print(f"the screens of all states take about {memory / 1e6:.0f} MB")
    found: dict[str, list[Levels]] = {name: [] for name in INPUTS}
    update_ms: dict[str, list[float]] = {name: [] for name in INPUTS}
    acting_ms: dict[str, list[float]] = {name: [] for name in INPUTS}
    planner = _AS_TRAINED.planner
    with Progress(console=console) as progress:

        def bar(label: str, total: int) -> Callable[[], None]:
            task = progress.add_task(label, total=total)
            return lambda: progress.advance(task)

        tell = bar("states to learn from", config.states)
        train = gather(any_fresh_level, config.states, visions, seed=0, planner=planner, tell=tell)
        tell = bar("states of levels never seen", config.test_states)
        test = gather(unseen(), config.test_states, visions, seed=1, planner=planner, tell=tell)
        for seed in range(config.seeds):
            for name, vision in INPUTS.items():
                began_at = time.process_time()
                network = learn(train, vision, config, seed, bar(f"{name}, seed {seed}", config.updates))
                update_ms[name].append((time.process_time() - began_at) / config.updates * 1e3)
                acting_ms[name].append(decision_ms(network, vision))
                judged = judge(network, test, vision)
                found[name].append({one: by_level(getattr(judged, one), test.level) for one in MEASURES})
                _write(config.out, found)
    levels = [1 + int(states.level[-1]) for states in (train, test)]
    print_tables(Console(), found, update_ms, acting_ms)
    right = test.lost[:, ACTION_TABLE.index(("RIGHT",))]
    Console().print(
        f"to hold RIGHT loses {by_level(right, test.level).mean():.2f} frames: a network no better has learned nothing\n"
        f"{len(train)} states of {levels[0]} fresh levels to learn from, {len(test)} of {levels[1]} held-out levels to "
        f"judge by; {config.updates} updates of {config.batch_size}; {config.seeds} seeds; 95 % bootstrap intervals "
        "over levels"
    )


def print_tables(
    console: Console,
    found: dict[str, list[Levels]],
    update_ms: dict[str, list[float]],
    acting_ms: dict[str, list[float]],
) -> None:
    """Prints what each input came to and cost, and its differences to the default.

    Args:
        console: Where to.
        found: Of each input and seed, the levels' means.
        update_ms: CPU milliseconds of an update, by input and seed.
        acting_ms: CPU milliseconds of a decision, by input and seed.
    """
    table = Table(Column("input", no_wrap=True), *MEASURES.values(), "ms/update", "ms/decision")
    for name, seeds in found.items():
        cells = [over_levels(_mean(seeds, one)).text(FORMS[one]) for one in MEASURES]
        table.add_row(name, *cells, f"{np.mean(update_ms[name]):.0f}", f"{np.mean(acting_ms[name]):.2f}")
    console.print(table)
    base = found[DEFAULT]
    table = Table(Column(f"against {DEFAULT}", no_wrap=True), *MEASURES.values(), "cross entropy by seed")
    for name, seeds in found.items():
        if name != DEFAULT:
            pairs = list(zip(seeds, base, strict=True))
            by_seed = " ".join(f"{(one - other).mean():+.3f}" for one, other in _pairs(pairs, "cross_entropy"))
            table.add_row(name, *_differences([one for one, _ in pairs], [other for _, other in pairs]), by_seed)
    if len(base) > 1:
        table.add_row("itself, another seed", *_differences(base[1:2], base[:1]), "")
    console.print(table)


FORMS = {"cross_entropy": ".3f", "frames": ".2f", "doomed": ".2f"}
"""How each measure is printed."""


def _mean(seeds: list[Levels], measure: str) -> NDArray[np.float64]:
    return np.asarray(np.mean([levels[measure] for levels in seeds], axis=0))


def _pairs(pairs: list[tuple[Levels, Levels]], measure: str) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    return [(one[measure], other[measure]) for one, other in pairs]


def _differences(seeds: list[Levels], base: list[Levels]) -> list[str]:
    """Pairs the levels: what is hard for both cancels."""
    return [over_levels(_mean(seeds, one) - _mean(base, one)).text("+" + FORMS[one]) for one in MEASURES]


def _write(path: Path, found: dict[str, list[Levels]]) -> None:
    """Writes the table anew; it appears whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["input", "seed", "level", *MEASURES])
        for name, seeds in found.items():
            for seed, levels in enumerate(seeds):
                rows = enumerate(zip(*(levels[one] for one in MEASURES), strict=True))
                writer.writerows([name, seed, number, *row] for number, row in rows)
    os.replace(temporary, path)  # noqa: PTH105 - atomic, and says so
