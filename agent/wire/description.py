"""The description of the wire's channels, by which a server begins, as the agent reads it.

    {"ac": ["int_fold", "[2, 2, 2],", {"n": "3", "type": "MultiBinary"}], "reward": ["float", null, {}], ...}

Source: openai/retro-contest, support/gym_remote/bridge.py. The original evaluates the shape as Python; here it has to
match a pattern, for it comes from a process that is not ours.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from gymnasium import Space, spaces

from agent.wire.channels import ArrayChannel, BitsChannel, BoolChannel, Channel, FloatChannel, IntChannel
from agent.wire.messages import ProtocolError, show

ARRAY_BYTES_MAX = 1 << 28
"""Largest array accepted, bytes; the contest's screen has 215,040."""

FOLDED_BITS_MAX = 63
"""Most buttons that travel as one integer; more go through a file. Source: gym_remote, Bridge.wrap."""

_SIZE = r"[1-9][0-9]{0,9}"
_NUMPY_SIZE = re.compile(rf"np\.int64\(({_SIZE})\)")  # how numpy 2 writes an integer of its own
_FOLDS = re.compile(rf"\[2(?:, 2){{0,{FOLDED_BITS_MAX - 1}}}\],")
_ARRAY = re.compile(rf"\(((?:{_SIZE},)?|{_SIZE}(?:, {_SIZE}){{1,31}})\), dtype\(\"([<>|][biuf][1248])\"\)")

Kind = Literal["int", "float", "bool", "int_fold", "np"]


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
                sizes, dtype = tuple(int(size) for size in found[1].split(",") if size), _dtype(found[2])
                if math.prod(sizes) * dtype.itemsize <= ARRAY_BYTES_MAX:
                    return cls(kind=kind, shape=sizes, dtype=dtype, annotations=annotations)
                raise ProtocolError(f"wanted an array of at most {ARRAY_BYTES_MAX} bytes, got {show(said)}")
        raise ProtocolError(f"wanted a known kind of channel with a shape to it, got {show(said)}")

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
        raise ProtocolError(f"wanted a channel with a space to it, got {show([self.kind, self.annotations])}")

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


def _dtype(text: str) -> np.dtype[Any]:
    try:
        return np.dtype(text)
    except TypeError:
        raise ProtocolError(f"wanted a type of numbers, got {show(text)}") from None
