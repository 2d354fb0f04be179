"""Search, actors and evaluation on a Ray cluster; one learner, whose weights go out by version through the object store.

    with Cluster("auto", workers=64) as cluster:
        for task, demonstration in cluster.search(tasks): ...
        weights = cluster.broadcast(network, version=3)
        for experience in cluster.collect(weights, chunks): ...
        for result in cluster.evaluate(weights, episodes): ...

Workers are Ray actors that keep nothing but a cache: all that a piece of work needs comes with it, its seed too. So a
lost worker is restarted by Ray, and the piece it was at done again, with the same result.
"""

import logging
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from agent.actions import action_buttons
from agent.config import NetworkConfig, VisionConfig
from fernway.levels import Level
from training.demonstration import Demonstration
from training.search import Task, play

if TYPE_CHECKING:  # a worker that searches needs none of it
    from agent.network import QNetwork
    from training.actor import Actor, QValues
    from training.config import TrainConfig
    from training.experience import Chunk, Experience

LOCAL = "local"
"""Address that starts a Ray of its own on this machine."""

CONNECT_TIMEOUT = 5.0
"""Seconds within which a cluster at HOST:PORT must answer."""


class ClusterError(ValueError):
    """Ray is not installed or cannot be reached; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A version of the network as it travels."""

    version: int
    tensors: dict[str, NDArray[np.generic]]
    vision: VisionConfig
    network: NetworkConfig

    @classmethod
    def of(cls, network: "QNetwork", vision: VisionConfig, config: NetworkConfig, version: int) -> Self:
        """Takes them from a network made with these settings."""
        tensors = {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}
        return cls(version=version, tensors=tensors, vision=vision, network=config)

    @property
    def bytes(self) -> int:
        """Size of the tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())


class Outcome(NamedTuple):
    """One evaluated episode."""

    level: Level
    version: int
    episode_return: float
    timesteps: int


class Worker:
    """One process of the cluster; a Ray actor there, an object like any other in a test."""

    def __init__(self) -> None:
        """Knows no weights yet."""
        self._version = -1
        self._q_values: QValues | None = None
        self._actor: Actor | None = None
        self._acts_for: TrainConfig | None = None

    def process(self) -> int:
        """Returns the number of this worker's process."""
        import os

        return os.getpid()

    def cpu_seconds(self) -> float:
        """Returns the processor time that this worker's process has used."""
        import time

        return time.process_time()

    def search(self, task: Task) -> tuple[Task, Demonstration]:
        """Plays one episode with the planner."""
        return task, play(task)

    def _policy(self, weights: Weights) -> "QValues":
        if self._q_values is None or self._version != weights.version:
            self._q_values = _q_values(weights)
            self._version = weights.version
        return self._q_values

    def collect(self, weights: Weights, chunk: "Chunk") -> "Experience":
        """Acts as the chunk says."""
        from training.actor import Actor
        from training.experience import Experience

        if self._actor is None or self._acts_for != chunk.config:
            self._actor, self._acts_for = Actor.open(chunk.config), chunk.config
        return Experience.of(chunk, self._actor, self._policy(weights), weights.version)

    def evaluate(self, weights: Weights, level: Level, seed: int, epsilon: float) -> Outcome:
        """Plays one episode on a level."""
        from agent.vision import FrameStack
        from fernway.vector import FernwayVectorEnv

        env = FernwayVectorEnv(1, [level], copy=True)
        q_values, rng = self._policy(weights), np.random.default_rng([seed, 1])
        buttons = action_buttons()
        screens, _ = env.reset(seed=seed)
        stack = FrameStack(weights.vision)
        stack.reset(screens[0])
        paid, timesteps, is_over = 0.0, 0, False
        while not is_over:
            action = int(q_values(stack.observation()[None]).argmax())
            if rng.random() < epsilon:
                action = int(rng.integers(len(buttons)))
            screens, rewards, terminated, truncated, _ = env.step(buttons[action][None])
            stack.push(screens[0])
            paid += float(rewards[0])
            timesteps += 1
            is_over = bool(terminated[0] or truncated[0])
        return Outcome(level, weights.version, paid, timesteps)


