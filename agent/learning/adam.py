"""The optimiser."""

import numpy as np

from agent.network.heads import Floats


class Adam:
    """Steps along gradients, each parameter at its own pace. Source: Kingma & Ba 2015."""

    BETAS = 0.9, 0.999
    EPSILON = 1e-5

    def __init__(self, parameters: list[Floats]) -> None:
        """Will change these parameters in place."""
        self._parameters = parameters
        self._means = [np.zeros_like(parameter) for parameter in parameters]
        self._squares = [np.zeros_like(parameter) for parameter in parameters]
        self._steps = 0

    def step(self, gradients: list[Floats], learning_rate: float, most: float) -> None:
        """Takes a step; gradients longer than `most`, all together, are shortened to it."""
        norm = np.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in gradients))
        if not np.isfinite(norm):  # of rewards beyond all measure: nothing can be learned from them
            return
        shorten = np.float32(min(1.0, most / (norm + 1e-6)))
        self._steps += 1
        first, second = self.BETAS
        pace = np.float32(learning_rate / (1 - first**self._steps))
        unbias = np.float32(1 - second**self._steps)
        for parameter, gradient, mean, square in zip(
            self._parameters, gradients, self._means, self._squares, strict=True
        ):
            short = gradient * shorten
            mean += (short - mean) * np.float32(1 - first)
            square += (short * short - square) * np.float32(1 - second)
            parameter -= pace * mean / (np.sqrt(square / unbias) + np.float32(self.EPSILON))
