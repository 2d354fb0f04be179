import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from emulated import EmulatedGame, differences
from worlds import DOWN, JUMP, LEFT, RIGHT, UP

from fernway import FOLDER, ROM
from fernway.levels import committed
from fernway.native import Game
from fernway.romtool import finish, odd_operands
from fernway.search import decode

ZONES = range(8)
RANDOM_FRAMES = 450
CROSS_COMPILER = "m68k-linux-gnu-gcc"
PLAY = (RIGHT, RIGHT, RIGHT | JUMP, RIGHT | JUMP, RIGHT | DOWN, DOWN, DOWN | JUMP, LEFT, LEFT | JUMP, UP, 0)


@pytest.mark.slow
def test_rom_and_the_twin_are_equal_frame_by_frame_and_pixel_by_pixel() -> None:
    with EmulatedGame() as emulated:
        twin = Game()
        for zone in ZONES:
            rng = np.random.default_rng(zone)
            act, seed = int(rng.integers(1, 10)), int(rng.integers(2**32))
            emulated.load(zone, act, seed)
            twin.load(zone, act, seed)
            assert emulated.level() == twin.level.copy()
            bits, before = 0, dict[str, int]()
            for frame in range(RANDOM_FRAMES):
                if rng.random() < 0.1:
                    bits = int(rng.choice(PLAY))
                emulated.frame(bits)
                twin.frame(bits)
                assert not differences(emulated, twin), (zone, act, seed, frame, before)
                assert (emulated.screen() == twin.screen()).all(), (zone, act, seed, frame)
                before = emulated.fields()


@pytest.mark.slow
def test_rom_restarts_a_level_and_goes_on_to_the_next_as_the_twin_does() -> None:
    with EmulatedGame() as emulated:
        twin = Game()
        emulated.load(5, 2, 77)
        twin.load(5, 2, 77)
        for frame in range(4000):  # runs into everything
            bits = RIGHT | (JUMP if frame % 50 < 8 else 0)
            emulated.frame(bits)
            twin.frame(bits)
            assert not differences(emulated, twin), frame
            if twin.lives == 2 and twin.frame_count == 5:
                break
        assert twin.lives == 2
        assert (emulated.screen() == twin.screen()).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CopperWorks.Act4", "StarAtrium.Act3"])
def test_whole_levels_play_out_alike_without_a_lost_frame(name: str) -> None:
    solved = committed()[name]
    level = solved.level
    twin = Game(level.zone, level.act, level.seed)
    with EmulatedGame() as emulated:
        emulated.load(level.zone, level.act, level.seed)
        solution = [bits for bits, frames in decode(solved.solution) for _ in range(frames)]
        for frame, bits in enumerate([0, *solution]):  # an episode's reset plays one frame
            emulated.frame(bits)
            twin.frame(bits)
            assert not differences(emulated, twin), frame
            assert frame % 8 or (emulated.screen() == twin.screen()).all(), frame
    assert twin.level_end


def test_rom_starts_playable_from_cold() -> None:
    with EmulatedGame() as emulated:
        fields = emulated.fields()
        assert (fields["zone"], fields["act"], fields["seed"], fields["lives"]) == (0, 1, 1, 3)
        emulated.frame(0)
        assert (emulated.screen() == Game(0, 1, 1).screen()).all()


def test_header_size_and_checksum() -> None:
    rom = ROM.read_bytes()
    assert rom[0x100:0x110] == b"SEGA MEGA DRIVE "
    assert rom[0x1F0:0x1F3] == b"JUE"
    assert len(rom) & (len(rom) - 1) == 0
    assert struct.unpack_from(">I", rom, 0x1A4)[0] == len(rom) - 1
    checksum = int(np.frombuffer(rom[0x200:], ">u2").sum(dtype=np.uint64)) & 0xFFFF
    assert struct.unpack_from(">H", rom, 0x18E)[0] == checksum


def test_finish_refuses_what_is_no_rom() -> None:
    with pytest.raises(ValueError, match="no Mega Drive header"):
        finish(bytes(0x400))


def test_odd_operands_are_found() -> None:
    good = "     400:\t3029 0004      \tmovew %a1@(4),%d0\n     404:\t1029 0003      \tmoveb %a1@(3),%d0\n"
    for bad in (
        "     408:\t3029 0003      \tmovew %a1@(3),%d0",
        "     408:\t2039 00ff 0001 \tmovel ff0001 <x>,%d0",
        "     408:\t4a79 00ff 0003 \ttstw ff0003 <x>",
    ):
        assert odd_operands(good + bad) == [bad.strip()]
    assert odd_operands(good) == []


@pytest.mark.slow
def test_rom_is_what_its_sources_give(tmp_path: Path) -> None:
    if shutil.which(CROSS_COMPILER) is None:
        pytest.skip(f"no {CROSS_COMPILER}: apt-get install gcc-m68k-linux-gnu binutils-m68k-linux-gnu")
    out = tmp_path / "rom.md"
    subprocess.run(["make", "-s", f"BUILD={tmp_path}/build", f"ROM={out}"], cwd=FOLDER, check=True)
    assert out.read_bytes() == ROM.read_bytes()
    assert out.with_suffix(".sha").read_text() == ROM.with_suffix(".sha").read_text()