def _q_values(weights: Weights) -> "QValues":
    import torch

    from agent.network import QNetwork
    from training.actor import q_values_of

    torch.set_num_threads(1)
    network = QNetwork(weights.vision, weights.network, len(action_buttons()))
    network.load_state_dict({name: torch.from_numpy(np.array(tensor)) for name, tensor in weights.tensors.items()})
    return q_values_of(network.eval())


def _require_answer(address: str) -> None:
    """Asks whether anybody listens at HOST:PORT or ray://HOST:PORT; Ray itself would try for minutes.

    Raises:
        OSError: If nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), CONNECT_TIMEOUT).close()


class Cluster:
    """Workers on a Ray cluster; a context manager."""

    def __init__(self, address: str, workers: int) -> None:
        """Connects and starts the workers, one core each.

        Args:
            address: A Ray cluster's, `auto` for one that runs on this machine, `local` to start one.
            workers: How many.

        Raises:
            ClusterError: If Ray is not installed or there is none at the address.
        """
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # else a cluster that starts here reports home
        try:
            import ray
            from ray.util import ActorPool
        except ImportError as error:
            raise ClusterError("Ray is not installed: pip install 'qjerk[cluster]'") from error
        if workers < 1:
            raise ClusterError(f"wanted at least 1 worker, got {workers}")
        self._ray: Any = ray
        try:
            _require_answer(address)
            where = {"num_cpus": workers, "include_dashboard": False} if address == LOCAL else {"address": address}
            ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError) as error:
            raise ClusterError(f"no Ray cluster at {address}: {str(error).splitlines()[0]}") from error
        cores = int(self._ray.cluster_resources().get("CPU", 0))
        if cores < workers:
            ray.shutdown()
            raise ClusterError(
                f"wanted {workers} workers, a core each, got a Ray cluster of {cores} cores at {address}"
            )
        # Ray restarts a lost worker and gives it its work again, as often as it takes.
        remote = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=-1)(Worker)
        self._workers: list[Any] = [remote.remote() for _ in range(workers)]
        self._pool: Any = ActorPool(self._workers)

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves the cluster; a local one ends."""
        self._ray.shutdown()

    def processes(self) -> list[int]:
        """Returns the workers' process numbers."""
        found: list[int] = self._ray.get([worker.process.remote() for worker in self._workers])
        return found

    def cpu_seconds(self) -> float:
        """Returns the processor time that all workers have used: what a busy machine does not blur."""
        return float(sum(self._ray.get([worker.cpu_seconds.remote() for worker in self._workers])))

    def search(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Demonstration]]:
        """Plays episodes with the planner; gives each as soon as it is there."""
        yield from self._pool.map_unordered(lambda worker, task: worker.search.remote(task), tasks)

    def broadcast(self, weights: Weights) -> Any:
        """Puts a version of the weights where every node fetches it once; returns what stands for it."""
        return self._ray.put(weights)

    def ask(self, weights: Any, chunk: "Chunk") -> None:
        """Has a worker act with broadcast weights, as soon as one is free; `next_experience` gives what it saw."""
        self._pool.submit(lambda worker, chunk: worker.collect.remote(weights, chunk), chunk)

    def next_experience(self) -> "Experience":
        """Waits for the next chunk that is done, of those that were asked for.

        Raises:
            ClusterError: If a worker met an error, which doing it again would bring again.
        """
        try:
            found: Experience = self._pool.get_next_unordered()
        except self._ray.exceptions.RayError as error:
            raise ClusterError(f"a worker of the cluster failed: {str(error).strip().splitlines()[-1]}") from error
        return found

    def collect(self, weights: Any, chunks: Iterable["Chunk"]) -> Iterator["Experience"]:
        """Acts with broadcast weights; gives each chunk as soon as it is there."""
        for chunk in chunks:
            self.ask(weights, chunk)
        while self._pool.has_next():
            yield self.next_experience()

    def evaluate(self, weights: Any, levels: Iterable[tuple[Level, int]], epsilon: float) -> Iterator[Outcome]:
        """Plays one episode on each level, with its seed; gives each as soon as it is there."""
        yield from self._pool.map_unordered(
            lambda worker, episode: worker.evaluate.remote(weights, *episode, epsilon), levels
        )
