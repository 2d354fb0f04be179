"""The wire's channels: what they look like in the description, and how a value goes into them and comes out.

Source: openai/retro-contest, support/gym_remote/bridge.py. The original evaluates a channel's shape as Python; here it
has to match a pattern, for it comes from a process that is not ours.

Arrays travel in files beside the socket. They are read and written with `pread` and `pwrite` rather than through a
memory map: the other end may hold a map of the same file all the same (Linux keeps both views the same), it costs
under 10 us a screen more, and a file that the other end cuts short gives an error where a map would kill the process.
"""

import math
import operator
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import numpy as np
from gymnasium import Space, spaces
from numpy.typing import NDArray

from agent.wire import ProtocolError, show

ARRAY_BYTES_MAX = 1 << 28
"""Largest array accepted, bytes; the contest's screen has 215,040."""

FOLDED_BITS_MAX = 63
"""Most buttons that travel as one integer; more go through a file. Source: gym_remote, Bridge.wrap."""

_SIZE = r"[1-9][0-9]{0,9}"
_NUMPY_SIZE = re.compile(rf"np\.int64\(({_SIZE})\)")  # how numpy 2 writes an integer of its own
_FOLDS = re.compile(rf"\[2(?:, 2){{0,{FOLDED_BITS_MAX - 1}}}\],")
_ARRAY = re.compile(rf"\(((?:{_SIZE},)?|{_SIZE}(?:, {_SIZE}){{1,31}})\), dtype\(\"([<>|][biuf][1248])\"\)")

Kind = Literal["int", "float", "bool", "int_fold", "np"]


