"""Fernway's ROM on the real emulator core, a frame at a time, for comparison with the twin."""

import gc
from typing import Self

import numpy as np
import stable_retro
from numpy.typing import NDArray

from fernway import INTEGRATION, ROM
from fernway.native import GAME_FIELDS, LEVEL, STATE_SIZE, Game, bits_to_buttons

LOAD_FRAMES = 600


class EmulatedGame:
    """The ROM in an emulator of its own; one of them per process at a time."""

    def __init__(self) -> None:
        self._emulator = stable_retro.RetroEmulator(str(ROM))
        scenario = str(INTEGRATION / "scenario.json")
        self._data = stable_retro.data.GameData(data=str(INTEGRATION / "data.json"), scenario=scenario)
        self._emulator.configure_data(self._data)
        self._wait_for_level()

    def close(self) -> None:
        """Frees the emulator."""
        del self._emulator, self._data
        gc.collect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _step(self, bits: int = 0) -> None:
        self._emulator.set_button_mask(bits_to_buttons(bits), 0)
        self._emulator.step()
        self._data.update_ram()

    def _wait_for_level(self) -> None:
        for _ in range(LOAD_FRAMES):
            self._step()
            if self.field("magic") == 0x4645524E and self.field("cmd") == 0:
                return
        raise AssertionError(f"the ROM did not start a level within {LOAD_FRAMES} frames")

    def load(self, zone: int, act: int, seed: int) -> int:
        """Starts a level as a tool from outside does; returns the frames that took."""
        for name, value in (("zone", zone), ("act", act), ("seed", seed), ("cmd", 1)):
            self._data.set_value(name, value)
        for frames in range(1, LOAD_FRAMES):
            self._step()
            if self.field("cmd") == 0:
                return frames
        raise AssertionError(f"the ROM did not load a level within {LOAD_FRAMES} frames")

    def frame(self, bits: int) -> None:
        self._step(bits)

    def field(self, name: str) -> int:
        return int(self._data.lookup_value(name))

    def ram(self) -> NDArray[np.uint8]:
        """64 KiB as the 68000 sees them."""
        raw = np.frombuffer(b"".join(self._data.memory.blocks.values()), np.uint8)
        return raw[:0x10000].reshape(-1, 2)[:, ::-1].reshape(-1)

    def screen(self) -> NDArray[np.uint8]:
        return np.asarray(self._emulator.get_screen())

    def get_state(self) -> bytes:
        return bytes(self._emulator.get_state())

    def set_state(self, state: bytes) -> None:
        self._emulator.set_state(state)

    def fields(self) -> dict[str, int]:
        """The head of `struct Game`."""
        head = np.frombuffer(self.ram()[: GAME_FIELDS.itemsize].tobytes(), GAME_FIELDS.newbyteorder(">"))[0]
        return {name: int(head[name]) for name in GAME_FIELDS.names or ()}

    def level(self) -> np.void:
        """The level's record, in the byte order of this machine."""
        raw = self.ram()[STATE_SIZE : STATE_SIZE + LEVEL.itemsize].tobytes()
        level: np.void = np.frombuffer(raw, LEVEL.newbyteorder(">"))[0].astype(LEVEL)
        return level


def differences(emulated: EmulatedGame, twin: Game) -> dict[str, tuple[int, int]]:
    """Fields that differ: name -> (emulated, twin)."""
    fields = emulated.fields()
    return {name: (value, getattr(twin, name)) for name, value in fields.items() if value != getattr(twin, name)}
