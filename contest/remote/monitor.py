"""What the server writes down of a run: the contest's monitor files, and a record with the unfinished episode, too."""

import csv
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

import gymnasium as gym

from common.files import count, number, read_json, write_file
from contest.remote.environment import Env, Screen
from contest.remote.server import Cause

LOG_PERIOD = 1000
"""Timesteps between two rows of log.csv. Source: retro-contest, Monitor."""

RECORD_PERIOD_S = 2.0
"""Seconds after which the record is written again while the run goes on."""

EPISODES_END = "episodes played"
"""`Record.end` of a run that reached its limit on episodes."""

STOPPED_END = "stopped"
"""`Record.end` of a run whose server was told to stop."""


class Monitor(gym.Wrapper[Screen, Any, Screen, Any]):
    """Writes monitor.csv and log.csv byte for byte as the contest's environment does.

    monitor.csv (`r,l,t`: return, timesteps, seconds since the first reset) gets an episode's row at the next reset,
    so that the run's last episode never appears; log.csv (`l,t`) gets one every 1000 timesteps.

    Source: openai/retro-contest, support/retro_contest/__init__.py.

    Args:
        env: Any environment.
        folder: Where the two files go; made if missing.
    """

    def __init__(self, env: Env, folder: Path) -> None:
        """Opens the files."""
        super().__init__(env)
        folder.mkdir(parents=True, exist_ok=True)
        self._episodes = _Table(folder / "monitor.csv", "r", "l", "t")
        self._log = _Table(folder / "log.csv", "l", "t")
        self._return: float = 0  # an int until the first reward: an episode without timesteps is written as 0, not 0.0
        self._length = self._total = 0
        self._start: float | None = None

    def reset(self, **kwargs: Any) -> tuple[Screen, dict[str, Any]]:
        """Writes the row of the episode before, if there was one."""
        if self._start is None:
            self._start = time.time()
        else:
            self._episodes.write(self._return, self._length, time.time() - self._start)
        self._return, self._length = 0, 0
        return self.env.reset(**kwargs)

    def step(self, action: Any) -> tuple[Screen, Any, bool, bool, dict[str, Any]]:
        """Counts a timestep."""
        screen, reward, terminated, truncated, info = self.env.step(action)
        self._length += 1
        self._total += 1
        self._return += float(reward)
        if self._total % LOG_PERIOD == 0 and self._start is not None:
            self._log.write(self._total, time.time() - self._start)
        return screen, reward, terminated, truncated, info

    def close(self) -> None:
        """Closes the files and the environment."""
        self._episodes.close()
        self._log.close()
        super().close()


class _Table:
    """A CSV file that is whole after every row."""

    def __init__(self, path: Path, *columns: str) -> None:
        self._file: TextIO = path.open("w", newline="", encoding="utf-8")
        self._csv = csv.writer(self._file)
        self.write(*columns)

    def write(self, *row: object) -> None:
        """Adds a row."""
        self._csv.writerow(row)
        self._file.flush()

    def close(self) -> None:
        """Closes the file; harmless a second time."""
        self._file.close()


Position = tuple[int, int]
"""A place in a level: x and y, pixels."""


