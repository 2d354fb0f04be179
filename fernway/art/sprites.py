"""Pictures made of up to three hardware sprites, cut so that they take few tiles."""

import dataclasses
import functools
import operator
from collections.abc import Sequence

import numpy as np

from fernway.art.canvas import Image, paste
from fernway.art.tiles import HFLIP, SIZE, VFLIP, longs

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
    front: tuple[tuple[Image, int, int], ...] = ()
    """Parts in front of the image, each one sprite, with the row and column of its upper left: what many pictures share
    is kept once that way."""

    def flat(self) -> Image:
        """Returns the picture with its front parts on it."""
        image = self.image.copy()
        for part, y, x in self.front:
            paste(image, part, y, x)
        return image


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


def _bounds(rows: Sequence[int], box: Box) -> Box | None:
    """Shrinks a box to what is drawn in it, given each row's drawn pixels as the bits of a number."""
    top, left, bottom, right = box
    mask = (1 << right) - (1 << left)
    drawn = [y for y in range(top, bottom) if rows[y] & mask]
    if not drawn:
        return None
    across = functools.reduce(operator.or_, (rows[y] for y in drawn)) & mask
    return drawn[0], (across & -across).bit_length() - 1, drawn[-1] + 1, across.bit_length()


def _tiles(box: Box) -> tuple[int, int]:
    return -(-(box[2] - box[0]) // SIZE), -(-(box[3] - box[1]) // SIZE)


class SpriteSheet:
    """Collects the tiles of pictures; equal pieces are kept once.

    Args:
        base: Index of the first tile in video memory.
    """

    def __init__(self, base: int) -> None:
        """Starts empty."""
        self.base = base
        self.tiles: list[tuple[int, ...]] = []
        self._known: dict[tuple[tuple[int, ...], ...], int] = {}

    @staticmethod
    def _key(image: Image) -> tuple[tuple[int, ...], ...]:
        height, width = image.shape
        # A sprite's tiles run down the columns.
        return tuple(
            longs(image[y : y + SIZE, x : x + SIZE]) for x in range(0, width, SIZE) for y in range(0, height, SIZE)
        )

    def keep(self, image: Image) -> int:
        """Keeps an image of whole tiles (or finds the same again); returns its first tile's index."""
        key = self._key(image)
        if key not in self._known:
            self._known[key] = self.base + len(self.tiles)
            self.tiles.extend(key)
        return self._known[key]

    def cut(self, drawing: Drawing) -> list[Piece]:
        """Cuts a drawing into sprites.

        Raises:
            ValueError: If it is empty or too large for three sprites.
        """
        image = drawing.image.copy()
        for part, y, x in drawing.front:
            hidden = image[y : y + part.shape[0], x : x + part.shape[1]]
            hidden[part > 0] = 0
        rows_drawn = [sum(1 << int(x) for x in np.flatnonzero(row)) for row in image]

        @functools.cache
        def best(box: Box, pieces: int) -> tuple[int, tuple[Box, ...]] | None:
            found = _bounds(rows_drawn, box)
            if found is None:
                return 0, ()
            top, left, bottom, right = found
            rows, cols = _tiles(found)
            choice: tuple[int, tuple[Box, ...]] | None = None
            if rows * SIZE <= SIDE_MAX and cols * SIZE <= SIDE_MAX:
                choice = rows * cols, (found,)
            if pieces == 1:
                return choice
            # Every second line will do: it takes a quarter of the time and hardly a tile more.
            halves = [((top, left, cut, right), (cut, left, bottom, right)) for cut in range(top + 2, bottom, 2)]
            halves += [((top, left, bottom, cut), (top, cut, bottom, right)) for cut in range(left + 2, right, 2)]
            for one, other in halves:
                for share in range(1, pieces):
                    a, b = best(one, share), best(other, pieces - share)
                    # A sprite more is worth it from two tiles on: sprites on a line are scarce as well.
                    if a and b and (choice is None or a[0] + b[0] + 1 < choice[0]):
                        choice = a[0] + b[0], a[1] + b[1]
            return choice

        cut = best((0, 0, *image.shape), PIECES_MAX - len(drawing.front))
        if not cut or not cut[1]:
            raise ValueError(f"a picture of {image.shape[1]} x {image.shape[0]} pixels is empty or exceeds 3 sprites")
        # The video chip draws the first sprite in front.
        pieces = [self._piece(part, y - drawing.y, x - drawing.x, drawing.line) for part, y, x in drawing.front]
        for top, left, bottom, right in cut[1]:
            part = image[top:bottom, left:right]
            pieces.append(self._piece(part, top - drawing.y, left - drawing.x, drawing.line))
        return pieces

    def _piece(self, part: Image, dy: int, dx: int, line: int) -> Piece:
        height, width = part.shape
        rows, cols = -(-height // SIZE), -(-width // SIZE)
        spare_y, spare_x = rows * SIZE - height, cols * SIZE - width
        choices = []
        for flips in (0, HFLIP, VFLIP, HFLIP | VFLIP):
            # A flipped sprite has its spare rows and columns above and on the left.
            up, left = spare_y * bool(flips & VFLIP), spare_x * bool(flips & HFLIP)
            padded = np.zeros((rows * SIZE, cols * SIZE), np.uint8)
            padded[up : up + height, left : left + width] = part
            choices.append((_turned(padded, flips), flips, up, left))
        known = [choice for choice in choices if self._key(choice[0]) in self._known]
        padded, flips, up, left = (known or choices)[0]
        return Piece(
            dx=dx - left,
            dy=dy - up,
            flip_dx=-(dx - left) - cols * SIZE,
            size=(cols - 1) << 2 | (rows - 1),
            attr=self.keep(padded) | flips | line << 13,
        )


def _turned(image: Image, flips: int) -> Image:
    return image[:: -1 if flips & VFLIP else 1, :: -1 if flips & HFLIP else 1]
