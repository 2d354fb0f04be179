"""An environment and an agent in containers, as the contest's tooling starts them.

Two containers without network, one tmpfs volume between them for the socket, results in bind mounts; when one of the
two has ended, the other gets 10 s. Source: openai/retro-contest, support/retro_contest/docker.py.

Needs nothing but Python and the docker command.
"""

import contextlib
import datetime
import json
import random
import shutil
import string
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contest.scoring.last_words import lines_of, reason

GRACE_S = 10.0
"""Seconds one container gets to end when the other has. Source: retro-contest."""

KILLED = 137
"""Exit status of a container that was killed."""

POLL_S = 0.1
"""Seconds between two looks at the containers."""


class ContainerError(Exception):
    """Something is not as it must be; the message is one line."""


def docker(*words: str) -> str:
    """Runs a docker command and returns what it printed.

    Raises:
        ContainerError: If it failed.
    """
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContainerError(f"docker {words[0]} failed: {reason(lines_of(done.stderr))}")
    return done.stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container that runs in the background."""

    name: str
    """Its name."""

    @classmethod
    def start(
        cls, name: str, image: str, mounts: dict[str, str], *command: str, options: Sequence[str] = ()
    ) -> "Container":
        """Starts it; `mounts` maps volumes and folders to places inside."""
        volumes = [word for source, target in mounts.items() for word in ("-v", f"{source}:{target}")]
        docker("run", "-d", "--name", name, "--network", "none", *options, *volumes, image, *command)
        return cls(name=name)

    def inspect(self) -> dict[str, Any]:
        """Returns what the engine knows of it."""
        found: list[dict[str, Any]] = json.loads(docker("inspect", self.name))
        return found[0]

    @property
    def volumes(self) -> list[str]:
        """The volumes it uses, those without a name among them."""
        return [mount["Name"] for mount in self.inspect()["Mounts"] if mount["Type"] == "volume"]

    @property
    def is_running(self) -> bool:
        """Has it not ended yet?"""
        return bool(self.inspect()["State"]["Running"])

    def wait(self, seconds: float) -> int:
        """Returns its exit status: KILLED if it still ran after that time."""
        deadline = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > deadline:
                docker("kill", self.name)
                return KILLED
            time.sleep(POLL_S)
        return int(self.inspect()["State"]["ExitCode"])

    def logs(self, *options: str) -> tuple[str, str]:
        """Returns what it wrote to stdout and to stderr."""
        done = subprocess.run(["docker", "logs", *options, self.name], capture_output=True, text=True, check=True)
        return done.stdout, done.stderr

    def seconds_to(self, text: str) -> float:
        """Returns the seconds from its start to the first line with that text.

        Raises:
            ContainerError: If it printed no such line.
        """
        started = self.inspect()["State"]["StartedAt"]
        for line in self.logs("--timestamps")[0].splitlines():
            stamp, _, said = line.partition(" ")
            if text in said:
                return parse_time(stamp) - parse_time(started)
        raise ContainerError(f"{self.name} never said {text!r}")


def parse_time(stamp: str) -> float:
    """Turns the engine's `2025-01-31T12:00:00.123456789Z` into seconds."""
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{fraction or 0}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An environment and an agent that play."""

    remote: Container
    """The environment."""

    agent: Container
    """The agent."""

    results: Path
    """What both sides write: remote/, out/, and their output as remote-stdout.txt and so on once they are removed."""

    def wait(self) -> dict[str, int]:
        """Waits until one has ended, then at most GRACE_S for the other.

        Returns:
            Exit statuses of remote and agent, the one that ended first before the other.
        """
        both = {"remote": self.remote, "agent": self.agent}
        while all(container.is_running for container in both.values()):
            time.sleep(POLL_S)
        roles = sorted(both, key=lambda role: both[role].is_running)
        return {role: both[role].wait(GRACE_S) for role in roles}


@contextlib.contextmanager
def pair(
    agent: str,
    remote_env: str,
    remote_command: list[str],
    results: Path,
    roms: Path | None = None,
    options: Sequence[str] = (),
) -> Iterator[Pair]:
    """Starts the environment and the agent; removes everything at the end.

    Args:
        agent: The submission image.
        remote_env: The environment image.
        remote_command: What runs in it.
        results: Folder for what both sides write; emptied first.
        roms: Folder of ROMs, which the environment may read.
        options: Flags of docker run for the agent's container.

    Yields:
        The two.

    Raises:
        ContainerError: If they cannot be started, or something is left behind.
    """
    if roms is not None and not roms.is_dir():
        raise ContainerError(f"wanted a folder of ROMs, got {roms}")
    if results.exists():
        shutil.rmtree(results)
    # Made here, so that they belong to the user: the containers write as root.
    remote_results, out = results.resolve() / "remote", results.resolve() / "out"
    (remote_results / "bk2").mkdir(parents=True)
    out.mkdir()

    name = "qjerk-" + "".join(random.choices(string.ascii_lowercase + string.digits, k=8))
    volumes = {name}
    docker("volume", "create", "--driver", "local", "-o", "type=tmpfs", "-o", "device=tmpfs", name)
    try:
        shared = {name: "/root/compo/tmp"}
        remote_mounts = shared | {str(remote_results): "/root/compo/results"}
        if roms is not None:
            remote_mounts[str(roms.resolve())] = "/root/roms:ro"
        yield Pair(
            remote=Container.start(f"{name}-remote", remote_env, remote_mounts, *remote_command),
            agent=Container.start(f"{name}-agent", agent, shared | {str(out): "/root/compo/out"}, options=options),
            results=results,
        )
    finally:
        for role in ("remote", "agent"):
            container = Container(name=f"{name}-{role}")
            with contextlib.suppress(ContainerError):  # it never started
                volumes.update(container.volumes)
                for stream, text in zip(("stdout", "stderr"), container.logs(), strict=True):
                    (results / f"{role}-{stream}.txt").write_text(text)
                docker("rm", "--force", container.name)
        docker("volume", "rm", name)
    left = volumes & set(docker("volume", "ls", "--quiet").split())
    left |= set(docker("ps", "--all", "--quiet", "--filter", f"name={name}").split())
    if left:
        raise ContainerError(f"left behind: {', '.join(sorted(left))}")
