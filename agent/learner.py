"""The learner: an online and a target network, and updates that follow the losses down."""

import copy
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agent.losses import (
    KnowledgeName,
    LossName,
    double_q,
    margin_loss,
    n_step_target,
    soft_label_loss,
    spread,
    td_loss,
)
from agent.network import QNetwork
from agent.replay import Batch

Augment = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""uint8 [B, C, H, W] -> uint8 [B, C, H, W]: what the learner sees in place of the observations."""


def keep_memory() -> None:
    """Lets the C library keep freed memory, where it can: fresh pages cost a learner a third of its time (measured)."""
    mmap_threshold, trim_threshold = -3, -1  # glibc's malloc.h
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(mmap_threshold, 32 << 20)  # the most it takes
        library.mallopt(trim_threshold, 1 << 30)


class NotFiniteError(ArithmeticError):
    """A loss, gradient or weight is not finite; going on would only hide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerConfig:
    """How the network learns."""

    learning_rate: float = 4e-4
    """Step size of Adam."""

    adam_epsilon: float = 1e-5
    """Of Adam."""

    clip_norm: float = 10.0
    """Gradients longer than this are shortened to it. Source: Wang et al. 2016."""

    target_period: int = 1000
    """Updates between two copies of the online into the target network. Source: second place of the contest, 1024."""

    average_decay: float = 0.999
    """Of the running average of the weights, an update; what is scored and shipped. Source: Izmailov et al. 2018."""

    double: bool = True
    """The online network chooses the next action, the target network values it; else the target network does both."""

    loss: LossName = "huber"
    """huber, mse, or msle: mean squared difference of sign(x) log(1 + |x|)."""

    td_weight: float = 0.0
    """Weight of the Q-learning loss where the planner valued the actions; where nobody did it is 1."""

    knowledge: KnowledgeName = "soft"
    """How the planner's values teach: soft: cross entropy with softmax(values / temperature); margin: every action
    that is worse than the planner's best must lie a margin below it (Hester et al. 2018); none: not at all."""

    knowledge_weight: float = 1.0
    """Weight of the planner's loss."""

    temperature: float = 1.0
    """Of the soft labels and of the network's Q-values in that loss, the values' units."""

    margin: float = 0.5
    """Of the margin loss, the values' units; values closer to the best than a tenth of it count as the best."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("learning_rate", "adam_epsilon", "clip_norm", "target_period", "temperature", "margin"):
            if not getattr(self, name) > 0:
                raise ValueError(f"wanted {name} above 0, got {getattr(self, name)}")
        for name in ("td_weight", "knowledge_weight"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"wanted {name} of at least 0, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What one update came to."""

    loss: float
    """Everything, weighted."""

    td_loss: float
    """Mean Q-learning loss, weighted; 0 if no sample learned by reward."""

    knowledge_loss: float
    """Mean loss against the planner; 0 if no sample had its values."""

    q_mean: float
    """Mean Q-value of the actions taken, scaled reward units."""

    gradient_norm: float
    """Before clipping."""

    priority: NDArray[np.float32]
    """float32 [B], how much is to be learned from each sample: `spread` where the planner valued the actions, the
    absolute TD error elsewhere."""


