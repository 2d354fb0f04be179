"""Timesteps per second with what a network looks at: the game, its delays, the observation, 64 games.

`python tests/bench/bench_observation.py [ROUNDS] [--procgen PYTHON]`: all ways play in turns, in processes of their own; a
round is a second or so. Three paces are printed, best and median: by the clock, a second of CPU time (of all threads), and
a second of the calling thread's CPU time: the last is the pace by the clock on a machine that does nothing else, as long
as the other threads have no more to do than this one.

PYTHON: an interpreter with envpool, whose CoinRun (Procgen's, observations [64, 3, 64, 64] of one screen) is measured
beside ours: `python -m venv V && V/bin/pip install envpool`; it needs Qt 5's shared libraries.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

ROUNDS = 15
LANES = 64
STEPS = 150
SLOW_STEPS = 40

Pace = tuple[float, float, float]


def _ours(threads: int, *, looks: bool = False) -> Callable[[np.random.Generator], object]:
    from fernway.looks import Looks
    from fernway.observation import Observation
    from fernway.vector import FernwayVectorEnv

    env = FernwayVectorEnv(
        LANES, copy=False, observation=Observation(), threads=threads, looks=Looks() if looks else None
    )
    env.reset(seed=0)
    return lambda rng: env.step(rng.choice(_moves(), LANES))


def _looking() -> Callable[[np.random.Generator], object]:
    import cv2

    from agent.vision import VisionConfig, look
    from fernway.vector import FernwayVectorEnv

    cv2.setNumThreads(1)
    vision = VisionConfig()
    env = FernwayVectorEnv(LANES, copy=False)
    stacks = np.zeros((LANES, *vision.obs_shape), np.uint8)
    env.reset(seed=0)

    def step(rng: np.random.Generator) -> None:
        screens, *_ = env.step(rng.choice(_moves(), LANES))
        stacks[:, :-1] = stacks[:, 1:]
        for stack, screen in zip(stacks, screens, strict=True):
            stack[-1] = look(screen, vision)[0]

    return step


def _procgen(threads: int) -> Callable[[np.random.Generator], object]:
    import envpool  # type: ignore[import-not-found]

    env = envpool.make("CoinrunHard-v0", env_type="gymnasium", num_envs=LANES, num_threads=threads)
    env.reset()
    return lambda rng: env.step(rng.integers(env.action_space.n, size=LANES).astype(np.int32))


def _moves() -> np.ndarray:
    return np.array([1 << 7, 1 << 7, 1 << 7 | 1], np.uint16)  # right, sometimes jumping


WAYS: dict[str, tuple[Callable[[], Callable[[np.random.Generator], object]], int]] = {
    "screens, then agent.vision.look": (_looking, SLOW_STEPS),
    "observations, 1 thread": (lambda: _ours(1), STEPS),
    "observations, 2 threads": (lambda: _ours(2), STEPS),
    "observations in looks, 1 thread": (lambda: _ours(1, looks=True), STEPS),
    "observations in looks, 2 threads": (lambda: _ours(2, looks=True), STEPS),
    "envpool's CoinRun, 1 thread": (lambda: _procgen(1), STEPS),
    "envpool's CoinRun, 2 threads": (lambda: _procgen(2), STEPS),
}


def _work(name: str) -> None:
    make, steps = WAYS[name]
    step, rng = make(), np.random.default_rng(0)
    step(rng)
    print("ready", flush=True)
    for _ in sys.stdin:
        clocks = (time.perf_counter, time.process_time, time.thread_time)
        begun = [clock() for clock in clocks]
        for _ in range(steps):
            step(rng)
        print(*(steps * LANES / (clock() - then) for clock, then in zip(clocks, begun, strict=True)), flush=True)


def _measure(ways: dict[str, str], rounds: int) -> Iterator[tuple[str, list[Pace]]]:
    workers = {
        name: subprocess.Popen(
            [python, __file__, "--work", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        for name, python in ways.items()
    }
    paces: dict[str, list[Pace]] = {name: [] for name in ways}
    for worker in workers.values():
        if not worker.stdout or worker.stdout.readline() != "ready\n":
            raise SystemExit("a worker did not start")
    for _ in range(rounds):
        for name, worker in workers.items():
            assert worker.stdin
            assert worker.stdout
            print(file=worker.stdin, flush=True)
            wall, cpu, thread = map(float, worker.stdout.readline().split())
            paces[name].append((wall, cpu, thread))
    for worker in workers.values():
        worker.communicate()
    yield from paces.items()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    parser.add_argument("--procgen", metavar="PYTHON")
    parser.add_argument("--work", choices=WAYS)
    given = parser.parse_args()
    if given.work:
        _work(given.work)
        return
    ways = {name: given.procgen if "envpool" in name else sys.executable for name in WAYS}
    print(f"{'timesteps/s, best (median)':33}{'by the clock':>19}{'CPU':>19}{'calling thread':>19}")
    for name, paces in _measure({name: python for name, python in ways.items() if python}, given.rounds):
        columns = (f"{max(pace):10,.0f} ({statistics.median(pace):6,.0f})" for pace in zip(*paces, strict=True))
        print(f"{name:33}", *columns, sep="")


if __name__ == "__main__":
    main()
