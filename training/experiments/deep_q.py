"""Deep Q-learning as it began: a replay buffer of frames, three losses, an online and a target network.

Source: Mnih et al. 2015, "Human-level control through deep reinforcement learning".
"""

import copy
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from agent.rules import ACTION_TABLE
from training.learning.ppo import NotFiniteError
from training.network.model import QNetwork
from training.run.values import values_of

LossName = Literal["huber", "mse", "msle"]

BATCH_SIZE = 32
"""Transitions of an update. Source: the origin's, and Mnih et al. 2015."""

CLIP_NORM = 10.0
"""Gradients longer than this are shortened to it. Source: Wang et al. 2016."""


def symlog(x: Tensor) -> Tensor:
    """Computes sign(x) log(1 + |x|), the logarithm that negative values have too; its derivative at 0 is 1."""
    # abs and sign, and so their product, have a derivative of 0 at 0 in torch: a network that starts there stays there.
    return torch.where(x < 0, -torch.log1p(-x.clamp_max(0)), torch.log1p(x.clamp_min(0)))


def td_loss(name: LossName, q: Tensor, target: Tensor) -> Tensor:
    """Computes the loss of each sample.

    Args:
        name: huber (threshold 1), mse, or msle, the squared difference of `symlog`. The origin's msle clipped negative
            values to 0; here they count.
        q: float32 [B], scaled reward units.
        target: float32 [B], the same units.

    Returns:
        float32 [B].
    """
    match name:
        case "huber":
            return functional.huber_loss(q, target, reduction="none")
        case "mse":
            return (q - target) ** 2
        case "msle":
            return (symlog(q) - symlog(target)) ** 2