class Learner:
    """Double Q-learning with a target network, and the planner's knowledge beside it."""

    def __init__(self, network: QNetwork, config: LearnerConfig, augment: Augment | None = None) -> None:
        """Learns on `network`, the online network."""
        keep_memory()
        torch.set_num_threads(1)  # small layers: two threads are slower than one (measured)
        self.config = config
        self.online_network = network.train()
        self.target_network = copy.deepcopy(network).requires_grad_(requires_grad=False)
        self.average_network = copy.deepcopy(self.target_network).eval()
        self._weights: list[Tensor] = list(network.parameters())  # listing them takes longer than using them
        self._average: list[Tensor] = list(self.average_network.parameters())
        self.updates = 0
        self._augment: Augment = augment or (lambda obs: obs)
        self._optimizer = torch.optim.Adam(
            network.parameters(), lr=config.learning_rate, eps=config.adam_epsilon, fused=True
        )

    def set_learning_rate(self, learning_rate: float) -> None:
        """Changes the step size from the next update on."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate

    def restart(self, weights: dict[str, Tensor]) -> None:
        """Goes on from other weights of the same shape, by name."""
        for network in (self.online_network, self.target_network, self.average_network):
            network.load_state_dict(weights)

    def update(self, batch: Batch) -> Update:
        """Learns from one batch.

        Raises:
            NotFiniteError: If the loss or the gradient is not finite; the weights are as before.
        """
        config = self.config
        obs = torch.from_numpy(self._augment(batch.obs))
        q = self.online_network(obs)  # [B, A]
        chosen = q.gather(1, torch.from_numpy(batch.action)[:, None])[:, 0]  # [B]
        values = torch.from_numpy(batch.values)  # [B, A]
        is_known = torch.isfinite(values).all(1) & (config.knowledge != "none")  # [B]
        values = values.nan_to_num(0.0)
        td_weight = torch.where(is_known, config.td_weight, 1.0)  # [B]
        td = priority = torch.zeros_like(chosen)
        if td_weight.any():
            td, priority = self._td(batch, chosen)
            td = td_weight * td
        knowledge = torch.zeros_like(chosen)
        if is_known.any():
            knowledge = is_known * self._knowledge(q, values)
            priority = torch.where(is_known, spread(values), priority)
        loss = (torch.from_numpy(batch.weight) * (td + config.knowledge_weight * knowledge)).mean()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self._weights, config.clip_norm)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise NotFiniteError(
                f"update {self.updates + 1}: wanted a finite loss and gradient, got loss {loss.item()}, gradient norm "
                f"{norm.item()}: lower the learning rate or the reward scale"
            )
        self._optimizer.step()
        self.updates += 1
        # Like a mean at first, so that the initial weights do not linger.
        share = max(1 - config.average_decay, 1 / (self.updates + 1))
        torch._foreach_lerp_(self._average, self._weights, share)
        if self.updates % config.target_period == 0:
            self.target_network.load_state_dict(self.online_network.state_dict())
        return Update(
            loss=loss.item(),
            td_loss=td.mean().item(),
            knowledge_loss=knowledge.mean().item(),
            q_mean=chosen.mean().item(),
            gradient_norm=norm.item(),
            priority=priority.numpy(),
        )

    def _td(self, batch: Batch, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Computes the Q-learning loss and the absolute error, float32 [B] each."""
        with torch.no_grad():
            next_obs = torch.from_numpy(batch.next_obs)
            values = self.target_network(next_obs)  # [B, A]
            next_q = double_q(self.online_network(next_obs) if self.config.double else values, values)
        target = n_step_target(torch.from_numpy(batch.reward), torch.from_numpy(batch.discount), next_q)
        return td_loss(self.config.loss, chosen, target), (chosen - target).abs().detach()

    def _knowledge(self, q: Tensor, values: Tensor) -> Tensor:
        """Computes the loss against the planner's values, float32 [B]."""
        if self.config.knowledge == "soft":
            return soft_label_loss(q, values, self.config.temperature)
        return margin_loss(q, values, self.config.margin)

    def state(self) -> dict[str, Any]:
        """Returns everything that learning goes on from: a nest of dictionaries, lists, tensors and numbers."""
        return {
            "online": self.online_network.state_dict(),
            "target": self.target_network.state_dict(),
            "average": self.average_network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "updates": self.updates,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Takes over what `state` returned."""
        self.online_network.load_state_dict(state["online"])
        self.target_network.load_state_dict(state["target"])
        self.average_network.load_state_dict(state["average"])
        self._optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))  # which would share the tensors otherwise
        for parameter, moments in self._optimizer.state.items():
            for name in ("exp_avg", "exp_avg_sq"):  # fused Adam takes them to lie in memory as the weights do
                moments[name] = torch.empty_like(parameter).copy_(moments[name])
        self.updates = state["updates"]

    def require_finite(self) -> None:
        """Checks the weights, before a checkpoint is written.

        Raises:
            NotFiniteError: If one is not finite.
        """
        for name, weight in self.online_network.named_parameters():
            if not bool(torch.isfinite(weight).all()):
                raise NotFiniteError(f"after {self.updates} updates: weights {name} are not finite")
