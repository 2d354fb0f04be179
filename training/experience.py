"""Acting as a piece of work: what a worker is told, and what comes back; moments again for whoever learns from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from training.actor import Actor, Moment, Played, QValues
from training.config import TrainConfig
from training.lanes import Ending, Seen

PLAY_STREAM = 1
"""Tells a chunk's generator of random actions from the one that draws its levels."""


class Chunk(NamedTuple):
    """A piece of acting. With the weights it says all that comes out, so that a lost one can be done again."""

    config: TrainConfig
    """Of the run: seed, lanes, observation, schedules, planner."""

    start: int
    """Timestep of the run (over all lanes) at which it begins; levels and schedules follow from it."""

    timesteps: int
    """Of each lane; episodes under way at the end are left."""

    @property
    def end(self) -> int:
        """Timestep of the run at which it ends."""
        return self.start + self.timesteps * self.config.lanes


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """What a chunk of acting saw; each screen once."""

    start: int
    """Of the chunk."""

    version: int
    """Of the weights that acted."""

    planes: NDArray[np.uint8]
    """uint8 [T + 1, L, P, H, W], the planes of each screen."""

    labels: NDArray[np.float32]
    """float32 [T + 1, L, A], the planner's value of each action at each screen; NaN where it was not asked."""

    begins: NDArray[np.bool_]
    """bool [T + 1, L], whether the screen is an episode's first; the action before it was ignored."""

    actions: NDArray[np.uint8]
    """uint8 [T, L], which led from a screen to the next."""

    chosen: NDArray[np.uint8]
    """uint8 [T, L], by the network or by chance, before the planner had its say."""

    is_random: NDArray[np.bool_]
    """bool [T, L], chance chose."""

    lost: NDArray[np.float32]
    """float32 [T, L], frames that the greedy action would lose; NaN where the planner was not asked."""

    rewards: NDArray[np.float64]
    """float64 [T, L], contest units."""

    terminated: NDArray[np.bool_]
    """bool [T, L]."""

    truncated: NDArray[np.bool_]
    """bool [T, L]; stalled episodes too."""

    endings: tuple[tuple[int, Ending], ...]
    """Of the episodes that ended, each with its timestep, from 0 on."""

    @property
    def bytes(self) -> int:
        """Size of the arrays."""
        arrays = (getattr(self, name) for name in self.__slots__)
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))

    @property
    def timesteps(self) -> int:
        """Timesteps played, over all lanes."""
        return self.actions.size

    @classmethod
    def of(cls, chunk: Chunk, actor: Actor, q_values: QValues, version: int) -> Self:
        """Acts as the chunk says, with a network whose weights have this version."""
        rng = np.random.default_rng([chunk.config.seed, chunk.start, PLAY_STREAM])
        moments = list(actor.play(q_values, chunk.start, chunk.end, rng))
        played = [moment.played for moment in moments if moment.played is not None]
        after = [moment.seen for moment in moments[1:]]
        return cls(
            start=chunk.start,
            version=version,
            planes=np.stack([moment.seen.planes for moment in moments]),
            labels=np.stack([moment.labels for moment in moments]),
            begins=np.stack([moment.seen.is_first for moment in moments]),
            actions=np.stack([one.action for one in played]).astype(np.uint8),
            chosen=np.stack([one.chosen for one in played]).astype(np.uint8),
            is_random=np.stack([one.is_random for one in played]),
            lost=np.stack([one.lost for one in played]),
            rewards=np.stack([seen.reward for seen in after]),
            terminated=np.stack([seen.terminated for seen in after]),
            truncated=np.stack([seen.truncated for seen in after]),
            endings=tuple((number, ending) for number, seen in enumerate(after) for ending in seen.endings),
        )

    def moments(self) -> Iterator[Moment]:
        """Yields what the actor saw, moment for moment."""
        lanes = self.planes.shape[1]
        nothing = np.zeros(lanes, np.bool_)
        seen = Seen(
            planes=self.planes[0],
            is_first=self.begins[0],
            reward=np.zeros(lanes),
            terminated=nothing,
            truncated=nothing,
        )
        yield Moment(seen=seen, labels=self.labels[0], played=None)
        for number in range(len(self.actions)):
            seen = Seen(
                planes=self.planes[number + 1],
                is_first=self.begins[number + 1],
                reward=self.rewards[number],
                terminated=self.terminated[number],
                truncated=self.truncated[number],
                endings=[ending for timestep, ending in self.endings if timestep == number],
            )
            played = Played(
                action=self.actions[number].astype(np.int64),
                chosen=self.chosen[number].astype(np.int64),
                is_random=self.is_random[number],
                lost=self.lost[number],
            )
            yield Moment(seen=seen, labels=self.labels[number + 1], played=played)
