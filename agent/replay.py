"""Transitions, n-step returns, prioritised replay in bounded memory; each screen is stored once.

Several environments step together, one lane each. A slot is one screen of one lane together with the action, the reward
and the end that *led to it*; n-step transitions are put together from neighbouring slots only when they are sampled:

    lane 0   s0 -a1,r1-> s1 -a2,r2-> s2 (terminated) | s0' -a1',r1'-> s1' ...
    slot     0           1           2                 3              4

Slot 2 ends the episode: no transition starts there. Slot 3 begins the next one: its action and reward mean nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.config import VisionConfig
from agent.free_memory import require_memory
from agent.sumtree import SumTree

AGE_MAX = 255
"""Ages are counted up to here, far above any stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayConfig:
    """What replay keeps and how it is sampled."""

    capacity: int = 120_000
    """Screens kept at most, over all lanes; `replay_bytes` says what they take."""

    n_step: int = 3
    """Timesteps summed up before bootstrapping. Source: Hessel et al. 2018."""

    gamma: float = 0.99
    """Discount of a timestep."""

    priority_exponent: float = 0.5
    """0 samples uniformly, 1 in proportion to what is to be learned. Source: Hessel et al. 2018."""

    priority_floor: float = 1e-3
    """Added to every error, so that nothing is never sampled again."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name, is_right, wanted in (
            ("capacity", self.capacity > 0, "above 0"),
            ("n_step", 1 <= self.n_step <= 100, "within 1..100"),
            ("gamma", 0 <= self.gamma <= 1, "within 0..1"),
            ("priority_exponent", 0 <= self.priority_exponent <= 1, "within 0..1"),
            ("priority_floor", self.priority_floor > 0, "above 0"),
        ):
            if not is_right:
                raise ValueError(f"wanted {name} {wanted}, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Transitions drawn from replay."""

    slots: NDArray[np.int64]
    """int64 [B], where they lie; what `Replay.update_priorities` takes."""

    obs: NDArray[np.uint8]
    """uint8 [B, C, H, W]."""

    action: NDArray[np.int64]
    """int64 [B]."""

    reward: NDArray[np.float32]
    """float32 [B], discounted n-step sum, the units that were added."""

    discount: NDArray[np.float32]
    """float32 [B], gamma**n for the n timesteps summed up, or 0 where the episode terminated."""

    next_obs: NDArray[np.uint8]
    """uint8 [B, C, H, W]."""

    weight: NDArray[np.float32]
    """float32 [B], importance correction, at most 1."""

    values: NDArray[np.float32]
    """float32 [B, A], the planner's value of each action at obs; NaN where there is none."""


def replay_bytes(config: ReplayConfig, vision: VisionConfig, actions: int) -> int:
    """Computes what a replay takes when full, bytes, before any of it is allocated."""
    a_slot: int = (
        vision.planes * vision.height * vision.width
        + sum(np.dtype(dtype).itemsize for dtype in _FIELDS.values())
        + 4 * actions
    )
    return config.capacity * a_slot + SumTree.bytes_of(config.capacity)


_FIELDS: dict[str, Any] = {
    "age": np.uint8,  # earlier screens of its episode, at most AGE_MAX
    "action": np.uint8,
    "reward": np.float32,
    "terminated": np.bool_,
    "ended": np.bool_,  # terminated or truncated
}


