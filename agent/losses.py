"""The losses of Q-learning and of learning from a planner, as pure functions."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

LossName = Literal["huber", "mse", "msle"]
KnowledgeName = Literal["soft", "margin", "none"]


def symlog(x: Tensor) -> Tensor:
    """Computes sign(x) log(1 + |x|), the logarithm that negative values have too."""
    return x.sign() * x.abs().log1p()


def td_loss(name: LossName, q: Tensor, target: Tensor) -> Tensor:
    """Computes the loss of each sample.

    Args:
        name: huber (threshold 1), mse or msle. The origin's msle clipped negative values to 0; here they count.
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


def n_step_target(reward: Tensor, discount: Tensor, next_q: Tensor) -> Tensor:
    """Computes n-step Q-learning targets.

    Source: Mnih et al. 2015, Methods; n-step as in Hessel et al. 2018.

    Args:
        reward: float32 [B], discounted n-step sum, scaled reward units.
        discount: float32 [B], gamma**n, or 0 where the episode terminated.
        next_q: float32 [B], target network's value at next_obs.

    Returns:
        float32 [B], same units as reward; no gradient.

    Raises:
        ValueError: If the shapes differ.
    """
    if not reward.shape == discount.shape == next_q.shape:
        raise ValueError(f"wanted one shape, got {list(reward.shape)}, {list(discount.shape)}, {list(next_q.shape)}")
    return (reward + discount * next_q).detach()


def double_q(online: Tensor, target: Tensor) -> Tensor:
    """Values the online network's best action by the target network. Source: van Hasselt et al. 2016, equation 4.

    Args:
        online: float32 [B, A], online network at next_obs.
        target: float32 [B, A], target network at next_obs.

    Returns:
        float32 [B].
    """
    return target.gather(1, online.argmax(1, keepdim=True))[:, 0]


def soft_label_loss(q: Tensor, values: Tensor, temperature: float) -> Tensor:
    """Computes the cross entropy of softmax(q / temperature) with softmax(values / temperature).

    Soft, because in half of the states several actions are equally good, and which of them is best is noise.

    Args:
        q: float32 [B, A].
        values: float32 [B, A], the planner's, same units, finite.
        temperature: Same units.

    Returns:
        float32 [B].
    """
    labels = torch.softmax(values / temperature, 1)  # [B, A]
    return -(labels * torch.log_softmax(q / temperature, 1)).sum(1)


def margin_loss(q: Tensor, values: Tensor, margin: float) -> Tensor:
    """Computes max over actions of q + margin (0 for the best ones), minus the q of the best.

    Source: Hester et al. 2018, equation 1; several actions may be the best here, the largest q among them counts.

    Args:
        q: float32 [B, A].
        values: float32 [B, A], the planner's, same units, finite.
        margin: Same units.

    Returns:
        float32 [B].
    """
    is_best = values >= values.amax(1, keepdim=True) - margin / 10  # [B, A]
    best_q = q.masked_fill(~is_best, -torch.inf).amax(1)  # [B]
    return (q + margin * ~is_best).amax(1) - best_q


def spread(values: Tensor) -> Tensor:
    """Computes how much the choice of an action matters: the square of what lies between the best and the worst value.

    Not the loss against the planner: where its choice is noise that stays high, and there is nothing to learn.

    Args:
        values: float32 [B, A], the planner's, finite.

    Returns:
        float32 [B].
    """
    return (values.amax(1) - values.amin(1)) ** 2
