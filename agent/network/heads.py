"""The Q-network's two heads in numpy: small enough that a run can teach them beside the game."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

HEAD_NAMES = tuple(
    f"{head}.{layer}.{kind}" for head in ("value", "advantage") for layer in (0, 2) for kind in ("weight", "bias")
)
"""The heads' parameters, as `training.network.model.QNetwork` and the graph name them."""


class Answer(NamedTuple):
    """What the heads make of B observations."""

    value: Floats
    """float32 [B], scaled reward units."""
    log_policy: Floats
    """float32 [B, A], log pi."""
    hidden: tuple[Floats, Floats]
    """float32 [B, hidden], what the value's and the policy's hidden layers answered."""


class Heads:
    """Value and policy, each a layer of rectified units and a linear one above the torso's features."""

    def __init__(self, parameters: Sequence[Floats], temperature: float) -> None:
        """Takes the parameters over.

        Args:
            parameters: Those that HEAD_NAMES names; weights are [outputs, inputs].
            temperature: Of the policy, scaled reward units.
        """
        self.parameters = [np.array(parameter, np.float32) for parameter in parameters]
        self.temperature = np.float32(temperature)

    def answer(self, features: Floats) -> Answer:
        """Computes value and policy of features float32 [B, F]."""
        value_in, value_in_bias, value_out, value_out_bias, act_in, act_in_bias, act_out, act_out_bias = self.parameters
        value_hidden = np.maximum(features @ value_in.T + value_in_bias, 0)
        act_hidden = np.maximum(features @ act_in.T + act_in_bias, 0)
        logits = (act_hidden @ act_out.T + act_out_bias) / self.temperature
        logits -= logits.max(1, keepdims=True)
        log_policy = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return Answer((value_hidden @ value_out.T + value_out_bias)[:, 0], log_policy, (value_hidden, act_hidden))

    def q_values(self, features: Floats) -> Floats:
        """Computes Q = V + t * log pi, float32 [B, A], of features float32 [B, F]."""
        answer = self.answer(features)
        return answer.value[:, None] + self.temperature * answer.log_policy

    def gradients(self, features: Floats, answer: Answer, to_value: Floats, to_logits: Floats) -> list[Floats]:
        """Leads a loss's gradients back to the parameters.

        Args:
            features: float32 [B, F].
            answer: What the heads made of them.
            to_value: float32 [B], the loss by each value.
            to_logits: float32 [B, A], the loss by the logits, of which `log_policy` is the log-softmax.

        Returns:
            The loss by each of the parameters, in their order and shapes.
        """
        found: list[NDArray[np.floating]] = []
        to_outputs = to_value[:, None], to_logits / self.temperature
        for head, (to_output, hidden) in enumerate(zip(to_outputs, answer.hidden, strict=True)):
            to_hidden = (to_output @ self.parameters[4 * head + 2]) * (hidden > 0)
            found += [to_hidden.T @ features, to_hidden.sum(0), to_output.T @ hidden, to_output.sum(0)]
        return [gradient.astype(np.float32, copy=False) for gradient in found]
