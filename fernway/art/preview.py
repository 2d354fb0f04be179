"""Pictures for people: a mock scene of every zone as the video chip would show it, and all sprites."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fernway.art import emit, headers, palette
from fernway.art.canvas import Image
from fernway.art.glyphs import GLYPHS
from fernway.art.pictures import COMMON_PALETTE
from fernway.art.sprites import Piece
from fernway.art.terrain import BLOCK
from fernway.art.tiles import HFLIP, INDEX, SIZE, VFLIP, pixels
from fernway.art.zone import Zone
from fernway.art.zones import all_zones

SCALE = 3
Screen = NDArray[np.uint8]
Tiles = dict[int, Image]

# 20 x 14 blocks, looked up in _KEY.
_SCENE = (
    "....................",
    "....................",
    "....................",
    "....................",
    "....................",
    ".(=)............T..2",
    "..............1.t.ss",
    "..T..(==)......7a-a-",
    "1.t......3.1.{}_###A",
    "-a-[].4./---{}_#A###",
    "##A__---_#A#__##A###",
    "A#####A####br~~~~l##",
    "#bbb#######.r++++l##",
    "#...l######4r++++l##",
)
_KEY = {
    ".": "EMPTY", "#": "FILL", "A": "FILL_ALT", "-": "TOP", "a": "TOP_ALT", "l": "LEFT", "r": "RIGHT", "b": "BOTTOM",
    "7": "TOP_LEFT", "9": "TOP_RIGHT", "_": "UNDER_SLOPE", "/": "UP_45", ">": "DOWN_45", "{": "UP_27_A",
    "}": "UP_27_B", "[": "DOWN_27_A", "]": "DOWN_27_B", "*": "UP_14_A", "$": "UP_14_B", "%": "UP_14_C",
    "&": "UP_14_D", "(": "LEDGE_LEFT", "=": "LEDGE", ")": "LEDGE_RIGHT", "s": "SPIKES", "X": "BREAKABLE",
    "1": "DECOR_1", "2": "DECOR_2", "3": "DECOR_3", "4": "DECOR_4", "T": "DECOR_TALL_TOP", "t": "DECOR_TALL_BOTTOM",
    "~": "ABYSS_TOP", "+": "ABYSS",
}  # fmt: skip
# Picture, x, y of its point, mirrored.
_ACTORS = (
    ("P_WALK_2", 30, 144, False), ("P_RUN_1", 180, 144, False), ("P_IDLE_1", 60, 64, False), ("P_ROLL_1", 104, 96, False),
    ("P_WALKER_1", 206, 144, True), ("P_FLYER_1", 215, 80, True), ("P_HOPPER_1", 256, 112, True),
    ("P_SPITTER_1", 284, 112, True), ("P_SHOT_1", 262, 100, True), ("P_RING_1", 24, 60, False),
    ("P_RING_2", 40, 60, False), ("P_RING_3", 56, 60, False), ("P_RING_4", 85, 84, False), ("P_RING_1", 101, 70, False),
    ("P_SPARKLE_1", 117, 84, False), ("P_PLATFORM", 200, 40, False), ("P_PLATFORM_FALLING", 236, 190, False),
    ("P_SPRING_UP", 105, 176, False), ("P_SPRING_DIAGONAL", 55, 224, True), ("P_GOAL_1", 128, 176, False),
    ("P_PUFF_2", 280, 60, False), ("P_LIFE", 16, 216, False),
)  # fmt: skip


def _tiles(base: int, packed: list[tuple[int, ...]]) -> Tiles:
    return {base + i: pixels(tile) for i, tile in enumerate(packed)} | {0: np.zeros((SIZE, SIZE), np.uint8)}


def _put(screen: Image, tile: Image, word: int, y: int, x: int) -> None:
    if word & HFLIP:
        tile = tile[:, ::-1]
    if word & VFLIP:
        tile = tile[::-1]
    for row in range(SIZE):
        for col in range(SIZE):
            if tile[row, col] and 0 <= y + row < screen.shape[0] and 0 <= x + col < screen.shape[1]:
                screen[y + row, x + col] = tile[row, col] + (word >> 13 & 3) * 16


def draw_sprite(screen: Image, tiles: Tiles, pieces: list[Piece], x: int, y: int, *, mirrored: bool) -> None:
    """Draws a picture's sprites with their point at (x, y), the first in front; 16 indices a palette line."""
    for piece in reversed(pieces):
        width, height = (piece.size >> 2) + 1, (piece.size & 3) + 1
        for number in range(width * height):
            word = piece.attr ^ HFLIP * mirrored
            col, row = divmod(number, height)
            if word & HFLIP:
                col = width - 1 - col
            if word & VFLIP:
                row = height - 1 - row
            left = x + (piece.flip_dx if mirrored else piece.dx)
            _put(screen, tiles[(piece.attr & INDEX) + number], word, y + piece.dy + row * SIZE, left + col * SIZE)


