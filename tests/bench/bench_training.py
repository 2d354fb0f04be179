"""Timesteps a second of learning, and how they are spent: one process against two, or one emulator against two.

`python tests/bench/bench_training.py [ROUNDS] [--weights FILE]`: Fernway's twin, 64 games a process; the two processes are
started by torchrun and learn together, so each update waits for the slower one. Two that each learn alone at the same time
show how much of that is the machine's own: its cores may share caches, memory and a neighbour.
`python tests/bench/bench_training.py [ROUNDS] [--weights FILE] --levels FILE.csv`: the emulator, one process that learns.

The ways take turns, each time in new processes, which play one rollout before the clock starts. Printed are medians over
the rounds and the means of the rounds' ratios with their intervals. On a machine that does something else, too, neither says
anything; the processor time of a timestep, printed with --levels, is nearly the same there.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.play.lanes import Ending, Lanes

ROUNDS = 5
ROLLOUTS = 2
EMULATED = 512
"""Timesteps of a rollout on the emulator, fewer than a run's; the shares of playing and learning are the same."""
WEIGHTS = Path(__file__).parents[2] / "weights" / "qjerk.safetensors"


PARTS = ("the emulator", "acting", "learning")
"""What a timestep's processor time goes to."""

Measured = tuple[float, float, float, dict[str, float]]
"""Timesteps a second; shares of playing and learning; milliseconds of processor time a timestep, by part."""


def processor_s(pids: Sequence[int]) -> float:
    """Processor time of processes that run, seconds; 0 where there is no /proc to tell."""
    stats = [Path(f"/proc/{pid}/stat") for pid in pids]
    ticks = [path.read_text().rpartition(")")[2].split()[11:13] for path in stats if path.exists()]
    return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")


def work(lanes: int, weights: Path, levels: Path | None) -> None:
    """Trains a little; the first process prints what it took."""
    from training.play.emulators import EmulatorLanes, read_emulated_levels
    from training.run.config import TrainConfig, settled
    from training.run.processes import processes
    from training.run.train import _network, make_lanes
    from training.run.trainer import Trainer

    rollout = 0 if levels is None else EMULATED // lanes
    config = settled(
        TrainConfig(out=Path("none"), lanes=lanes, rollout=rollout, weights=weights, levels=levels, timesteps=1 << 40)
    )
    with processes() as rank:
        config, network = _network(config)
        trainer = Trainer(config, network, rank)
        places = [] if levels is None else read_emulated_levels(levels, any_rom=False)
        played = make_lanes(config, places, 0, rank)
        iterations = trainer.iterations(played)
        acting: list[float] = []
        play_ = trainer._play

        def timed(lanes: Lanes) -> list[Ending]:
            began = time.process_time()
            endings = play_(lanes)
            acting.append(time.process_time() - began)
            return endings

        trainer._play = timed  # type: ignore[method-assign]
        before = next(iterations).timesteps
        pids = [one.pid for one in played._emulators._processes] if isinstance(played, EmulatorLanes) else []
        emulated_s, own_s, began_at = processor_s(pids), time.process_time(), time.perf_counter()
        found = [next(iterations) for _ in range(ROLLOUTS)]
        seconds, own_s = time.perf_counter() - began_at, time.process_time() - own_s
        emulated_s = processor_s(pids) - emulated_s
        played.close()
        if rank == 0:
            pace = (found[-1].timesteps - before) / seconds
            play, learn = (sum(getattr(one, name) for one in found) / seconds for name in ("play_s", "learn_s"))
            acting_s = sum(acting[1:])
            milliseconds = 1000 / (found[-1].timesteps - before)
            parts = [milliseconds * spent for spent in (emulated_s, acting_s, own_s - acting_s)]
            print(json.dumps([pace, play, learn, dict(zip(PARTS, parts, strict=True))]), flush=True)


def measure(words: list[str], at_once: int = 1) -> Measured:
    """Runs a command once, or several times at once; their paces add up, the rest is the first one's."""
    running = [subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) for _ in range(at_once)]
    printed = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        sys.exit(f"{' '.join(words)} failed")
    found = [json.loads(text.splitlines()[-1]) for text in printed]
    _, play, learn, parts = found[0]
    return sum(pace for pace, *_ in found), play, learn, parts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--levels", type=Path)
    parser.add_argument("--work", type=int, metavar="LANES")
    given = parser.parse_args()
    if given.work is not None:
        work(given.work, given.weights, given.levels)
        return
    common = [__file__, "--weights", str(given.weights)]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    if given.levels is None:
        alone = [*common, "--work", "64"]
        ways = {"1 process": (alone, 1), "2 processes": ([*torchrun, *alone], 1), "2, each alone": (alone, 2)}
    else:
        common += ["--levels", str(given.levels)]
        ways = {f"{count} emulator{'s' * (count > 1)}": ([*common, "--work", str(count)], 1) for count in (1, 2)}
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, (words, at_once) in ways.items():
            found[name].append(measure(words, at_once))
    print(f"{'medians of ' + str(given.rounds) + ' rounds':20}{'timesteps/s':>12}{'playing':>10}{'learning':>10}")
    for name, rounds in found.items():
        pace, play, learn = (statistics.median(column) for column in zip(*(one[:3] for one in rounds), strict=True))
        print(f"{name:20}{pace:12,.0f}{play:10.0%}{learn:10.0%}")
    if given.levels is not None:
        print("processor time a timestep, ms, medians:")
        for name, rounds in found.items():
            parts = (f"{part} {statistics.median(one[3][part] for one in rounds):.2f}" for part in PARTS)
            print(f"{name:20}{', '.join(parts)}")
    from contest.scoring import bootstrap

    one, *others = (np.array([pace for pace, *_ in rounds]) for rounds in found.values())
    for name, paces in zip([*found][1:], others, strict=True):
        print(f"{name} as a multiple of {next(iter(found))}: {bootstrap.over_levels(paces / one).text('.2f')}")


if __name__ == "__main__":
    main()
