"""How hard are the validation levels? `python tests/bench/bench_hardness.py [TIMESTEPS] [SEEDS] [JOBS]`, on the twin.

The agents' scores are those of `python -m contest evaluate` with the same timesteps and seeds, at a multiple of its
speed, on the emulator as on the twin.
"""

import itertools
import multiprocessing
import sys
from collections.abc import Iterable
from typing import Any

import gymnasium as gym
import numpy as np
import right_jumper
from numpy.typing import NDArray

from agent.assembly import WEIGHTS, build_agent
from agent.config import RunConfig
from agent.rules import FRAME_SKIP, LEVEL_REWARD, Buttons, buttons
from agent.runner import Runner
from agent.stop import StopSignal
from agent.wire.messages import TimestepTimeoutError
from fernway import levels, native
from fernway.environment import NativeEnv
from fernway.levels import Solved
from fernway.search import decode, frames_of

CONSTANTS = [
    buttons(*names) for names in (["RIGHT"], ["RIGHT", "B"], ["RIGHT", "DOWN"], ["B"], ["LEFT"], ["LEFT", "B"])
]
SCREEN = np.zeros((native.SCREEN_HEIGHT, native.SCREEN_WIDTH, 3), np.uint8)
REPLAYS, TRIES = 20, 5  # sticky replays of a solution; episodes of a constant action


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
        super().__init__((Blind if is_blind else NativeEnv)(solved.level, seed=seed))
        self._budget = budget
        self.timesteps, self.episode_return = 0, 0.0
        self.returns: list[float] = []
        self._ends: list[int] = []

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
            self._ends.append(self.timesteps)
        return answer

    def score(self) -> float:
        """Mean return of the episodes; an unfinished one counts only when there is no other."""
        return float(np.mean(self.returns or [self.episode_return]))

    def late_score(self) -> float:
        """Mean return of the episodes that ended in the last quarter of the run; where none did, the last one's."""
        late = [one for one, end in zip(self.returns, self._ends, strict=True) if end > 0.75 * self._budget]
        return float(np.mean(late or [self.episode_return]))


def jerk(solved: Solved, seed: int, budget: int) -> float:
    """Score of `python -m agent --mode jerk --timesteps 1000000 --seed SEED`."""
    env = Run(solved, seed, budget)
    config = RunConfig(seed=seed)
    controller, vision = build_agent("jerk", WEIGHTS, config)
    for _ in Runner(env, controller, vision, config, stop=NeverStopped(), on_level=lambda _: None).episodes():
        pass
    return env.score()


def walk(solved: Solved, seed: int, budget: int) -> float:
    """Score of `python tests/bench/right_jumper.py SEED`."""
    env = Run(solved, seed, budget)
    right_jumper.play(env, seed)
    return env.score()


def returns(env: NativeEnv, actions: Iterable[NDArray[Any]]) -> list[float]:
    """Plays an episode; the return by each of its timesteps."""
    env.reset()
    rewards = []
    for action in actions:
        _, reward, terminated, truncated, _ = env.step(action)
        rewards.append(reward)
        if terminated or truncated:
            break
    return list(itertools.accumulate(rewards))


def constant(solved: Solved, action: Buttons) -> float:
    """How far one action gets, on average over a few episodes, as a part of the way."""
    episodes = (returns(Blind(solved.level, seed=seed), itertools.repeat(action)) for seed in range(TRIES))
    return float(np.mean([min(max(episode), LEVEL_REWARD) for episode in episodes])) / LEVEL_REWARD


def replay(solved: Solved, seed: int, **options: float) -> float:
    """Return of the stored solution."""
    solution: Iterable[NDArray[Any]] = map(
        native.bits_to_buttons, frames_of(decode(solved.solution))[::FRAME_SKIP].tolist()
    )
    return returns(Blind(solved.level, seed=seed, **options), itertools.chain(solution, itertools.repeat(buttons())))[
        -1
    ]


def measure(task: tuple[Solved, int, int]) -> tuple[str, list[float]]:
    solved, budget, seeds = task
    jerks = [jerk(solved, seed, budget) for seed in range(seeds)]
    walks = [walk(solved, seed, budget) for seed in range(seeds)]
    sticky = [replay(solved, seed) for seed in range(REPLAYS)]
    reached = max(constant(solved, action) for action in CONSTANTS)
    row = [float(np.mean(runs)) for runs in (jerks, walks, [replay(solved, 0, stick_probability=0)], sticky)]
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
