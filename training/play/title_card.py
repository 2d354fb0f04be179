"""Takes the title card out of a start state of the contest's games: the sprites that cover the level's first screens."""

import numpy as np
from numpy.typing import NDArray

CARD_TILES = {
    "SonicTheHedgehog-Genesis-v0": range(0x580, 0x680),
    "SonicTheHedgehog2-Genesis-v0": range(0x580, 0x6BA),
    "SonicAndKnuckles3-Genesis-v0": range(0x500, 0x680),
}
"""The patterns that a game's title card is made of. Source: read in their states."""

VIDEO = 16 + 0x10000 + 0x2000 + 5 + 16
"""Where a state's video chip begins, bytes: after version, RAM, Z80's RAM and the ports.
Source: Genesis Plus GX, state.c and vdp_ctrl.c."""

SPRITES, VRAM = VIDEO, VIDEO + 0x400
"""The chip's own copy of the sprite table, and the video memory."""

SPRITE_TABLE = VRAM + 0xF800
"""The table in the video memory, in all three games."""

SPRITE_COUNT = 80


def without_card(state: bytes, game: str) -> bytes:
    """Moves the sprites of a state's title card out of sight.

    Args:
        state: As `StartScreens.read` returns it.
        game: One of the contest's.

    Returns:
        The state without them.
    """
    changed = bytearray(state)
    for table in (SPRITES, SPRITE_TABLE):
        # A row each: y, size and link, pattern, x; words in the host's order, as the core keeps them.
        rows: NDArray[np.uint16] = np.frombuffer(changed, "<u2", SPRITE_COUNT * 4, table).reshape(SPRITE_COUNT, 4)
        y, _, pattern, _ = rows.T
        y[np.isin(pattern & 0x7FF, CARD_TILES[game])] = 0  # 128 lines above the screen
    return bytes(changed)
