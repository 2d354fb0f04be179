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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from agent.actions import action_buttons
from agent.config import NetworkConfig, VisionConfig
from fernway.levels import Level
from training.demonstration import Demonstration
from training.search import Task, play

LOCAL = "local"
"""Address that starts a Ray of its own on this machine."""


class ClusterError(ValueError):
    """Ray is not installed or cannot be reached; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A version of the network as it travels."""

    version: int
    tensors: dict[str, NDArray[np.generic]]
    vision: VisionConfig
    network: NetworkConfig

    @property
    def bytes(self) -> int:
        """Size of the tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())


class Chunk(NamedTuple):
    """A piece of acting: some games side by side, each episode on a fresh level."""

    seed: int
    lanes: int
    timesteps: int
    """Of each lane; episodes under way at the end are cut."""
    epsilon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """What a chunk of acting saw; each screen once."""

    seed: int
    """Of the chunk."""

    version: int
    """Of the weights that acted."""

    planes: NDArray[np.uint8]
    """uint8 [T + 1, L, P, H, W], the planes of each screen."""

    actions: NDArray[np.uint8]
    """uint8 [T, L]."""

    rewards: NDArray[np.float32]
    """float32 [T, L], contest units."""

    begins: NDArray[np.bool_]
    """bool [T + 1, L], whether the screen is an episode's first; the action before it was ignored."""

    terminated: NDArray[np.bool_]
    """bool [T, L]."""

    truncated: NDArray[np.bool_]
    """bool [T, L]."""

    @property
    def bytes(self) -> int:
        """Size of the arrays."""
        arrays = (self.planes, self.actions, self.rewards, self.begins, self.terminated, self.truncated)
        return sum(array.nbytes for array in arrays)


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
        self._q_values: Callable[[NDArray[np.uint8]], NDArray[np.float32]] | None = None

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

    def _policy(self, weights: Weights) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        if self._q_values is None or self._version != weights.version:
            self._q_values = _q_values(weights)
            self._version = weights.version
        return self._q_values

    def collect(self, weights: Weights, chunk: Chunk) -> Experience:
        """Acts with the network, greedily but for random actions."""
        from fernway.vector import FernwayVectorEnv

        return _act(FernwayVectorEnv(chunk.lanes, copy=False), self._policy(weights), weights, chunk)

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


def _q_values(weights: Weights) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    import torch

    from agent.network import QNetwork

    torch.set_num_threads(1)
    network = QNetwork(weights.vision, weights.network, len(action_buttons()))
    network.load_state_dict({name: torch.from_numpy(np.array(tensor)) for name, tensor in weights.tensors.items()})
    network.eval()

    def q_values(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            values: NDArray[np.float32] = network(torch.from_numpy(obs)).numpy()
        return values

    return q_values


def _act(
    env: Any, q_values: Callable[[NDArray[np.uint8]], NDArray[np.float32]], weights: Weights, chunk: Chunk
) -> Experience:
    from agent.vision import look

    vision, buttons, rng = weights.vision, action_buttons(), np.random.default_rng([chunk.seed, 1])
    length, lanes = chunk.timesteps, chunk.lanes
    planes = np.empty((length + 1, lanes, vision.planes, vision.height, vision.width), np.uint8)
    actions = np.empty((length, lanes), np.uint8)
    rewards = np.empty((length, lanes), np.float32)
    begins = np.zeros((length + 1, lanes), np.bool_)
    terminated, truncated = np.empty((2, length, lanes), np.bool_)
    begins[0] = True
    screens, _ = env.reset(seed=chunk.seed)
    stack = np.empty((lanes, vision.stack, vision.planes, vision.height, vision.width), np.uint8)
    for timestep in range(length + 1):
        planes[timestep] = [look(screen, vision) for screen in screens]
        stack[:, :-1] = stack[:, 1:].copy()
        stack[:, -1] = planes[timestep]
        stack[begins[timestep]] = planes[timestep, begins[timestep], None]
        if timestep == length:
            break
        greedy = q_values(stack.reshape(lanes, *vision.obs_shape)).argmax(1)
        is_random = rng.random(lanes) < chunk.epsilon
        actions[timestep] = np.where(is_random, rng.integers(len(buttons), size=lanes), greedy)
        screens, paid, terminated[timestep], truncated[timestep], _ = env.step(buttons[actions[timestep]])
        rewards[timestep] = paid
        if timestep + 1 < length:
            begins[timestep + 2] = terminated[timestep] | truncated[timestep]
    return Experience(
        seed=chunk.seed,
        version=weights.version,
        planes=planes,
        actions=actions,
        rewards=rewards,
        begins=begins,
        terminated=terminated,
        truncated=truncated,
    )


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
        try:
            import ray
            from ray.util import ActorPool
        except ImportError as error:
            raise ClusterError("Ray is not installed: pip install 'qjerk[cluster]'") from error
        if workers < 1:
            raise ClusterError(f"wanted at least 1 worker, got {workers}")
        self._ray = ray
        try:
            where = {"num_cpus": workers, "include_dashboard": False} if address == LOCAL else {"address": address}
            ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ClusterError(f"no Ray cluster at {address}: {str(error).splitlines()[0]}") from error
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

    def collect(self, weights: Any, chunks: Iterable[Chunk]) -> Iterator[Experience]:
        """Acts with broadcast weights; gives each chunk as soon as it is there."""
        yield from self._pool.map_unordered(lambda worker, chunk: worker.collect.remote(weights, chunk), chunks)

    def evaluate(self, weights: Any, levels: Iterable[tuple[Level, int]], epsilon: float) -> Iterator[Outcome]:
        """Plays one episode on each level, with its seed; gives each as soon as it is there."""
        yield from self._pool.map_unordered(
            lambda worker, episode: worker.evaluate.remote(weights, *episode, epsilon), levels
        )
