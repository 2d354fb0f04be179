"""Plays a level with the built images as the contest's tooling does, and checks what comes of it.

Needs nothing but the docker command: `./build.sh smoke` runs it with any Python.
"""

import argparse
import csv
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where nothing is installed

from containers import GRACE_S, KILLED, ContainerError, docker, pair

from contest.scoring.last_words import last_words

FIRST_SCREEN = "first screen came"
"""What the agent's log says when the first answer is there, and the first action is next."""

RETURN_TOLERANCE = 0.001
"""By how much both sides' sums of the same rewards may differ: episodes.csv has four decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoke:
    """What to play, and where the results go."""

    game: str = "Fernway-Genesis-v0"
    """Game, as the environment image knows it."""

    state: str | None = None
    """State; None is the game's default."""

    timesteps: int = 3000
    """Timesteps of the run; the environment ends it."""

    wallclock_s: float | None = None
    """Seconds of the run, if limited; the environment ends it."""

    start_s: float = 5.0
    """Seconds that the agent's container may take from its start to the first action."""

    agent: str = "qjerk"
    """The submission image."""

    remote_env: str = "qjerk-remote-env"
    """The environment image."""

    roms: Path | None = None
    """Folder of ROMs, which the environment may read."""

    results: Path = Path("results/smoke")
    """Folder for what both sides write; emptied first."""

    @property
    def remote_command(self) -> list[str]:
        """What the contest's tooling starts in the environment's container."""
        state = [self.state] if self.state else []
        wallclock = ["-W", str(self.wallclock_s)] if self.wallclock_s else []
        return [
            *("retro-contest-remote", "run", self.game, *state),
            *("-b", "results/bk2", "-m", "results", *wallclock, "-T", str(self.timesteps)),
        ]


def read_table(path: Path) -> list[dict[str, str]]:
    """Reads a CSV file.

    Raises:
        ContainerError: If it is not there.
    """
    if not path.exists():
        raise ContainerError(f"{path} was not written")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def check_records(smoke: Smoke) -> list[dict[str, str]]:
    """Holds the agent's record against the environment's and returns its rows.

    Raises:
        ContainerError: If they do not tell the same.
    """
    episodes = read_table(smoke.results / "out/episodes.csv")
    monitor = read_table(smoke.results / "remote/monitor.csv")
    if not episodes:
        raise ContainerError("episodes.csv has no episode")
    # The environment writes an episode down at the next reset: the last one is never there.
    if len(monitor) != len(episodes) - 1:
        raise ContainerError(
            f"monitor.csv has {len(monitor)} episodes, wanted {len(episodes) - 1} as episodes.csv has them"
        )
    for number, (theirs, ours) in enumerate(zip(monitor, episodes, strict=False)):
        same_return = abs(float(theirs["r"]) - float(ours["return"])) < RETURN_TOLERANCE
        if not same_return or int(theirs["l"]) != int(ours["timesteps"]):
            raise ContainerError(f"episode {number} is {theirs} in monitor.csv, {ours} in episodes.csv")
    recordings = len(list((smoke.results / "remote/bk2").glob("*.bk2")))
    if recordings != len(episodes):
        raise ContainerError(f"{recordings} bk2 recordings, wanted one for each of {len(episodes)} episodes")
    return episodes


def play(smoke: Smoke) -> str:
    """Plays a run and returns what came of it, in lines.

    Raises:
        ContainerError: If anything is not as it must be.
    """
    for image in (smoke.agent, smoke.remote_env):
        docker("image", "inspect", image)
    with pair(smoke.agent, smoke.remote_env, smoke.remote_command, smoke.results, smoke.roms) as both:
        with subprocess.Popen(["docker", "logs", "--follow", both.agent.name]):  # shows how far the run is
            statuses = both.wait()
        start_s = both.agent.seconds_to(FIRST_SCREEN) if not statuses["agent"] else 0.0
    for role, status in statuses.items():
        if status:
            how = f"still ran {GRACE_S:g} s after the other" if status == KILLED else f"ended with exit status {status}"
            raise ContainerError(f"the {role} container {how}: {last_words(smoke.results / f'{role}-stderr.txt')}")

    episodes = check_records(smoke)
    lengths = [int(episode["timesteps"]) for episode in episodes]
    played = sum(lengths) + len(lengths)  # each answered reset counts one
    if smoke.wallclock_s is None and played != smoke.timesteps:
        raise ContainerError(f"{played} timesteps in episodes.csv, wanted {smoke.timesteps}")
    if start_s > smoke.start_s:
        raise ContainerError(
            f"{start_s:.1f} s from the container's start to its first action, wanted {smoke.start_s:g}"
        )
    scored = [float(episode["return"]) for episode in episodes if episode["end"] != "unfinished"]
    scored = scored or [float(episode["return"]) for episode in episodes]
    seconds = sum(float(episode["seconds"]) for episode in episodes)
    return (
        f"start of the container to its first action: {start_s:.2f} s\n"
        f"{played} timesteps, {sum(lengths) / seconds:.0f} timesteps/s\n"
        f"score: {sum(scored) / len(scored):.1f} (mean return of {len(scored)} episodes)\n"
        f"records: {smoke.results}"
    )


def main() -> int:
    """Runs the command line; returns the exit status."""
    defaults = Smoke()
    parser = argparse.ArgumentParser(prog="./build.sh smoke", description="Plays a level in containers.")
    parser.add_argument("--game", default=defaults.game)
    parser.add_argument("--state", default=defaults.state)
    parser.add_argument("--timesteps", type=int, default=defaults.timesteps)
    parser.add_argument("--wallclock", dest="wallclock_s", type=float, default=defaults.wallclock_s, help="seconds")
    parser.add_argument("--start", dest="start_s", type=float, default=defaults.start_s, help="seconds to first action")
    parser.add_argument("--agent", default=defaults.agent, help="the submission image")
    parser.add_argument("--remote-env", default=defaults.remote_env, help="the environment image")
    parser.add_argument("--roms", type=Path, help="folder of ROMs, mounted read-only")
    parser.add_argument("--results", type=Path, default=defaults.results, help="folder")
    try:
        print(play(Smoke(**vars(parser.parse_args()))))
    except ContainerError as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("smoke: interrupted; the containers are removed", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
