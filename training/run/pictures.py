"""Sheets of labelled pictures."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from common.files import write_file

Picture = NDArray[np.uint8]
"""uint8 [H, W] or RGB [H, W, 3]."""

CELL = (480, 336)
"""Width and height that a picture of a sheet is scaled to fit in unless told otherwise, pixels."""

_MARGIN, _LINE, _FONT = 12, 28, cv2.FONT_HERSHEY_SIMPLEX
_PAPER, _INK = 255, (40, 40, 40)


class PictureError(ValueError):
    """A picture that cannot be written; the message is one line that says what to do."""


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """Scales a picture by one factor, pixels staying square and sharp, to fit in width x height; RGB."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1)
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(scaled if scaled.ndim == 3 else cv2.cvtColor(scaled, cv2.COLOR_GRAY2RGB), np.uint8)


def sheet(pictures: list[tuple[str, Picture]], columns: int, cell: tuple[int, int] = CELL) -> Picture:
    """Lays labelled pictures out in rows.

    Args:
        pictures: Label and picture, in reading order.
        columns: Pictures in a row.
        cell: Width and height that each picture is scaled to fit in, pixels.

    Returns:
        uint8 [H, W, 3], RGB.
    """
    width, height = cell
    rows = -(-len(pictures) // columns)
    pitch_x, pitch_y = width + _MARGIN, height + _LINE + _MARGIN
    paper = np.full((rows * pitch_y + _MARGIN, columns * pitch_x + _MARGIN, 3), _PAPER, np.uint8)
    for index, (label, picture) in enumerate(pictures):
        top, left = index // columns * pitch_y + _MARGIN, index % columns * pitch_x + _MARGIN
        cv2.putText(paper, label, (left, top + _LINE - 10), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
        shown = fitted(picture, width, height)
        paper[top + _LINE : top + _LINE + shown.shape[0], left : left + shown.shape[1]] = shown
    return paper


def folded(picture: Picture, rows: int) -> Picture:
    """Cuts a wide RGB picture into rows of one width, one below the other, so that it fits a page."""
    width = -(-picture.shape[1] // rows)
    padded = np.pad(picture, ((0, _MARGIN), (0, rows * width - picture.shape[1]), (0, 0)), constant_values=_PAPER)
    return np.vstack(np.split(padded, rows, axis=1))[:-_MARGIN]


def png(picture: Picture) -> bytes:
    """Makes a PNG file's content of a picture."""
    shown = picture if picture.ndim == 2 else picture[:, :, ::-1]
    _, content = cv2.imencode(".png", shown, [cv2.IMWRITE_PNG_COMPRESSION, 9])  # half the size of the default's
    return content.tobytes()


def write_png(path: Path, picture: Picture) -> None:
    """Writes a picture; the file appears whole or not at all.

    Raises:
        PictureError: If it cannot be written.
    """
    if path.suffix != ".png":
        raise PictureError(f"wanted a file name that ends in .png, got {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, png(picture))
    except OSError as error:
        raise PictureError(f"{path} cannot be written: {error}") from error
