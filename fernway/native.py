"""Fernway's twin, game by game: the ROM's own C sources without an emulator, many games in one process."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from fernway import FernwayError

BUTTONS = ("B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z")
ZONES = 8
BLOCKS = 38
"""Kinds of blocks in src/blocks.h."""
LEVEL_COLS, LEVEL_ROWS, LEVEL_SPAWNS = 640, 48, 448
SCREEN_HEIGHT, SCREEN_WIDTH = 224, 320

SPAWN = np.dtype([("x", "u2"), ("y", "u2"), ("kind", "u1"), ("arg", "u1")])
LEVEL = np.dtype(
    [
        ("cols", "u2"),
        ("start_x", "u2"),
        ("start_y", "u2"),
        ("end_x", "u2"),
        ("spawn_count", "u2"),
        ("spawns", SPAWN, LEVEL_SPAWNS),
        ("blocks", "u1", (LEVEL_COLS, LEVEL_ROWS)),
    ]
)
"""`Level` of src/level.h."""
GAME_FIELDS = np.dtype(
    {
        "names": [
            "seed", "score", "x", "y", "screen_x", "screen_y", "start_x", "end_x", "rings", "frame_count",
            "lives", "zone", "act", "cmd", "level_end", "dead", "minutes", "seconds", "grounded",
            "px", "py", "vx", "vy", "speed", "charge", "angle", "facing", "rolling", "jumping", "ducking", "charging",
            "hurt", "sprung", "control_lock", "invulnerable", "riding", "broken_count", "is_dashless",
        ],
        "formats": [
            "u4", "u4", "u2", "i2", "u2", "u2", "u2", "u2", "u2", "u2",
            "u1", "u1", "u1", "u1", "u1", "u1", "u1", "u1", "u1",
            "i4", "i4", "i4", "i4", "i4", "i4", "i1", "i1", "u1", "u1", "u1", "u1",
            "u1", "u1", "u1", "u1", "u1", "u2", "u1",
        ],
        "offsets": [
            0x04, 0x08, 0x0C, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x18, 0x1A,
            0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x27,
            0x28, 0x2C, 0x30, 0x34, 0x38, 0x3C, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45,
            0x46, 0x47, 0x4A, 0x4B, 0x4C, 0x56, 0x62,
        ],
    }
)  # fmt: skip
"""The fields of `struct Game` (src/game.h) that Python may read and write."""


class _Outcome(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("x", "y", "vx", "vy", "frames", "rings", "lives")),
        *((name, ctypes.c_uint8) for name in ("grounded", "rolling", "dead", "level_end")),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the player is after some frames."""

    x: int
    """Feet, pixels."""
    y: int
    """Feet, pixels, downwards; negative above the level."""
    vx: float
    """Pixels a frame; along the ground while on it."""
    vy: float
    """Pixels a frame, 0 on the ground."""
    frames: int
    """Frames played: fewer than asked for when the level ended."""
    rings: int
    lives: int
    grounded: bool
    rolling: bool
    dead: bool
    """A life was lost."""
    level_end: bool
    """The end was reached."""


def load_library() -> ctypes.CDLL:
    """Loads the C library.

    Raises:
        ImportError: If it is not built.
    """
    found = find_spec("fernway._native")
    if found is None or found.origin is None:
        raise ImportError("fernway._native is not built: run `pip install -e .` in the project's folder (needs gcc)")
    library = ctypes.CDLL(found.origin)
    pointer, integer = ctypes.c_void_p, ctypes.c_int32
    for name, result, arguments in (
        ("new", pointer, []),
        ("free", None, [pointer]),
        ("game", pointer, [pointer]),
        ("load", None, [pointer, integer, integer, ctypes.c_uint32]),
        ("play", None, [pointer, pointer, integer, integer, integer, ctypes.POINTER(_Outcome)]),
        ("state_size", integer, []),
        ("get_state", None, [pointer, ctypes.c_char_p]),
        ("set_state", None, [pointer, ctypes.c_char_p]),
        ("screen", None, [pointer, pointer]),
    ):
        function = getattr(library, f"native_{name}")
        function.restype, function.argtypes = result, arguments
    return library


_LIB = load_library()
STATE_SIZE: int = _LIB.native_state_size()
"""Bytes of a state."""


def check_level(zone: int, act: int, seed: int) -> None:
    """Raises FernwayError unless such a level exists."""
    if not 0 <= zone < ZONES:
        raise FernwayError(f"zone must be 0..{ZONES - 1}, got {zone}")
    if not 1 <= act <= 99:
        raise FernwayError(f"act must be 1..99, got {act}")
    if not 0 <= seed < 2**32:
        raise FernwayError(f"seed must be a 32-bit number, 0..{2**32 - 1}, got {seed}")


def buttons_to_bits(buttons: int | Sequence[bool] | NDArray[np.bool_]) -> int:
    """Packs a Gym action into one number, bit i for button i of `BUTTONS`; passes numbers on.

    Raises:
        FernwayError: If it is neither 12 truth values nor a number of 12 bits.
    """
    if isinstance(buttons, int | np.integer):
        bits = int(buttons)
    elif len(buttons) == len(BUTTONS):
        bits = sum(1 << i for i, pressed in enumerate(buttons) if pressed)
    else:
        bits = -1
    if not 0 <= bits < 1 << len(BUTTONS):
        raise FernwayError(f"buttons must be {len(BUTTONS)} truth values or that many bits, got {buttons!r}")
    return bits


def bits_to_buttons(bits: int) -> NDArray[np.uint8]:
    """Unpacks button bits into a Gym action, 0/1 [12]."""
    return (bits >> np.arange(len(BUTTONS)) & 1).astype(np.uint8)


