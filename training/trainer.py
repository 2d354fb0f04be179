"""The training loop: a source plays, replay remembers, the learner learns; checkpoints between."""

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
from training.actor import Moment, Played, q_values_of
from training.augment import augmenter
from training.config import TrainConfig
from training.curve import Meter, Row
from training.lanes import Ending
from training.schedules import cosine, linear
from training.source import Source


class Trainer:
    """One run, from its settings or from its last checkpoint on."""

    def __init__(self, config: TrainConfig, source: Source) -> None:
        """Allocates everything the run will take.

        Args:
            config: The run's settings.
            source: What plays.

        Raises:
            MemoryTooSmallError: If the replay does not fit.
            WeightsError: If the weights to start from cannot be used.
        """
        self.config = config
        self._source = source
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
        self._meter = Meter()

    # -- one leg: from one checkpoint to the next ---------------------------------------------------------------------

    def legs(self) -> Iterator[Iterator[Row]]:
        """Yields the run's legs; at the end of each there is a checkpoint to write. Each yields rows of the curve."""
        while self.timesteps < self.config.timesteps:
            yield self._leg()

    def _leg(self) -> Iterator[Row]:
        config = self.config
        end = min((self.timesteps // config.checkpoint_period + 1) * config.checkpoint_period, config.timesteps)
        for moment in self._source.play(self.learner, self.timesteps, end, self._rngs["play"]):
            if moment.played is not None:
                self._note(moment.played, moment.seen.endings)
                before = self.timesteps
                self.timesteps += config.lanes
                if self.timesteps > config.epsilon.observe and self.replay.size >= config.batch_size:
                    for _ in range(self.timesteps // config.update_period - before // config.update_period):
                        self._update()
                if self.timesteps // config.log_period > before // config.log_period:
                    yield self._row()
            self._remember(moment)

    def _note(self, played: Played, endings: list[Ending]) -> None:
        """Counts, for the curve and the pictures."""
        np.add.at(self.action_counts, (np.where(played.is_random, 0, 1), played.chosen), 1)
        self._meter.lost(played.lost[np.isfinite(played.lost)])
        self.endings += endings
        self._meter.episodes(endings)

    def _remember(self, moment: Moment) -> None:
        seen, played = moment.seen, moment.played
        self.replay.add(
            seen.planes,
            is_first=seen.is_first,
            action=np.zeros(self.config.lanes, np.int64) if played is None else played.action,
            reward=self.config.reward_scale * seen.reward,
            terminated=seen.terminated,
            truncated=seen.truncated,
            values=moment.labels,
        )

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
    def learning_rate(self) -> float:
        """Step size."""
        return cosine(
            self.config.learner.learning_rate, self.config.learning_rate_end, self.timesteps, self.config.timesteps
        )

    def average_q_values(self, obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Computes what the average of the weights makes of observations, uint8 [B, C, H, W] -> float32 [B, A]."""
        return q_values_of(self.learner.average_network)(obs)

    def settings(self) -> dict[str, Any]:
        """Returns the settings that a resumed run must share, as JSON knows them."""
        return _comparable(self.config)

    def _row(self) -> Row:
        return self._meter.row(
            timesteps=self.timesteps,
            doomed=self.config.planner.doomed,
            updates=self.learner.updates,
            epsilon=self.config.epsilon_at(self.timesteps),
            planner_share=self.config.planner.share(self.timesteps) if self.config.has_planner else 0.0,
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
                "source": self._source.state(),
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
        self._source.load_state(state.get("source", {}), self.timesteps)


def _comparable(config: TrainConfig) -> dict[str, Any]:
    """Returns the settings that a resumed run must share, as JSON knows them."""
    settings = dataclasses.asdict(config)
    for name in ("out", "hours", "weights", "ray", "workers", "chunk_timesteps", "broadcast_period"):
        del settings[name]
    return dict(json.loads(json.dumps(settings, default=str)))
