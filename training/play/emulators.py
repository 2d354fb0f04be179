"""Emulators as a training ground: any imported game under the contest's rules, one process a lane."""

import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.vision import VisionConfig
from common.levels import read_levels
from contest.remote import games
from training.play.console import Answer, EmulatedLevel, Start
from training.play.lanes import Ending, Records

GRACE_S = 5.0
"""Seconds an emulator's process gets to end by itself."""


class EmulatorError(RuntimeError):
    """An emulator that cannot play, or whose process ended; one line."""


def read_emulated_levels(path: Path, *, any_rom: bool) -> list[EmulatedLevel]:
    """Reads a list of levels.

    Args:
        path: The list, CSV with the columns game,state.
        any_rom: Whether to go on with ROMs that their games' integrations were not made for.

    Raises:
        ValueError: If the list cannot be used, or a level in it cannot be played.
    """
    rows = read_levels(path, partial(games.listed, any_rom=any_rom))
    return [EmulatedLevel(row.level.game, row.level.state) for row in rows]


class Emulators:
    """Several emulators that step together, each in a process of its own.

    The processes are in sessions of their own, so that no Ctrl-C reaches them, and end as soon as this one does: then
    nobody is at the other end of their standard input any more.
    """

    def __init__(self, count: int, vision: VisionConfig, *, any_rom: bool = False) -> None:
        """Starts the processes; `begin` before anything else.

        Args:
            count: How many.
            vision: What the network looks at.
            any_rom: Whether to go on with a ROM that a game's integration was not made for.
        """
        self.count = count
        self.obs = np.zeros((count, *vision.obs_shape), np.uint8)
        """What is to be acted on next, uint8 [N, C, H, W]; overwritten by `step` and `begin`."""
        self._playing: list[EmulatedLevel | None] = [None] * count
        self._pipes: list[Connection] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        for lane in range(count):
            here, there = socket.socketpair()
            with there:
                command = [sys.executable, "-c", "from training.play import console; console.main()"]
                self._processes.append(subprocess.Popen(command, stdin=there.fileno(), start_new_session=True))
            self._pipes.append(Connection(here.detach()))
            self._tell(lane, (vision, any_rom))

    def begin(self, episodes: Mapping[int, Start]) -> None:
        """Begins episodes, by lane; their first observations are in `obs` then.

        Raises:
            EmulatorError: If a level cannot be played, or a process ended.
        """
        for lane, episode in episodes.items():
            self._playing[lane] = episode.level
            self._tell(lane, episode)
        for lane in episodes:
            self._hear(lane)

    def step(
        self, action: NDArray[np.int64], lanes: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Plays one timestep.

        Args:
            action: int64 [N], indices into the action table.
            lanes: Which lanes play; None: all.

        Returns:
            Rewards float64 [N] and whether the episode is over, bool [N]; 0 and False where nobody played.

        Raises:
            EmulatorError: If a process ended.
        """
        chosen = range(self.count) if lanes is None else lanes.tolist()
        for lane in chosen:
            self._tell(lane, int(action[lane]))
        reward, over = np.zeros(self.count), np.zeros(self.count, np.bool_)
        for lane in chosen:
            reward[lane], over[lane] = self._hear(lane)
        return reward, over

    def _tell(self, lane: int, what: Any) -> None:
        try:
            self._pipes[lane].send(what)
        except ConnectionError as error:
            raise self._death(lane) from error

    def _hear(self, lane: int) -> tuple[float, bool]:
        try:
            answer: Answer = self._pipes[lane].recv()
        except (EOFError, ConnectionError) as error:
            raise self._death(lane) from error
        if isinstance(answer, str):
            raise EmulatorError(answer)
        reward, is_over, obs = answer
        self.obs[lane] = np.frombuffer(obs, np.uint8).reshape(self.obs[lane].shape)
        return reward, is_over

    def _death(self, lane: int) -> EmulatorError:
        """Says how a process ended."""
        level, process = self._playing[lane], self._processes[lane]
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        status = process.returncode
        how = f"exit status {status}" if status is None or status >= 0 else signal.Signals(-status).name
        on = f", on {level.name}," if level else ""
        return EmulatorError(f"the emulator of lane {lane}{on} ended unasked: {how}")

    def close(self) -> None:
        """Ends the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class EmulatorLanes:
    """Lanes on emulators; see `Lanes`. A level is drawn evenly for each episode."""

    def __init__(
        self,
        lanes: int,
        levels: Sequence[EmulatedLevel],
        vision: VisionConfig,
        stall_timesteps: int,
        seed: tuple[int, ...],
        *,
        any_rom: bool = False,
    ) -> None:
        """Begins an episode in every lane.

        Args:
            lanes: How many.
            levels: What to draw from.
            vision: What the network looks at.
            stall_timesteps: Ends an episode after so many timesteps without a new best return; 0: never.
            seed: Of levels and sticky frames.
            any_rom: Whether to go on with a ROM that a game's integration was not made for.

        Raises:
            EmulatorError: If a level cannot be played.
        """
        self.count = lanes
        self._levels = list(levels)
        self._rng = np.random.default_rng(seed)
        self._records = Records(lanes, stall_timesteps)
        self._drawn = [self._levels[0]] * lanes
        self._emulators = Emulators(lanes, vision, any_rom=any_rom)
        self.obs = self._emulators.obs
        try:
            self._begin(range(lanes))
        except BaseException:
            self.close()
            raise

    def _begin(self, lanes: Sequence[int]) -> None:
        """Begins another episode in each of these lanes."""
        episodes = {}
        for lane in lanes:
            self._drawn[lane] = self._levels[int(self._rng.integers(len(self._levels)))]
            self._records.begin(lane)
            episodes[lane] = Start(self._drawn[lane], int(self._rng.integers(2**31)))
        self._emulators.begin(episodes)

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[Ending]]:
        """Plays one timestep in every lane; see `Lanes.step`.

        Raises:
            EmulatorError: If a process ended.
        """
        reward, over = self._emulators.step(action)
        stalled = self._records.add(reward)
        ended = over | stalled
        lanes = np.flatnonzero(ended).tolist()
        endings = [
            self._records.ending(lane, self._drawn[lane].name, is_stalled=bool(not over[lane])) for lane in lanes
        ]
        self._begin(lanes)
        return reward.astype(np.float32), ended, endings

    def close(self) -> None:
        """Ends the emulators."""
        self._emulators.close()
