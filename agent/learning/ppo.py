"""Proximal policy optimisation of the heads: one update from what was just played."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from agent.learning.adam import Adam
from agent.network.heads import Floats, Heads
from agent.ranges import Checked, above, at_least, within

GOES_ON, OVER, CUT = 0, 1, 2
"""What follows a timestep: the next one; nothing, as the episode is over; or the play of somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PPOConfig(Checked):
    """How the heads learn in a run. Source: Schulman et al. 2017; units and horizon are those of training."""

    learning_rate: Annotated[float, at_least(0)] = 3e-4
    """Step size of Adam; 0: nothing is learned in the run."""

    timesteps: Annotated[int, above(0)] = 2048
    """Timesteps of its own play after which the network learns from them, at the end of the episode."""

    epochs: Annotated[int, above(0)] = 4
    """How often each timestep is learned from."""

    batch_size: Annotated[int, above(0)] = 256
    """Timesteps of one step."""

    gamma: Annotated[float, within(0, 1)] = 0.995
    """Discount a timestep: looks some 200 timesteps, 13 seconds, ahead."""

    trace: Annotated[float, within(0, 1)] = 0.95
    """Lambda of the advantages."""

    reward_scale: Annotated[float, above(0)] = 0.01
    """Scaled reward units for one contest unit."""

    clip: Annotated[float, above(0)] = 0.2
    """Share by which a probability may move in one update before it gains nothing more."""

    entropy_weight: Annotated[float, at_least(0)] = 0.002
    """Weight of the policy's entropy, nats."""

    value_weight: Annotated[float, at_least(0)] = 0.5
    """Weight of the value's squared error, in variances of the returns."""

    clip_norm: Annotated[float, above(0)] = 0.5
    """Gradients longer than this are shortened to it."""


def advantages(
    reward: Floats, value: Floats, follows: NDArray[np.uint8], gamma: float, trace: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Estimates by how much each action was better than the policy. Source: Schulman et al. 2016 (GAE).

    Args:
        reward: float32 [T], scaled reward units.
        value: float32 [T], of the observations that were acted on.
        follows: uint8 [T]: GOES_ON, OVER or CUT.
        gamma: Discount.
        trace: Lambda.

    Returns:
        float32 [T], and bool [T], where there is one: what a timestep that was cut led to is not known.
    """
    advantage = np.zeros_like(reward)
    ahead = 0.0
    for t in reversed(range(len(reward))):
        if follows[t] == CUT:
            ahead = 0.0
            continue
        discount = gamma if follows[t] == GOES_ON else 0.0
        next_value = value[t + 1] if follows[t] == GOES_ON else 0.0
        ahead = reward[t] + discount * next_value - value[t] + discount * trace * ahead
        advantage[t] = ahead
    return advantage, follows != CUT


class PPO:
    """The optimiser of some heads, and the update."""

    def __init__(self, heads: Heads, config: PPOConfig, rng: np.random.Generator) -> None:
        """Will change these heads; `rng` shuffles batches."""
        self._heads = heads
        self._config = config
        self._rng = rng
        self._adam = Adam(heads.parameters)
        self._variance = 0.0  # of the returns, a running mean

    def update(self, features: Floats, action: NDArray[np.intp], reward: Floats, follows: NDArray[np.uint8]) -> None:
        """Learns from timesteps in the order they were played.

        Args:
            features: float32 [T, F], of what was acted on.
            action: int [T].
            reward: float32 [T], what each brought, contest units.
            follows: uint8 [T]: GOES_ON, OVER or CUT; the last is not GOES_ON.
        """
        config, every = self._config, np.arange(len(action))
        before = self._heads.answer(features)
        advantage, is_known = advantages(
            reward * np.float32(config.reward_scale), before.value, follows, config.gamma, config.trace
        )
        target = advantage + before.value
        known = np.flatnonzero(is_known)
        if len(known) < config.batch_size:
            return
        variance = float(target[known].var())
        self._variance = 0.9 * self._variance + 0.1 * variance if self._variance else variance
        advantage = (advantage - advantage[known].mean()) / (advantage[known].std() + np.float32(1e-8))
        log_before = before.log_policy[every, action]
        for _ in range(config.epochs):
            order = self._rng.permutation(known)
            for first in range(0, len(order) - config.batch_size + 1, config.batch_size):
                batch = order[first : first + config.batch_size]
                self._step(features[batch], action[batch], log_before[batch], advantage[batch], target[batch])

    def _step(
        self, features: Floats, action: NDArray[np.intp], log_before: Floats, advantage: Floats, target: Floats
    ) -> None:
        config, size, every = self._config, np.float32(len(action)), np.arange(len(action))
        answer = self._heads.answer(features)
        policy = np.exp(answer.log_policy)  # [B, A]
        ratio = np.exp(answer.log_policy[every, action] - log_before)  # [B]
        is_free = np.where(advantage > 0, ratio <= 1 + config.clip, ratio >= 1 - config.clip)
        to_log = -advantage * ratio * is_free / size  # the clipped objective by log pi of the action
        to_logits = -policy * to_log[:, None]
        to_logits[every, action] += to_log
        entropy = -(policy * answer.log_policy).sum(1, keepdims=True)
        to_logits += config.entropy_weight * policy * (answer.log_policy + entropy) / size
        to_value = 2 * config.value_weight * (answer.value - target) / (max(self._variance, 1e-8) * size)
        gradients = self._heads.gradients(features, answer, to_value.astype(np.float32), to_logits.astype(np.float32))
        self._adam.step(gradients, config.learning_rate, config.clip_norm)
