"""What a run leaves behind in its folder: episodes.csv and the retained knowledge."""

import csv
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.level import knowledge
from agent.level.trajectories import Memory

PLAYERS = ("learned", "jerk", "replay", "random", "idle")
"""Columns of episodes.csv with each player's share of the timesteps."""

UNFINISHED = "unfinished"
"""The word for an episode that the end of the run cut off."""

SAVE_PERIOD_S = 60.0
"""Least seconds between two writings of the retained knowledge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One episode as it was played."""

    episode_return: float
    """Undiscounted sum of its rewards, contest units."""

    timesteps: int
    """Its length; the reset is not counted."""

    end: str
    """terminated, truncated, refused (the server held it for over) or unfinished (the run ended first)."""

    timesteps_by_player: Mapping[str, int]
    """Timesteps each player had the controls."""

    seconds: float
    """Wall-clock time it took."""


class Journal:
    """Writes as the run goes; a folder that cannot be written costs the record, never the run."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """Begins episodes.csv in `folder`, which is made if missing."""
        self._folder = folder
        self._say = say
        self._is_writable = True
        self._episodes = 0
        self._saved_at = time.monotonic()
        self._write(self._begin)

    @property
    def knowledge_path(self) -> Path:
        """Where the retained knowledge lies."""
        return self._folder / "knowledge.npz"

    def _write(self, action: Callable[[], None]) -> None:
        if not self._is_writable:
            return
        try:
            action()
        except OSError as error:
            self._is_writable = False
            self._say(f"cannot write to {self._folder}: {error.strerror}; the run goes on without a record")

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "episodes.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(["episode", "return", "timesteps", "end", *PLAYERS, "seconds"])

    def _append(self, episode: Episode) -> None:
        played = max(sum(episode.timesteps_by_player.values()), 1)
        shares = [f"{episode.timesteps_by_player.get(player, 0) / played:.4f}" for player in PLAYERS]
        row = [f"{episode.episode_return:.4f}", episode.timesteps, episode.end, *shares, f"{episode.seconds:.3f}"]
        with (self._folder / "episodes.csv").open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow([self._episodes, *row])

    def add(self, episode: Episode) -> None:
        """Adds a row to episodes.csv."""
        self._write(lambda: self._append(episode))
        self._episodes += 1

    def recall(self, memory: Memory, level: str) -> None:
        """Adds to the memory what an earlier run in the same folder knew of this level."""
        if not memory.is_kept or not self.knowledge_path.exists():
            return
        try:
            known = knowledge.load(self.knowledge_path, level)
        except (knowledge.KnowledgeError, OSError) as error:
            self._say(f"starting without earlier knowledge: {error}")
            return
        for trajectory in known or ():
            memory.add(trajectory)
        what = "of another level" if known is None else "taken over"
        self._say(f"earlier knowledge in {self.knowledge_path}: {what}")

    def save(self, memory: Memory, level: str, *, is_last: bool) -> None:
        """Writes what is remembered: once a while, and for the last time."""
        if memory.is_kept and (is_last or time.monotonic() - self._saved_at >= SAVE_PERIOD_S):
            self._write(lambda: knowledge.save(self.knowledge_path, level, memory.trajectories))
            self._saved_at = time.monotonic()
