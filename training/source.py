"""Where a trainer's timesteps come from: this process, or the workers of a cluster."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from agent.learner import Learner
from training.actor import Actor, Moment, q_values_of
from training.cluster import Cluster, Weights
from training.config import TrainConfig
from training.experience import Chunk


class Source(Protocol):
    """Whatever plays with the learner's network."""

    def play(self, learner: Learner, start: int, end: int, rng: np.random.Generator) -> Iterator[Moment]:
        """Plays from a timestep of the run (over all lanes) on until `end` is reached, or a little later.

        Yields:
            Moments; one without `played` begins new episodes in all lanes.
        """

    def state(self) -> dict[str, Any]:
        """Returns what a resumed run must know of it, for a checkpoint; asked when `play` has come to its end."""

    def load_state(self, state: Mapping[str, Any], timestep: int) -> None:
        """Takes over what `state` returned, nothing if another kind of source wrote it, and the run's timestep."""


class Here:
    """This process plays and learns in turns."""

    def __init__(self, actor: Actor) -> None:
        """Plays with this actor."""
        self._actor = actor

    def play(self, learner: Learner, start: int, end: int, rng: np.random.Generator) -> Iterator[Moment]:
        """Plays; see `Source`. Every update counts from the next timestep on."""
        return self._actor.play(q_values_of(learner.online_network), start, end, rng)

    def state(self) -> dict[str, Any]:
        """Nothing but the trainer's counters matters; see `Source`."""
        return {}

    def load_state(self, state: Mapping[str, Any], timestep: int) -> None:
        """Has nothing to take over; see `Source`."""


class Workers:
    """A cluster's workers play chunks, each with the newest weights when it is asked for; they come as they are done.

    A chunk is known by the timestep at which it begins, so that those under way when a run ended are asked for again
    when it goes on, and none is played twice.
    """

    def __init__(self, config: TrainConfig, cluster: Cluster) -> None:
        """Asks for nothing yet."""
        self._config = config
        self._cluster = cluster
        self._next = 0  # timestep at which the next new chunk begins
        self._again: list[tuple[int, int]] = []  # start and timesteps of chunks to ask for before
        self._open: dict[int, Chunk] = {}  # asked for, by start
        self._weights: Any = None
        self._version = 0

    def play(self, learner: Learner, start: int, end: int, rng: np.random.Generator) -> Iterator[Moment]:  # noqa: ARG002
        """Takes chunks as they come; see `Source`. Their generators follow from the run's seed and their start."""
        played = start
        self._ask(learner)
        while played < end:
            experience = self._cluster.next_experience()
            del self._open[experience.start]
            self._ask(learner)  # the workers go on while the learner learns
            played += experience.timesteps
            yield from experience.moments()

    def _ask(self, learner: Learner) -> None:
        """Gives every worker something to do, as long as there is."""
        while len(self._open) < self._config.workers and (chunk := self._chunk()) is not None:
            self._open[chunk.start] = chunk
            self._cluster.ask(self._newest(learner), chunk)

    def _chunk(self) -> Chunk | None:
        config = self._config
        if self._again:
            return Chunk(config, *self._again.pop(0))
        if self._next >= config.timesteps:
            return None
        left = -(-(config.timesteps - self._next) // config.lanes)  # of each lane
        chunk = Chunk(config, self._next, min(config.chunk_timesteps, left))
        self._next = chunk.end
        return chunk

    def _newest(self, learner: Learner) -> Any:
        """Returns what stands for the weights; sends them out anew when they have changed enough."""
        if self._weights is None or learner.updates - self._version >= self._config.broadcast_period:
            weights = Weights.of(learner.online_network, self._config.vision, self._config.network, learner.updates)
            self._weights, self._version = self._cluster.broadcast(weights), learner.updates
        return self._weights

    def state(self) -> dict[str, Any]:
        """Returns where the next chunk begins and which are under way; see `Source`."""
        under_way = [[chunk.start, chunk.timesteps] for chunk in self._open.values()]
        return {"next": self._next, "again": [*under_way, *map(list, self._again)]}

    def load_state(self, state: Mapping[str, Any], timestep: int) -> None:
        """Goes on with the chunks that were under way; see `Source`."""
        self._next = state.get("next", timestep)
        self._again = [(start, timesteps) for start, timesteps in state.get("again", [])]


@contextmanager
def open_source(config: TrainConfig) -> Iterator[Source]:
    """Opens what plays in this run, and closes it.

    Raises:
        ValueError: If a level does not exist, its ROM is missing, or the cluster cannot be used.
    """
    if config.ray is not None:
        with Cluster(config.ray, config.workers) as cluster:
            yield Workers(config, cluster)
        return
    actor = Actor.open(config)
    try:
        yield Here(actor)
    finally:
        actor.close()
