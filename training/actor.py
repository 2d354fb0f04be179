"""Acting: the network, chance and the planner play lanes, and the planner says what each action loses.

One machine's run and the workers of a cluster act with this alone. What comes out follows from the settings, the
timestep at which it begins, the generator and the network.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from agent.actions import ACTION_TABLE
from agent.network import QNetwork
from training.arena import Arena
from training.config import TrainConfig
from training.lanes import Lanes, Seen
from training.oracle import Oracle, TeacherOracle, label
from training.twin import Twin

QValues = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Observations uint8 [B, C, H, W] -> Q-values float32 [B, A]."""


def q_values_of(network: QNetwork) -> QValues:
    """Returns what the network makes of observations, whatever its weights are when it is asked."""

    def q_values(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            values: NDArray[np.float32] = network(torch.from_numpy(obs)).numpy()
        return values

    return q_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What the lanes did in a timestep."""

    action: NDArray[np.int64]
    """int64 [L], which led to the screens; meaningless where an episode begins."""

    chosen: NDArray[np.int64]
    """int64 [L], by the network or by chance, before the planner had its say."""

    is_random: NDArray[np.bool_]
    """bool [L], chance chose."""

    lost: NDArray[np.float32]
    """float32 [L], frames that the network's greedy action would lose; NaN where the planner was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the lanes see, what led to it, and what the planner says of it."""

    seen: Seen

    labels: NDArray[np.float32]
    """float32 [L, A], the planner's value of each action at these screens; NaN where it was not asked."""

    played: Played | None
    """None where acting begins: nothing has been played yet."""


class Actor:
    """Lanes, and a planner that teaches where there is one."""

    def __init__(self, config: TrainConfig, arena: Arena, oracle: Oracle | None) -> None:
        """Acts in `arena`, whose lanes `oracle` knows."""
        self._config = config
        self._arena = arena
        self._oracle = oracle
        self._lanes = Lanes(arena, config.vision, config.stall_timesteps)
        self._guided = np.zeros(config.lanes, np.int64)  # timesteps that the planner still plays in a lane
        self._lost = np.full((config.lanes, len(ACTION_TABLE)), np.nan, np.float32)  # at the present screens

    @classmethod
    def open(cls, config: TrainConfig) -> Self:
        """Opens what the settings ask for: the twin and its planner, or emulators.

        Raises:
            ValueError: If a level does not exist or its ROM is missing.
        """
        if config.levels is not None:
            from training.consoles import Consoles, read_levels

            return cls(config, Consoles(config.lanes, read_levels(config.levels)), None)
        if not config.has_planner:
            return cls(config, Twin(config.lanes), None)
        twin = Twin(config.lanes, rewinds=config.planner.rewinds)
        return cls(config, twin, TeacherOracle(twin, doomed=config.planner.doomed))

    def close(self) -> None:
        """Frees what is played."""
        self._arena.close()

    def play(self, q_values: QValues, start: int, end: int, rng: np.random.Generator) -> Iterator[Moment]:
        """Begins an episode in every lane and plays on, through as many as there are.

        Args:
            q_values: The network; what it has learned between two timesteps counts.
            start: Timestep of the run (over all lanes) at which this begins: levels and schedules follow from it.
            end: Timestep at which it ends.
            rng: Of random actions, and of where the planner plays.

        Yields:
            The first screens, then a moment for each timestep.
        """
        config = self._config
        seen = self._lanes.reset(seed=[config.seed, start])
        self._guided[:] = 0
        if self._oracle is not None:
            self._oracle.restart(config.seed + start)
        labels = self._labels(start, rng)
        yield Moment(seen=seen, labels=labels, played=None)
        for timestep in range(start, end, config.lanes):
            played = self._act(q_values, labels, config.epsilon_at(timestep), rng)
            seen = self._lanes.step(played.action)
            labels = self._labels(timestep + config.lanes, rng)
            yield Moment(seen=seen, labels=labels, played=played)

    def _act(self, q_values: QValues, labels: NDArray[np.float32], epsilon: float, rng: np.random.Generator) -> Played:
        """Chooses actions: greedy, random, or the planner's where it guides."""
        lanes = self._config.lanes
        greedy = q_values(self._lanes.obs).argmax(1)
        is_random = rng.random(lanes) < epsilon
        chosen = np.where(is_random, rng.integers(0, len(ACTION_TABLE), lanes), greedy)
        action, lost = chosen.copy(), np.full(lanes, np.nan, np.float32)
        if self._oracle is not None:
            is_labelled = np.isfinite(labels).all(1)
            lost[is_labelled] = self._lost[is_labelled, greedy[is_labelled]]
            for lane in np.flatnonzero(is_labelled & (self._guided > 0)):
                action[lane] = self._oracle.advice(int(lane))
            self._oracle.played(action)
        return Played(action=action, chosen=chosen, is_random=is_random, lost=lost)

    def _labels(self, timestep: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Asks the planner where it guides a lane, and now and then elsewhere: float32 [L, A], NaN where not asked."""
        lanes, config = self._config.lanes, self._config.planner
        labels = np.full((lanes, len(ACTION_TABLE)), np.nan, np.float32)
        if self._oracle is None:
            return labels
        share = config.share(timestep)
        # Segments of a mean length that begin with the probability that gives the wanted share.
        starts = rng.random(lanes) < share / max(1 - share, 1e-6) / config.segment
        lengths = rng.geometric(1 / config.segment, lanes)
        # It also plays past whatever stopped or killed the student, which then sees what comes after.
        needs_help = self._lanes.is_stuck(config.patience) | (self._lanes.is_first & self._lanes.is_rewound())
        starts |= needs_help
        lengths += 2 * config.segment * needs_help
        self._guided = np.where(self._guided > 0, self._guided - 1, np.where(starts, lengths, 0))
        for lane in range(lanes):
            is_due = (timestep // lanes + lane) % config.period == 0
            if (is_due or self._guided[lane] > 0) and not self._lanes.is_over[lane]:
                self._lost[lane] = self._oracle.lost(lane)
                labels[lane] = label(self._lost[lane], self._oracle.advice(lane), config)
        return labels
