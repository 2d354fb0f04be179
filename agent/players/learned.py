"""The Q-network at the controls."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agent.players.moment import Moment
from agent.rules import Buttons, action_buttons, buttons
from agent.vision import Observation


class QFunction(Protocol):
    """Whatever values actions."""

    def q_values(self, obs: Observation) -> NDArray[np.float32]:
        """Computes the Q-values float32 [A] of one observation uint8 [C, H, W]."""


def softmax_draw(q: NDArray[np.float32], temperature: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draws actions from softmax(Q / temperature): the largest of Q-values with Gumbel noise is such a draw.

    Args:
        q: float32 [..., A].
        temperature: In the units of the Q-values; 0 takes the action of the highest one.
        rng: Makes the noise.

    Returns:
        int64 [...].
    """
    return np.asarray((q + temperature * rng.gumbel(size=q.shape)).argmax(-1))


class Learned:
    """Greedy on the Q-network, with light epsilon exploration; chance decides between actions of nearly equal value.

    So it does not stand for ever before something that two actions, taken in turn, do not get past.
    """

    name = "learned"

    def __init__(
        self, q_function: QFunction, epsilon: float, rng: np.random.Generator, *, temperature: float = 0.0
    ) -> None:
        """Makes the player.

        Args:
            q_function: Values the actions.
            epsilon: Probability of a random action instead.
            rng: Decides by chance.
            temperature: Otherwise the action is drawn from softmax(Q / temperature); 0: always the best one.
        """
        self._q_function = q_function
        self._epsilon = epsilon
        self._temperature = temperature
        self._rng = rng
        self._table: list[Buttons] = list(action_buttons())
        self.is_sound = True
        """False once a Q-value was not finite: from then on nothing this player says can be trusted."""

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:
        """Chooses the action of the highest Q-value or nearly so, or a random one."""
        if self._epsilon > 0 and self._rng.random() < self._epsilon:
            return self._draw()
        q_values = self._q_function.q_values(moment.stack.observation())
        if not np.isfinite(q_values).all():
            self.is_sound = False
            return buttons()
        return self._table[int(softmax_draw(q_values, self._temperature, self._rng))]

    def _draw(self) -> Buttons:
        return self._table[int(self._rng.integers(len(self._table)))]
