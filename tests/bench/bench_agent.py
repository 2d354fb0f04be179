"""What the agent costs: its processor time a timestep, and its pace beside a client that does nothing.

    python tests/bench/bench_agent.py [GAME] [--rounds N] [--timesteps N] [--flags "FLAG ..."]

Each round serves the same game to a client that does nothing and to the agent, each for some timesteps and for a fifth
of them, in an order that turns from round to round. Server and client are processes of their own, as in the contest, each
pinned to a core where there are two. The difference of a long and a short run leaves out what it takes to start. Printed
are medians over the rounds, with 95 % bootstrap intervals:

- the agent's processor time a timestep, user and system: the figure that the neighbours change least;
- how much of it the network's decisions are, timed where they are made, and what is left beside them;
- the ratio of both clients' timesteps/s, which says something only on a machine that does nothing else.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

NULL_CLIENT = """
from pathlib import Path
from agent.rules import buttons
from agent.wire.client import RemoteEnv
from agent.wire.connect import RemoteConfig
from agent.wire.messages import RunEnd
env = RemoteEnv(RemoteConfig(socket_dir=Path("tmp/sock")))
held = buttons("RIGHT")
try:
    env.reset()
    while True:
        _, _, terminated, truncated, _ = env.step(held)
        if terminated or truncated:
            env.reset()
except RunEnd:
    pass
"""

AGENT = """
import sys
import time
from pathlib import Path
from agent.__main__ import main
from agent.network.policy import Policy
from agent.stop import StopSignal
decide, calls, spent_s = Policy.q_values, 0, 0.0
def timed(policy, obs):
    global calls, spent_s
    began_at = time.thread_time()
    q_values = decide(policy, obs)
    calls, spent_s = calls + 1, spent_s + time.thread_time() - began_at
    return q_values
Policy.q_values = timed
status = main(StopSignal())
Path("decisions").write_text(f"{calls} {spent_s}")
sys.exit(status)
"""
"""The agent as it is, with a clock around the network."""

SHORT = 5
"""A short run has one timestep for so many of a long one."""

RESAMPLES = 10_000


class Run(NamedTuple):
    """What a client took from its start to its end."""

    processor_s: float
    """User and system."""

    clock_s: float

    decisions: int
    """Of the network."""

    deciding_s: float
    """Processor time of them."""


def pin(pid: int, core: int) -> None:
    """Keeps a process on one of the cores that there are, before it starts threads."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(pid, {cores[core % len(cores)]})


def play(game: str, timesteps: int, client: Sequence[str]) -> Run:
    """Serves the game to a client.

    Raises:
        RuntimeError: If the client or the server fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "contest", "serve", game, "-T", str(timesteps), "--seed", "1"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as server:
            pin(server.pid, 0)
            began_at = time.perf_counter()
            with subprocess.Popen([sys.executable, *client], cwd=folder, stdout=subprocess.DEVNULL) as process:
                pin(process.pid, 1)
                _, status, usage = os.wait4(process.pid, 0)
                clock_s = time.perf_counter() - began_at
                process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or server.returncode:
            raise RuntimeError(f"{shlex.join(client)} ended with {process.returncode}, its server {server.returncode}")
        decisions = Path(folder) / "decisions"
        number, seconds = decisions.read_text().split() if decisions.exists() else ("0", "0")
    return Run(usage.ru_utime + usage.ru_stime, clock_s, int(number), float(seconds))


def median(values: Sequence[float]) -> str:
    """Words a median with its 95 % bootstrap interval."""
    drawn = np.median(np.random.default_rng(0).choice(values, (RESAMPLES, len(values))), axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{np.median(values):.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Prints a line a round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("game", nargs="?", default="Fernway-Genesis-v0")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--timesteps", type=int, default=3000, help="of a long run")
    parser.add_argument("--flags", default="", help="more of the agent's, such as '--mode greedy'")
    args = parser.parse_args()
    clients = {"null": ["-c", NULL_CLIENT], "agent": ["-c", AGENT, *shlex.split(args.flags)]}
    lengths = args.timesteps, args.timesteps // SHORT
    more = lengths[0] - lengths[1]
    turns = [(name, length) for length in lengths for name in clients]
    costs, decisions, rests, ratios = [], [], [], []
    for number in range(args.rounds):
        runs = {}
        for name, length in turns[number % len(turns) :] + turns[: number % len(turns)]:
            runs[name, length] = play(args.game, length, clients[name])
        long, short = (runs["agent", length] for length in lengths)
        null_s = runs["null", lengths[0]].clock_s - runs["null", lengths[1]].clock_s
        costs.append((long.processor_s - short.processor_s) / more * 1e3)
        decisions.append((long.deciding_s - short.deciding_s) / more * 1e3)
        rests.append(costs[-1] - decisions[-1])
        ratios.append(null_s / (long.clock_s - short.clock_s))
        print(
            f"{time.strftime('%H:%M:%S')}  agent {costs[-1]:.3f} ms a timestep, {decisions[-1]:.3f} of them decisions "
            f"(network playing {(long.decisions - short.decisions) / more:.0%});  pace {more / null_s:.0f} timesteps/s with "
            f"a client that does nothing, {ratios[-1]:.3f} of it with the agent",
            flush=True,
        )
    print(f"{args.game}, {args.rounds} rounds of {lengths[0]} - {lengths[1]} timesteps, agent {args.flags}")
    print(f"processor time of the agent, ms a timestep          {median(costs)}")
    print(f"    of them decisions                               {median(decisions)}")
    print(f"    beside them                                     {median(rests)}")
    print(f"pace, as a share of a client's that does nothing    {median(ratios)}")


if __name__ == "__main__":
    main()
