"""The art keeps to the contract of fernway/src/art.h and is what its drawing code gives."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fernway.art import emit, headers, palette, preview, terrain
from fernway.art.__main__ import main
from fernway.art.canvas import blank, pixel_map
from fernway.art.pictures import drawings
from fernway.art.sprites import Drawing, SpriteSheet
from fernway.art.tiles import HFLIP, INDEX, VFLIP, TileSet, longs, pixels
from fernway.art.zones import all_zones

ZONES = all_zones()
NAMES = [zone.name for zone in ZONES]


def test_art_c_is_up_to_date() -> None:
    assert emit.is_current(emit.TARGET), "run python -m fernway.art"


def test_check_fails_on_another_art_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "art.c"
    monkeypatch.setattr(emit, "TARGET", target)
    monkeypatch.setattr(emit, "source", lambda: "const int drawn;\n")
    monkeypatch.setattr(sys, "argv", ["art", "--check"])
    assert main() == 1
    monkeypatch.setattr(sys, "argv", ["art"])
    assert main() == 0
    monkeypatch.setattr(sys, "argv", ["art", "--check"])
    assert main() == 0
    target.write_text(target.read_text() + " ")
    assert main() == 1


def test_art_c_compiles_without_warnings(tmp_path: Path) -> None:
    command = [
        "gcc",
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-c",
        str(emit.TARGET),
        "-o",
        str(tmp_path / "art.o"),
    ]
    subprocess.run(command, check=True)


def test_zones_are_eight_with_short_distinct_names() -> None:
    assert len(NAMES) == headers.ZONES == 8
    assert len(set(NAMES)) == 8
    for name in NAMES:
        assert re.fullmatch(r"[A-Z ]{1,16}", name)


@pytest.mark.parametrize("number", range(8), ids=NAMES)
def test_zone_keeps_to_the_contract(number: int) -> None:
    zone = ZONES[number]
    for line in (zone.ground, zone.sky, zone.life):
        assert len(line) == 16
        assert all(word & ~0x0EEE == 0 for word in line)
    blocks, block_words, back, back_words = emit.build_zone(zone)
    assert len(blocks.tiles) <= 399
    assert len(back.tiles) <= 336
    assert len(block_words) == 4 * len(headers.BLOCKS) * 4
    assert len(back_words) == 32 * 64
    used = {word & INDEX for word in block_words} - {0}
    assert used == set(range(1, 1 + len(blocks.tiles)))
    used = {word & INDEX for word in back_words} - {0}
    assert used == set(range(400, 400 + len(back.tiles)))
    assert {word >> 13 & 3 for word in block_words} == {1}
    assert {word >> 13 & 3 for word in back_words} == {2}

    starts = [band.from_line for band in zone.bands]
    assert 1 <= len(starts) <= headers.BANDS_MAX
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert all(0 <= b.from_line < 256 and 0 <= b.parallax < 256 and -128 <= b.drift < 128 for b in zone.bands)
    assert all(0 <= b.wave < 16 for b in zone.bands)
    assert len(zone.cycles) <= headers.CYCLES
    for cycle in zone.cycles:
        assert cycle.first >= 16
        assert cycle.first + cycle.count <= 64
        assert cycle.count >= 2
        assert cycle.period >= 1


@pytest.mark.parametrize("number", range(8), ids=NAMES)
def test_backgrounds_move_by_themselves(number: int) -> None:
    zone = ZONES[number]
    shown = {int(index) + 32 for index in np.unique(zone.background)}
    turning = any(shown & set(range(c.first, c.first + c.count)) for c in zone.cycles)
    assert turning or any(band.drift or band.wave for band in zone.bands)


# The comments of blocks.h, worked out by hand: height of the ground at pixel columns 0, 7, 8 and 15.
SLOPES = {
    "B_UP_45": (1, 8, 9, 16),
    "B_UP_27_A": (1, 4, 5, 8),
    "B_UP_27_B": (9, 12, 13, 16),
    "B_UP_14_A": (1, 2, 3, 4),
    "B_UP_14_B": (5, 6, 7, 8),
    "B_UP_14_C": (9, 10, 11, 12),
    "B_UP_14_D": (13, 14, 15, 16),
    "B_DOWN_45": (16, 9, 8, 1),
    "B_DOWN_27_A": (16, 13, 12, 9),
    "B_DOWN_27_B": (8, 5, 4, 1),
    "B_DOWN_14_A": (16, 15, 14, 13),
    "B_DOWN_14_B": (12, 11, 10, 9),
    "B_DOWN_14_C": (8, 7, 6, 5),
    "B_DOWN_14_D": (4, 3, 2, 1),
}
SOLID = [
    "B_FILL", "B_FILL_ALT", "B_TOP", "B_TOP_ALT", "B_LEFT", "B_RIGHT", "B_TOP_LEFT", "B_TOP_RIGHT", "B_BOTTOM",
    "B_UNDER_SLOPE", "B_BREAKABLE",
]  # fmt: skip


@pytest.mark.parametrize("number", range(8), ids=NAMES)
def test_ground_is_opaque_exactly_where_it_is_solid(number: int) -> None:
    ground = ZONES[number].terrain
    assert set(SLOPES) == set(terrain.HEIGHTS) == {name for name in headers.BLOCKS if re.search(r"_(45|27|14)", name)}
    for row in (0, 1):
        for col in (0, 1):
            for name, (first, seventh, eighth, last) in SLOPES.items():
                opaque = terrain.block(ground, name, row, col) > 0
                heights = opaque.sum(0)
                assert (heights[0], heights[7], heights[8], heights[15]) == (first, seventh, eighth, last), name
                # Nothing floats: each column is filled from its height down.
                assert (opaque == (np.arange(16)[:, None] >= 16 - heights)).all(), name
                assert (np.abs(np.diff(heights)) <= 1).all()
            for name in SOLID:
                assert (terrain.block(ground, name, row, col) > 0).all(), name
            assert not terrain.block(ground, "B_EMPTY", row, col).any()


@pytest.mark.parametrize("number", range(8), ids=NAMES)
def test_things_can_be_told_apart(number: int) -> None:
    ground = ZONES[number].terrain
    drawn = {name: terrain.block(ground, name).tobytes() for name in headers.BLOCKS if name != "B_UNDER_SLOPE"}
    assert len(set(drawn.values())) == len(drawn)
    spikes = terrain.block(ground, "B_SPIKES")
    assert (spikes > 0)[:8].mean() < 0.6  # points, not a block
    assert (spikes[12] > 0).mean() > 0.8


def test_ledges_carry_along_their_whole_upper_edge() -> None:
    for zone in ZONES:
        for name in ("B_LEDGE_LEFT", "B_LEDGE", "B_LEDGE_RIGHT"):
            assert (terrain.block(zone.terrain, name)[1] > 0).all(), (zone.name, name)


def test_unknown_block_is_refused() -> None:
    with pytest.raises(ValueError, match="B_CHEESE"):
        terrain.block(ZONES[0].terrain, "B_CHEESE")


def test_pictures_keep_to_the_contract() -> None:
    sheet, first, cut = emit.build_pictures()
    assert tuple(cut) == headers.PICTURES
    assert len(sheet.tiles) <= 800
    assert first == 736
    for name, pieces in cut.items():
        assert 1 <= len(pieces) <= 3, name
        for piece in pieces:
            tiles = ((piece.size >> 2) + 1) * ((piece.size & 3) + 1)
            assert 0 <= piece.size < 16
            assert piece.attr & INDEX >= 736
            assert (piece.attr & INDEX) + tiles <= 736 + len(sheet.tiles)
            assert all(-128 <= value < 128 for value in (piece.dx, piece.dy, piece.flip_dx)), name
            assert piece.dx + piece.flip_dx == -8 * ((piece.size >> 2) + 1)
        line = {piece.attr >> 13 & 3 for piece in pieces}
        enemy = any(word in name for word in ("WALKER", "FLYER", "HOPPER", "SPITTER", "SHOT", "PLATFORM"))
        assert line == ({3} if enemy else {1} if "DEBRIS" in name else {0}), name


def test_pictures_are_as_large_as_the_game_expects() -> None:
    _, _, cut = emit.build_pictures()

    def box(name: str) -> tuple[int, int, int, int]:
        drawing = drawings()[name]
        rows, cols = np.flatnonzero(drawing.flat().any(1)), np.flatnonzero(drawing.flat().any(0))
        return rows[0] - drawing.y, rows[-1] + 1 - drawing.y, cols[0] - drawing.x, cols[-1] + 1 - drawing.x

    for name in cut:
        top, bottom, left, right = box(name)
        if name.startswith(("P_IDLE", "P_WALK_", "P_RUN")):
            assert 34 <= -top <= 42, name
            assert 0 <= bottom <= 2, name
        if name.startswith("P_PLATFORM"):
            assert (top, bottom, left, right) == (0, 16, -24, 24)
        if name.startswith("P_GOAL"):
            assert bottom - top == 48
        if name == "P_LIFE":
            assert top >= 0
            assert left >= 0
            assert bottom <= 16
            assert right <= 16


def test_sprites_put_together_again_give_the_drawing() -> None:
    drawing = drawings()["P_WALK_1"]
    sheet = SpriteSheet(0)
    pieces = sheet.cut(drawing)
    again = blank(*drawing.image.shape)
    preview.draw_sprite(again, dict(enumerate(map(pixels, sheet.tiles))), pieces, drawing.x, drawing.y, mirrored=False)
    assert (again == drawing.flat()).all()


def test_mirrored_sprites_are_the_mirrored_drawing() -> None:
    drawing = drawings()["P_RUN_2"]
    sheet = SpriteSheet(0)
    pieces = sheet.cut(drawing)
    width = drawing.image.shape[1]
    again = blank(*drawing.image.shape)
    tiles = dict(enumerate(map(pixels, sheet.tiles)))
    preview.draw_sprite(again, tiles, pieces, width - drawing.x, drawing.y, mirrored=True)
    assert (again[:, ::-1] == drawing.flat()).all()


def test_too_large_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="3 sprites"):
        SpriteSheet(0).cut(Drawing(image=blank(120, 120, 1), y=0, x=0))


def test_flipped_tiles_are_kept_once() -> None:
    tile = np.arange(64, dtype=np.uint8).reshape(8, 8) % 16
    tile[0] = (1, 2, 3, 4, 5, 6, 7, 9)
    tiles = TileSet(100, 2, blank=True)
    assert tiles.word(tile) == 100 | 2 << 13
    assert tiles.word(tile[:, ::-1]) == 100 | 2 << 13 | HFLIP
    assert tiles.word(tile[::-1]) == 100 | 2 << 13 | VFLIP
    assert tiles.word(blank(8, 8)) == 2 << 13
    assert len(tiles.tiles) == 1
    assert longs(tile)[0] == 0x12345679
    assert (pixels(tiles.tiles[0]) == tile).all()


def test_colours() -> None:
    assert palette.word("700") == 0x00E
    assert palette.word("070") == 0x0E0
    assert palette.word("#0000ff") == 0xE00
    assert palette.rgb(0xE00) == (0, 0, 255)
    for bad in ("800", "#12345", "red"):
        with pytest.raises(ValueError, match="colour"):
            palette.word(bad)
    with pytest.raises(ValueError, match="17 colours"):
        palette.line("000 " * 17)


def test_pixel_maps_with_mistakes_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        pixel_map("..\n...")
    with pytest.raises(ValueError, match="'z'"):
        pixel_map("z")


def test_headers_without_what_is_asked_for_are_named() -> None:
    with pytest.raises(ValueError, match="no enum Blob"):
        headers.enum("blocks.h", "Blob")
    with pytest.raises(ValueError, match="no #define BLOBS"):
        headers.number("art.h", "BLOBS")


def test_preview_writes_a_scene_of_every_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "all_zones", lambda: ZONES[:1])
    paths = preview.write(tmp_path / "pictures")
    assert [path.name for path in paths] == ["zone0.png", "sprites.png"]
    assert all(path.stat().st_size > 5000 for path in paths)
