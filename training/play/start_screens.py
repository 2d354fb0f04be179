"""The contest's start screens without the games' ROMs, from the save states that stable-retro ships.

A save state holds the video memory, so any ROM that leaves this memory alone draws the state's screen. The states were
saved during the fade-in, when most colours are still black: so the ROM made here copies the palette that the game fades
to into the colour memory, at each vertical blank. The pictures are the games' own artwork: look at them, do not keep them.
"""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import stable_retro as retro

from agent.vision import Screen
from common.files import gunzip, read_file

FADE_TARGET = {
    "SonicTheHedgehog-Genesis-v0": 0xFFFFFB80,
    "SonicTheHedgehog2-Genesis-v0": 0xFFFFFB80,
    "SonicAndKnuckles3-Genesis-v0": 0xFFFFFC80,
}
"""The contest's games, and the address in their RAM of the 64 colours that they fade to. Source: read in their states."""

SETTLE_FRAMES = 3
"""Frames after which the screen shows what the state holds, with full colours."""

_VECTORS, _RETURN, _HANDLER, _SIZE = 64, 0x300, 0x310, 1 << 19  # exceptions; addresses; bytes
_VERTICAL_BLANK = 30  # number of its exception


class StateError(ValueError):
    """A save state that cannot be shown; the message is one line that says what to do."""


def show_palette_rom(fade_target: int) -> bytes:
    """Makes a ROM that loops for ever, wherever the program counter stands, and shows the palette at `fade_target`."""
    handler = (
        "48e78080"  # movem.l d0/a0,-(sp)
        "33fc8f0200c00004"  # move.w #$8f02,$c00004     the video chip moves on by one word after each
        "23fcc000000000c00004"  # move.l #$c0000000,$c00004 write colour memory from 0
        f"41f9{fade_target:08x}"  # lea fade_target,a0
        "703f"  # moveq #63,d0
        "33d800c00000"  # move.w (a0)+,$c00000
        "51c8fff8"  # dbra d0,-6
        "4cdf0101"  # movem.l (sp)+,d0/a0
        "4e73"  # rte
    )
    rom = bytearray(b"\x60\xfe" * (_SIZE // 2))  # bra.s to itself
    for vector in range(_VECTORS):
        rom[vector * 4 : vector * 4 + 4] = _RETURN.to_bytes(4, "big")
    rom[0:8] = (0xFFFE00).to_bytes(4, "big") + (0x400).to_bytes(4, "big")  # stack, start
    rom[_VERTICAL_BLANK * 4 : _VERTICAL_BLANK * 4 + 4] = _HANDLER.to_bytes(4, "big")
    rom[0x100:0x200] = b"SEGA MEGA DRIVE ".ljust(0x100)  # what makes the core take it for a Mega Drive's
    rom[0x1A0:0x1A8] = (0).to_bytes(4, "big") + (_SIZE - 1).to_bytes(4, "big")
    rom[0x1F0:0x1F3] = b"JUE"
    rom[_RETURN : _RETURN + 2] = b"\x4e\x73"
    rom[_HANDLER : _HANDLER + len(handler) // 2] = bytes.fromhex(handler)
    return bytes(rom)


class StartScreens:
    """Draws one game's states; a context manager, because a process can have only one emulator."""

    def __init__(self, game: str) -> None:
        """Starts the emulator.

        Raises:
            StateError: If it is not one of the contest's games.
        """
        if game not in FADE_TARGET:
            raise StateError(f"wanted a game of {', '.join(FADE_TARGET)}, whose palettes are known; got {game}")
        self._folder = Path(retro.data.path()) / "stable" / game
        with tempfile.TemporaryDirectory() as folder:
            rom = Path(folder) / "rom.md"
            rom.write_bytes(show_palette_rom(FADE_TARGET[game]))
            self._emulator = retro.RetroEmulator(str(rom))

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Frees the emulator."""
        del self._emulator

    def states(self) -> list[str]:
        """Returns the names of the states that stable-retro ships, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.state"))

    def read(self, state: str) -> bytes:
        """Reads a state by its name, or by its file's path, as the emulator wants it.

        Raises:
            StateError: If there is none.
        """
        path = self._folder / f"{state}.state"
        path = path if path.is_file() else Path(state)
        try:
            return gunzip(read_file(path))
        except (OSError, ValueError) as error:
            raise StateError(f"no state {state[:80]!r} ({error}); there are {', '.join(self.states())}") from error

    def draw(self, content: bytes) -> Screen:
        """Draws what a state's video memory holds.

        Args:
            content: The state as `read` returns it.

        Returns:
            uint8 [H, W, 3], RGB.

        Raises:
            StateError: If the emulator refuses it.
        """
        if not self._emulator.set_state(content):
            raise StateError(f"the emulator refuses the state ({len(content)} bytes): it is cut short or another's")
        for _ in range(SETTLE_FRAMES):
            self._emulator.step()
        screen: Screen = self._emulator.get_screen().copy()
        return screen
