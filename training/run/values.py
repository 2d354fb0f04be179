"""What a network makes of observations, from numpy to numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Values = Callable[[NDArray[Any]], NDArray[np.float32]]
"""From observations, uint8 [B, C, H, W] or float32 [B, INSIDE], to their Q-values, float32 [B, A]."""

_CPU = torch.device("cpu")


def values_of(network: Callable[[Tensor], Tensor], device: torch.device = _CPU) -> Values:
    """Wraps a network, or anything else that turns observations into Q-values on a device."""

    def values(obs: NDArray[Any]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(obs).to(device)).cpu().numpy(), np.float32)

    return values
