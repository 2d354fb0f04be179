"""The Q-network at the controls."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.players.moment import Moment
from agent.ranges import Checked, above
from agent.rules import Buttons, action_buttons
from agent.vision import Observation


class UnfitError(RuntimeError):
    """The Q-network must not play any more; the message says why."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoConfig(Checked):
    """How fast the Q-network has to decide."""

    limit_s: Annotated[float, above(0)] = math.inf
    """Longest mean time of a decision, seconds."""

    window: Annotated[int, above(0)] = 2000
    """Decisions that the mean is taken over: a machine that hangs for seconds is not slow."""


class Learned:
    """Greedy on the Q-network, with light epsilon exploration; chance decides between actions of nearly equal value.

    So it does not stand for ever before something that two actions, taken in turn, do not get past.
    """

    name = "learned"

    def __init__(
        self,
        q_function: QFunction,
        epsilon: float,
        rng: np.random.Generator,
        *,
        temperature: float = 0.0,
        tempo: TempoConfig = TempoConfig(),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Makes the player.

        Args:
            q_function: Values the actions.
            epsilon: Probability of a random action instead.
            rng: Decides by chance.
            temperature: Otherwise the action is drawn from softmax(Q / temperature); 0: always the best one.
            tempo: How fast it has to be.
            clock: Tells the time, seconds.
        """
        self._q_function = q_function
        self._epsilon = epsilon
        self._temperature = temperature
        self._rng = rng
        self._tempo = tempo
        self._clock = clock
        self._table: list[Buttons] = list(action_buttons())
        self._seconds = deque[float](maxlen=tempo.window)
        self._sum_s = 0.0

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:
        """Chooses the action of the highest Q-value or nearly so, or a random one.

        Raises:
            UnfitError: If a Q-value is not finite, or deciding takes too long.
        """
        began_at = self._clock()
        action = self._choose(moment)
        self._require_tempo(self._clock() - began_at)
        return self._table[action]

    def _choose(self, moment: Moment) -> int:
        if self._epsilon > 0 and self._rng.random() < self._epsilon:
            return int(self._rng.integers(len(self._table)))
        q_values = self._q_function.q_values(moment.observation)
        if not np.isfinite(q_values).all():
            raise UnfitError("its Q-values are not finite")
        return int(softmax_draw(q_values, self._temperature, self._rng))

    def _require_tempo(self, seconds: float) -> None:
        if len(self._seconds) == self._tempo.window:
            self._sum_s -= self._seconds[0]
        self._seconds.append(seconds)
        self._sum_s += seconds
        if self._sum_s > self._tempo.limit_s * self._tempo.window and len(self._seconds) == self._tempo.window:
            raise UnfitError(f"deciding takes over {self._tempo.limit_s * 1000:.1f} ms a timestep")