def _coloured(screen: Image, lines: tuple[int, ...]) -> Screen:
    table = np.array([palette.rgb(value) for value in lines], np.uint8)
    return table[screen]


def _save(path: Path, screen: Screen) -> Path:
    large = screen.repeat(SCALE, 0).repeat(SCALE, 1)
    if not cv2.imwrite(str(path), large[..., ::-1]):
        raise OSError(f"cannot write {path}")
    return path


def scene(zone: Zone, camera: int = 200) -> Screen:
    """Composes a screen of the zone from the very words art.c holds, RGB [224, 320, 3]."""
    blocks, block_list, back, back_list = emit.build_zone(zone)
    sheet, _, cut = emit.build_pictures()
    block_tiles = _tiles(headers.TILE_BLOCKS, blocks.tiles)
    plane = np.zeros((256, 512), np.uint8)
    back_tiles = _tiles(headers.TILE_BACKGROUND, back.tiles)
    for number, word in enumerate(back_list):
        _put(plane, back_tiles[word & INDEX], word, number // 64 * SIZE, number % 64 * SIZE)
    screen = np.zeros((len(_SCENE) * BLOCK, len(_SCENE[0]) * BLOCK), np.uint8)
    for y in range(screen.shape[0]):
        band = [b for b in zone.bands if b.from_line <= y][-1]
        screen[y] = np.roll(plane[y], -(camera * band.parallax // 256))[: screen.shape[1]]
    screen[screen == 0] = 32
    for row, line in enumerate(_SCENE):
        for col, character in enumerate(line):
            name = headers.BLOCKS.index("B_" + _KEY[character])
            first = (((col & 1) | (row & 1) << 1) * len(headers.BLOCKS) + name) * 4
            for part, word in enumerate(block_list[first : first + 4]):
                y, x = row * BLOCK + part // 2 * SIZE, col * BLOCK + part % 2 * SIZE
                _put(screen, block_tiles[word & INDEX], word, y, x)
    sprite_tiles = _tiles(headers.TILE_COMMON, sheet.tiles)
    for name_, x, y, mirrored in _ACTORS:
        draw_sprite(screen, sprite_tiles, cut[name_], x, y, mirrored=mirrored)
    for row, text in enumerate(("SCORE  1250", "TIME 0:42", "RINGS   17")):
        for i, character in enumerate(text):
            if character != " ":
                tile = headers.TILE_COMMON + GLYPHS.index(character)
                _put(screen, sprite_tiles[tile], 0, 8 + 12 * row, 16 + 8 * i)
    return _coloured(screen, COMMON_PALETTE + zone.ground + zone.sky + zone.life)


def sprite_sheet(zone: Zone, *, mirrored: bool = False) -> Screen:
    """Draws every picture in a cell of its own, RGB."""
    sheet, _, cut = emit.build_pictures()
    tiles = _tiles(headers.TILE_COMMON, sheet.tiles)
    cell, across = 56, 8
    screen = np.full((-(-len(cut) // across) * cell, across * cell), 32, np.uint8)
    for number, pieces in enumerate(cut.values()):
        row, col = divmod(number, across)
        screen[row * cell : (row + 1) * cell, col * cell : (col + 1) * cell] += (row + col) % 2
        y = row * cell + (12 if min(p.dy for p in pieces) >= 0 else cell - 4)
        draw_sprite(screen, tiles, pieces, col * cell + cell // 2, y, mirrored=mirrored)
    back = (palette.word("456"), palette.word("567"), *(0,) * 14)
    return _coloured(screen, COMMON_PALETTE + zone.ground + back + zone.life)


def write(folder: Path) -> list[Path]:
    """Writes all previews into a folder, made if need be; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    zones = all_zones()
    paths = [_save(folder / f"zone{i}.png", scene(zone)) for i, zone in enumerate(zones)]
    paths.append(_save(folder / "sprites.png", sprite_sheet(zones[0])))
    return paths
