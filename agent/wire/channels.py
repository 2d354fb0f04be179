"""The wire's channels: how a value goes into each kind and comes out of it.

Source: openai/retro-contest, support/gym_remote/bridge.py.

Arrays travel in memory-mapped files beside the socket. Touching a map whose file the other end has cut short kills the
process, so the file's length is looked at first, each time; it costs less than a microsecond.
"""

import math
import mmap
import operator
import os
import stat
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.wire.messages import ProtocolError, show


class Channel(Protocol):
    """One named value that the two ends share."""

    def put(self, value: Any) -> object:
        """Checks a value, stores it where the other end finds it, and returns what an `update` says of it.

        Raises:
            ValueError: If the value does not suit the channel.
            ProtocolError: If the other end has made away with where it goes.
        """

    def take(self, said: object) -> Any:
        """Returns the value of which an `update` said `said`; an array is a copy.

        Raises:
            ProtocolError: If that does not suit the channel.
        """

    def close(self) -> None:
        """Lets go of the channel's file, if it has one."""


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
                os.posix_fallocate(self._file, 0, self._bytes)  # a full disk is found here, not by a map's touch
            self._check_length()
            protection = mmap.PROT_READ | mmap.PROT_WRITE if create or write else mmap.PROT_READ
            memory = mmap.mmap(self._file, self._bytes, prot=protection)
        except BaseException:
            os.close(self._file)
            raise
        self._shared: NDArray[Any] | None = np.frombuffer(memory, dtype).reshape(shape)

    def put(self, value: Any) -> object:
        """See `Channel`."""
        array = np.asarray(value)
        if array.shape != self._shape or not _castable(array, self._dtype):
            came = f"{array.dtype} of shape {array.shape}"
            raise ValueError(f"wanted an array of {self._dtype} of shape {self._shape}, got {came}")
        self._check_length()
        assert self._shared is not None
        np.copyto(self._shared, array, casting="unsafe")  # _castable has looked at the values
        return True

    def take(self, said: object) -> NDArray[Any]:
        """See `Channel`."""
        if said is not True:
            raise ProtocolError(f"wanted true for an array, got {show(said)}")
        self._check_length()
        assert self._shared is not None
        return self._shared.copy()

    def close(self) -> None:
        """See `Channel`."""
        if self._shared is not None:
            self._shared = None  # and with it the map
            os.close(self._file)

    def _check_length(self) -> None:
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode) or status.st_size < self._bytes:
            kind = "file" if stat.S_ISREG(status.st_mode) else "special file"
            raise ProtocolError(f"wanted {self._bytes} bytes in {self._path}, got a {kind} of {status.st_size}")


def _castable(array: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    """Whether an array can become the dtype without its values becoming others (floats may lose digits)."""
    if np.can_cast(array.dtype, dtype, "safe"):
        return True
    if dtype.kind == "f":
        return array.dtype.kind in "biuf"
    return array.dtype.kind in "biu" and bool((array == array.astype(dtype)).all())
