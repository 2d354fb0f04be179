"""Keeps two commands from writing to one folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ClaimError(OSError):
    """Another process writes there; the message is one line."""


@contextmanager
def claimed(folder: Path, what: str) -> Iterator[None]:
    """Holds a folder's lock, which the kernel takes back however the process ends.

    Args:
        folder: The folder; made if missing.
        what: What writes there, for the message.

    Raises:
        ClaimError: If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClaimError(
                f"another {what} writes to {folder}: let it end first, or name another --results"
            ) from None
        yield
