"""The training loop: lanes play a rollout, the learner learns from it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from agent.rules import ACTION_TABLE
from fernway.vector import INSIDE
from training.learning.ppo import Learner, Update, device_of_choice, is_parallel
from training.learning.rollout import Rollout
from training.network.insider import Insider, Network
from training.play.lanes import Ending, Lanes
from training.play.twin import TwinLanes
from training.run.config import TrainConfig
from training.run.schedules import cosine
from training.run.values import values_of

FRESH_LEARNING_RATE, LATER_LEARNING_RATE = 5e-4, 2e-4
"""Step sizes of Adam at the start, unless the user says otherwise: of a new network, and of one that goes on. Source of
the lower one: the Retro Contest's third place."""

WARM_UP_TIMESTEPS_MOST = 50_000
"""Most timesteps for which only the value learns, unless the user says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Iteration:
    """One rollout and its update."""

    timesteps: int
    """Of the whole run by now, over all processes."""
    learning_rate: float
    update: Update
    endings: list[Ending]
    """Of this process."""
    actions: NDArray[np.int64]
    """int64 [A], how often each action was played, in this process."""
    play_s: float
    """Seconds that the rollout took."""
    learn_s: float
    """Seconds that the update took."""


class Trainer:
    """One process's part of a run."""

    def __init__(self, config: TrainConfig, network: Network, rank: int = 0, *, teacher: Insider | None = None) -> None:
        """Allocates what the run takes.

        Args:
            config: The run's settings.
            network: What learns; every process makes the same.
            rank: Number of this process.
            teacher: Whom the network learns from.
        """
        self.config = config
        self.timesteps = 0
        self.device = device_of_choice()
        self._generator = torch.Generator(self.device).manual_seed(config.seed * 1000 + rank)
        self.learner = Learner(network, config.ppo, self.device, self._generator)
        self.values = values_of(self.learner.q_values, self.device)
        self.processes = dist.get_world_size() if is_parallel() else 1
        self._teacher = teacher.to(self.device) if teacher else None
        seen = config.seen
        self._rollout = Rollout.empty(
            config.rollout,
            torch.zeros(config.lanes, INSIDE, device=self.device)
            if seen is None
            else torch.zeros(config.lanes, *seen.obs_shape, dtype=torch.uint8, device=self.device),
            taught=len(ACTION_TABLE) if teacher else 0,
        )

    @property
    def learning_rate(self) -> float:
        """Step size now."""
        config, ppo = self.config, self.config.ppo
        start = ppo.learning_rate or (FRESH_LEARNING_RATE if config.weights is None else LATER_LEARNING_RATE)
        return cosine(start, ppo.learning_rate_end or start / 10, self.timesteps, config.timesteps)

    @property
    def warm_up_timesteps(self) -> int:
        """For so many timesteps of the run only the value learns."""
        config = self.config
        if config.ppo.warm_up_timesteps is not None:
            return config.ppo.warm_up_timesteps
        is_elsewhere = config.weights is not None and config.levels is not None
        return min(WARM_UP_TIMESTEPS_MOST, config.timesteps // 10) if is_elsewhere else 0

    def iterations(self, lanes: Lanes) -> Iterator[Iteration]:
        """Plays and learns until the run's timesteps are used up."""
        config = self.config
        while self.timesteps < config.timesteps:
            began_at = time.monotonic()
            endings = self._play(lanes)
            learns_at = time.monotonic()
            only_value = self.timesteps < self.warm_up_timesteps
            learning_rate = self.learning_rate
            update = self.learner.update(self._rollout, learning_rate=learning_rate, only_value=only_value)
            self.timesteps += config.rollout * config.lanes * self.processes
            yield Iteration(
                timesteps=self.timesteps,
                learning_rate=learning_rate,
                update=update,
                endings=endings,
                actions=np.bincount(self._rollout.action.flatten().cpu().numpy(), minlength=len(ACTION_TABLE)),
                play_s=learns_at - began_at,
                learn_s=time.monotonic() - learns_at,
            )

    def _play(self, lanes: Lanes) -> list[Ending]:
        """Fills the rollout."""
        rollout, ppo = self._rollout, self.config.ppo
        endings: list[Ending] = []
        for t in range(len(rollout.obs)):
            rollout.obs[t].copy_(torch.from_numpy(lanes.obs))
            action, rollout.log_probability[t], rollout.value[t] = self.learner.act(rollout.obs[t])
            rollout.action[t] = action
            if self._teacher is not None and rollout.taught is not None:
                assert isinstance(lanes, TwinLanes), "only the twin shows its inside"
                with torch.no_grad():
                    rollout.taught[t] = self._teacher.value_and_policy(torch.from_numpy(lanes.inside).to(self.device))[
                        1
                    ]
            reward, ended, ends = lanes.step(action.cpu().numpy())
            rollout.reward[t].copy_(torch.from_numpy(reward * np.float32(ppo.reward_scale)))
            rollout.discount[t].copy_(torch.from_numpy(np.where(ended, 0, ppo.gamma).astype(np.float32)))
            endings += ends
        rollout.last_value.copy_(self.learner.value(torch.from_numpy(lanes.obs).to(self.device)))
        return endings

    def state(self) -> dict[str, Any]:
        """Returns what a checkpoint keeps; lanes begin anew when a run goes on."""
        return {"timesteps": self.timesteps, "sizes": self._sizes(), "learner": self.learner.state_dict()}

    def _sizes(self) -> str:
        """Says what the network is and what it looks at, for a checkpoint."""
        config = self.config
        return f"{config.network}, {config.vision}" if config.sees == "screen" else "an insider"

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from a checkpoint's state.

        Raises:
            ValueError: If it is of another network, or of nothing that this class returned.
        """
        if (sizes := state.get("sizes", self._sizes())) != self._sizes():
            raise ValueError(f"it is of another network: wanted {self._sizes()}, got {sizes}")
        try:
            self.learner.load_state_dict(state["learner"])
            self.timesteps = int(state["timesteps"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"it is no checkpoint of a run: {error!r}") from error
        # Other draws than before the stop: the lanes begin other episodes.
        self._generator.manual_seed(self._generator.initial_seed() + self.timesteps)
