"""The level as the run has come to know it: what each option led to at each place, and Bellman's equation over it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.level.knowledge import Arrays, KnowledgeError, checked
from agent.ranges import require


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelModelConfig:
    """The level as the run has come to know it."""

    gamma: float = 0.999
    """Discount a timestep; looks about 1,000 timesteps ahead."""

    bonus: float = 100.0
    """Value added to an option never tried, contest units; falls with the root of the tries."""

    wonder: float = 4.0
    """Reward imagined for each try of an option never tried, contest units; falls with the root of the tries."""

    prior_tries: float = 0.5
    """How many tries the guess about an untried option counts for."""

    transitions_max: int = 250_000
    """Transitions kept at most; a run of 1,000,000 timesteps makes about 160,000."""

    plan_period: int = 100
    """Options between two plannings within an episode."""

    sweeps: int = 10
    """Sweeps of value iteration a planning."""

    sweeps_at_start: int = 30
    """Sweeps of value iteration before an episode."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require(0 < self.gamma < 1, "gamma within (0, 1)", self.gamma)
        require(self.bonus >= 0, "bonus of at least 0", self.bonus)
        require(self.prior_tries > 0, "prior_tries above 0", self.prior_tries)
        for name in ("transitions_max", "plan_period", "sweeps", "sweeps_at_start"):
            require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))


class LevelModel:
    """A Markov decision process estimated from the run's own transitions, solved by value iteration.

    The Q-table of the project's origin, with two changes that make it work: places instead of screens, and a backup
    over everything ever seen instead of one sample at a time, so that a find at the far end of the level is known at
    its start in the next episode. What was tried seldom is valued with optimism.

    Source: Sutton 1990 (Dyna); Strehl & Littman 2008 (MBIE-EB, the bonus).
    """

    def __init__(self, config: LevelModelConfig, places_max: int, options: int) -> None:
        """Knows nothing yet.

        Args:
            config: Discount and optimism.
            places_max: How many places there can be.
            options: How many options there are at each.
        """
        self._config = config
        self._options = options
        self._size = 0  # transitions known
        self._next = 0  # where the next one goes: the oldest is overwritten when all room is taken
        self._place = np.zeros(config.transitions_max, np.int32)
        self._option = np.zeros(config.transitions_max, np.int8)
        self._next_place = np.zeros(config.transitions_max, np.int32)
        self._reward = np.zeros(config.transitions_max, np.float32)
        self._discount = np.zeros(config.transitions_max, np.float32)
        self._tries = np.zeros((places_max, options), np.int32)
        self._q = np.zeros((places_max, options), np.float32)
        self._value = np.zeros(places_max, np.float64)

    def __len__(self) -> int:
        """Returns how many transitions are known."""
        return self._size

    def add(self, place: int, option: int, next_place: int, *, reward: float, timesteps: int, terminated: bool) -> None:
        """Takes in what an option led to.

        Args:
            place: Where it began.
            option: Which one.
            next_place: Where it ended; anything if `terminated`.
            reward: Sum over its timesteps, contest units.
            timesteps: How long it took.
            terminated: Did the episode end in it?
        """
        at = self._next
        if self._size == len(self._place):
            self._tries[self._place[at], self._option[at]] -= 1
        self._place[at], self._option[at], self._next_place[at] = place, option, next_place
        self._reward[at] = reward
        self._discount[at] = 0.0 if terminated else self._config.gamma**timesteps
        self._tries[place, option] += 1
        self._next = (at + 1) % len(self._place)
        self._size = max(self._size, at + 1)

    def plan(self, places: int, sweeps: int) -> None:
        """Solves Bellman's equation a little further, over everything known.

        Args:
            places: How many places there are by now.
            sweeps: Sweeps of value iteration; the values so far are the start.
        """
        if not self._size:
            return
        known = slice(0, self._size)
        cell = self._place[known].astype(np.int64) * self._options + self._option[known]  # [T] -> cell of the table
        cells = places * self._options
        count = np.bincount(cell, minlength=cells)
        earned = np.bincount(cell, self._reward[known], cells)
        tried = np.maximum(count.reshape(places, -1).sum(1), 1)
        prior = self._config.prior_tries
        # Inside the backup, the bonus draws towards places that are little known, however far away.
        wonder = self._config.wonder / np.sqrt(1.0 + count)
        for _ in range(sweeps):
            ahead = self._discount[known] * self._value[self._next_place[known]]  # [T]
            total = earned + np.bincount(cell, ahead, cells)  # [P * O]
            # An option tried seldom is taken for about as good as the place's others.
            mean = total.reshape(places, -1).sum(1) / tried  # [P]
            q = ((total + np.repeat(mean, self._options) * prior) / (count + prior) + wonder).reshape(places, -1)
            self._value[:places] = q.max(1)
        self._q[:places] = q

    def optimistic_values(self, place: int) -> NDArray[np.float64] | None:
        """Values the options at a place.

        Returns:
            float64 [O]: discounted return to come, contest units, plus a bonus that falls with the tries. None where
            nothing was tried yet.
        """
        tries = self._tries[place]
        if not tries.any():
            return None
        values: NDArray[np.float64] = self._q[place] + self._config.bonus / np.sqrt(1.0 + tries)
        return values

    def arrays(self) -> Arrays:
        """Returns every transition known, as arrays by name, the oldest first."""
        order = np.arange(self._next - self._size, self._next) % len(self._place)
        return {
            "place": self._place[order],
            "option": self._option[order],
            "next_place": self._next_place[order],
            "reward": self._reward[order],
            "discount": self._discount[order],
        }

    def restore(self, arrays: Arrays) -> None:
        """Takes over what `arrays` returned; nothing, if anything is wrong with it.

        Raises:
            KnowledgeError: If the arrays are not what `arrays` returns.
        """
        place = checked(arrays, "place", np.int32, None)
        size = len(place)
        option = checked(arrays, "option", np.int8, size)
        next_place = checked(arrays, "next_place", np.int32, size)
        reward = checked(arrays, "reward", np.float32, size)
        discount = checked(arrays, "discount", np.float32, size)
        if size > len(self._place):
            raise KnowledgeError(f"wanted at most {len(self._place)} transitions, got {size}")
        limits = {"place": len(self._value), "next_place": len(self._value), "option": self._options}
        for name, limit in limits.items():
            if size and not 0 <= int(arrays[name].min()) <= int(arrays[name].max()) < limit:
                raise KnowledgeError(f"wanted {name} within 0..{limit - 1}, got others")
        if size and not 0 <= float(discount.min()) <= float(discount.max()) < 1:
            raise KnowledgeError("wanted discount within [0, 1), got others")
        known = slice(0, size)
        self._place[known], self._option[known], self._next_place[known] = place, option, next_place
        self._reward[known], self._discount[known] = reward, discount
        self._size, self._next = size, size % len(self._place)
        self._tries[:] = 0
        np.add.at(self._tries, (place, option), 1)
