"""Timesteps per second of the twin's vector environment against the contest's environment on the emulator.

`python tests/bench/bench_native.py [ROUNDS]`: both play the same kind of actions in turns in processes of their own, with the
screen of every timestep; CPU time is counted, and the ratio of the fastest rounds printed, since what else runs on the
machine can only slow a round down.
"""

import multiprocessing
import sys
import time
from multiprocessing.connection import Connection

import numpy as np

ROUNDS = 20
LANES = 16
EMULATED_TIMESTEPS = 150
NATIVE_STEPS = 150
LEVEL = "FernHollow.Act1"
RIGHT, JUMP = 7, 0


def _emulated(pipe: Connection) -> None:
    import fernway
    from contest.remote.environment import make

    fernway.register()
    env = make(fernway.GAME, LEVEL, seed=0)
    env.reset()
    rng = np.random.default_rng(0)
    while pipe.recv():
        begun = time.process_time()
        for _ in range(EMULATED_TIMESTEPS):
            action = np.zeros(12, np.int8)
            action[RIGHT], action[JUMP] = 1, rng.random() < 0.2
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        pipe.send(EMULATED_TIMESTEPS / (time.process_time() - begun))


def _native(pipe: Connection) -> None:
    from fernway.levels import committed
    from fernway.vector import FernwayVectorEnv

    env = FernwayVectorEnv(LANES, [committed()[LEVEL].level], copy=False)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    while pipe.recv():
        begun = time.process_time()
        for _ in range(NATIVE_STEPS):
            actions = np.zeros((LANES, 12), np.int8)
            actions[:, RIGHT], actions[:, JUMP] = 1, rng.random(LANES) < 0.2
            env.step(actions)
        pipe.send(NATIVE_STEPS * LANES / (time.process_time() - begun))


def main() -> None:
    context = multiprocessing.get_context("spawn")
    pipes = []
    for worker in (_emulated, _native):
        mine, theirs = context.Pipe()
        context.Process(target=worker, args=(theirs,), daemon=True).start()
        pipes.append(mine)
    best = [0.0, 0.0]
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        for i, pipe in enumerate(pipes):
            pipe.send(True)
            best[i] = max(best[i], pipe.recv())
    for pipe in pipes:
        pipe.send(False)
    print(f"emulator {best[0]:8.0f} timesteps/s of CPU time")
    print(f"native   {best[1]:8.0f} timesteps/s of CPU time, {LANES} games")
    print(f"ratio    {best[1] / best[0]:8.1f}")


if __name__ == "__main__":
    main()
