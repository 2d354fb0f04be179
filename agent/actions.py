"""The 12 buttons by name, and the discrete action table the Q-network chooses from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Buttons = NDArray[np.int8]
"""int8 [12], 1 where the button is held; what MultiBinary(12) takes."""

BUTTONS = ("B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z")
"""Order on the wire. Source: stable-retro, cores/genesis.json."""

ACTION_TABLE: tuple[tuple[str, ...], ...] = (
    (),
    ("RIGHT",),
    ("RIGHT", "B"),
    ("LEFT",),
    ("LEFT", "B"),
    ("B",),
    ("DOWN",),
    ("DOWN", "B"),
    ("RIGHT", "DOWN"),
)
"""What each discrete action holds: walking, jumping, ducking, the spin dash's charge, rolling."""


def buttons(*names: str) -> Buttons:
    """Holds the named buttons.

    Raises:
        ValueError: If a name is not one of the 12.
    """
    held = np.zeros(len(BUTTONS), np.int8)
    for name in names:
        if name not in BUTTONS:
            raise ValueError(f"wanted a button of {', '.join(BUTTONS)}; got {name!r}")
        held[BUTTONS.index(name)] = 1
    return held


def action_buttons(table: Sequence[Sequence[str]] = ACTION_TABLE) -> NDArray[np.int8]:
    """Returns the action table as buttons, int8 [A, 12]."""
    return np.stack([buttons(*names) for names in table])


def pack(held: Buttons) -> int:
    """Folds buttons into one number, bit i for button i, so that a trajectory takes two bytes a timestep."""
    return int(np.packbits(held, bitorder="little").view("<u2")[0])


def unpack(packed: int) -> Buttons:
    """Undoes `pack`.

    Raises:
        ValueError: If a bit beyond the 12 buttons is set.
    """
    if not 0 <= packed < 1 << len(BUTTONS):
        raise ValueError(f"wanted packed buttons within 0..{(1 << len(BUTTONS)) - 1}, got {packed}")
    return np.unpackbits(np.array([packed], "<u2").view(np.uint8), bitorder="little")[: len(BUTTONS)].astype(np.int8)
