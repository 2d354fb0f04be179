"""What does each part of the agent add? `python tests/bench/bench_parts.py RESULTS.json [--timesteps N] [--seeds N] ...`

On the twin, without the socket, at several times the speed of `python -m contest evaluate`. Its scores for the same levels,
timesteps and seeds are the same, on the emulator as on the twin. Runs that RESULTS.json holds already are not run again.
"""

import dataclasses
import functools
import json
import math
import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import tyro
from bench_hardness import NeverStopped, Run
from rich.console import Console
from rich.table import Table

from agent.assembly import WEIGHTS, Mode, build_agent
from agent.config import RunConfig
from agent.control.choice import JerkChoice
from agent.control.controller import Controller
from agent.control.stall import StallConfig
from agent.network.card import Card
from agent.rules import action_buttons
from agent.runner import Runner
from agent.vision import VisionConfig
from agent.wire.messages import TimestepTimeoutError
from common.files import write_file
from contest.scoring import bootstrap
from fernway import levels
from fernway.environment import NativeEnv
from fernway.levels import Solved
from fernway.teacher import Teacher

Part = Literal[
    "random",
    "jerk",
    "improved-jerk",
    "network",
    "+ fallback",
    "+ memory",
    "+ bandit and pace",
    "all but pace",
    "all but the bandit",
    "half the patience",
    "twice the patience",
    "planner",
]
MODES: dict[str, Mode] = {"random": "random", "jerk": "jerk", "improved-jerk": "improved-jerk", "network": "greedy"}
"""Modes of the agent by part; the others are its hybrid, more and more of it."""
NO_PACE = {"replay": {"pace_speed": 0.0}}
SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "+ fallback": {"memory": {"trajectories": 0}, **NO_PACE},
    "+ memory": NO_PACE,
    "all but pace": NO_PACE,
    "half the patience": {"stall": {"patience": StallConfig().patience // 2}},
    "twice the patience": {"stall": {"patience": StallConfig().patience * 2}},
}
"""Settings that are not the whole agent's."""
BLIND = ("random", "jerk", "improved-jerk", "planner")
FIRST: Part = "jerk"
WHOLE: Part = "+ bandit and pace"
MORE_LEVELS = 24
"""Committed levels of the training zones, evenly among them. Training draws its levels by other seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Scores the agent with more and more of its parts, and others beside it."""

    results: tyro.conf.Positional[Path]
    """File that collects the runs' scores, JSON."""
    timesteps: int = 20_000
    """Of each run."""
    seeds: int = 3
    """Runs of each level; their seeds are 0, 1, 2 and so on."""
    jobs: int = 2
    """Runs at a time."""
    parts: tuple[Part, ...] = get_args(Part)
    """What to score: each of those with a plus is the one before and something more, up to the whole agent."""
    levels: tuple[str, ...] = ()
    """Names of levels; without any, the 11 validation levels."""
    more: bool = False
    """Plays 24 more, of the training zones; training draws none of them either."""
    weights: Path = WEIGHTS
    """The Q-network."""


@functools.cache
def network_of(weights: Path) -> str:
    """Names a network in the results: runs of another one do not stand in for its own."""
    return Card.read(weights).sha256[:8]


LATE = "last quarter of "


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    part: Part
    level: str
    seed: int
    timesteps: int
    weights: Path

    @property
    def key(self) -> str:
        network = "-" if self.part in BLIND else network_of(self.weights)
        return f"{self.part}/{self.level}/{self.timesteps}/{self.seed}/{network}"

    @property
    def late_key(self) -> str:
        """Of the score of the run's last quarter."""
        return LATE + self.key


def control(task: Task) -> tuple[Controller, VisionConfig, RunConfig]:
    """Puts the agent together as far as it is wanted."""
    # Without the server's limit a busy machine does not take the network out of play.
    config = RunConfig(seed=task.seed, timesteps=task.timesteps, wallclock_s=math.inf)
    for section, settings in SETTINGS.get(task.part, {}).items():
        config = dataclasses.replace(config, **{section: dataclasses.replace(getattr(config, section), **settings)})
    controller, vision = build_agent(MODES.get(task.part, "hybrid"), task.weights, config)
    if task.part in ("+ fallback", "+ memory", "all but the bandit"):
        _, choice_rng = np.random.default_rng(config.seed).spawn(2)
        controller._choice = JerkChoice(config.jerk, choice_rng)
    return controller, vision, config


def plan(env: Run, solved: Solved, seed: int) -> None:
    """Plays with the planner, which sees the game's inside and tries things out in copies of it."""
    teacher, game, table = Teacher(seed=seed), cast(NativeEnv, env.unwrapped)._game, action_buttons()
    try:
        while True:
            env.reset()
            teacher.drop()
            over = False
            while not over:
                action = int(teacher.plan(game)[0])
                _, _, terminated, truncated, _ = env.step(table[action])
                teacher.played(action)
                over = terminated or truncated
    except TimestepTimeoutError:
        pass


def score(task: Task) -> dict[str, float]:
    """Plays one run; returns its score, and its last quarter's, by their keys."""
    solved = levels.by_name(task.level)
    env = Run(solved, task.seed, task.timesteps, is_blind=task.part in BLIND)
    if task.part == "planner":
        plan(env, solved, task.seed)
    else:
        controller, vision, config = control(task)
        for _ in Runner(env, controller, vision, config, stop=NeverStopped(), on_level=lambda _: None).episodes():
            pass
    return {task.key: env.score(), task.late_key: env.late_score()}


def show(tasks: list[Task], scores: dict[str, float], options: Options) -> Table:
    """Draws up the table: each part's mean over levels and runs, its interval, and how it stands to JERK and to the whole."""
    table = Table(
        *("agent", "mean return [95 %]", "last quarter", f"x {FIRST}", "worst level", f"levels below {FIRST}"),
        "less than the whole, paired",
    )
    found: dict[str, list[np.ndarray]] = {}
    for part in options.parts:
        by_level: dict[str, list[float]] = {}
        for task in tasks:
            if task.part == part:
                by_level.setdefault(task.level, []).append(scores[task.key])
        found[part] = [np.array(runs) for runs in by_level.values()]
    for name, runs in found.items():
        estimate = bootstrap.estimate(bootstrap.mean, runs)
        ratio = below = less = late = ""
        keys = [task.late_key for task in tasks if task.part == name]
        if all(key in scores for key in keys):  # every level has as many runs
            late = f"{np.mean([scores[key] for key in keys]):,.0f}"
        if FIRST in found:
            ratio = f"{estimate.value / np.mean(found[FIRST]):.2f}"
            below = str(sum(ours.mean() < theirs.mean() for ours, theirs in zip(runs, found[FIRST], strict=True)))
        if WHOLE in found and name != WHOLE:
            pairs = [theirs - ours for ours, theirs in zip(runs, found[WHOLE], strict=True)]
            less = bootstrap.estimate(bootstrap.mean, pairs).text(",.0f")
        table.add_row(
            name, estimate.text(",.0f"), late, ratio, f"{min(level.mean() for level in runs):,.0f}", below, less
        )
    return table


def main() -> None:
    options = tyro.cli(Options, prog="python tests/bench/bench_parts.py")
    committed = levels.committed().values()
    chosen = list(options.levels) or [solved.level.name for solved in committed if solved.validation]
    if options.more:
        others = [solved.level.name for solved in committed if not solved.validation]
        chosen += [others[number * len(others) // MORE_LEVELS] for number in range(MORE_LEVELS)]
    tasks = [
        Task(part=part, level=level, seed=seed, timesteps=options.timesteps, weights=options.weights)
        for part in options.parts
        for level in chosen
        for seed in range(options.seeds)
    ]
    scores: dict[str, float] = json.loads(options.results.read_text()) if options.results.exists() else {}
    missing = [task for task in tasks if task.key not in scores]
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for number, found in enumerate(pool.imap_unordered(score, missing), 1):
            scores |= found
            write_file(options.results, json.dumps(scores, indent=1))
            said = ", ".join(f"{key} {value:,.0f}" for key, value in found.items())
            print(f"{number} of {len(missing)}: {said}", flush=True)
    Console(width=120).print(show(tasks, scores, options))


if __name__ == "__main__":
    main()