class Replay:
    """Prioritised replay. Source: Schaul et al. 2016, proportional variant; n-step as in Hessel et al. 2018."""

    def __init__(
        self, config: ReplayConfig, vision: VisionConfig, *, lanes: int, actions: int, rng: np.random.Generator
    ) -> None:
        """Allocates everything it will ever take.

        Raises:
            MemoryTooSmallError: If that does not fit into memory.
            ValueError: If there are too few slots for each lane to hold one n-step transition.
        """
        self.length = config.capacity // lanes  # positions; one holds a slot of every lane
        if self.length < 2 * (vision.stack + config.n_step):
            least = 2 * (vision.stack + config.n_step) * lanes
            raise ValueError(f"wanted a replay capacity of at least {least} for {lanes} lanes, got {config.capacity}")
        require_memory(replay_bytes(config, vision, actions))
        self.config = config
        self.lanes = lanes
        self._vision = vision
        self._rng = rng
        slots = self.length * lanes
        self._planes = np.zeros((slots, vision.planes, vision.height, vision.width), np.uint8)
        self._fields = {name: np.zeros(slots, dtype) for name, dtype in _FIELDS.items()}
        self._values = np.full((slots, actions), np.nan, np.float32)
        self._tree = SumTree(slots)
        self._written = 0  # positions written since the beginning
        self._priority_max = 1.0

    @property
    def size(self) -> int:
        """Transitions that can be sampled."""
        return self._tree.count

    def add(
        self,
        planes: NDArray[np.uint8],
        *,
        is_first: NDArray[np.bool_],
        action: NDArray[np.integer[Any]],
        reward: NDArray[np.floating[Any]],
        terminated: NDArray[np.bool_],
        truncated: NDArray[np.bool_],
        values: NDArray[np.float32] | None = None,
    ) -> None:
        """Adds the screens the lanes see now and what led to them.

        Args:
            planes: uint8 [L, P, H, W], what `look` makes of each lane's newest screen.
            is_first: bool [L], where the screen begins an episode; its action, reward and end are ignored.
            action: int [L], the action that led to the screen.
            reward: float [L], what that timestep earned, scaled.
            terminated: bool [L], the game ended with this screen.
            truncated: bool [L], a limit ended the episode with this screen.
            values: float32 [L, A], the planner's value of each action at this screen; NaN or None: unknown.
        """
        position, previous = self._written % self.length, (self._written - 1) % self.length
        now, before = self._slots(position), self._slots(previous)
        fields = self._fields
        begins = is_first if self._written else np.ones(self.lanes, np.bool_)
        # The oldest position goes, and with it the transitions whose stacks reach back to it.
        doomed = (position + np.arange(self._vision.stack)) % self.length
        self._tree.set(self._slots(doomed), 0.0)
        self._planes[now] = planes
        fields["age"][now] = np.where(begins, 0, np.minimum(fields["age"][before], AGE_MAX - 1) + 1)
        fields["action"][now] = np.where(begins, 0, action)
        fields["reward"][now] = np.where(begins, 0, reward)
        fields["terminated"][now] = terminated & ~begins
        fields["ended"][now] = (terminated | truncated) & ~begins
        self._values[now] = np.nan if values is None else values
        self._written += 1
        self._complete(begins, fields["ended"][now])

    def _complete(self, begins: NDArray[np.bool_], ended: NDArray[np.bool_]) -> None:
        """Makes the transitions sampleable that the newest slots complete: n timesteps back, or all up to an end."""
        ready = []
        is_open = ~begins
        for back in range(1, min(self.config.n_step, self._written - 1) + 1):
            slots = self._slots((self._written - 1 - back) % self.length)
            is_open = is_open & ~self._fields["ended"][slots]
            ready.append(slots[is_open if back == self.config.n_step else is_open & ended])
            is_open = is_open & (self._fields["age"][slots] > 0)
        if ready:
            self._tree.set(np.concatenate(ready), self._priority_max)

    def sample(self, batch_size: int, importance_exponent: float) -> Batch:
        """Draws transitions in proportion to their priorities.

        Args:
            batch_size: How many.
            importance_exponent: 0 corrects nothing, 1 all of the bias of prioritised sampling.

        Raises:
            ValueError: If there is nothing to sample yet.
        """
        if not self.size:
            raise ValueError("wanted at least one complete transition to sample, got none")
        slots, priorities = self._tree.sample(batch_size, self._rng)
        probability = priorities / self._tree.total
        weight = (self.size * probability) ** -importance_exponent
        action_slots, reward, discount, last = self._n_step(slots)
        return Batch(
            slots=slots,
            obs=self._stacks(slots),
            action=self._fields["action"][action_slots].astype(np.int64),
            reward=reward,
            discount=discount,
            next_obs=self._stacks(last),
            weight=(weight / weight.max()).astype(np.float32),
            values=self._values[slots],
        )

    def _n_step(self, slots: NDArray[np.int64]) -> tuple[NDArray[np.int64], Any, Any, NDArray[np.int64]]:
        """Sums up to n rewards from each slot on: (slot of the action, reward, discount, slot of next_obs), each [B]."""
        reward = np.zeros(len(slots), np.float32)
        discount = np.ones(len(slots), np.float32)
        runs_on = np.ones(len(slots), np.bool_)
        first = last = slots
        for step in range(self.config.n_step):
            following = (last + self.lanes) % len(self._planes)
            last = np.where(runs_on, following, last)
            first = last if step == 0 else first
            reward += np.where(runs_on, discount * self._fields["reward"][last], 0)
            discount *= np.where(runs_on, np.float32(self.config.gamma), np.float32(1))
            runs_on &= ~self._fields["ended"][last]
        return first, reward, discount * ~self._fields["terminated"][last], last

    def _stacks(self, slots: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Puts the observations uint8 [B, C, H, W] of these slots together, channels innermost in memory."""
        age, vision = self._fields["age"][slots], self._vision
        planes = []  # C x [B * H, W]
        for back in range(vision.stack - 1, -1, -1):
            shown = (slots - np.minimum(back, age) * self.lanes) % len(self._planes)  # before the first comes the first
            planes += [self._planes[shown, plane].reshape(-1, vision.width) for plane in range(vision.planes)]
        # As the network wants it: a tenth of the time that torch takes to turn floats around (measured).
        merged = np.asarray(cv2.merge(planes), np.uint8).reshape(len(slots), vision.height, vision.width, -1)
        return merged.transpose(0, 3, 1, 2)

    def update_priorities(self, slots: NDArray[np.int64], errors: NDArray[np.float32]) -> None:
        """Sets the priorities of sampled transitions by how much is to be learned from them, float [B], at least 0.

        Raises:
            ValueError: If one is not finite.
        """
        if not np.isfinite(errors).all():
            raise ValueError("wanted finite errors to make priorities of, got some that are not")
        priority = (np.abs(errors).astype(np.float64) + self.config.priority_floor) ** self.config.priority_exponent
        self._priority_max = max(self._priority_max, float(priority.max()))
        kept = self._tree.get(slots) > 0  # not overwritten since they were sampled
        self._tree.set(slots[kept], priority[kept])

    def _slots(self, position: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """Slots of all lanes at these positions, int64 [L] or [P * L]."""
        return (np.atleast_1d(position)[:, None] * self.lanes + np.arange(self.lanes)).ravel()

    def state(self) -> dict[str, NDArray[Any]]:
        """Returns everything it holds, for a checkpoint; views, nothing is copied."""
        used = min(self._written, self.length) * self.lanes
        return {
            "planes": self._planes[:used],
            "values": self._values[:used],
            "priorities": self._tree.leaves[:used],
            "counters": np.array([self._written, self._priority_max]),
            **{name: array[:used] for name, array in self._fields.items()},
        }

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Takes over what `state` returned.

        Raises:
            ValueError: If it is of a replay with another shape.
        """
        used = len(state["planes"])
        if used > len(self._planes) or state["planes"].shape[1:] != self._planes.shape[1:] or used % self.lanes:
            raise ValueError(
                f"wanted a replay of at most {list(self._planes.shape)} and {self.lanes} lanes, "
                f"got {list(state['planes'].shape)}"
            )
        self._planes[:used], self._values[:used] = state["planes"], state["values"]
        for name, array in self._fields.items():
            array[:used] = state[name]
        self._written, self._priority_max = int(state["counters"][0]), float(state["counters"][1])
        self._tree.set(np.arange(used), state["priorities"])

    def check_valid(self) -> None:
        """Checks the invariants, for tests.

        Raises:
            AssertionError: If one does not hold.
        """
        self._tree.check_valid()
        used = min(self._written, self.length)
        sampleable = np.flatnonzero(self._tree.leaves > 0)
        newest = (self._written - 1) % self.length
        behind = (newest - sampleable // self.lanes) % self.length  # positions back from the newest
        assert (behind < used).all(), "sampleable slots were written"
        assert not self._fields["ended"][sampleable].any(), "no transition starts where an episode ended"
        shown = np.minimum(self._fields["age"][sampleable], self._vision.stack - 1)
        assert (behind + shown < self.length).all(), "stacks are whole"
        assert (behind > 0).all(), "the newest screen has no successor"
        _, _, _, last = self._n_step(sampleable)
        steps = ((last - sampleable) // self.lanes) % self.length
        assert (steps <= behind).all(), "windows end before the newest slot"
