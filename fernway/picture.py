"""Maps of whole levels, with the paths of runs on them: where they went and where they ended.

A file of paths is CSV with at least the columns `x,y,episode`: a row every so often along a run, x and y the player's
feet in pixels as in data.json, episode any text that tells the runs apart. Further columns do not matter.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fernway import FernwayError, native
from fernway.common.files import number as finite
from fernway.common.files import read_text, reason, write_file
from fernway.levels import Level
from fernway.tiles import BLOCK, Picture, ZoneTiles

RGB = NDArray[np.uint8]
"""uint8 [H, W, 3]."""

Path2D = list[tuple[int, int]]
"""A run: x and y of the player's feet."""

ENDINGS = (".png", ".jpg", ".webp")
"""Of the names of pictures."""

PIXEL_MOST = 30_000
"""Largest coordinate that can be drawn."""

PLAYER = 0
"""The player's picture: its number in art.h."""

PICTURES = {1: 30, 2: 36, 3: 38, 4: 40, 5: 42, 6: 49, 7: 51, 8: 51, 9: 53, 10: 53, 11: 55, 12: 55, 13: 56, 14: 59}
"""Kind of object in level.h -> its picture's number in art.h."""

_MIRRORED = (2, 3, 4, 5, 8, 9)  # enemies come from the right; two springs throw to the left
_SKY_ROWS = 96  # pixels kept above the highest thing
_FAINT = 0.55  # how much of the background shows on a map


def _paste(image: RGB, picture: Picture, y: int, x: int) -> None:
    top, left = max(0, -y), max(0, -x)
    part = image[max(0, y) : y + picture.shape[0], max(0, x) : x + picture.shape[1]]
    source = picture[top : top + part.shape[0], left : left + part.shape[1]]
    shown = source[..., 3] > 0
    part[shown] = source[shown][:, :3]


def _sky(tiles: ZoneTiles, width: int) -> RGB:
    """The zone's background, stretched to the height of a level and made fainter, so that the ground stands out."""
    back = np.where(tiles.background[:224, :, 3:] > 0, tiles.background[:224, :, :3], tiles.backdrop).astype(np.uint8)
    height = native.LEVEL_ROWS * BLOCK
    stretched = cv2.resize(back, (back.shape[1] * height // 224, height), interpolation=cv2.INTER_CUBIC)
    row = np.concatenate([stretched] * (width // stretched.shape[1] + 1), 1)[:, :width]
    return (row * _FAINT + 255 * (1 - _FAINT)).astype(np.uint8)


def draw_level(level: Level) -> RGB:
    """Draws a whole level as it is at the start: uint8 [768, columns * 16, 3]."""
    game = native.Game(level.zone, level.act, level.seed)
    cols = int(game.level["cols"])
    blocks = game.blocks[:cols]
    tiles = ZoneTiles(level.zone)
    image = _sky(tiles, cols * BLOCK)
    odd_col, odd_row = np.arange(cols)[:, None] & 1, np.arange(native.LEVEL_ROWS)[None] & 1
    drawn = tiles.blocks[odd_row, odd_col, blocks]  # [columns, rows, 16, 16, 4]
    _paste(image, drawn.transpose(1, 2, 0, 3, 4).reshape(image.shape[0], image.shape[1], 4), 0, 0)
    for spawn in game.spawns:
        kind = int(spawn["kind"])
        sprite, row, col = tiles.sprite(PICTURES[kind], mirrored=kind in _MIRRORED)
        _paste(image, sprite, int(spawn["y"]) - row, int(spawn["x"]) - col)
    sprite, row, col = tiles.sprite(PLAYER)
    _paste(image, sprite, int(game.level["start_y"]) - row, int(game.level["start_x"]) - col)
    return image


def _pixel(text: str) -> int:
    """A coordinate; drawing takes no more than 16 bits of it.

    Raises:
        ValueError: If it is none.
    """
    value = finite(text)
    if abs(value) > PIXEL_MOST:
        raise ValueError(f"wanted at most {PIXEL_MOST}, got {text[:40]}")
    return round(value)


def read_paths(path: Path) -> dict[str, Path2D]:
    """Reads runs by episode.

    Raises:
        FernwayError: If the file cannot be read or has other columns.
    """
    runs: dict[str, Path2D] = {}
    try:
        reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
        columns = reader.fieldnames or ()
    except OSError as error:
        raise FernwayError(f"{reason(error)}: the runs cannot be read") from error
    except (ValueError, csv.Error) as error:
        raise FernwayError(f"{path}: the runs cannot be read: {error}") from error
    if not {"x", "y", "episode"} <= set(columns):
        raise FernwayError(f"{path}: want the columns x,y,episode, found {','.join(columns)[:80]!r}")
    try:
        for row in reader:
            runs.setdefault(row["episode"], []).append((_pixel(row["x"]), _pixel(row["y"])))
    except (ValueError, csv.Error) as error:
        raise FernwayError(f"{path}, line {reader.line_num}: x and y must be numbers: {error}") from error
    return runs


def _colour(number: int, count: int) -> tuple[int, int, int]:
    hue = np.array([[[number * 180 // max(count, 1), 230, 255]]], np.uint8)
    red, green, blue = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].tolist()
    return red, green, blue


def draw_paths(image: RGB, runs: Mapping[str, Path2D]) -> None:
    """Draws runs onto a map: thin half see-through lines from green by blue to red, a cross where each ended."""
    lines = image.copy()
    for number, points in enumerate(runs.values()):
        cv2.polylines(lines, [np.array(points, np.int32)], False, _colour(number, len(runs)), 3, cv2.LINE_AA)
    image[:] = cv2.addWeighted(lines, 0.65, image, 0.35, 0)
    for number, points in enumerate(runs.values()):
        x, y = points[-1]
        y = min(max(y, 12), image.shape[0] - 12)
        for colour, width in (((0, 0, 0), 7), (_colour(number, len(runs)), 3)):
            for sign in (-1, 1):
                cv2.line(image, (x - 10, y - 10 * sign), (x + 10, y + 10 * sign), colour, width, cv2.LINE_AA)


def top(level: Level) -> int:
    """The row of a level, pixels, above which there is nothing but sky."""
    game = native.Game(level.zone, level.act, level.seed)
    highest = min(int(np.flatnonzero(game.blocks.any(0))[0]) * BLOCK, *(int(y) for y in game.spawns["y"]))
    return max(0, highest - _SKY_ROWS)


def level_map(level: Level, files: Sequence[Path] = ()) -> RGB:
    """Draws a level with the runs of some files on it, without the empty sky on top.

    Raises:
        FernwayError: If a file of runs cannot be read.
    """
    return run_map(
        level, {f"{path}:{episode}": points for path in files for episode, points in read_paths(path).items()}
    )


def run_map(level: Level, runs: Mapping[str, Path2D]) -> RGB:
    """Draws a level with some runs on it, without the empty sky on top."""
    image = draw_level(level)
    if runs:
        draw_paths(image, runs)
    highest = min((y for points in runs.values() for _, y in points), default=image.shape[0])
    return image[max(0, min(top(level), highest - _SKY_ROWS)) :]


def save(path: Path, image: RGB) -> None:
    """Writes a picture; the name's ending tells the format.

    Raises:
        FernwayError: If that fails.
    """
    try:
        _, content = cv2.imencode(path.suffix, image[..., ::-1])
    except cv2.error as error:
        raise FernwayError(f"{path}: wanted a name that ends in {' or '.join(ENDINGS)}") from error
    try:
        write_file(path, content.tobytes())
    except OSError as error:
        raise FernwayError(f"{path}: cannot be written: {error.strerror}") from error
