"""Stand-ins for the ROMs of the contest's games, which nobody may hand out: they draw a state's screen and do no more.

A state carries video memory, so a ROM that loops for ever, and copies the colours that the game was fading to, lets the
emulator show the state's first screen. The integrations around them are stable-retro's own but for `rom.sha` and
`rom.delta`.
"""

import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contest.remote import integrations
from contest.remote.custom import ORIGINALS
from contest.remote.roms import HALVES, LOCKED_ON

SONIC, SONIC_2 = "SonicTheHedgehog-Genesis-v0", "SonicTheHedgehog2-Genesis-v0"
ROM_SIZE = 1 << 17
HANDLER_AT = 0x310
FADE_TARGETS = {LOCKED_ON: 0xFFFFFC80, "SonicAndKnuckles3CustomKevin-Genesis": 0xFFFFFC80}
"""Where the game keeps the colours that it fades to, 64 words; elsewhere at 0xFFFFFB80."""


def dummy_rom(title: str, serial: str, *, fade_target: int = 0xFFFFFB80, size: int = ROM_SIZE) -> bytes:
    """Makes a ROM of endless loops whose vertical-blank handler copies 64 colours to colour memory."""
    handler = bytes.fromhex(
        f"48e7808033fc8f0200c0000423fcc000000000c0000441f9{fade_target:08x}703f33d800c0000051c8fff84cdf01014e73"
    )
    rom = bytearray(b"\x60\xfe" * (size // 2))
    for vector in range(64):
        rom[vector * 4 : vector * 4 + 4] = (0x300).to_bytes(4)  # an RTE
    rom[:8] = (0xFFFE00).to_bytes(4) + (0x400).to_bytes(4)
    rom[30 * 4 : 31 * 4] = HANDLER_AT.to_bytes(4)
    rom[0x100:0x200] = b" " * 0x100
    rom[0x100:0x110] = b"SEGA MEGA DRIVE "
    rom[0x150:0x180] = title.encode().ljust(0x30)
    rom[0x180:0x18E] = serial.encode().ljust(14)
    rom[0x1A0:0x1A8] = bytes(4) + (size - 1).to_bytes(4)
    rom[0x1F0:0x1F3] = b"JUE"
    rom[0x300:0x302] = b"\x4e\x73"
    rom[HANDLER_AT : HANDLER_AT + len(handler)] = handler
    return bytes(rom)


def interleaved(rom: bytes) -> bytes:
    """Makes a Super Magic Drive's file of a ROM: its header, then each 16 KiB as odd bytes and even bytes."""
    blocks = [rom[begin : begin + 0x4000] for begin in range(0, len(rom), 0x4000)]
    header = bytearray(512)
    header[0], header[8:10] = len(blocks), b"\xaa\xbb"
    return bytes(header) + b"".join(block[1::2] + block[::2] for block in blocks)


def delta(source: bytes, target: bytes, *, checksum: Callable[[bytes], int] = zlib.adler32) -> bytes:
    """Makes a VCDIFF patch (RFC 3284) of one window: a copy of what both begin with, a run and an addition."""
    pairs = enumerate(zip(source, target, strict=False))
    same = next((index for index, (one, other) in pairs if one != other), min(len(source), len(target)))
    run = len(target[same:]) - len(target[same:].lstrip(target[same : same + 1]))
    added = target[same + run :]
    data = target[same : same + 1] + added
    instructions = b"\x13" + _number(same) + b"\x00" + _number(run) + b"\x01" + _number(len(added))
    addresses = _number(0)
    sizes = (len(data), len(instructions), len(addresses))
    body = _number(len(target)) + b"\x00" + b"".join(map(_number, sizes)) + checksum(target).to_bytes(4)
    body += data + instructions + addresses
    window = b"\x05" + _number(len(source)) + _number(0) + _number(len(body)) + body  # with a source and a checksum
    return b"\xd6\xc3\xc4\x00\x00" + window


def _number(value: int) -> bytes:
    """A number as VCDIFF has it: seven bits a byte, the highest first."""
    digits = [value & 127]
    while value := value >> 7:
        digits.append(value & 127 | 128)
    return bytes(reversed(digits))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sonic:
    """A data folder of stable-retro whose integrations of the contest's games want stand-ins."""

    data: Path
    """The folder."""

    roms: dict[str, bytes]
    """Each game's ROM, those of the custom levels among them; in no folder yet."""

    def folder(self, game: str) -> Path:
        """The folder of a game's integration."""
        return self.data / ("contrib" if game in ORIGINALS else "stable") / game

    def rom(self, game: str) -> Path:
        """Where the emulator looks for a game's ROM."""
        return self.folder(game) / "rom.md"


def make_sonic(shipped: Path, folder: Path) -> Sonic:
    """Makes the data folder, from links to stable-retro's own.

    Args:
        shipped: Stable-retro's data folder.
        folder: Where to make it.
    """
    half = {"size": ROM_SIZE // 2, "fade_target": FADE_TARGETS[LOCKED_ON]}
    roms = {
        SONIC: dummy_rom("SONIC THE               HEDGEHOG", "GM 00004049-01"),
        SONIC_2: dummy_rom("SONIC THE             HEDGEHOG 2", "GM 00001051-01"),
        HALVES[0]: dummy_rom("SONIC & KNUCKLES", "GM MK-1563 -00", **half),
        HALVES[1]: dummy_rom("SONIC THE             HEDGEHOG 3", "GM MK-1079 -00", **half),
    }
    roms[LOCKED_ON] = roms[HALVES[0]] + roms[HALVES[1]]
    made = Sonic(data=folder, roms=roms)
    for game, original in ORIGINALS.items():
        roms[game] = roms[original] + b"\0" * 0x100 + game.encode().ljust(0x100, b"\0")
    for name in ("stable", "contrib", "experimental"):
        (folder / name).mkdir(parents=True)
    for game, rom in roms.items():
        made.folder(game).mkdir()
        for file in (shipped / made.folder(game).relative_to(folder)).iterdir():
            if not file.name.startswith("rom."):
                (made.folder(game) / file.name).symlink_to(file)
        sums = [hashlib.sha1(rom).hexdigest()]
        if game == LOCKED_ON:
            sums.append("0" * 40)  # two revisions will do, and this one nobody has
        (made.folder(game) / "rom.sha").write_text("\n".join(sums) + "\n")
        if game in ORIGINALS:
            (made.folder(game) / "rom.delta").write_bytes(delta(roms[ORIGINALS[game]], rom))
    (folder / "stable" / "Airstriker-Genesis-v0").symlink_to(shipped / "stable" / "Airstriker-Genesis-v0")
    return made


def level_end(retro: object, game: str) -> int:
    """Where a level ends, as the game's reward script has it."""
    script = integrations.file(game, "script.lua")
    assert script
    zone, act = (retro.data.lookup_value(name) for name in ("zone", "act"))  # type: ignore[attr-defined]
    found = re.search(rf'\["zone={zone},act={act}"\]\s*=\s*([^,]+),', script.read_text())
    assert found, (zone, act)
    return sum(int(number, 16) for number in found.group(1).split("+"))
