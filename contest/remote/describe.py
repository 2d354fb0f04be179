"""The description of the wire's channels, as the server writes it; `agent.wire.description` reads it.

Source: openai/retro-contest, support/gym_remote/bridge.py.
"""

from typing import Any

import numpy as np
from gymnasium import Space, spaces

from agent.wire import FOLDED_BITS_MAX, ChannelForm


def form_of(space: Space[Any]) -> ChannelForm:
    """Returns how the contest's server sends a space.

    Raises:
        ValueError: If it cannot.
    """
    match space:
        case spaces.MultiBinary(shape=(int(n),)):
            annotations = {"n": str(n), "type": "MultiBinary"}
            if n <= FOLDED_BITS_MAX:
                return ChannelForm(kind="int_fold", shape=(n,), annotations=annotations)
            return ChannelForm(kind="np", shape=(n,), dtype=np.dtype(np.uint8), annotations=annotations)
        case spaces.Discrete(start=0):
            return ChannelForm(kind="int", annotations={"n": str(space.n), "type": "Discrete"})
        case spaces.MultiDiscrete(shape=(int(n),)) if not space.start.any():
            annotations = {"shape": str(n), "type": "MultiDiscrete"}
            return ChannelForm(kind="np", shape=(n,), dtype=np.dtype(np.int64), annotations=annotations)
        case spaces.Box():
            annotations = {"type": "Box", "shape": str(space.shape)}
            return ChannelForm(kind="np", shape=space.shape, dtype=space.dtype, annotations=annotations)
    raise ValueError(f"wanted a flat MultiBinary, Discrete or MultiDiscrete from 0, or a Box, got {space}")


def entry(form: ChannelForm) -> list[object]:
    """Returns a channel's entry of the description: kind, shape, annotations."""
    shape: str | None = None
    if form.kind == "int_fold":
        shape = f"{[2] * form.shape[0]},"
    elif form.dtype is not None:
        shape = f'{form.shape}, dtype("{form.dtype.str}")'
    return [form.kind, shape, form.annotations]
