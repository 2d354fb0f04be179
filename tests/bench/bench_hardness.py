"""How hard are the validation levels? `python tests/bench/bench_hardness.py [TIMESTEPS] [SEEDS] [JOBS]`, on the host library.

The agents' scores are those of `python -m contest evaluate` with the same timesteps and seeds, at a multiple of its
speed, on the emulator as on Fernway-Native; so are the rules: four frames a timestep, the first of them sticky with
probability 0.25, 4,500 timesteps an episode, the contest's reward.
"""

import multiprocessing
import random
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import right_jumper
from gymnasium.wrappers import TimeLimit

from agent.assembly import WEIGHTS, build_agent
from agent.config import RunConfig
from agent.runner import Runner
from agent.stop import StopSignal
from agent.wire.messages import TimestepTimeoutError
from fernway import levels, native
from fernway.environment import NativeEnv
from fernway.levels import Solved
from fernway.search import decode, frames_of, start_level

STICK, SKIP, EPISODE, FRAMES = 0.25, 4, 4500, 18_000
B, DOWN, LEFT, RIGHT = (1 << native.BUTTONS.index(name) for name in ("B", "DOWN", "LEFT", "RIGHT"))
CONSTANTS = (RIGHT, RIGHT | B, RIGHT | DOWN, B, LEFT, LEFT | B)
SCREEN = np.zeros((native.SCREEN_HEIGHT, native.SCREEN_WIDTH, 3), np.uint8)
REPLAYS, TRIES = 20, 5  # sticky replays of a solution; episodes of a constant action


class Contest:
    """A level under the contest's rules."""

    def __init__(self, solved: Solved, seed: int, *, stick: float = STICK) -> None:
        self.level, self.stick, self.draw = solved.level, stick, random.Random(seed)
        self.game = native.Game()
        self.timesteps = 0
        self.furthest = 0.0

    def reset(self) -> None:
        start_level(self.game, self.level)
        self.start, self.way = self.game.start_x, self.game.end_x - self.game.start_x
        self.progress, self.total, self.length, self.over = 0.0, 0.0, 0, False
        self.before: int | None = None
        self.timesteps += 1

    def step(self, buttons: int) -> float:
        first = buttons
        if self.before is not None and self.draw.random() < self.stick:
            first = self.before
        self.before = buttons
        at = self.game.frames(np.array([first, *[buttons] * (SKIP - 1)], np.uint16))
        progress = min(max((at.x - self.start) / self.way, 0.0), 1.0)
        reward = 9000 * (progress - self.progress)
        if progress >= 1:
            reward += 1000 * (1 - (self.length * SKIP + at.frames) / FRAMES)
        self.progress, self.total = progress, self.total + reward
        self.furthest = max(self.furthest, progress)
        self.length += 1
        self.timesteps += 1
        self.over = at.dead or progress >= 1 or self.length >= EPISODE
        return reward


class NeverStopped(StopSignal):
    """Leaves the process's signals alone, by which the pool ends it."""

    def __init__(self) -> None:
        self._came, self._is_waiting = None, False


class Blind(NativeEnv):
    """Shows nothing."""

    def render(self) -> Any:
        return SCREEN


class Run(gym.Wrapper[Any, Any, Any, Any]):
    """What `python -m contest evaluate` has an agent play, without the socket, and without drawing for blind agents.

    Every episode is the one that `evaluate` gives with the same seed.
    """

    def __init__(self, solved: Solved, seed: int, budget: int, *, is_blind: bool = True) -> None:
        super().__init__(TimeLimit((Blind if is_blind else NativeEnv)(solved.level, seed=seed), EPISODE))
        self._budget = budget
        self.timesteps, self.episode_return = 0, 0.0
        self.returns: list[float] = []

    def _count(self) -> None:
        if self.timesteps >= self._budget:
            raise TimestepTimeoutError(f"{self._budget} timesteps played")
        self.timesteps += 1

    def reset(self, **options: Any) -> Any:
        self._count()
        self.episode_return = 0.0
        return self.env.reset(**options)

    def step(self, action: Any) -> Any:
        self._count()
        answer = self.env.step(action)
        self.episode_return += float(answer[1])
        if answer[2] or answer[3]:
            self.returns.append(self.episode_return)
        return answer

    def score(self) -> float:
        """Mean return of the episodes; an unfinished one counts only when there is no other."""
        return float(np.mean(self.returns or [self.episode_return]))


def jerk(solved: Solved, seed: int, budget: int) -> float:
    """Score of `python -m agent --mode jerk --timesteps 1000000 --seed SEED`."""
    env = Run(solved, seed, budget)
    config = RunConfig(seed=seed)
    controller, vision = build_agent("jerk", WEIGHTS, config)
    for _ in Runner(env, controller, vision, config, stop=NeverStopped(), on_level=lambda _: None).episodes():
        pass
    return env.score()


def walk(solved: Solved, seed: int, budget: int) -> float:
    """Score of `python tests/support/right_jumper.py SEED`."""
    env = Run(solved, seed, budget)
    right_jumper.play(env, seed)
    return env.score()


def constant(solved: Solved, buttons: int) -> float:
    """How far one action gets, on average over a few episodes, as a part of the way."""
    reached = []
    for seed in range(TRIES):
        game = Contest(solved, seed)
        game.reset()
        while not game.over:
            game.step(buttons)
        reached.append(game.furthest)
    return float(np.mean(reached))


def replay(solved: Solved, seed: int, *, stick: float) -> float:
    """Return of the stored solution."""
    buttons = frames_of(decode(solved.solution))[::SKIP].tolist()
    game = Contest(solved, seed, stick=stick)
    game.reset()
    while not game.over:
        game.step(buttons[game.length] if game.length < len(buttons) else 0)
    return game.total


def measure(task: tuple[Solved, int, int]) -> tuple[str, list[float]]:
    solved, budget, seeds = task
    jerks = [jerk(solved, seed, budget) for seed in range(seeds)]
    walks = [walk(solved, seed, budget) for seed in range(seeds)]
    sticky = [replay(solved, seed, stick=STICK) for seed in range(REPLAYS)]
    reached = max(constant(solved, buttons) for buttons in CONSTANTS)
    row = [float(np.mean(returns)) for returns in (jerks, walks, [replay(solved, 0, stick=0)], sticky)]
    return solved.level.name, [*row, 100 * reached]


def main() -> None:
    budget, seeds, jobs = (*map(int, sys.argv[1:]), *(200_000, 3, 2)[len(sys.argv) - 1 :])
    chosen = [solved for solved in levels.committed().values() if solved.validation]
    print("| level | JERK | right + random jumps | solution | solution, sticky | best constant action, % of the way |")
    print("|---|---|---|---|---|---|")
    rows = []
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for name, row in pool.imap(measure, [(solved, budget, seeds) for solved in chosen]):
            rows.append(row)
            print(f"| {name} |", " | ".join(f"{value:,.0f}" for value in row[:4]), f"| {row[4]:.1f} |", flush=True)
    mean = np.mean(rows, 0).tolist()
    print(
        "| **mean** |",
        " | ".join(f"**{value:,.0f}**" for value in mean[:4]),
        f"| {max(row[4] for row in rows):.0f} (most) |",
    )


if __name__ == "__main__":
    main()