@dataclass(slots=True, kw_only=True)
class Record:
    """What has happened on the server so far."""

    episodes: list[tuple[float, int]] = field(default_factory=list)
    """Return and timesteps of every finished episode."""

    unfinished: tuple[float, int] | None = None
    """Return and timesteps of the episode that was running when this was written; None between two episodes."""

    ends: list[Position | None] = field(default_factory=list)
    """Where the player was when each episode ended, the unfinished one last; None where the game does not tell."""

    timesteps: int = 0
    """Answered steps and answered resets."""

    seconds: float = 0.0
    """From the first reset on."""

    end: str = ""
    """Why the run ended; empty while it goes on."""

    def scored(self) -> list[tuple[float, int]]:
        """The episodes that count: the unfinished one only when it is the only one."""
        if not self.episodes and self.unfinished is not None and self.unfinished[1] > 0:
            return [self.unfinished]
        return self.episodes

    def scored_ends(self) -> list[Position | None]:
        """Where the episodes that count ended; empty for a record that does not have them."""
        return self.ends[: len(self.scored())]

    @property
    def is_whole(self) -> bool:
        """Whether the run went on until a limit of the server's."""
        return self.end in (Cause.TIMESTEPS, Cause.WALLCLOCK, EPISODES_END)

    def save(self, path: Path) -> None:
        """Writes the record as JSON; a reader sees the old file or the new one, never half of it."""
        write_file(path, json.dumps(asdict(self)) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Record":
        """Reads a record.

        Raises:
            OSError: If there is none.
            ValueError: If it is not one.
        """
        content = read_json(path)
        try:
            record = cls(**content)
            record.episodes = [(number(value), count(length)) for value, length in record.episodes]
            if record.unfinished is not None:
                value, length = record.unfinished
                record.unfinished = number(value), count(length)
            record.ends = [None if end is None else (int(number(end[0])), int(number(end[1]))) for end in record.ends]
            record.timesteps, record.seconds = count(record.timesteps), number(record.seconds)
            if not isinstance(record.end, str):
                raise TypeError(f"wanted a word for its end, got {record.end!r}")
        except (TypeError, ValueError, LookupError) as error:
            words = "".join(letter if letter.isprintable() else "?" for letter in str(error))  # it quotes the file
            raise ValueError(f"{path} is no record of a run: {words}"[:300]) from error
        return record


class Recorder(gym.Wrapper[Screen, Any, Screen, Any]):
    """Keeps a Record of what is played, in a file that is written every other second.

    Args:
        env: Any environment.
        path: The file; None keeps the record in memory alone.
    """

    def __init__(self, env: Env, path: Path | None) -> None:
        """Starts an empty record."""
        super().__init__(env)
        self.record = Record()
        self._path = path
        self._start: float | None = None
        self._saved = 0.0
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)

    def reset(self, **kwargs: Any) -> tuple[Screen, dict[str, Any]]:
        """Begins an episode; one that was cut short by the reset counts as finished, as it does in monitor.csv."""
        if self.record.unfinished is not None:
            self._finish_episode(self.record.unfinished)
        answer = self.env.reset(**kwargs)
        self._start = self._start or time.monotonic()
        self.record.unfinished = (0.0, 0)
        self._count()
        return answer

    def step(self, action: Any) -> tuple[Screen, Any, bool, bool, dict[str, Any]]:
        """Counts a timestep."""
        answer = self.env.step(action)
        value, length = self.record.unfinished or (0.0, 0)
        episode = value + float(answer[1]), length + 1
        if answer[2] or answer[3]:
            self._finish_episode(episode)
        else:
            self.record.unfinished = episode
        self._count()
        return answer

    def _finish_episode(self, episode: tuple[float, int]) -> None:
        """Adds an episode to the record."""
        self.record.episodes.append(episode)
        self.record.ends.append(self._position())
        self.record.unfinished = None

    def _position(self) -> Position | None:
        """Where the player is, if the game tells."""
        tell = getattr(self.unwrapped, "position", None)
        return None if tell is None else tell()

    def _count(self) -> None:
        """Counts an answer, and writes the file if that is due."""
        self.record.timesteps += 1
        now = time.monotonic()
        self.record.seconds = now - (self._start or now)
        if self._path is not None and now - self._saved >= RECORD_PERIOD_S:
            self._saved = now
            self.record.save(self._path)

    def finish(self, end: str) -> Record:
        """Writes the record of the whole run.

        Args:
            end: Why it ended.

        Returns:
            The record.
        """
        self.record.end = end
        if self.record.unfinished is not None:
            self.record.ends.append(self._position())
        if self._path is not None:
            self.record.save(self._path)
        return self.record
