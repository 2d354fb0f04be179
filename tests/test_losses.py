"""The losses against numbers worked out by hand."""

import math

import pytest
import torch
from torch import Tensor

from agent.losses import LossName, double_q, margin_loss, n_step_target, soft_label_loss, spread, td_loss


def tensor(*values: float) -> Tensor:
    return torch.tensor(values)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("huber", [0.0, 0.125, 2.5]),
        ("mse", [0.0, 0.25, 9.0]),
        # symlog(1) = log 2, symlog(0.5) = log 1.5, symlog(-1) = -log 2, symlog(2) = log 3
        ("msle", [0.0, math.log(1.5) ** 2, (math.log(2) + math.log(3)) ** 2]),
    ],
)
def test_td_loss(name: LossName, expected: list[float]) -> None:
    loss = td_loss(name, tensor(1.0, 0.5, -1.0), tensor(1.0, 0.0, 2.0))
    torch.testing.assert_close(loss, torch.tensor(expected))


def test_n_step_target_bootstraps_unless_the_episode_terminated() -> None:
    next_q = tensor(10.0, 10.0).requires_grad_()
    target = n_step_target(tensor(1.0, 2.0), tensor(0.5, 0.0), next_q)
    torch.testing.assert_close(target, tensor(6.0, 2.0))
    assert not target.requires_grad
    with pytest.raises(ValueError, match="one shape"):
        n_step_target(tensor(1.0), tensor(0.5, 0.0), next_q)


def test_double_q_chooses_by_one_network_and_values_by_the_other() -> None:
    online, target = torch.tensor([[1.0, 3.0, 2.0]]), torch.tensor([[9.0, 5.0, 7.0]])
    assert double_q(online, target).tolist() == [5.0]


def test_soft_label_loss_is_a_cross_entropy() -> None:
    temperature = 2.0
    values = torch.tensor([[0.0, temperature * math.log(3)]])  # labels 1/4, 3/4
    q = torch.tensor([[temperature * math.log(4), 0.0]])  # probabilities 4/5, 1/5
    expected = -0.25 * math.log(0.8) - 0.75 * math.log(0.2)
    assert soft_label_loss(q, values, temperature).item() == pytest.approx(expected)


def test_margin_loss_wants_the_best_actions_ahead() -> None:
    values = torch.tensor([[5.0, 1.0, 5.0], [5.0, 1.0, 0.0]])
    q = torch.tensor([[0.0, 2.0, 1.0], [3.0, 1.0, 2.5]])
    # Row 0: best are 0 and 2, max q 1; the wrong one at 2 + 1. Row 1: best is 0 at 3; next 2.5 + 1.
    torch.testing.assert_close(margin_loss(q, values, 1.0), tensor(2.0, 0.5))
    assert margin_loss(torch.tensor([[9.0, 1.0, 0.0]]), values[1:], 1.0).item() == 0


def test_spread_is_the_square_between_best_and_worst() -> None:
    assert spread(torch.tensor([[0.0, -1.0, -2.0], [-3.0, 0.0, -9.0]])).tolist() == [4, 81]
