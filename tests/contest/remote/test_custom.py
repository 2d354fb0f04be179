"""The contest's custom levels: the patches that stable-retro ships, patches made here, and their start states."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import vcdiff_decoder
from sonic import FADE_TARGETS, SONIC, Sonic, delta, dummy_rom, level_end
from stable_retro import data

from common.levels import read_levels
from contest.remote import custom, games, integrations
from contest.remote.custom import ORIGINALS, DeltaError, build
from contest.remote.environment import ContestGame
from contest.remote.rom_files import ROM_MAX

GAME = "SonicTheHedgehogCustomCathy-Genesis"
LEVELS = Path(__file__).parents[3] / "contest" / "levels"
SOURCE_SIZES = {"SonicTheHedgehog-Genesis-v0": 1 << 19, "SonicTheHedgehog2-Genesis-v0": 1 << 20}
"""Bytes of the originals; the third is 4 MiB."""


def listed(name: str) -> list[tuple[str, str]]:
    return [(row.game, row.state) for row in read_levels(LEVELS / name, lambda game, state: ((game, state), None))]


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def test_a_patch_gives_the_rom(sonic: Sonic) -> None:
    assert build(GAME, sonic.roms[SONIC]) == sonic.roms[GAME]


def test_a_patch_by_hand(sonic: Sonic) -> None:
    """RFC 3284, byte by byte: copy 3 from address 1, run of 4, add 2, with the checksum of the whole."""
    target = b"bcdzzzz!?"
    (sonic.folder(GAME) / "rom.sha").write_text(sha1(target))
    instructions, addresses, added = b"\x13\x03\x00\x04\x01\x02", b"\x01", b"z!?"
    checksum = bytes.fromhex("12640372")
    body = b"\x09\x00\x03\x06\x01" + checksum + added + instructions + addresses
    patch = b"\xd6\xc3\xc4\x00\x00" + b"\x05\x05\x00" + bytes([len(body)]) + body
    (sonic.folder(GAME) / "rom.delta").write_bytes(patch)
    assert build(GAME, b"abcde") == target
    assert delta(b"bcd", target)[-len(body) :][5:9] == checksum, "the encoder of these tests agrees"


def refused(sonic: Sonic, patch: bytes, original: bytes) -> str:
    (sonic.folder(GAME) / "rom.delta").write_bytes(patch)
    with pytest.raises(DeltaError) as error:
        build(GAME, original)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_patch_of_another_rom_is_refused(sonic: Sonic) -> None:
    original = sonic.roms[SONIC]
    patch = (sonic.folder(GAME) / "rom.delta").read_bytes()
    for wrong in (original[:-1] + b"?", original[: len(original) // 2], b""):
        said = refused(sonic, patch, wrong)
        assert f"not a patch of the ROM with SHA-1 {sha1(wrong)}" in said


def test_a_wrong_checksum_is_refused(sonic: Sonic) -> None:
    original, rom = sonic.roms[SONIC], sonic.roms[GAME]
    said = refused(sonic, delta(original, rom, checksum=lambda _: 0x12345678), original)
    assert "checksum validation failed: expected 0x12345678" in said


def test_a_patch_of_something_else_is_refused(sonic: Sonic) -> None:
    original = sonic.roms[SONIC]
    other = original + b"another level"
    said = refused(sonic, delta(original, other), original)
    assert said.endswith(f"rom.delta gave SHA-1 {sha1(other)}, wanted {sha1(sonic.roms[GAME])}")


def test_a_patch_that_makes_too_much_is_not_applied(sonic: Sonic, monkeypatch: pytest.MonkeyPatch) -> None:
    original = sonic.roms[SONIC]
    monkeypatch.setattr(custom, "decode", lambda *_: pytest.fail("it was applied"))
    said = refused(sonic, delta(original, original[:9] + b"a" * ROM_MAX), original)
    assert f"makes {ROM_MAX + 9} bytes, and a ROM has at most {ROM_MAX}" in said


def test_a_missing_patch_is_named(sonic: Sonic) -> None:
    (sonic.folder(GAME) / "rom.delta").unlink()
    with pytest.raises(DeltaError, match=re.escape(f"{GAME} cannot be built: stable-retro has no rom.delta of it")):
        build(GAME, sonic.roms[SONIC])


def test_no_broken_byte_of_a_patch_gets_through(sonic: Sonic) -> None:
    """Whatever is wrong with a patch, it gives the right ROM or is refused."""
    original, target = b"0123456789" * 3, b"0123456789" * 2 + b"aaaa level"
    (sonic.folder(GAME) / "rom.sha").write_text(sha1(target))
    patch = delta(original, target)
    refusals = 0
    for index in range(len(patch)):
        for value in (0, 1, 127, 255, patch[index] ^ 4):
            (sonic.folder(GAME) / "rom.delta").write_bytes(patch[:index] + bytes([value]) + patch[index + 1 :])
            try:
                assert build(GAME, original) == target
            except DeltaError:
                refusals += 1
    assert refusals > len(patch)
    for length in range(len(patch)):
        assert GAME in refused(sonic, patch[:length], original)


@pytest.mark.parametrize("game", ORIGINALS)
def test_the_shipped_patches_can_be_read(game: str) -> None:
    """Plain VCDIFF whose every window has a checksum, of an original of the right size; what a ROM is needed for waits."""
    path = integrations.file(game, "rom.delta")
    assert path
    parsed = vcdiff_decoder.parse_delta(path.read_bytes())
    assert parsed.header.indicator == 0, "neither compressed a second time nor with a table of its own"
    assert all(window.has_checksum and window.delta_indicator == 0 for window in parsed.windows)
    ends = [window.source_segment_position + window.source_segment_size for window in parsed.windows]
    assert max(ends) == SOURCE_SIZES.get(ORIGINALS[game], 1 << 22)
    size = sum(window.target_window_length for window in parsed.windows)
    assert size == sum(instruction.size for instruction in parsed.instructions)
    assert (1 << 19) <= size <= ROM_MAX
    assert len(integrations.expected_sha1(game)) == 1
    with pytest.raises(DeltaError, match="not a patch of the ROM"):
        build(game, dummy_rom("A GAME", "GM", size=max(ends)))


def test_the_lists_are_the_contests() -> None:
    leaderboard, final = listed("sonic-leaderboard.csv"), listed("sonic-final.csv")
    assert (len(leaderboard), len(final)) == (5, 11)
    assert all("CustomLeaderboard" in game for game, _ in leaderboard)
    everything = {
        (game, state) for game in ORIGINALS for state in data.list_states(game, data.Integrations.CONTRIB_ONLY)
    }
    assert len({*leaderboard, *final}) == 16
    assert {*leaderboard, *final} == everything


def play_start(game: str, state: str) -> tuple[np.ndarray, float, float]:
    """A level's first screen, and what going half the way and to the end pays."""
    env = ContestGame(games.find(game, state), seed=0)
    try:
        env.reset()
        for _ in range(3):
            screen, *_ = env.step([0] * 12)
        retro = env._retro
        start = retro.data.lookup_value("x")
        retro.data.set_value("x", start + (level_end(retro, game) - start) // 2)
        half, terminated = env.step([0] * 12)[1:3]
        assert not terminated
        retro.data.set_value("x", level_end(retro, game))
        rest, terminated = env.step([0] * 12)[1:3]
        assert terminated
        return screen.copy(), half, rest
    finally:
        env.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["train", "validation", "leaderboard", "final"])
def test_every_level_starts_and_pays(name: str, sonic: Sonic) -> None:
    """On stand-ins: the state's own screen, half of the reward for half of the way, the rest at the end."""
    screens = []
    levels = listed(f"sonic-{name}.csv")
    for listed_game, state in levels:
        game = games.full_name(listed_game)
        rom = dummy_rom(game, "GM", fade_target=FADE_TARGETS.get(game, 0xFFFFFB80))
        sonic.rom(game).write_bytes(rom)
        (sonic.folder(game) / "rom.sha").write_text(sha1(rom))
        screen, half, rest = play_start(game, state)
        assert screen.shape == (224, 320, 3)
        assert screen.std() > 10, f"{game} {state}: there is something to see"
        assert half == pytest.approx(4500, abs=10), f"{game} {state}"
        assert rest == pytest.approx(5500, abs=15), f"{game} {state}"
        screens.append(screen)
    assert len({screen.tobytes() for screen in screens}) == len(levels)
