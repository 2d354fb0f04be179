"""Files read and written with care: never a pipe or a device, never more than wanted, never half of one."""

import contextlib
import errno
import json
import math
import os
import stat
import tempfile
import zlib
from pathlib import Path
from typing import Any

SIZE_MOST = 64 << 20
"""Bytes of a file that is read back, unless its reader says otherwise."""


def read_file(path: Path, most: int = SIZE_MOST) -> bytes:
    """Reads a whole file.

    Args:
        path: Where it is.
        most: Bytes it may have.

    Raises:
        OSError: If it cannot be read, is a folder, a pipe or a device, or has more bytes.
    """
    # Not blocking: opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "Neither a file nor a link to one", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"Larger than {most} bytes", str(path))
    return content


def read_text(path: Path, most: int = SIZE_MOST) -> str:
    """Reads UTF-8 text, with or without a byte order mark.

    Raises:
        OSError: As `read_file`.
        ValueError: If it is no UTF-8.
    """
    try:
        return read_file(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 text: {error.reason} at byte {error.start}") from error


def read_json(path: Path, most: int = SIZE_MOST) -> Any:
    """Reads JSON.

    Raises:
        OSError: As `read_file`.
        ValueError: If it is none.
    """
    try:
        return json.loads(read_text(path, most))
    except RecursionError as error:
        raise ValueError("no JSON: too many brackets inside one another") from error


def number(value: object) -> float:
    """Takes a number out of JSON or CSV.

    Raises:
        ValueError: If it is none, or not finite, or too large for a float.
    """
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ValueError(f"wanted a finite number, got {str(value)[:40]!r}")
    return found


def count(value: object) -> int:
    """Takes a count out of JSON: an int from 0 to 2**63 - 1.

    Raises:
        ValueError: If it is none.
    """
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError(f"wanted a count, got {str(value)[:40]!r}")
    return value


def gunzip(content: bytes, most: int = SIZE_MOST) -> bytes:
    """Unpacks gzip.

    Raises:
        ValueError: If it is none, damaged or cut, or comes to more than `most` bytes.
    """
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(content, most + 1)
    except zlib.error as error:
        raise ValueError(f"no gzip file, or a damaged one: {error}") from error
    if len(unpacked) > most:
        raise ValueError(f"comes to more than {most} bytes")
    if not unpacker.eof:
        raise ValueError("a gzip file cut short" if content else "an empty file")
    return unpacked


def reason(error: OSError) -> str:
    """What the system says, without its number: `runs.csv: No such file or directory`."""
    words = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {words}" if isinstance(error.filename, str | bytes) else words


def write_file(path: Path, content: bytes | str) -> None:
    """Writes a file so that a reader, or a crash, sees the old content or the new, never half of it.

    Args:
        path: Where to; a link stays, and what it points at is written.
        content: Text becomes UTF-8.

    Raises:
        OSError: If it cannot be written; nothing of it is left then. Its `filename` is `path`.
    """
    data = content.encode() if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.exists() and not target.is_file():
            raise OSError(errno.EINVAL, "Not a file")
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())  # the name must not change before the content is on the disk
            draft.replace(target)
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def require_destination(path: Path, *endings: str) -> None:
    """Makes sure, before the work is done, that a file can be written; makes its folder.

    Args:
        path: The file.
        endings: What its name must end in, one of these; none for any name.

    Raises:
        ValueError: If its name ends otherwise.
        OSError: If it cannot be written.
    """
    if endings and path.suffix.lower() not in endings:
        raise ValueError(f"{path}: wanted a name that ends in {' or '.join(endings)}")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "Not a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(4096))  # a full disk has room for a file's name, but for none of its bytes
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
