"""What the lanes have just played, and how much better it went than expected."""

from dataclasses import dataclass

import torch
from torch import Tensor


def generalised_advantages(reward: Tensor, value: Tensor, last_value: Tensor, discount: Tensor, trace: float) -> Tensor:
    """Computes generalised advantage estimates.

    With the error of a timestep, delta[t] = reward[t] + discount[t] * value[t + 1] - value[t]:

        advantage[t] = delta[t] + discount[t] * trace * advantage[t + 1]

    Source: Schulman et al. 2016, "High-dimensional continuous control using generalized advantage estimation", eq. 16.

    Args:
        reward: float32 [T, N], scaled reward units.
        value: float32 [T, N], of the observations that were acted on.
        last_value: float32 [N], of the observations after the last timestep.
        discount: float32 [T, N], gamma, or 0 where the episode ended with that timestep.
        trace: Lambda; 0: one step ahead alone, 1: all that followed.

    Returns:
        float32 [T, N], scaled reward units.

    Raises:
        ValueError: If the shapes differ.
    """
    if not reward.shape == value.shape == discount.shape or last_value.shape != value.shape[1:]:
        shapes = [list(tensor.shape) for tensor in (reward, value, discount, last_value)]
        raise ValueError(f"wanted reward, value, discount [T, N] and last_value [N], got {shapes}")
    following = torch.cat([value[1:], last_value[None]])  # [T, N]
    delta = reward + discount * following - value  # [T, N]
    advantage = torch.empty_like(delta)
    later = torch.zeros_like(last_value)  # [N]
    for t in reversed(range(len(delta))):
        later = delta[t] + discount[t] * trace * later
        advantage[t] = later
    return advantage


@dataclass(slots=True, kw_only=True)
class Rollout:
    """T timesteps of N lanes, on the learner's device, written over by the next.

    time:     0       1             T-1     T
    obs       o[0] -> o[1] -> ... -> o[T-1]          acted on
    action    a[0]    a[1]           a[T-1]
    reward        r[0]    r[1]           r[T-1]      what a[t] brought
    discount      d[0]    d[1]           d[T-1]      0: the episode ended with it, and o[t+1] begins another
    value     v[0]    v[1]           v[T-1]  last_value
    """

    obs: Tensor
    """uint8 [T, N, C, H, W], or float32 [T, N, INSIDE] for who sees the inside."""
    action: Tensor
    """int64 [T, N]."""
    log_probability: Tensor
    """float32 [T, N], of the action, by the policy that chose it."""
    reward: Tensor
    """float32 [T, N], scaled reward units."""
    discount: Tensor
    """float32 [T, N]."""
    value: Tensor
    """float32 [T, N], scaled reward units."""
    last_value: Tensor
    """float32 [N]."""
    taught: Tensor | None = None
    """float32 [T, N, A], log pi of the teacher, where there is one."""

    @classmethod
    def empty(cls, timesteps: int, obs: Tensor, *, taught: int = 0) -> "Rollout":
        """Allocates a rollout.

        Args:
            timesteps: T.
            obs: Observations [N, ...] like those that it will hold, on the learner's device.
            taught: A, where a teacher is heard; 0: there is none.
        """
        lanes, device = len(obs), obs.device

        def floats(*more: int) -> Tensor:
            return torch.zeros(timesteps, lanes, *more, device=device)

        return cls(
            obs=torch.zeros(timesteps, *obs.shape, dtype=obs.dtype, device=device),
            action=torch.zeros(timesteps, lanes, dtype=torch.int64, device=device),
            log_probability=floats(),
            reward=floats(),
            discount=floats(),
            value=floats(),
            last_value=torch.zeros(lanes, device=device),
            taught=floats(taught) if taught else None,
        )
