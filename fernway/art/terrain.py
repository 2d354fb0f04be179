"""Cuts a zone's textures into the pictures of every block of blocks.h."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from fernway.art.canvas import Image, blank, paste
from fernway.art.headers import BLOCKS
from fernway.art.tiles import SIZE, TileSet

BLOCK = 16
"""Side of a block, pixels."""
PATTERN = 32
"""Side of the patterns a zone gives, pixels: each block has four variants, by odd and even column and row."""
VARIANTS = 4

_I = np.arange(BLOCK)
HEIGHTS = {
    "B_UP_45": _I + 1,
    "B_UP_27_A": _I // 2 + 1,
    "B_UP_27_B": _I // 2 + 9,
    "B_UP_14_A": _I // 4 + 1,
    "B_UP_14_B": _I // 4 + 5,
    "B_UP_14_C": _I // 4 + 9,
    "B_UP_14_D": _I // 4 + 13,
    "B_DOWN_45": 16 - _I,
    "B_DOWN_27_A": 16 - _I // 2,
    "B_DOWN_27_B": 8 - _I // 2,
    "B_DOWN_14_A": 16 - _I // 4,
    "B_DOWN_14_B": 12 - _I // 4,
    "B_DOWN_14_C": 8 - _I // 4,
    "B_DOWN_14_D": 4 - _I // 4,
}
"""Ground height above the block's lower edge at pixel columns 0..15, as blocks.h has it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """What a zone's blocks are cut from; indices into palette line 1, patterns tile every 32 pixels."""

    texture: Image
    """Interior of the ground [32, 32]."""
    detail: Image
    """Interior with something in it [32, 32], one thing every 16 pixels."""
    surface: Image
    """The ground's upper edge [depth, 32]; 0 where the texture shows."""
    surface_alt: Image
    """Another upper edge that meets the first without a seam [depth, 32]."""
    left: Image
    """Exposed left face [32, depth from the edge]."""
    right: Image
    """Exposed right face [32, depth], its last column on the edge."""
    ceiling: Image
    """Exposed lower edge [depth, 32], its last row on the edge."""
    ledge: Image
    """One-way platform, left end, middle, right end [16, 48]."""
    spikes: Image
    """[16, 32]."""
    breakable: Image
    """[16, 16]."""
    decor: tuple[Image, Image, Image, Image]
    """Four [16, 16] pictures that stand on the ground below."""
    decor_tall: Image
    """[32, 16], stands on the ground below."""
    abyss: Image
    """A pit's bottom from its surface down [16 + 32, 32]."""


def _phase(image: Image, row: int, col: int) -> Image:
    """Returns the 16x16 part of a pattern that a block at (row, col) shows; smaller patterns repeat."""
    ys = (np.arange(BLOCK) + row * BLOCK) % image.shape[0]
    xs = (np.arange(BLOCK) + col * BLOCK) % image.shape[1]
    return image[np.ix_(ys, xs)]


def _strip(image: Image, col: int) -> Image:
    """Returns the 16 columns of a [depth, 32] pattern that a block at column col shows."""
    return image[:, (np.arange(BLOCK) + col * BLOCK) % image.shape[1]]


def ground(terrain: Terrain, heights: NDArray[np.int64], row: int, col: int) -> Image:
    """Draws a block of ground whose upper edge follows heights [16]; the edge is thin where the ground is."""
    base = _phase(terrain.texture, row, col)
    strip = _strip(terrain.surface, col)
    thick = np.minimum((strip > 0).sum(0), heights)  # [16], the edge's thickness in each column
    depth = np.arange(BLOCK)[:, None] - (BLOCK - heights)  # [16, 16], below 0 in the air
    within = np.clip(depth * (strip > 0).sum(0) // thick, 0, len(strip) - 1)
    edge = np.take_along_axis(strip, within, 0)
    return np.where(depth < 0, 0, np.where((depth < thick) & (edge > 0), edge, base)).astype(np.uint8)


def block(terrain: Terrain, name: str, row: int = 0, col: int = 0) -> Image:
    """Draws one block [16, 16] as it looks at an odd or even row and column.

    Raises:
        ValueError: If there is no such block.
    """
    t = terrain
    if name in HEIGHTS:
        return ground(t, HEIGHTS[name], row, col)
    fill = _phase(t.texture, row, col).copy()
    ys = (np.arange(BLOCK) + row * BLOCK) % PATTERN
    match name.removeprefix("B_"):
        case "EMPTY":
            return blank(BLOCK, BLOCK)
        case "FILL" | "UNDER_SLOPE":
            return fill
        case "FILL_ALT":
            return _phase(t.detail, row, col)
        case "TOP" | "TOP_ALT" | "TOP_LEFT" | "TOP_RIGHT" | "LEFT" | "RIGHT":
            if name.endswith("LEFT"):
                paste(fill, t.left[ys], 0, 0)
            if name.endswith("RIGHT"):
                paste(fill, t.right[ys], 0, BLOCK - t.right.shape[1])
            if "TOP" in name:
                paste(fill, _strip(t.surface_alt if name.endswith("ALT") else t.surface, col), 0, 0)
            return fill
        case "BOTTOM":
            paste(fill, _strip(t.ceiling, col), BLOCK - len(t.ceiling), 0)
            return fill
        case "LEDGE_LEFT":
            return t.ledge[:, :BLOCK]
        case "LEDGE":
            return t.ledge[:, BLOCK : 2 * BLOCK]
        case "LEDGE_RIGHT":
            return t.ledge[:, 2 * BLOCK :]
        case "SPIKES":
            return _phase(t.spikes, 0, col)
        case "BREAKABLE":
            return t.breakable
        case "DECOR_1" | "DECOR_2" | "DECOR_3" | "DECOR_4":
            return t.decor[int(name[-1]) - 1]
        case "DECOR_TALL_TOP":
            return t.decor_tall[:BLOCK]
        case "DECOR_TALL_BOTTOM":
            return t.decor_tall[BLOCK:]
        case "ABYSS_TOP":
            return _phase(t.abyss[:BLOCK], 0, col)
        case "ABYSS":
            return _phase(t.abyss[BLOCK:], row, col)
    raise ValueError(f"no picture for block {name}: is it new in blocks.h?")


def block_words(terrain: Terrain, tiles: TileSet) -> list[int]:
    """Returns the name-table words of all blocks and variants: [variant][block][top left, right, bottom left, right].

    Variant 0 stands at even columns and rows, 1 at odd columns, 2 at odd rows, 3 at odd columns and rows.
    """
    words = []
    for variant in range(VARIANTS):
        for name in BLOCKS:
            image = block(terrain, name, variant >> 1, variant & 1)
            assert image.shape == (2 * SIZE, 2 * SIZE), name
            words += tiles.words(image)
    return words
