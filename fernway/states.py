"""Start states, made and checked on the real emulator core.

A state is stamped with the build of the ROM that made it, in the last four bytes of work RAM, which nothing else uses:
states hold the addresses of a program, and in another build of it they would run into nowhere.
"""

import gc
import gzip
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fernway import INTEGRATION, FernwayError, require_rom
from fernway.common.files import gunzip, read_file, reason, write_file
from fernway.levels import Level, by_name, committed
from fernway.native import bits_to_buttons

STATE_BYTES = 144_681
"""Of a state, the part that means something; the rest is uninitialised memory of the core and saved as zeros."""

_LEFTOVERS = range(144_228, 144_276)
"""24 words of the core that a console does not set when it is switched on: whatever its process played before stands there,
and zeros in a fresh process."""

_POINTERS = (
    *(140_651 + 400 * channel + 80 * operator for channel in range(6) for operator in range(4)),
    *(140_987 + 400 * channel + 8 * output for channel in range(6) for output in range(5)),
    144_605,
)
"""Where the core's sound chip and sound processor save addresses of its own (8 bytes each). They differ from process to
process and the core sets them anew on loading."""

RAM_AT = 16
"""Where the console's 64 KiB of work RAM begin in a state; the bytes of each word are swapped there."""

BOOT_FRAMES = 600
"""Frames the ROM may take to get ready, and a level to be made."""

_MAGIC = 0x4645524E
_STAMP = 0xFFFC
_SIZES = (1_000_000, 1_100_000)  # of a whole state, bytes


def rom_build() -> int:
    """Returns the build of the ROM: the CRC-32 of its bytes.

    Raises:
        FernwayError: If there is no ROM.
    """
    return zlib.crc32(require_rom().read_bytes())


def _ram(state: bytes, at: int, size: int) -> int:
    raw = np.frombuffer(state[RAM_AT : RAM_AT + 0x10000], "<u2").byteswap().tobytes()
    return int.from_bytes(raw[at : at + size], "big")


def read_state(path: Path) -> bytes:
    """Reads a `.state` file.

    Raises:
        FernwayError: If it cannot be read, or is not a state of the present ROM.
    """
    try:
        state = gunzip(read_file(path))
    except OSError as error:
        raise FernwayError(f"not a readable state: {reason(error)}") from error
    except ValueError as error:
        raise FernwayError(f"{path}: not a readable state: {error}") from error
    if not _SIZES[0] <= len(state) <= _SIZES[1] or _ram(state, 0, 4) != _MAGIC:
        raise FernwayError(f"{path}: not a state of Fernway: make one with `python -m fernway state`")
    build = rom_build()
    if (stamp := build_of(state)) != build:
        raise FernwayError(
            f"{path}: made with ROM build {stamp:08x}, this is {build:08x}: "
            "make it again with `python -m fernway state`, the committed ones with `python -m fernway states`"
        )
    return state


def check_start(state: str | None) -> None:
    """Makes sure that episodes can start there.

    Args:
        state: A committed level's name, the path of a `.state` file, or None for the first level.

    Raises:
        FernwayError: If there is no such level, or its state is not one of the present ROM.
    """
    if state is not None and state.endswith(".state"):
        read_state(Path(state))
    else:
        read_state(INTEGRATION / f"{by_name(state or next(iter(committed()))).level.name}.state")


def canonical(state: bytes) -> bytes:
    """Zeros what has no meaning in a state, so that the same level gives the same bytes in every process."""
    kept = bytearray(state)
    kept[STATE_BYTES:] = bytes(len(state) - STATE_BYTES)
    kept[_LEFTOVERS.start : _LEFTOVERS.stop] = bytes(len(_LEFTOVERS))
    for at in _POINTERS:
        kept[at : at + 8] = bytes(8)
    return bytes(kept)


def make_state(level: Level) -> bytes:
    """Returns a level's canonical start state, from a console freshly switched on.

    Raises:
        FernwayError: If the ROM is missing or does not start.
    """
    with Core() as core:
        return core.start(level)


