"""Demonstrations: what the planner did in an episode, what it thought, and what brings the screens back.

The file is an `.npz` without pickle, of

    format      int, 1
    game        str, the game's full name
    state       str, the state's name or file; for a level of Fernway that has only numbers, ZONE.ActN
    level       int64 [3], zone, act and seed of a Fernway level, -1 where it is another game
    seed        int, of the sticky frames and of the planner
    actions     uint8 [T], what was held, indices into the table
    stuck       bool [T], whether the timestep's first frame still played the action before
    rewards     float32 [T], contest units
    values      float32 [T, A], what the planner thought of each action in the state before the timestep
    unit        str, of the values: "frames" (minus the frames to the goal) or "reward" (return within the horizon)
    terminated  bool, whether the episode ended by a lost life or the end, rather than by the time limit
    table       str, the action table's buttons, such as "RIGHT+B", with commas between

The screens of a Fernway level come back from `screens(demonstration)`, 0.3 ms each, and take no room on the disk.
"""

import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.actions import ACTION_TABLE
from agent.config import EPISODE_TIMESTEPS
from agent.vision import Screen
from fernway.levels import Level
from training.episode import Episode

FORMAT = 1
"""Version of the file's layout."""

FRAMES, REWARD = "frames", "reward"
TABLE = ",".join("+".join(names) for names in ACTION_TABLE)


class DemonstrationError(ValueError):
    """A demonstration that cannot be used or written; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demonstration:
    """One episode of the planner's; the module says what each field holds."""

    game: str
    state: str
    level: Level | None
    seed: int
    actions: NDArray[np.uint8]
    stuck: NDArray[np.bool_]
    rewards: NDArray[np.float32]
    values: NDArray[np.float32]
    unit: str
    terminated: bool

    def __post_init__(self) -> None:
        """Checks that it hangs together.

        Raises:
            DemonstrationError: If it does not.
        """
        length, actions = len(self.actions), len(ACTION_TABLE)
        for name, dtype, shape in (
            ("actions", np.uint8, (length,)),
            ("stuck", np.bool_, (length,)),
            ("rewards", np.float32, (length,)),
            ("values", np.float32, (length, actions)),
        ):
            array: NDArray[Any] = getattr(self, name)
            if array.dtype != dtype or array.shape != shape or not np.isfinite(array).all():
                wanted = f"{np.dtype(dtype)} {list(shape)}, finite"
                raise DemonstrationError(f"wanted {name} {wanted}; got {array.dtype} {list(array.shape)}")
        if not 1 <= length <= EPISODE_TIMESTEPS or int(self.actions.max(initial=0)) >= actions:
            raise DemonstrationError(f"wanted 1..{EPISODE_TIMESTEPS} timesteps of the actions 0..{actions - 1}")
        if self.unit not in (FRAMES, REWARD):
            raise DemonstrationError(f"wanted values in {FRAMES} or {REWARD}, got {self.unit!r}")

    @property
    def episode_return(self) -> float:
        """Undiscounted sum of the rewards, contest units."""
        return float(self.rewards.sum(dtype=np.float64))

    def save(self, path: Path) -> None:
        """Writes the file, which appears whole or not at all.

        Raises:
            DemonstrationError: If it cannot be written.
        """
        numbers = (-1, -1, -1) if self.level is None else (self.level.zone, self.level.act, self.level.seed)
        content = io.BytesIO()
        np.savez_compressed(
            content,
            format=np.array(FORMAT),
            game=np.array(self.game),
            state=np.array(self.state),
            level=np.array(numbers, np.int64),
            seed=np.array(self.seed),
            actions=self.actions,
            stuck=self.stuck,
            rewards=self.rewards,
            values=self.values,
            unit=np.array(self.unit),
            terminated=np.array(self.terminated),
            table=np.array(TABLE),
        )
        temporary = path.with_name(path.name + ".part")
        try:
            temporary.write_bytes(content.getvalue())
            os.replace(temporary, path)  # noqa: PTH105 - atomic, and says so
        except OSError as error:
            raise DemonstrationError(f"{path} cannot be written: {error}") from error


def load(path: Path) -> Demonstration:
    """Reads a file that `Demonstration.save` wrote.

    Raises:
        DemonstrationError: If it is something else, or made with another action table.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            if int(file["format"]) != FORMAT:
                raise DemonstrationError(f"wanted format {FORMAT}, got {int(file['format'])}")
            if str(file["table"]) != TABLE:
                raise DemonstrationError(f"wanted the action table {TABLE}, got {file['table']}")
            zone, act, seed = (int(number) for number in file["level"])
            return Demonstration(
                game=str(file["game"]),
                state=str(file["state"]),
                level=None if zone < 0 else Level(zone, act, seed),
                seed=int(file["seed"]),
                actions=file["actions"],
                stuck=file["stuck"],
                rewards=file["rewards"],
                values=file["values"],
                unit=str(file["unit"]),
                terminated=bool(file["terminated"]),
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DemonstrationError(f"{path} cannot be used as a demonstration: {error}") from error


def screens(demonstration: Demonstration) -> Iterator[Screen]:
    """Plays a demonstration on Fernway's twin again.

    Yields:
        uint8 [224, 320, 3]: the screen before each timestep, then the last one: T + 1 screens.

    Raises:
        DemonstrationError: If it is of another game, or the rewards come out differently: the game has changed.
    """
    if demonstration.level is None:
        raise DemonstrationError(f"only Fernway's twin plays demonstrations again, this one is of {demonstration.game}")
    episode = Episode(demonstration.level)
    yield episode.game.screen()
    for timestep, (action, stuck) in enumerate(zip(demonstration.actions, demonstration.stuck, strict=True)):
        reward, paid = episode.step(int(action), stuck=bool(stuck)), float(demonstration.rewards[timestep])
        if abs(reward - paid) > 0.01:
            raise DemonstrationError(f"timestep {timestep} paid {paid:.2f}, now {reward:.2f}: the game has changed")
        yield episode.game.screen()
