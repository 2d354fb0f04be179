"""Pictures made of up to three hardware sprites, cut so that they take few tiles."""

import dataclasses
import functools

import numpy as np

from fernway.art.canvas import Image
from fernway.art.tiles import SIZE, longs

PIECES_MAX = 3
SIDE_MAX = 4 * SIZE


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture before it is cut."""

    image: Image
    """Palette indices [H, W]."""
    y: int
    """Row of the object's point: the ground line lies on this row's upper edge."""
    x: int
    """Column of the object's point: the middle lies on this column's left edge."""
    line: int = 0
    """Palette line."""
    priority: bool = False
    """Whether it is drawn in front of high-priority scenery."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One hardware sprite; the fields of the C struct, pixels."""

    dx: int
    dy: int
    flip_dx: int
    size: int
    attr: int


Box = tuple[int, int, int, int]
"""Upper, left, lower, right edge of a piece before it is rounded up to whole tiles."""


def _bounds(image: Image, box: Box) -> Box | None:
    top, left, bottom, right = box
    part = image[top:bottom, left:right] > 0
    rows, cols = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
    if not len(rows):
        return None
    return top + int(rows[0]), left + int(cols[0]), top + int(rows[-1]) + 1, left + int(cols[-1]) + 1


def _tiles(box: Box) -> tuple[int, int]:
    return -(-(box[2] - box[0]) // SIZE), -(-(box[3] - box[1]) // SIZE)


class SpriteSheet:
    """Collects the tiles of pictures; equal pieces are kept once.

    Args:
        base: Index of the first tile in video memory.
    """

    def __init__(self, base: int) -> None:
        self.base = base
        self.tiles: list[tuple[int, ...]] = []
        self._known: dict[tuple[tuple[int, ...], ...], int] = {}

    def keep(self, tiles: list[Image]) -> int:
        """Keeps consecutive tiles [8, 8] (or finds the same run again); returns the first one's index."""
        packed = tuple(longs(tile) for tile in tiles)
        if packed not in self._known:
            self._known[packed] = self.base + len(self.tiles)
            self.tiles.extend(packed)
        return self._known[packed]

    def cut(self, drawing: Drawing) -> list[Piece]:
        """Cuts a drawing into sprites.

        Raises:
            ValueError: If it is empty or too large for three sprites.
        """
        image = drawing.image

        @functools.cache
        def best(box: Box, pieces: int) -> tuple[int, tuple[Box, ...]] | None:
            found = _bounds(image, box)
            if found is None:
                return 0, ()
            top, left, bottom, right = found
            rows, cols = _tiles(found)
            choice: tuple[int, tuple[Box, ...]] | None = None
            if rows * SIZE <= SIDE_MAX and cols * SIZE <= SIDE_MAX:
                choice = rows * cols, (found,)
            if pieces == 1:
                return choice
            halves = [((top, left, cut, right), (cut, left, bottom, right)) for cut in range(top + 1, bottom)]
            halves += [((top, left, bottom, cut), (top, cut, bottom, right)) for cut in range(left + 1, right)]
            for one, other in halves:
                for share in range(1, pieces):
                    a, b = best(one, share), best(other, pieces - share)
                    # A sprite more is worth it from two tiles on: sprites on a line are scarce as well.
                    if a and b and (choice is None or a[0] + b[0] + 1 < choice[0]):
                        choice = a[0] + b[0], a[1] + b[1]
            return choice

        cut = best((0, 0, *image.shape), PIECES_MAX)
        if not cut or not cut[1]:
            raise ValueError(f"a picture of {image.shape[1]} x {image.shape[0]} pixels is empty or exceeds 3 sprites")
        return [self._piece(drawing, box) for box in cut[1]]

    def _piece(self, drawing: Drawing, box: Box) -> Piece:
        top, left, bottom, right = box
        rows, cols = _tiles(box)
        padded = np.zeros((rows * SIZE, cols * SIZE), np.uint8)
        padded[: bottom - top, : right - left] = drawing.image[top:bottom, left:right]
        # A sprite's tiles run down the columns.
        tiles = [
            padded[y : y + SIZE, x : x + SIZE]
            for x in range(0, cols * SIZE, SIZE)
            for y in range(0, rows * SIZE, SIZE)
        ]
        dx = left - drawing.x
        return Piece(
            dx=dx,
            dy=top - drawing.y,
            flip_dx=-dx - cols * SIZE,
            size=(cols - 1) << 2 | (rows - 1),
            attr=self.keep(tiles) | drawing.line << 13 | int(drawing.priority) << 15,
        )
