"""Retained knowledge: what has been tried on this level and what it paid."""

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.actions import BUTTONS, Buttons, pack
from agent.config import EPISODE_TIMESTEPS, MemoryConfig

KNOWLEDGE_FORMAT = 1
"""Version of the knowledge file's layout."""


class KnowledgeError(ValueError):
    """A knowledge file that cannot be used; the message says why."""


@dataclass(slots=True, kw_only=True, eq=False)
class Trajectory:
    """What was held at each timestep, up to the episode's best return, and what it paid."""

    actions: NDArray[np.uint16]
    """uint16 [T], packed buttons."""

    returns: NDArray[np.float32]
    """float32 [T], return of the episode after each timestep, contest units."""

    paid: float
    """Sum of what it earned: the best return when it was found, then the return of each replay's episode."""

    plays: int = 1
    """How many returns `paid` adds up."""

    def __len__(self) -> int:
        """Returns its length in timesteps."""
        return len(self.actions)

    @property
    def mean(self) -> float:
        """Mean of what it paid, contest units."""
        return self.paid / self.plays

    def pay(self, episode_return: float) -> None:
        """Takes in what one more replay earned."""
        self.paid += episode_return
        self.plays += 1


class Recorder:
    """Writes down one episode as it goes."""

    def __init__(self) -> None:
        """Starts empty."""
        self._actions: list[int] = []
        self._returns: list[float] = []

    def add(self, held: Buttons, episode_return: float) -> None:
        """Adds one timestep: what was held, and the episode's return after it; bounded by the contest's episodes."""
        if len(self._actions) == EPISODE_TIMESTEPS:
            return
        self._actions.append(pack(held))
        self._returns.append(episode_return)

    def best(self) -> Trajectory | None:
        """Cuts the episode off where its return was highest first; None if no timestep was played."""
        if not self._actions:
            return None
        returns = np.array(self._returns)
        end = int(returns.argmax()) + 1
        return Trajectory(
            actions=np.array(self._actions[:end], np.uint16),
            returns=returns[:end].astype(np.float32),
            paid=float(returns[end - 1]),
        )


class Memory:
    """The best trajectories of the run; bounded, however long the run is."""

    def __init__(self, config: MemoryConfig) -> None:
        """Starts empty."""
        self._config = config
        self.trajectories: list[Trajectory] = []

    def add(self, trajectory: Trajectory) -> None:
        """Keeps a trajectory, at the cost of the worst one if there are too many."""
        self.trajectories.append(trajectory)
        if len(self.trajectories) > self._config.trajectories:
            self.trajectories.remove(min(self.trajectories, key=lambda kept: kept.mean))

    def best(self) -> Trajectory | None:
        """Returns the trajectory with the highest mean of what it paid, if there is one."""
        return max(self.trajectories, key=lambda kept: kept.mean, default=None)

    def exploit_probability(self, share_used: float) -> float:
        """Returns the probability of replaying at the start of an episode.

        Source: openai/retro-baselines, agents/jerk_agent.py: 0.25 + t / 1e6.

        Args:
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        return self._config.exploit_bias + share_used

    def save(self, path: Path, level: str) -> None:
        """Writes everything to `path`, which appears whole or not at all; no pickle.

        Args:
            path: The `.npz` file.
            level: What the level is known by.

        Raises:
            OSError: If it cannot be written.
        """
        arrays: dict[str, NDArray[np.generic]] = {"format": np.array(KNOWLEDGE_FORMAT), "level": np.array(level)}
        for number, trajectory in enumerate(self.trajectories):
            arrays[f"actions_{number}"] = trajectory.actions
            arrays[f"returns_{number}"] = trajectory.returns
            arrays[f"paid_{number}"] = np.array([trajectory.paid, trajectory.plays])
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
        temporary = path.with_name(path.name + ".part")
        temporary.write_bytes(content.getvalue())
        os.replace(temporary, path)  # noqa: PTH105 - atomic, and says so

    def load(self, path: Path, level: str) -> bool:
        """Takes over what an earlier run on the same level wrote.

        Args:
            path: The `.npz` file.
            level: What the level is known by.

        Returns:
            False, with nothing taken over, if the knowledge is of another level.

        Raises:
            KnowledgeError: If the file is not what `save` writes.
            OSError: If it cannot be read.
        """
        content = path.read_bytes()
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                if int(arrays["format"]) != KNOWLEDGE_FORMAT:
                    raise KnowledgeError(f"wanted format {KNOWLEDGE_FORMAT}, got {int(arrays['format'])}")
                if str(arrays["level"]) != level:
                    return False
                count = sum(name.startswith("actions_") for name in arrays)
                found = [
                    _checked(arrays[f"actions_{number}"], arrays[f"returns_{number}"], arrays[f"paid_{number}"])
                    for number in range(count)
                ]
        except KnowledgeError as error:
            raise KnowledgeError(f"cannot use the knowledge file {path}: {error}") from error
        except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise KnowledgeError(f"{path} is not a knowledge file: {error}") from error
        for trajectory in found:
            self.add(trajectory)
        return True


def _checked(actions: NDArray[Any], returns: NDArray[Any], paid: NDArray[Any]) -> Trajectory:
    wanted = {"actions": (actions, np.uint16), "returns": (returns, np.float32), "paid": (paid, np.float64)}
    for name, (array, dtype) in wanted.items():
        if array.dtype != dtype or array.ndim != 1 or not np.isfinite(array).all():
            raise KnowledgeError(f"wanted {name} finite, {dtype.__name__} [T], got {array.dtype} {list(array.shape)}")
    if not 0 < len(actions) == len(returns) <= EPISODE_TIMESTEPS:
        raise KnowledgeError(f"wanted 1..{EPISODE_TIMESTEPS} timesteps, got {len(actions)} and {len(returns)}")
    if int(actions.max()) >= 1 << len(BUTTONS):
        raise KnowledgeError(f"wanted packed buttons below {1 << len(BUTTONS)}, got {int(actions.max())}")
    if len(paid) != 2 or paid[1] < 1:
        raise KnowledgeError(f"wanted a sum and a count of at least 1, got {paid.tolist()}")
    return Trajectory(actions=actions, returns=returns, paid=float(paid[0]), plays=int(paid[1]))