class Channel(Protocol):
    """One named value that the two ends share."""

    def put(self, value: Any) -> object:
        """Checks a value, stores it where the other end finds it, and returns what an `update` says of it.

        Raises:
            ValueError: If the value does not suit the channel.
        """

    def take(self, said: object) -> Any:
        """Returns the value of which an `update` said `said`; an array is a copy.

        Raises:
            ProtocolError: If that does not suit the channel.
        """

    def close(self) -> None:
        """Lets go of the channel's file, if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelForm:
    """A channel as the description tells of it."""

    kind: Kind
    """How the value travels."""

    shape: tuple[int, ...] = ()
    """Of an array its shape, of folded bits their number; else empty."""

    dtype: np.dtype[Any] | None = None
    """Type of an array's elements."""

    annotations: dict[str, str]
    """What the space is: `type`, and `n` or `shape`; in the order of the wire."""

    @classmethod
    def of_space(cls, space: Space[Any]) -> Self:
        """Returns how the contest's server sends a space.

        Raises:
            ValueError: If it cannot.
        """
        match space:
            case spaces.MultiBinary(shape=(int(n),)):
                annotations = {"n": str(n), "type": "MultiBinary"}
                if n <= FOLDED_BITS_MAX:
                    return cls(kind="int_fold", shape=(n,), annotations=annotations)
                return cls(kind="np", shape=(n,), dtype=np.dtype(np.uint8), annotations=annotations)
            case spaces.Discrete(start=0):
                return cls(kind="int", annotations={"n": str(space.n), "type": "Discrete"})
            case spaces.MultiDiscrete(shape=(int(n),)) if not space.start.any():
                annotations = {"shape": str(n), "type": "MultiDiscrete"}
                return cls(kind="np", shape=(n,), dtype=np.dtype(np.int64), annotations=annotations)
            case spaces.Box():
                annotations = {"type": "Box", "shape": str(space.shape)}
                return cls(kind="np", shape=space.shape, dtype=space.dtype, annotations=annotations)
        raise ValueError(f"wanted a flat MultiBinary, Discrete or MultiDiscrete from 0, or a Box, got {space}")

    @classmethod
    def from_wire(cls, said: object) -> Self:
        """Reads a channel's entry of the description.

        Raises:
            ProtocolError: If it is not of the known form.
        """
        match said:
            case [str(kind), str() | None as shape, dict(annotations)] if all(
                isinstance(value, str) for value in annotations.values()
            ):
                pass
            case _:
                raise ProtocolError(f"wanted a channel as [kind, shape, annotations], got {show(said)}")
        plain = None if shape is None else _NUMPY_SIZE.sub(r"\1", shape)
        match kind:
            case "int" | "float" | "bool" if plain is None:
                return cls(kind=kind, annotations=annotations)
            case "int_fold" if plain is not None and _FOLDS.fullmatch(plain):
                return cls(kind=kind, shape=(plain.count("2"),), annotations=annotations)
            case "np" if plain is not None and (found := _ARRAY.fullmatch(plain)):
                sizes = tuple(int(size) for size in found[1].split(",") if size)
                return cls(kind=kind, shape=sizes, dtype=_dtype(found[2]), annotations=annotations)
        raise ProtocolError(f"wanted a known kind of channel with a shape to it, got {show(said)}")

    def to_wire(self) -> list[object]:
        """Returns the channel's entry of the description."""
        match self.kind:
            case "int_fold":
                shape = f"{[2] * self.shape[0]},"
            case "np":
                assert self.dtype is not None
                shape = f'{self.shape}, dtype("{self.dtype.str}")'
            case _:
                return [self.kind, None, self.annotations]
        return [self.kind, shape, self.annotations]

    def space(self) -> Space[Any]:
        """Returns the space that the annotations tell of.

        The wire tells no bounds: those of a Box are its dtype's, a MultiDiscrete's are int64's.

        Raises:
            ProtocolError: If kind, shape and annotations do not go together.
        """
        match self.annotations.get("type"), self.kind:
            case "MultiBinary", "int_fold" if self.shape == (self._n,):
                return spaces.MultiBinary(self._n)
            case "MultiBinary", "np" if self.shape == (self._n,) and self.dtype == np.uint8:
                return spaces.MultiBinary(self._n)
            case "Discrete", "int" if self._n:
                return spaces.Discrete(self._n)
            case "MultiDiscrete", "np" if len(self.shape) == 1 and self.dtype == np.int64:
                return spaces.MultiDiscrete(np.full(self.shape, np.iinfo(np.int64).max))
            case "Box", "np" if self.dtype is not None:
                if self.dtype.kind == "f":
                    return spaces.Box(-np.inf, np.inf, self.shape, self.dtype.type)
                if self.dtype.kind in "iu":
                    limits = np.iinfo(self.dtype)
                    return spaces.Box(limits.min, limits.max, self.shape, self.dtype.type)
        raise ProtocolError(f"wanted a channel with a space to it, got {show(self.to_wire())}")

    @property
    def _n(self) -> int:
        """The annotation n, 0 if there is none."""
        n = self.annotations.get("n", "")
        return int(n) if re.fullmatch(_SIZE, n) else 0

    def open(self, path: Path, *, create: bool = False, write: bool = False) -> Channel:
        """Opens the channel.

        Args:
            path: An array's file.
            create: Whether to make it anew, as the server does.
            write: Whether to write to it.

        Raises:
            ProtocolError: If there is an array's file, but not one that can hold the array.
            OSError: If the file cannot be opened.
        """
        match self.kind:
            case "np":
                assert self.dtype is not None
                return ArrayChannel(path, self.shape, self.dtype, create=create, write=write)
            case "int_fold":
                return BitsChannel(self.shape[0])
            case "int":
                return IntChannel(self._n)
            case "float":
                return FloatChannel()
            case "bool":
                return BoolChannel()


class _InlineChannel:
    """A channel whose value is in the message itself."""

    def close(self) -> None:
        """Has nothing to let go of."""


class BoolChannel(_InlineChannel):
    """True or false."""

    def put(self, value: Any) -> object:
        """See `Channel`."""
        return bool(value)

    def take(self, said: object) -> bool:
        """See `Channel`."""
        if not isinstance(said, bool):
            raise ProtocolError(f"wanted true or false, got {show(said)}")
        return said


class FloatChannel(_InlineChannel):
    """A finite number."""

    def put(self, value: Any) -> object:
        """See `Channel`."""
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"wanted a finite number, got {number}")
        return number

    def take(self, said: object) -> float:
        """See `Channel`."""
        if type(said) in (float, int):
            try:
                number = float(said)  # type: ignore[arg-type]
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                return number
        raise ProtocolError(f"wanted a finite number, got {show(said)}")


class IntChannel(_InlineChannel):
    """An integer of 0..n-1."""

    def __init__(self, n: int) -> None:
        """Keeps how many values there are."""
        self._n = n

    def put(self, value: Any) -> object:
        """See `Channel`."""
        try:
            number = operator.index(value)
        except TypeError:
            number = -1
        if not 0 <= number < self._n:
            raise ValueError(f"wanted an integer of 0..{self._n - 1}, got {show(value)}")
        return number

    def take(self, said: object) -> int:
        """See `Channel`."""
        if type(said) is not int or not 0 <= said < self._n:
            raise ProtocolError(f"wanted an integer of 0..{self._n - 1}, got {show(said)}")
        return said


