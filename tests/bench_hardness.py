"""How hard are the validation levels? `python tests/bench_hardness.py [TIMESTEPS] [SEEDS] [JOBS]`, on the host library.

Contest rules (four frames a timestep, the first of them sticky with probability 0.25, 4,500 timesteps an episode, the
contest's reward); JERK as in openai/retro-baselines. The same levels on the emulator: `python -m contest evaluate`.
"""

import multiprocessing
import random
import sys
from dataclasses import dataclass, field

import numpy as np

from fernway import levels, native
from fernway.levels import Solved
from fernway.search import decode, frames_of, start_level

STICK, SKIP, EPISODE, FRAMES = 0.25, 4, 4500, 18_000
B, DOWN, LEFT, RIGHT = (1 << native.BUTTONS.index(name) for name in ("B", "DOWN", "LEFT", "RIGHT"))
CONSTANTS = (RIGHT, RIGHT | B, RIGHT | DOWN, B, LEFT, LEFT | B)
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


@dataclass
class Trajectory:
    """What an episode of exploring did up to its best moment, and what it paid."""

    actions: list[int]
    returns: list[float] = field(default_factory=list)


def explore(game: Contest, budget: int, *, back: bool) -> Trajectory:
    """Right for 100 timesteps, left for 70 where that paid nothing; B now and then."""
    actions: list[int] = []
    best, best_at = 0.0, 0

    def move(way: int, steps: int) -> float:
        nonlocal best, best_at
        paid, jumping = 0.0, 0
        for _ in range(steps):
            if game.over or game.timesteps >= budget:
                break
            if jumping == 0 and game.draw.random() < 0.1:
                jumping = 4
            buttons = way | (B if jumping else 0)
            jumping = max(0, jumping - 1)
            paid += game.step(buttons)
            actions.append(buttons)
            if game.total > best:
                best, best_at = game.total, len(actions)
        return paid

    while not game.over and game.timesteps < budget:
        if move(RIGHT, 100) <= 0 and back:
            move(LEFT, 70)
    return Trajectory(actions[:best_at], [best])


def play(solved: Solved, seed: int, budget: int, *, memory: bool) -> float:
    """Mean return of JERK, or of the same without memory and without going back."""
    game, known, returns = Contest(solved, seed), list[Trajectory](), list[float]()
    while game.timesteps < budget:
        game.reset()
        if memory and known and game.draw.random() < 0.25 + game.timesteps / 1e6:
            best = max(known, key=lambda one: sum(one.returns) / len(one.returns))
            for number in range(EPISODE):
                game.step(best.actions[number] if number < len(best.actions) else 0)
                if game.over or game.timesteps >= budget:
                    break
            if game.over:
                best.returns.append(game.total)
        else:
            known.append(explore(game, budget, back=memory))
        if game.over:
            returns.append(game.total)
    return float(np.mean(returns or [game.total]))  # an unfinished episode counts only when there is no other


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
    jerk = [play(solved, seed, budget, memory=True) for seed in range(seeds)]
    walk = [play(solved, seed, budget, memory=False) for seed in range(seeds)]
    sticky = [replay(solved, seed, stick=STICK) for seed in range(REPLAYS)]
    reached = max(constant(solved, buttons) for buttons in CONSTANTS)
    row = [float(np.mean(returns)) for returns in (jerk, walk, [replay(solved, 0, stick=0)], sticky)]
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
