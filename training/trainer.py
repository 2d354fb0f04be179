"""The training loop: lanes play, replay remembers, the learner learns; checkpoints between."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agent import network as networks
from agent.actions import ACTION_TABLE
from agent.learner import Learner
from agent.network import QNetwork
from agent.replay import Replay
from training import checkpoint
from training.arena import Arena
from training.augment import augmenter
from training.config import TrainConfig
from training.curve import Meter, Row
from training.lanes import Ending, Lanes
from training.oracle import Oracle, label
from training.schedules import cosine, linear


class Trainer:
    """One run, from its settings or from its last checkpoint on."""

    def __init__(self, config: TrainConfig, arena: Arena, oracle: Oracle | None) -> None:
        """Allocates everything the run will take.

        Raises:
            MemoryTooSmallError: If the replay does not fit.
            WeightsError: If the weights to start from cannot be used.
        """
        self.config = config
        self._oracle = oracle
        self._lanes = Lanes(arena, config.vision, config.stall_timesteps)
        play_seed, replay_seed, augment_seed = np.random.SeedSequence(config.seed).spawn(3)
        self._rngs = {
            "play": np.random.default_rng(play_seed),
            "replay": np.random.default_rng(replay_seed),
            "augment": np.random.default_rng(augment_seed),
        }
        actions = len(ACTION_TABLE)
        self.replay = Replay(
            config.replay, config.vision, lanes=config.lanes, actions=actions, rng=self._rngs["replay"]
        )
        torch.manual_seed(config.seed)
        network = QNetwork(config.vision, config.network, actions)
        if config.weights is not None:
            network.load_state_dict(networks.load(config.weights)[0].state_dict())
        self.learner = Learner(network, config.learner, augmenter(config.augment, self._rngs["augment"]))
        self.timesteps = 0
        self.action_counts = np.zeros((2, actions), np.int64)  # random, greedy
        self.endings: list[Ending] = []
        self._guided = np.zeros(config.lanes, np.int64)  # timesteps that the planner still plays in a lane
        self._lost = np.full((config.lanes, actions), np.nan, np.float32)  # by the planner, at the present screens
        self._meter = Meter()

    # -- one leg: from one checkpoint to the next ---------------------------------------------------------------------

    def legs(self) -> Iterator[Iterator[Row]]:
        """Yields the run's legs; at the end of each there is a checkpoint to write. Each yields rows of the curve."""
        while self.timesteps < self.config.timesteps:
            yield self._leg()

    def _leg(self) -> Iterator[Row]:
        config = self.config
        seen = self._lanes.reset(seed=[config.seed, self.timesteps])
        self._guided[:] = 0
        if self._oracle is not None:
            self._oracle.restart(config.seed + self.timesteps)
        action = np.zeros(config.lanes, np.int64)
        end = min((self.timesteps // config.checkpoint_period + 1) * config.checkpoint_period, config.timesteps)
        rng = self._rngs["play"]
        while True:
            labels = self._labels(rng)
            self.replay.add(
                seen.planes,
                is_first=seen.is_first,
                action=action,
                reward=config.reward_scale * seen.reward,
                terminated=seen.terminated,
                truncated=seen.truncated,
                values=labels,
            )
            if self.timesteps >= end:
                return
            action = self._act(labels, rng)
            if self._oracle is not None:
                self._oracle.played(action)
            seen = self._lanes.step(action)
            self.endings += seen.endings
            self._meter.episodes(seen.endings)
            before = self.timesteps
            self.timesteps += config.lanes
            if self.timesteps > config.epsilon.observe and self.replay.size >= config.batch_size:
                for _ in range(self.timesteps // config.update_period - before // config.update_period):
                    self._update()
            if self.timesteps // config.log_period > before // config.log_period:
                yield self._row()

    def _act(self, labels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.int64]:
        """Chooses actions int64 [L]: greedy, random, or the planner's where it guides."""
        config = self.config
        epsilon = self.epsilon
        q = self.q_values(self._lanes.obs)  # [L, A]
        greedy = q.argmax(1)
        is_random = rng.random(config.lanes) < epsilon
        drawn = rng.integers(0, len(ACTION_TABLE), config.lanes)
        action = np.where(is_random, drawn, greedy)
        np.add.at(self.action_counts, (np.where(is_random, 0, 1), action), 1)
        if self._oracle is None:
            return action
        is_labelled = np.isfinite(labels).all(1)
        self._meter.lost(self._lost[is_labelled, greedy[is_labelled]])
        is_guided = is_labelled & (self._guided > 0)
        for lane in np.flatnonzero(is_guided):
            action[lane] = self._oracle.advice(int(lane))
        return action

    def _labels(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Asks the planner where it guides a lane, and now and then elsewhere: float32 [L, A], NaN where not asked."""
        config = self.config.planner
        labels = np.full((self.config.lanes, len(ACTION_TABLE)), np.nan, np.float32)
        if self._oracle is None or config.period == 0:
            return labels
        share = self.planner_share
        # Segments of a mean length that begin with the probability that gives the wanted share.
        starts = rng.random(self.config.lanes) < share / max(1 - share, 1e-6) / config.segment
        lengths = rng.geometric(1 / config.segment, self.config.lanes)
        # It also plays past whatever stopped or killed the student, which then sees what comes after.
        needs_help = self._lanes.is_stuck(config.patience) | (self._lanes.is_first & self._lanes.is_rewound())
        starts |= needs_help
        lengths += 2 * config.segment * needs_help
        self._guided = np.where(self._guided > 0, self._guided - 1, np.where(starts, lengths, 0))
        for lane in range(self.config.lanes):
            is_due = (self.timesteps // self.config.lanes + lane) % config.period == 0
            if (is_due or self._guided[lane] > 0) and not self._lanes.is_over[lane]:
                self._lost[lane] = self._oracle.lost(lane)
                labels[lane] = label(self._lost[lane], self._oracle.advice(lane), config)
        return labels

    def _update(self) -> None:
        config = self.config
        self.learner.set_learning_rate(self.learning_rate)
        exponent = linear(config.importance_start, 1.0, self.timesteps, config.timesteps)
        batch = self.replay.sample(config.batch_size, exponent)
        update = self.learner.update(batch)
        self.replay.update_priorities(batch.slots, update.priority)
        self._meter.update(update)

    # -- what the schedules say now -----------------------------------------------------------------------------------

    @property
    def epsilon(self) -> float:
        """Probability of a random action."""
        if self._oracle is not None:
            return self.config.planner.epsilon
        return self.config.epsilon(self.timesteps)

    @property
    def planner_share(self) -> float:
        """Share of the timesteps that the planner plays."""
        planner = self.config.planner
        return linear(planner.share_start, planner.share_end, self.timesteps, planner.share_timesteps)

    @property
    def learning_rate(self) -> float:
        """Step size."""
        return cosine(
            self.config.learner.learning_rate, self.config.learning_rate_end, self.timesteps, self.config.timesteps
        )

    def q_values(self, obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Computes the Q-values float32 [B, A] of observations uint8 [B, C, H, W]."""
        with torch.inference_mode():
            q: NDArray[np.float32] = self.learner.online_network(torch.from_numpy(obs)).numpy()
        return q

    def average_q_values(self, obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Computes what the average of the weights makes of observations; shapes as in `q_values`."""
        with torch.inference_mode():
            q: NDArray[np.float32] = self.learner.average_network(torch.from_numpy(obs)).numpy()
        return q

    def settings(self) -> dict[str, Any]:
        """Returns the settings that a resumed run must share, as JSON knows them."""
        return _comparable(self.config)

    def _row(self) -> Row:
        return self._meter.row(
            timesteps=self.timesteps,
            doomed=self.config.planner.doomed,
            updates=self.learner.updates,
            epsilon=self.epsilon,
            planner_share=self.planner_share if self._oracle is not None else 0.0,
            learning_rate=self.learning_rate,
        )

    # -- checkpoints --------------------------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Writes a checkpoint.

        Raises:
            CheckpointError: If it cannot be written; the one before is whole.
            NotFiniteError: If a weight is not finite; nothing is written.
        """
        self.learner.require_finite()
        checkpoint.save(
            path,
            {
                "config": _comparable(self.config),
                "timesteps": self.timesteps,
                "action_counts": self.action_counts,
                "rngs": {name: rng.bit_generator.state for name, rng in self._rngs.items()},
                "learner": self.learner.state(),
                "replay": self.replay.state(),
            },
        )

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint.

        Raises:
            CheckpointError: If it cannot be used, or is of a run with other settings.
        """
        state = checkpoint.load(path)
        wanted, came = _comparable(self.config), state["config"]
        for name in sorted(wanted.keys() | came.keys()):
            if wanted.get(name) != came.get(name):
                raise checkpoint.CheckpointError(
                    f"{path} is of a run with {name} {came.get(name)}, this one has {wanted.get(name)}: "
                    "use the same settings or another --out"
                )
        self.timesteps = state["timesteps"]
        self.action_counts = state["action_counts"].numpy()
        for name, rng in self._rngs.items():
            rng.bit_generator.state = state["rngs"][name]
        self.learner.load_state(state["learner"])
        self.replay.load_state({name: tensor.numpy() for name, tensor in state["replay"].items()})


def _comparable(config: TrainConfig) -> dict[str, Any]:
    """Returns the settings that a resumed run must share, as JSON knows them."""
    settings = dataclasses.asdict(config)
    for name in ("out", "hours", "weights"):
        del settings[name]
    return dict(json.loads(json.dumps(settings, default=str)))