def build_of(state: bytes) -> int:
    """Which build of the ROM made a state."""
    return _ram(state, _STAMP, 4)


def level_of(state: bytes) -> Level:
    """Which level a state is in."""
    return Level(_ram(state, 0x1D, 1), _ram(state, 0x1E, 1), _ram(state, 0x04, 4))


def write_state(path: Path, state: bytes) -> None:
    """Writes a `.state` file; the same state gives the same bytes everywhere.

    Raises:
        FernwayError: If the file cannot be written.
    """
    try:
        write_file(path, gzip.compress(state, 9, mtime=0))
    except OSError as error:
        raise FernwayError(f"{path}: cannot be written: {error.strerror}") from error


class Core:
    """The game on the emulator core, without the environment around it. A process can have one emulator at a time."""

    def __init__(self) -> None:
        """Switches the console on and waits until the game runs.

        Raises:
            FernwayError: If the ROM is missing or does not start.
        """
        import stable_retro

        self._emulator: Any = stable_retro.RetroEmulator(str(require_rom()))
        self._data = stable_retro.data.GameData()
        self._emulator.configure_data(self._data)
        self._emulator.step()
        if not self._data.load(str(INTEGRATION / "data.json"), str(INTEGRATION / "contest.json")):
            raise FernwayError(f"{INTEGRATION}: data.json or contest.json cannot be loaded: install fernway anew")
        self._build = rom_build()
        self._held = -1
        self._wait(lambda: self["magic"] == _MAGIC and self["cmd"] == 0, "does not start")

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switches the console off."""
        self._emulator = self._data = None
        gc.collect()

    def __getitem__(self, name: str) -> int:
        """Reads a variable of data.json."""
        self._data.update_ram()
        return int(self._data.lookup_value(name))

    def _wait(self, ready: Any, otherwise: str) -> None:
        for _ in range(BOOT_FRAMES):
            if ready():
                return
            self.step(0)
        raise FernwayError(f"the ROM {otherwise} within {BOOT_FRAMES} frames: rebuild it with `make -C fernway`")

    def step(self, buttons: int) -> None:
        """Plays one frame.

        Args:
            buttons: Bit i is button i of a Gym action.
        """
        if buttons != self._held:
            self._emulator.set_button_mask(bits_to_buttons(buttons), 0)
            self._held = buttons
        self._emulator.step()

    def start(self, level: Level) -> bytes:
        """Starts a level and returns its canonical start state, at frame 0 of the level."""
        for name, value in (("zone", level.zone), ("act", level.act), ("seed", level.seed), ("build", self._build)):
            self._data.set_value(name, value)
        self._data.set_value("cmd", 1)
        self._wait(lambda: self["cmd"] == 0, "does not make the level")
        return canonical(self._emulator.get_state())

    def load(self, state: bytes) -> None:
        """Goes on from a state, as an environment's reset does: with one frame without buttons."""
        self._emulator.set_state(state)
        self.step(0)

    def play(self, buttons: NDArray[np.uint16]) -> bool:
        """Plays frames of buttons until the level's end or a lost life.

        Args:
            buttons: uint16 [frames], bits of a Gym action.

        Returns:
            Whether the level's end was reached.
        """
        lives = self["lives"]
        for number, pressed in enumerate(buttons.tolist(), start=1):
            self.step(pressed)
            if number % 32 == 0 and (self["level_end"] or self["lives"] < lives):
                break  # now and then: reading memory takes longer than a frame, and both last for a while
        return self["level_end"] == 1

    def memory(self, count: int) -> bytes:
        """Returns the first bytes of work RAM, in the 68000's order."""
        state = bytes(self._emulator.get_state())[RAM_AT : RAM_AT + 0x10000]
        return np.frombuffer(state, "<u2").byteswap().tobytes()[:count]

    @property
    def screen(self) -> NDArray[np.uint8]:
        """What the console shows, uint8 [224, 320, 3]."""
        return np.asarray(self._emulator.get_screen()).copy()
