"""A table from screens to the values of actions, the origin's first memory, in memory of a size set in advance."""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.files import write_file

FORMAT = 1
"""Version of the file's layout."""

FILL = 0.7
"""Share of the slots that is used: a fuller hash table gets slow."""

Key = np.uint64
"""Hash of a screen; 0 stands for a free slot."""


class TableError(ValueError):
    """A table that cannot be made, read or written; the message says why."""


def hashed(picture: NDArray[np.uint8]) -> Key:
    """Hashes a picture of any shape; two different ones among 10 million share a hash with probability 3e-6."""
    digest = hashlib.blake2b(picture.tobytes(), digest_size=8).digest()
    return Key(int.from_bytes(digest, "little") or 1)


class ScreenTable:
    """Values of actions by screen, in a hash table with open addressing whose size never changes."""

    def __init__(self, slots: int, actions: int) -> None:
        """Takes all the memory it will ever take.

        Args:
            slots: A power of two; `FILL` of them can be used.
            actions: Values a screen.

        Raises:
            TableError: If the number of slots is no power of two.
        """
        if slots < 2 or slots & (slots - 1):
            raise TableError(f"wanted a power of two of slots, at least 2; got {slots}")
        self._keys = np.zeros(slots, np.uint64)
        self._values = np.zeros((slots, actions), np.float32)
        self.capacity = int(slots * FILL)
        """Screens that it can hold."""
        self.screens = 0
        """Distinct screens that it holds."""
        self.refused = 0
        """Screens that came when it was full; they stay unknown."""

    @staticmethod
    def memory_bytes(slots: int, actions: int) -> int:
        """Returns the memory that a table takes, full or empty."""
        return slots * (8 + 4 * actions)

    def _slot(self, key: Key) -> int:
        slot = int(key) % len(self._keys)
        while self._keys[slot] not in (0, key):
            slot = (slot + 1) % len(self._keys)
        return slot

    def find(self, key: Key) -> NDArray[np.float32] | None:
        """Returns the values of a screen, float32 [A], None if it is not known; a view, good until the next `add`."""
        slot = self._slot(key)
        values: NDArray[np.float32] = self._values[slot]
        return values if self._keys[slot] else None

    def add(self, key: Key) -> NDArray[np.float32] | None:
        """Returns the values of a screen to be changed in place, zeros if it is new; None if the table is full."""
        slot = self._slot(key)
        if not self._keys[slot]:
            if self.screens == self.capacity:
                self.refused += 1
                return None
            self._keys[slot] = key
            self.screens += 1
        values: NDArray[np.float32] = self._values[slot]
        return values

    def save(self, path: Path) -> None:
        """Writes the table without pickle; the file appears whole or not at all.

        Raises:
            TableError: If it cannot be written.
        """
        used = self._keys != 0
        content = io.BytesIO()
        np.savez_compressed(
            content,
            format=np.array(FORMAT),
            slots=np.array(len(self._keys)),
            keys=self._keys[used],
            values=self._values[used],
        )
        try:
            write_file(path, content.getvalue())
        except OSError as error:
            raise TableError(f"{path} cannot be written: {error}") from error

    @classmethod
    def load(cls, path: Path, slots: int, actions: int) -> "ScreenTable":
        """Reads what `save` wrote, into a table of another size if wanted.

        Raises:
            TableError: If the file is something else, is of other actions, or holds more than fits.
        """
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                if int(file["format"]) != FORMAT:
                    raise TableError(f"wanted format {FORMAT}, got {int(file['format'])}")
                keys, values = file["keys"], file["values"]
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise TableError(f"{path} is not a screen table: {error}") from error
        table = cls(slots, actions)
        if keys.dtype != np.uint64 or values.shape != (len(keys), actions) or not np.isfinite(values).all():
            raise TableError(f"{path}: wanted finite values of {actions} actions, got {list(values.shape)}")
        if len(keys) > table.capacity:
            raise TableError(f"{path} holds {len(keys)} screens, a table of {slots} slots only {table.capacity}")
        for key, row in zip(keys, values, strict=True):
            kept = table.add(key)
            if kept is not None:
                kept[:] = row
        return table
