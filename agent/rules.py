"""The contest's rules in numbers, its 12 buttons by name, and the action table that the Q-network chooses from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CONTEST_TIMESTEPS = 1_000_000
"""Timesteps of one contest run. Source: Retro Contest rules."""


CONTEST_WALLCLOCK_S = 12 * 3600.0
"""Seconds of one contest run. Source: Retro Contest rules."""


SEED_VARIABLE, TIMESTEPS_VARIABLE, WALLCLOCK_VARIABLE = "QJERK_SEED", "QJERK_TIMESTEPS", "QJERK_WALLCLOCK"
"""Environment variables that tell an agent its seed, and its run's timesteps and seconds where these are limited."""


EPISODE_TIMESTEPS = 4500
"""Timesteps after which the server ends an episode by its time limit. Source: retro-contest, TimeLimit(4500)."""


LEVEL_REWARD = 9000.0
"""Sum of a level's rewards for its whole way, without the bonus for being quick. Source: Retro Contest rules."""


TIME_BONUS = 1000.0
"""Reward for reaching a level's end at once; it falls to nothing at the time limit. Source: as above."""


FRAME_SKIP = 4
"""Frames of a timestep. Source: retro-contest, StochasticFrameSkip(n=4)."""


STICK_PROBABILITY = 0.25
"""Probability that a timestep's first frame still plays the previous action. Source: as above, stickprob=0.25."""


LEAST_RISE = 0.1
"""The smallest rise in return that counts as progress, contest units. A pixel of a level pays about 1; the rounding of an
episode's rewards, which come in single precision, is below 1e-3."""


SCREEN_SHAPE = (224, 320, 3)
"""Rows, columns and colours of the Mega Drive's screen. Source: retro-contest."""


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
