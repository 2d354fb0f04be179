"""8x8 tiles: cutting, finding equal ones (flipped ones too), packing into the video chip's longs."""

import numpy as np

from fernway.art.canvas import Image

SIZE = 8
HFLIP = 1 << 11
VFLIP = 1 << 12
PRIORITY = 1 << 15
INDEX = HFLIP - 1


def longs(tile: Image) -> tuple[int, ...]:
    """Packs a tile of indices 0..15 [8, 8] into 8 longs, leftmost pixel in the highest nibble."""
    return tuple(sum(int(pixel) << 28 - 4 * i for i, pixel in enumerate(row)) for row in tile)


def pixels(words: tuple[int, ...]) -> Image:
    """Unpacks 8 longs into a tile [8, 8]."""
    return np.array([[row >> 28 - 4 * i & 15 for i in range(SIZE)] for row in words], np.uint8)


class TileSet:
    """Collects distinct tiles and gives out name-table words for them.

    Args:
        base: Index of the set's first tile in video memory.
        palette_line: 0..3.
        blank: Whether an empty tile is drawn with video memory's blank tile 0.
    """

    def __init__(self, base: int, palette_line: int, *, blank: bool) -> None:
        """Starts empty."""
        self.base = base
        self.line = palette_line << 13
        self.tiles: list[tuple[int, ...]] = []
        self._known: dict[bytes, int] = {bytes(SIZE * SIZE): 0} if blank else {}

    def word(self, tile: Image) -> int:
        """Returns the name-table word (index, palette line, flips) that shows the tile [8, 8]; keeps it if new."""
        key = tile.tobytes()
        if key not in self._known:
            index = self.base + len(self.tiles)
            self.tiles.append(longs(tile))
            for flips, flipped in (
                (0, tile),
                (HFLIP, tile[:, ::-1]),
                (VFLIP, tile[::-1]),
                (HFLIP | VFLIP, tile[::-1, ::-1]),
            ):
                self._known.setdefault(flipped.tobytes(), index | flips)
        return self._known[key] | self.line

    def words(self, image: Image) -> list[int]:
        """Returns the words of an image's tiles, row by row."""
        height, width = image.shape
        return [
            self.word(image[y : y + SIZE, x : x + SIZE]) for y in range(0, height, SIZE) for x in range(0, width, SIZE)
        ]
