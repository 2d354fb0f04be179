"""The image pipeline against the first screens of all 58 levels of the contest, drawn from their save states."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.rules import SCREEN_SHAPE
from agent.vision import VisionConfig, crop, look
from training.play.contest_screens import contest_levels
from training.play.start_screens import FADE_TARGET, StartScreens, StateError

retro = pytest.importorskip("stable_retro")

GAMES = sorted(FADE_TARGET)

# Where a state of the core keeps what: 16 bytes of version, RAM, Z80, pad ports, then the video chip's memories.
RAM, SPRITES, VRAM = 16, 16 + 0x10000 + 0x2000 + 5 + 16, 16 + 0x10000 + 0x2000 + 5 + 16 + 0x400
TILE_BYTES = 32
CLOCK_TILES = range(0x6F2, 0x6FA)
"""Minutes, colon and seconds: two rows of four tiles, in the same place in all three games."""

HUD_LABEL_TILE = 0x6CA
BODY = 20
"""Pixels of the player above and below its middle."""

NO_HUD = {
    "HillTopZone.Act1",
    "HillTopZone.Act2",
    "WingFortressZone",
    "AngelIslandZone.Act2",
    "DeathEggZone.Act1",
    "FlyingBatteryZone.Act1",
    "FlyingBatteryZone.Act2",
}
"""These states stand before the HUD comes up (seen in the pictures)."""

FALLING_IN = {"HydrocityZone.Act1": 11, "LavaReefZone.Act1": 14}
"""The player comes from above here: rows of its body that the crop takes off the first screen."""


def word(state: bytes, game: str, name: str) -> int:
    """A variable of the game's RAM, by its name in stable-retro's data.json."""
    info = json.loads((Path(retro.data.path()) / "stable" / game / "data.json").read_text())["info"]
    at = RAM + (info[name]["address"] & 0xFFFF)
    return int.from_bytes(state[at : at + 2], "little")  # the core keeps its words in the host's order


def sprites(state: bytes) -> set[tuple[int, int, int]]:
    """Column, row and first tile of the sprites in the order they are drawn in."""
    table: NDArray[np.uint16] = np.frombuffer(state, "<u2", 320, SPRITES).reshape(80, 4)
    found, index = set(), 0
    for _ in range(80):
        row, link, tile, column = (int(value) for value in table[index])
        found.add(((column & 0x1FF) - 128, (row & 0x3FF) - 128, tile & 0x7FF))
        index = link & 0x7F
        if index == 0:
            break
    return found


def with_another_time(state: bytes) -> bytes:
    """The same state with other digits on its clock."""
    changed = bytearray(state)
    for at in range(VRAM + CLOCK_TILES.start * TILE_BYTES, VRAM + CLOCK_TILES.stop * TILE_BYTES):
        changed[at] ^= 0x55
    return bytes(changed)


@pytest.fixture(params=GAMES)
def start(request: pytest.FixtureRequest) -> Iterator[tuple[str, StartScreens]]:
    with StartScreens(request.param) as opened:
        yield request.param, opened


def test_the_lists_are_the_contests() -> None:
    assert len(contest_levels()) == 58
    assert len(set(contest_levels())) == 58
    assert {game for game, _ in contest_levels()} == set(GAMES)


def test_wherever_the_clock_shows_the_crop_takes_it_out_of_the_observation(start: tuple[str, StartScreens]) -> None:
    game, screens = start
    config = VisionConfig()
    for state in (state for its_game, state in contest_levels() if its_game == game):
        content = screens.read(state)
        shows = any(tile == HUD_LABEL_TILE for _, _, tile in sprites(content))
        assert shows == (state not in NO_HUD), state
        if not shows:
            continue
        now, later = screens.draw(content), screens.draw(with_another_time(content))
        assert now.shape == SCREEN_SHAPE
        rows = np.flatnonzero((now != later).any((1, 2)))
        assert rows.size, f"{state}: the clock was to run"
        assert rows.max() < config.crop_top, state
        assert np.array_equal(crop(now, config), crop(later, config)), state
        assert np.array_equal(look(now, config), look(later, config)), state


def test_the_player_stays_in_the_observation(start: tuple[str, StartScreens]) -> None:
    game, screens = start
    config = VisionConfig()
    for state in (state for its_game, state in contest_levels() if its_game == game):
        content = screens.read(state)
        x, y, left, top = (word(content, game, name) for name in ("x", "y", "screen_x", "screen_y"))
        column, row = x - left, y - top
        assert 0 <= column < SCREEN_SHAPE[1], state
        assert config.crop_top <= row < SCREEN_SHAPE[0] - config.crop_bottom, state
        cut = max(config.crop_top - (row - BODY), row + BODY - (SCREEN_SHAPE[0] - config.crop_bottom), 0)
        assert cut == FALLING_IN.get(state, 0), state


def test_the_screens_are_in_full_colour(start: tuple[str, StartScreens]) -> None:
    _, screens = start
    for state in set(screens.states()) - NO_HUD:
        screen = screens.draw(screens.read(state))
        assert len(np.unique(screen.reshape(-1, 3), axis=0)) >= 12, state


def test_bad_input_is_refused() -> None:
    with pytest.raises(StateError, match="wanted a game of"):
        StartScreens("Airstriker-Genesis-v0")
    with StartScreens(GAMES[0]) as screens:
        with pytest.raises(StateError, match=r"no state 'Nowhere' .*; there are "):
            screens.read("Nowhere")
        with pytest.raises(StateError, match="the emulator refuses the state"):
            screens.draw(b"GENPLUS-GX 1.7.5" + bytes(100))