class Game:
    """One running game.

    Fields of the game's memory are read as attributes: `x`, `y`, `rings`, `lives`, `score`, `end_x`, `frame_count`,
    `level_end`, `dead`, `speed` and so on (`struct Game` in src/game.h); 16.16 fixed-point fields stay integers.
    """

    def __init__(self, zone: int = 0, act: int = 1, seed: int = 1) -> None:
        """Starts at the beginning of a level; see `load`."""
        self.handle: int | None = _LIB.native_new()
        """Address of the C library's `Native`."""
        if not self.handle:
            raise MemoryError("no memory for another game")
        address = _LIB.native_game(self.handle)
        level_at = STATE_SIZE
        memory = (ctypes.c_uint8 * (level_at + LEVEL.itemsize)).from_address(address)
        raw = np.ctypeslib.as_array(memory)
        self._head = raw[: GAME_FIELDS.itemsize].view(GAME_FIELDS)
        self._level = raw[level_at:].view(LEVEL)
        self._outcome = _Outcome()
        self.load(zone, act, seed)

    def __del__(self) -> None:
        """Gives the memory back."""
        handle, self.handle = getattr(self, "handle", None), None
        if handle:
            _LIB.native_free(handle)

    def load(self, zone: int, act: int, seed: int) -> None:
        """Starts a level as the ROM does after `cmd` is poked: three lives, no rings, frame 0.

        Raises:
            FernwayError: If there is no such level.
        """
        check_level(zone, act, seed)
        _LIB.native_load(self.handle, zone, act, seed)

    def frame(self, buttons: int | Sequence[bool] | NDArray[np.bool_] = 0) -> Outcome:
        """Plays one frame with these buttons (bool [12] in Gym's order, or their bits)."""
        return self.hold(buttons, 1, stop=False)

    def hold(self, buttons: int | Sequence[bool] | NDArray[np.bool_], frames: int, *, stop: bool = True) -> Outcome:
        """Holds buttons for some frames; stops early at a lost life or the end unless `stop` is off."""
        return self._play(np.array([buttons_to_bits(buttons)], np.uint16), frames, held=True, stop=stop)

    def frames(self, buttons: NDArray[np.uint16], *, stop: bool = True) -> Outcome:
        """Plays a sequence, one entry (button bits, uint16 [T]) a frame; stops early as `hold` does."""
        bits = np.ascontiguousarray(buttons, np.uint16)
        if bits.ndim != 1:
            raise FernwayError(f"buttons must be uint16 [T], got shape {bits.shape}")
        return self._play(bits, len(bits), held=False, stop=stop)

    def _play(self, bits: NDArray[np.uint16], frames: int, *, held: bool, stop: bool) -> Outcome:
        if frames < 0:
            raise FernwayError(f"frames must not be negative, got {frames}")
        o = self._outcome
        _LIB.native_play(self.handle, bits.ctypes.data, frames, held, stop, ctypes.byref(o))
        return Outcome(
            o.x, o.y, o.vx / 65536, o.vy / 65536, o.frames, o.rings, o.lives,
            bool(o.grounded), bool(o.rolling), bool(o.dead), bool(o.level_end),
        )  # fmt: skip

    def get_state(self) -> bytes:
        """Everything that matters, `STATE_SIZE` bytes; for this build of the library only."""
        state = ctypes.create_string_buffer(STATE_SIZE)
        _LIB.native_get_state(self.handle, state)
        return state.raw

    def set_state(self, state: bytes) -> None:
        """Goes on from a state of any game.

        Raises:
            FernwayError: If the state has another size, or names a level that does not exist.
        """
        if len(state) != STATE_SIZE:
            raise FernwayError(f"a state has {STATE_SIZE} bytes, got {len(state)}")
        head = np.frombuffer(bytearray(state[: GAME_FIELDS.itemsize]), GAME_FIELDS)[0]
        check_level(int(head["zone"]), int(head["act"]), int(head["seed"]))
        _LIB.native_set_state(self.handle, state)

    def screen(self) -> NDArray[np.uint8]:
        """What the emulator shows after the last frame played, RGB uint8 [224, 320, 3].

        That is the picture of the state before that frame's logic, as on the console. Right after `load` and
        `set_state` it is the picture of the present state.
        """
        rgb = np.empty((SCREEN_HEIGHT, SCREEN_WIDTH, 3), np.uint8)
        _LIB.native_screen(self.handle, rgb.ctypes.data)
        return rgb

    @property
    def level(self) -> NDArray[np.void]:
        """The level's record (dtype `LEVEL`), a view: `game.level["end_x"]`."""
        return self._level[0]  # type: ignore[no-any-return]

    @property
    def blocks(self) -> NDArray[np.uint8]:
        """uint8 [LEVEL_COLS, LEVEL_ROWS], the block ids of src/blocks.h, a writable view."""
        return self._level["blocks"][0]  # type: ignore[no-any-return]

    @property
    def spawns(self) -> NDArray[np.void]:
        """The level's objects (dtype `SPAWN`), sorted by x, a view."""
        return self._level["spawns"][0][: int(self._level["spawn_count"][0])]  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> int:
        """Reads a field of `struct Game`."""
        if name.startswith("_") or name not in (GAME_FIELDS.names or ()):
            raise AttributeError(f"a Fernway game has no field {name!r}")
        return int(self._head[name][0])

    def poke(self, name: str, value: int) -> None:
        """Writes a field of `struct Game`, as a test or a debugger would."""
        if name not in (GAME_FIELDS.names or ()):
            raise AttributeError(f"a Fernway game has no field {name!r}")
        self._head[name][0] = value
