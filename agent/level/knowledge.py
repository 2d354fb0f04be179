"""The file that carries what a run knows of a level to the next run in the same folder; no pickle."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from agent.files import read_file, write_file

KNOWLEDGE_FORMAT = 6
"""Version of the file's layout."""

SIZE_MOST = 256 << 20
"""Bytes of a knowledge file, and of what is in it: several times what a run of 1,000,000 timesteps gathers."""

Arrays = dict[str, NDArray[Any]]


class KnowledgeError(ValueError):
    """A knowledge file that cannot be used; the message says why."""


class Keeper(Protocol):
    """Whoever knows something worth keeping."""

    def arrays(self) -> Arrays:
        """Returns everything known, as arrays by name."""

    def accept(self, arrays: Arrays) -> Callable[[], None]:
        """Checks what `arrays` returned, and returns what takes it over when it is called.

        Raises:
            KnowledgeError: If the arrays are not what `arrays` returns.
        """


def checked(arrays: Arrays, name: str, dtype: DTypeLike, *shape: int | None) -> NDArray[Any]:
    """Takes one array out of a file, if it is as it must be.

    Args:
        arrays: By name.
        name: Which one.
        dtype: Its type.
        shape: Its shape; None for any length.

    Raises:
        KnowledgeError: If it is missing, of another type or shape, or not finite.
    """
    array = arrays.get(name)
    if array is None:
        raise KnowledgeError(f"{name} is missing")
    fits = array.ndim == len(shape) and all(
        wanted in (None, came) for wanted, came in zip(shape, array.shape, strict=True)
    )
    if array.dtype != dtype or not fits or not np.isfinite(array).all():
        lengths = ", ".join("N" if length is None else str(length) for length in shape)
        came_as = f"{array.dtype} {list(array.shape)}"
        raise KnowledgeError(f"wanted {name} finite, {np.dtype(dtype)} [{lengths}], got {came_as}")
    return array


def save(path: Path, level: str, keepers: Mapping[str, Keeper]) -> None:
    """Writes everything known to `path`, which appears whole or not at all.

    Args:
        path: The `.npz` file.
        level: What the level is known by.
        keepers: Whose knowledge, by a word for it.

    Raises:
        OSError: If it cannot be written.
    """
    arrays: Arrays = {"format": np.array(KNOWLEDGE_FORMAT), "level": np.array(level)}
    for word, keeper in keepers.items():
        arrays.update({f"{word}.{name}": array for name, array in keeper.arrays().items()})
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    write_file(path, content.getvalue())


def load(path: Path, level: str, keepers: Mapping[str, Keeper]) -> bool:
    """Gives the keepers what an earlier run on the same level wrote.

    Args:
        path: The `.npz` file.
        level: What the level is known by.
        keepers: Who takes it over, by the words it was saved under.

    Returns:
        False, with nothing taken over, if the knowledge is of another level.

    Raises:
        KnowledgeError: If the file is not what `save` writes.
        OSError: If it cannot be read.
    """
    content = read_file(path, SIZE_MOST)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            if sum(info.file_size for info in file.zip.infolist()) > SIZE_MOST:
                raise ValueError(f"it comes to more than {SIZE_MOST} bytes")
            arrays: Arrays = dict(file)
    except Exception as error:  # numpy, zipfile and zlib raise all sorts of things on damaged bytes
        words = " ".join(str(error).split())[:200] or type(error).__name__
        raise KnowledgeError(f"{path} is not a knowledge file, or a damaged one: {words}") from error
    try:
        version = int(checked(arrays, "format", np.int64))
        if version != KNOWLEDGE_FORMAT:
            raise KnowledgeError(f"wanted format {KNOWLEDGE_FORMAT}, got {version}")
        if str(arrays.get("level")) != level:
            return False
        accepted = []
        for word, keeper in keepers.items():
            own = {name.removeprefix(f"{word}."): arrays[name] for name in arrays if name.startswith(f"{word}.")}
            accepted.append(keeper.accept(own))
    except KnowledgeError as error:
        raise KnowledgeError(f"cannot use the knowledge file {path}: {error}") from error
    for take_over in accepted:  # all of it, or nothing
        take_over()
    return True
