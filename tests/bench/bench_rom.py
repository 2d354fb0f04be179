"""Emulator steps per second of Fernway against Airstriker, the game that stable-retro brings along.

`python tests/bench/bench_rom.py [ROUNDS]`: both run in turns in processes of their own, CPU time is counted, and the ratio
of the fastest rounds printed, since what else runs on the machine can only slow a round down. The right button stays
down in both.
"""

import multiprocessing
import sys
import time
from multiprocessing.connection import Connection

STEPS = 600
WARM_UP = 400
ROUNDS = 20


def _measure(game: str, pipe: Connection) -> None:
    """Answers each request with the CPU seconds that `STEPS` steps took."""
    import numpy as np
    import stable_retro

    import fernway

    fernway.register()
    state = stable_retro.State.NONE if game == fernway.GAME else stable_retro.State.DEFAULT
    env = stable_retro.make(game, state=state, inttype=stable_retro.data.Integrations.ALL, render_mode=None)
    env.reset()
    env.em.set_button_mask(np.eye(12, dtype=np.uint8)[7], 0)
    for _ in range(WARM_UP):
        env.em.step()
    while pipe.recv():
        begun = time.process_time()
        for _ in range(STEPS):
            env.em.step()
        pipe.send(time.process_time() - begun)


def main() -> None:
    context = multiprocessing.get_context("spawn")
    pipes = []
    for game in ("Fernway-Genesis-v0", "Airstriker-Genesis-v0"):
        mine, theirs = context.Pipe()
        context.Process(target=_measure, args=(game, theirs), daemon=True).start()
        pipes.append(mine)
    times: list[list[float]] = [[], []]
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        for pipe, seconds in zip(pipes, times, strict=True):
            pipe.send(True)
            seconds.append(pipe.recv())
    fernway_seconds, other_seconds = (min(seconds) for seconds in times)
    print(f"Fernway    {STEPS / fernway_seconds:8.0f} em.step/s of CPU time")
    print(f"Airstriker {STEPS / other_seconds:8.0f} em.step/s of CPU time")
    print(f"ratio      {other_seconds / fernway_seconds:8.2f}")
    for pipe in pipes:
        pipe.send(False)


if __name__ == "__main__":
    main()