def free_memory() -> int:
    """Returns how much memory the system can give away, bytes."""
    (kibibytes,) = re.findall(r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text("ascii"), re.MULTILINE)
    return 1024 * int(kibibytes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Transitions drawn from the replay buffer."""

    obs: NDArray[np.uint8]
    """uint8 [B, S, H, W]."""
    action: NDArray[np.int64]
    """int64 [B]."""
    reward: NDArray[np.float32]
    """float32 [B], scaled reward units."""
    discount: NDArray[np.float32]
    """float32 [B], gamma, or 0 where the episode ended; next_obs does not matter there."""
    next_obs: NDArray[np.uint8]
    """uint8 [B, S, H, W]."""


class ReplayBuffer:
    """The latest timesteps of some lanes, each frame kept once; it takes all its memory at once.

    time:      t            t+1          t+2
    frame      f[t]    ->   f[t+1]  ->   f[t+2]     what was acted on; a stack is the last S frames of an episode
    action     a[t]         a[t+1]
    reward         r[t]         r[t+1]              what a[t] brought
    discount       d[t]         d[t+1]              0: the episode ended with a[t], and f[t+1] begins another
    """

    def __init__(self, timesteps: int, lanes: int, obs_shape: tuple[int, int, int], rng: np.random.Generator) -> None:
        """Allocates.

        Args:
            timesteps: Of each lane that are kept.
            lanes: Games that are played side by side.
            obs_shape: [S, H, W].
            rng: Draws the samples.

        Raises:
            ValueError: If it is too small for a stack and what follows it, or takes more memory than is free.
        """
        self._stack = obs_shape[0]
        if timesteps <= self._stack:
            raise ValueError(f"wanted --memory of at least {(self._stack + 1) * lanes} frames, got {timesteps * lanes}")
        wanted, free = self.memory_bytes(timesteps, lanes, obs_shape), free_memory()
        if wanted > free:
            raise ValueError(f"wanted {wanted / 1e6:.0f} MB for the replay, got {free / 1e6:.0f}: ask for fewer frames")
        self._frames = np.zeros((timesteps, lanes, *obs_shape[1:]), np.uint8)
        self._actions = np.zeros((timesteps, lanes), np.int64)
        self._rewards = np.zeros((timesteps, lanes), np.float32)
        self._discounts = np.zeros((timesteps, lanes), np.float32)
        self._ages = np.zeros((timesteps, lanes), np.int64)  # timesteps since the episode began
        self._written = 0
        self._rng = rng

    @staticmethod
    def memory_bytes(timesteps: int, lanes: int, obs_shape: tuple[int, int, int]) -> int:
        """Returns the memory that a replay takes, full or empty."""
        return timesteps * lanes * (obs_shape[1] * obs_shape[2] + 24)

    def __len__(self) -> int:
        """Returns how many transitions can be drawn."""
        return max(min(self._written, len(self._frames)) - self._stack, 0) * self._frames.shape[1]

    def add(
        self,
        frame: NDArray[np.uint8],
        action: NDArray[np.int64],
        reward: NDArray[np.float32],
        discount: NDArray[np.floating[Any]],
    ) -> None:
        """Takes in a timestep of every lane, in place of the oldest.

        Args:
            frame: uint8 [N, H, W], the newest of the stack that was acted on.
            action: int64 [N].
            reward: float32 [N], scaled reward units.
            discount: float [N], gamma, or 0 where the episode ended with it.
        """
        now, before = self._written % len(self._frames), (self._written - 1) % len(self._frames)
        self._frames[now], self._actions[now], self._rewards[now] = frame, action, reward
        self._ages[now] = np.where(self._discounts[before] == 0, 0, self._ages[before] + 1)
        self._discounts[now] = discount
        self._written += 1

    def sample(self, batch_size: int) -> Batch:
        """Draws transitions evenly, with replacement.

        Raises:
            ValueError: If there is none yet.
        """
        count, lanes = len(self), self._frames.shape[1]
        if not count:
            raise ValueError("wanted a transition to draw, got none")
        lane = self._rng.integers(0, lanes, batch_size)  # [B]
        back = self._rng.integers(1, count // lanes, batch_size, endpoint=True)  # [B], the newest has no successor
        at = (self._written - 1 - back) % len(self._frames)
        return Batch(
            obs=self._stacks(at, lane),
            action=self._actions[at, lane],
            reward=self._rewards[at, lane],
            discount=self._discounts[at, lane],
            next_obs=self._stacks((at + 1) % len(self._frames), lane),
        )

    def _stacks(self, at: NDArray[np.int64], lane: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Puts stacks together, uint8 [B, S, H, W], newest frame last; before an episode's first frame comes the first."""
        back = np.minimum(np.arange(self._stack)[::-1], self._ages[at, lane][:, None])  # [B, S]
        stacks: NDArray[np.uint8] = self._frames[at[:, None] - back, lane[:, None]]  # below 0: from the ring's end
        return stacks


class DeepQ:
    """The learner: its online network learns, and its target network values the next observation."""

    def __init__(self, network: QNetwork, *, loss: LossName, learning_rate: float, target_period: int = 1000) -> None:
        """Learns on `network`.

        Args:
            network: The online network.
            loss: Of the difference between Q-value and target.
            learning_rate: Step size of Adam.
            target_period: Updates between two copies of the online into the target network.
        """
        self.online_network = network
        self.target_network = copy.deepcopy(network).requires_grad_(requires_grad=False)
        self.updates = 0
        self._values = values_of(network)
        self._loss: LossName = loss
        self._target_period = target_period
        self._optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate, eps=1e-5, fused=True)

    def act(
        self, obs: NDArray[np.uint8], epsilon: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Chooses an action at random with probability epsilon, and else the one of the highest Q-value.

        Args:
            obs: uint8 [B, S, H, W].
            epsilon: Probability.
            rng: Draws.

        Returns:
            Actions int64 [B], and which of them are the greedy ones, bool [B].
        """
        is_greedy = rng.random(len(obs)) >= epsilon
        action = rng.integers(0, len(ACTION_TABLE), len(obs))
        if is_greedy.any():
            action = np.where(is_greedy, self._values(obs).argmax(1), action)
        return action, is_greedy

    def update(self, batch: Batch) -> tuple[float, float]:
        """Learns from a batch; returns the mean loss and the mean Q-value of the actions taken.

        Raises:
            NotFiniteError: If the gradient is not finite; the weights are as before.
        """
        q = self.online_network(torch.from_numpy(batch.obs))  # [B, A]
        q = q.gather(1, torch.from_numpy(batch.action)[:, None])[:, 0]  # [B]
        with torch.no_grad():
            following = self.target_network(torch.from_numpy(batch.next_obs)).amax(1)  # [B]
        target = torch.from_numpy(batch.reward) + torch.from_numpy(batch.discount) * following  # [B]
        loss = td_loss(self._loss, q, target).mean()
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.online_network.parameters(), CLIP_NORM)
        if not torch.isfinite(norm):
            raise NotFiniteError(
                f"update {self.updates + 1}: a gradient is not finite: a smaller --learning-rate may help"
            )
        self._optimiser.step()
        self.updates += 1
        if self.updates % self._target_period == 0:
            self.target_network.load_state_dict(self.online_network.state_dict())
        return loss.item(), q.mean().item()