class BitsChannel(_InlineChannel):
    """A few bits as one integer: bit i is the i-th of them.

    Args:
        n: How many bits.
    """

    def __init__(self, n: int) -> None:
        """Keeps how many bits there are."""
        self._n = n

    def put(self, value: Any) -> object:
        """See `Channel`."""
        bits = np.asarray(value)
        if bits.shape != (self._n,) or bits.dtype.kind not in "biu":
            raise ValueError(f"wanted {self._n} zeros and ones, got {show(value)}")
        number = 0
        for bit in reversed(bits.tolist()):  # for so few of them twice as fast as numpy
            if bit not in (0, 1):
                raise ValueError(f"wanted {self._n} zeros and ones, got {show(value)}")
            number = 2 * number + bit
        return number

    def take(self, said: object) -> NDArray[np.uint8]:
        """See `Channel`."""
        if type(said) is not int or not 0 <= said < 1 << self._n:
            raise ProtocolError(f"wanted an integer of 0..{(1 << self._n) - 1}, got {show(said)}")
        data = np.frombuffer(said.to_bytes(8, "little"), np.uint8)
        return np.unpackbits(data, count=self._n, bitorder="little")


class ArrayChannel:
    """An array in a file of its own; the message only says that it changed."""

    def __init__(
        self, path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], *, create: bool = False, write: bool = False
    ) -> None:
        """Opens the file; see `ChannelForm.open`."""
        self._path, self._shape, self._dtype = path, shape, dtype
        self._bytes = math.prod(shape) * dtype.itemsize
        if not 0 < self._bytes <= ARRAY_BYTES_MAX:
            raise ProtocolError(f"wanted an array of 1..{ARRAY_BYTES_MAX} bytes, got {shape} of {dtype}")
        if create:
            path.unlink(missing_ok=True)  # a dead server's, or worse a link to somewhere else
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL if create else os.O_RDWR if write else os.O_RDONLY
        try:
            # Neither waits for the other end of a named pipe nor follows a link out of the folder.
            self._file = os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        except OSError as error:
            if create:
                raise
            raise ProtocolError(f"wanted the array's file {path}, got: {error.strerror}") from None
        try:
            if create:
                os.ftruncate(self._file, self._bytes)
            status = os.fstat(self._file)
            if not stat.S_ISREG(status.st_mode) or status.st_size < self._bytes:
                kind = "file" if stat.S_ISREG(status.st_mode) else "special file"
                raise ProtocolError(f"wanted {self._bytes} bytes in {path}, got a {kind} of {status.st_size}")
        except BaseException:
            os.close(self._file)
            raise

    def put(self, value: Any) -> object:
        """See `Channel`."""
        array = np.asarray(value)
        if array.shape != self._shape or not _castable(array, self._dtype):
            came = f"{array.dtype} of shape {array.shape}"
            raise ValueError(f"wanted an array of {self._dtype} of shape {self._shape}, got {came}")
        os.pwrite(self._file, np.ascontiguousarray(array, self._dtype).data, 0)
        return True

    def take(self, said: object) -> NDArray[Any]:
        """See `Channel`."""
        if said is not True:
            raise ProtocolError(f"wanted true for an array, got {show(said)}")
        array = np.empty(self._shape, self._dtype)
        count = os.preadv(self._file, [array.data], 0)
        if count != self._bytes:
            raise ProtocolError(f"wanted {self._bytes} bytes in {self._path}, got {count}")
        return array

    def close(self) -> None:
        """See `Channel`."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _castable(array: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    """Whether an array can become the dtype without its values becoming others (floats may lose digits)."""
    if np.can_cast(array.dtype, dtype, "safe"):
        return True
    if dtype.kind == "f":
        return array.dtype.kind in "biuf"
    return array.dtype.kind in "biu" and bool((array == array.astype(dtype)).all())


def _dtype(text: str) -> np.dtype[Any]:
    try:
        return np.dtype(text)
    except TypeError:
        raise ProtocolError(f"wanted a type of numbers, got {show(text)}") from None
