"""Runs tasks side by side, on the cores of this machine or of several, by Ray."""

import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

REACHED_S = 10.0
"""Seconds within which the head of a cluster has to answer."""

HERE = "here"
"""A cluster of this machine alone, which lasts as long as the tasks."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Connects to a cluster; gives the module `ray`.

    Args:
        address: Host and port of its head, `auto` for the one that this machine belongs to, or `here`.

    Raises:
        ValueError: If Ray is not installed, or there is no cluster.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # else Ray calls home
    try:
        import ray
    except ImportError as error:
        raise ValueError("--cluster wants Ray: pip install 'qjerk[cluster]'") from error
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        if ":" in address:  # Ray itself waits for minutes
            host, _, port = address.removeprefix("ray://").rpartition(":")
            socket.create_connection((host, int(port)), REACHED_S).close()
        alone: dict[str, Any] = {"include_dashboard": False} if address == HERE else {}
        ray.init(None if address == HERE else address, log_to_driver=False, logging_level=logging.ERROR, **alone)
    except (OSError, ValueError, OverflowError, RuntimeError) as error:
        wanted = f"no cluster at --cluster {address[:80]}: wanted here, auto or HOST:PORT of its head"
        raise ValueError(f"{wanted} ({' '.join(str(error).split())[:200]})") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def results(function: Callable[[T], R], tasks: Iterable[T], address: str) -> Iterator[R]:
    """Calls a function for each task, one core each; gives the results in the order of the tasks.

    Args:
        function: What to call; every machine of the cluster needs the same installation of this project.
        tasks: What to call it with. They travel to the machine that has a core free.
        address: See `connected`.

    Raises:
        ValueError: If there is no cluster.
    """
    with connected(address) as ray:
        remote = ray.remote(num_cpus=1)(function)
        waiting = [remote.remote(task) for task in tasks]
        for result in waiting:
            yield ray.get(result)
