"""Files read and written with care: never a pipe or a device, never more than wanted, never half of one."""

import contextlib
import errno
import os
import stat
from pathlib import Path


def read_file(path: Path, most: int) -> bytes:
    """Reads a whole file.

    Args:
        path: Where it is.
        most: Bytes it may have.

    Raises:
        OSError: If it cannot be read, is a folder, a pipe or a device, or has more bytes.
    """
    descriptor = os.open(
        path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    )  # a pipe that nobody writes to must not block
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


def write_file(path: Path, content: bytes) -> None:
    """Writes a file so that a reader, or a crash, sees the old content or the new, never half of it.

    Raises:
        OSError: If it cannot be written; nothing of it is left then.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
