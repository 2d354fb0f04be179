"""The file that carries what a run knows of a level to the next run in the same folder; no pickle."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from agent.files import read_file, write_file
from agent.level.trajectories import Trajectory
from agent.rules import BUTTONS, EPISODE_TIMESTEPS

KNOWLEDGE_FORMAT = 7
"""Version of the file's layout."""

SIZE_MOST = 256 << 20
"""Bytes of a knowledge file, and of what is in it: several times what a run of 1,000,000 timesteps gathers."""

Arrays = dict[str, NDArray[Any]]


class KnowledgeError(ValueError):
    """A knowledge file that cannot be used; the message says why."""


def save(path: Path, level: str, trajectories: Iterable[Trajectory]) -> None:
    """Writes the trajectories known to `path`, which appears whole or not at all.

    Args:
        path: The `.npz` file.
        level: What the level is known by.
        trajectories: Any number.

    Raises:
        OSError: If it cannot be written.
    """
    known = list(trajectories)
    arrays: Arrays = {
        "format": np.array(KNOWLEDGE_FORMAT),
        "level": np.array(level),
        "lengths": np.array([len(trajectory) for trajectory in known], np.int64),
        "actions": np.concatenate([np.empty(0, np.uint16), *(trajectory.actions for trajectory in known)]),
        "returns": np.concatenate([np.empty(0, np.float32), *(trajectory.returns for trajectory in known)]),
        "paid": np.array([trajectory.paid for trajectory in known], np.float64),
        "plays": np.array([trajectory.plays for trajectory in known], np.int64),
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    write_file(path, content.getvalue())


def load(path: Path, level: str) -> list[Trajectory] | None:
    """Reads what an earlier run wrote.

    Args:
        path: The `.npz` file.
        level: What the level is known by.

    Returns:
        The trajectories known; None if they are of another level.

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
        version = int(_checked(arrays, "format", np.int64))
        if version != KNOWLEDGE_FORMAT:
            raise KnowledgeError(f"wanted format {KNOWLEDGE_FORMAT}, got {version}")
        return _trajectories(arrays) if str(arrays.get("level")) == level else None
    except KnowledgeError as error:
        raise KnowledgeError(f"cannot use the knowledge file {path}: {error}") from error


def _trajectories(arrays: Arrays) -> list[Trajectory]:
    lengths = _checked(arrays, "lengths", np.int64, None)
    if not ((lengths > 0) & (lengths <= EPISODE_TIMESTEPS)).all():
        raise KnowledgeError(f"wanted trajectories of 1..{EPISODE_TIMESTEPS} timesteps, got {lengths.tolist()}")
    actions = _checked(arrays, "actions", np.uint16, int(lengths.sum()))
    returns = _checked(arrays, "returns", np.float32, int(lengths.sum()))
    paid = _checked(arrays, "paid", np.float64, len(lengths))
    plays = _checked(arrays, "plays", np.int64, len(lengths))
    if not (plays > 0).all():
        raise KnowledgeError(f"wanted trajectories played at least once, got {plays.tolist()}")
    if len(actions) and int(actions.max()) >= 1 << len(BUTTONS):
        raise KnowledgeError(f"wanted packed buttons below {1 << len(BUTTONS)}, got {int(actions.max())}")
    at = lengths.cumsum()  # where the next one begins
    columns = zip(np.split(actions, at), np.split(returns, at), paid.tolist(), plays.tolist(), strict=False)
    return [Trajectory(actions=held, returns=came, paid=paid_, plays=plays_) for held, came, paid_, plays_ in columns]


def _checked(arrays: Arrays, name: str, dtype: DTypeLike, *shape: int | None) -> NDArray[Any]:
    """Takes one array out of a file, if it is of this type and shape (None: any length) and finite."""
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
