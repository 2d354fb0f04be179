"""Advantages, worked out by hand and by their definition as a sum."""

import numpy as np
import pytest
import torch

from training.learning.rollout import Rollout, generalised_advantages


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None]


def test_two_timesteps_by_hand() -> None:
    # delta[1] = 2 + 0.9 * 10 - 4 = 7;  delta[0] = 1 + 0.9 * 4 - 3 = 1.6;  advantage[0] = 1.6 + 0.9 * 0.5 * 7 = 4.75
    found = generalised_advantages(column(1, 2), column(3, 4), torch.tensor([10.0]), column(0.9, 0.9), 0.5)
    assert found[:, 0].tolist() == pytest.approx([4.75, 7.0])


def test_nothing_comes_back_over_an_end() -> None:
    # The episode ends with timestep 0: delta[0] = 1 - 3, whatever follows.
    found = generalised_advantages(column(1, 2), column(3, 4), torch.tensor([10.0]), column(0, 0.9), 0.5)
    assert found[:, 0].tolist() == pytest.approx([-2.0, 7.0])


@pytest.mark.parametrize("trace", [0.0, 0.3, 0.95, 1.0])
@pytest.mark.parametrize("end", [None, 0, 3, 6])
def test_it_is_the_sum_of_discounted_errors(trace: float, end: int | None) -> None:
    rng, gamma, length = np.random.default_rng(1), 0.97, 7
    reward, value, last = rng.normal(size=length), rng.normal(size=length), rng.normal()
    discount = np.full(length, gamma)
    if end is not None:
        discount[end] = 0
    following = np.append(value[1:], last)
    delta = reward + discount * following - value
    wanted = [sum(np.prod(discount[t:k] * trace) * delta[k] for k in range(t, length)) for t in range(length)]
    found = generalised_advantages(
        column(*reward), column(*value), torch.tensor([last], dtype=torch.float32), column(*discount), trace
    )
    assert found[:, 0].numpy() == pytest.approx(np.array(wanted), abs=1e-5)


def test_with_a_trace_of_one_it_is_the_return_less_the_value() -> None:
    reward, value = column(1, 2, 3), column(5, 6, 7)
    found = generalised_advantages(reward, value, torch.tensor([100.0]), column(1, 1, 0), 1.0)
    assert found[:, 0].tolist() == pytest.approx([6 - 5, 5 - 6, 3 - 7])


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[T, N\].*\[2, 1\]"):
        generalised_advantages(column(1, 2), column(3), torch.tensor([10.0]), column(0.9, 0.9), 0.5)


def test_a_rollout_has_room_for_every_lane() -> None:
    rollout = Rollout.empty(5, torch.zeros(3, 4, 8, 10, dtype=torch.uint8))
    assert rollout.obs.shape == (5, 3, 4, 8, 10)
    assert rollout.obs.dtype == torch.uint8
    assert rollout.last_value.shape == (3,)
