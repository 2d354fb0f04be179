"""`python -m training train`: a run, from its start or from its checkpoint on."""

import dataclasses
import math
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent.rules import ACTION_TABLE
from training.learning.ppo import NotFiniteError
from training.network import insider as insiders
from training.network import weights as networks
from training.network.insider import Insider, Network
from training.network.model import QNetwork
from training.play.console import EmulatedLevel
from training.play.emulators import EmulatorError, EmulatorLanes, read_emulated_levels
from training.play.lanes import Lanes
from training.play.twin import TwinLanes
from training.run import card, checkpoint, diagnostics
from training.run.checkpoint import CheckpointError
from training.run.config import TrainConfig, settled
from training.run.curve import Board, Meter, Row, ScoreRow, Table
from training.run.figures import require_matplotlib
from training.run.held_out import HeldOut, text, worth
from training.run.processes import processes
from training.run.signals import Stopped
from training.run.trainer import Iteration, Trainer

CHECKPOINT = "checkpoint.safetensors"
"""A run's checkpoint, in its folder."""

NEWEST, BEST = "newest.safetensors", "best.safetensors"
"""The weights of the newest checkpoint and those with the best score, there too."""

CURVE, SCORES = "curve.csv", "scores.csv"
"""The run's tables, there too."""

LOG_PERIOD_S = 20.0
"""Seconds between two rows of the curve."""


def train(config: TrainConfig) -> None:
    """Trains until the timesteps are used up, or goes on from the folder's checkpoint.

    Raises:
        ValueError: If a setting, weights or a checkpoint cannot be used; before anything is played.
        NotFiniteError: If a gradient is not finite; the last checkpoint is whole.
        OSError: If the folder cannot be written.
        Stopped: If a signal ended it; the checkpoint is written.
    """
    if config.plots:
        require_matplotlib()
    config = settled(config)
    learned, held_out = (
        [] if path is None else read_emulated_levels(path, any_rom=config.any_rom)
        for path in (config.levels, config.held_out)
    )
    if both := set(learned) & set(held_out):
        raise ValueError(f"{min(level.name for level in both)} is in {config.levels} and in {config.held_out}, too")
    with processes() as rank:
        config, network = _network(config)
        teacher = insiders.load(config.teacher)[0] if config.teacher else None
        trainer = Trainer(config, network, rank, teacher=teacher)
        path = config.out / CHECKPOINT
        config.out.mkdir(parents=True, exist_ok=True)
        if path.exists():
            try:
                trainer.load(checkpoint.load(path))
            except ValueError as error:
                raise CheckpointError(
                    f"{error}: move {path} away to begin anew (--weights {config.out / NEWEST} keeps what was learned)"
                ) from error
        lanes = make_lanes(config, learned, trainer.timesteps, rank)
        try:
            _Run(config, trainer, held_out, rank).play(lanes)
        finally:
            lanes.close()


def make_lanes(config: TrainConfig, levels: Sequence[EmulatedLevel], timesteps: int, rank: int) -> Lanes:
    """Makes one process's lanes; where the run goes on, they begin other episodes than at its start.

    Args:
        config: The run's settings.
        levels: Levels to play on the emulator; none: the twin.
        timesteps: Of the run by now.
        rank: Number of this process.
    """
    seed = (config.seed, rank, timesteps)
    if levels:
        return EmulatorLanes(config.lanes, levels, config.vision, config.stall_timesteps, seed, any_rom=config.any_rom)
    return TwinLanes(
        config.lanes,
        config.seen,
        config.stall_timesteps,
        seed,
        looks=config.looks,
        dashless=config.dashless,
        threads=config.threads,
    )


RANDOM_TIMESTEPS = 60
"""Timesteps of random play, in each lane, by which a new insider's input is scaled."""


def _network(config: TrainConfig) -> tuple[TrainConfig, Network]:
    """Makes the network; or reads it, and then its own settings replace the run's."""
    if config.sees == "inside":
        return config, _insider(config)
    if config.weights is None:
        torch.manual_seed(config.seed)
        return config, QNetwork(config.vision, config.network, len(ACTION_TABLE))
    network, vision, sizes = networks.load(config.weights)
    return dataclasses.replace(config, vision=vision, network=sizes), network


def _insider(config: TrainConfig) -> Insider:
    """Makes an insider, or reads it."""
    if config.weights is not None:
        return insiders.load(config.weights)[0]
    torch.manual_seed(config.seed)
    insider, rng = Insider(config.network.temperature), np.random.default_rng(config.seed)
    with closing(TwinLanes(config.lanes, None, config.stall_timesteps, (config.seed,))) as lanes:
        seen = []
        for _ in range(RANDOM_TIMESTEPS):
            lanes.step(rng.integers(0, len(ACTION_TABLE), config.lanes))
            seen.append(lanes.obs.copy())
    insider.scale_to(torch.from_numpy(np.concatenate(seen)))
    return insider


class _AskedToStopError(Exception):
    """A signal came."""


class _Run:
    """Runs the trainer, and shows and writes what it does; all processes but the first only play and learn."""

    def __init__(self, config: TrainConfig, trainer: Trainer, held_out: Sequence[EmulatedLevel], rank: int) -> None:
        self._config = config
        self._trainer = trainer
        self._is_first = rank == 0
        self._console = Console(stderr=True)
        self._began_at = time.monotonic()
        self._meter = Meter()
        self._signal = 0
        self._unsaved: Exception | None = None
        if self._is_first:
            out, timesteps = config.out, trainer.timesteps
            self._curve = Table(out / CURVE, Row, timesteps)
            self._scores = Table(out / SCORES, ScoreRow, timesteps)
            self._board = Board(out, timesteps)
            self._held_out = HeldOut(config, held_out, self._console.print) if config.is_scored else None
            self._logged = self._saved = timesteps
            if timesteps:
                self._console.print(f"goes on from {out / CHECKPOINT} at timestep {timesteps:,}")
            if config.score_period and not config.is_scored:
                self._console.print(f"without --held-out nothing is scored: {out / NEWEST} will be the result")

    def play(self, lanes: Lanes) -> None:
        """Plays and learns; writes checkpoints on the way, at the end and when a signal comes."""
        config = self._config
        before = {name: signal.signal(name, self._note_signal) for name in (signal.SIGINT, signal.SIGTERM)}
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        try:
            with Progress(*columns, console=self._console, disable=not self._is_first) as progress:
                task = progress.add_task("timesteps", total=config.timesteps, completed=self._trainer.timesteps)
                self._score_if_due()  # before the first timestep, or where the run was stopped
                for iteration in self._trainer.iterations(lanes):
                    self._meter.add(iteration)
                    line = self._note(iteration)
                    progress.update(task, completed=iteration.timesteps, description=line or None)
                    if self._must_stop(iteration.timesteps):
                        break
            self._save()
        except NotFiniteError as error:
            raise NotFiniteError(f"{error}; {self._what_is_left()}") from error
        except EmulatorError as error:
            self._save()  # what was learned up to the rollout that broke off
            raise EmulatorError(f"{error}; {self._what_is_left()}") from error
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
            if self._is_first:
                self._board.close()
        if self._unsaved is not None:
            raise self._unsaved
        if self._signal:
            raise Stopped(self._signal)

    def _what_is_left(self) -> str:
        last = self._config.out / CHECKPOINT
        return f"the same command goes on from {last}" if last.exists() else "there was no checkpoint yet"

    def _note_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the interface's
        if self._signal and number == signal.SIGINT:  # whoever presses it twice does not want to wait
            raise KeyboardInterrupt
        self._signal = number
        if self._is_first:
            self._console.print("stops after this rollout, with a checkpoint (Ctrl-C once more: at once, without)")

    def _must_stop(self, timesteps: int) -> bool:
        """Says whether to end before the timesteps are used up; all processes say the same."""
        config = self._config
        late = config.minutes and time.monotonic() - self._began_at > 60 * config.minutes
        wish = torch.tensor(float(bool(self._signal or late)), device=self._trainer.device)
        if self._trainer.processes > 1:
            dist.all_reduce(wish, dist.ReduceOp.MAX)
        if wish.item() and late and self._is_first and timesteps < config.timesteps:
            self._console.print(f"stops after {config.minutes:g} minutes; the same command goes on")
        return bool(wish.item())

    def _note(self, iteration: Iteration) -> str:
        """Writes what is due after an iteration; returns a line of where the run stands, if there is a new one."""
        if not self._is_first:
            return ""
        config, timesteps = self._config, iteration.timesteps
        line = ""
        if time.monotonic() - self._logged_at > LOG_PERIOD_S or timesteps >= config.timesteps:
            row = self._meter.row(self._logged)
            self._logged, self._logged_at = timesteps, time.monotonic()
            self._show(row, self._curve)
            line = _line(row)
        if self._score_if_due() or timesteps // config.checkpoint_period > self._saved // config.checkpoint_period:
            self._save()
        return line

    _logged_at = float("-inf")

    def _show(self, row: Row | ScoreRow, table: Table[Any]) -> None:
        """Writes a row."""
        self._try(lambda: table.add(row))
        self._try(lambda: self._board.add(row))

    def _try(self, write: Callable[[], object]) -> None:
        """Writes something; a full disk is told of, and the run goes on."""
        try:
            write()
        except OSError as error:
            self._console.print(f"[red]{error}; the run goes on")

    def _save(self) -> None:
        """Writes checkpoint, weights and pictures; a full disk is told of, and the run goes on."""
        if not self._is_first:
            return
        trainer, out = self._trainer, self._config.out
        self._saved = trainer.timesteps
        self._try(self._board.flush)  # a run that is killed goes on from here, and what was shown before is there
        try:
            checkpoint.save(out / CHECKPOINT, trainer.state())
            self._save_weights(out / NEWEST)
            if self._config.plots and self._curve.rows:
                pictures = diagnostics.pictures(self._curve.rows, self._scores.rows, self._meter)
                if self._held_out is not None:
                    pictures |= diagnostics.score_pictures(self._held_out.episodes, self._config.ppo)
                diagnostics.save(out, pictures, self._board, trainer.timesteps)
            self._unsaved = None
        except (ValueError, OSError) as error:
            self._unsaved = error if isinstance(error, CheckpointError) else CheckpointError(str(error))
            self._console.print(f"[red]{error}; the run goes on and tries again at the next checkpoint")

    def _score_if_due(self) -> bool:
        """Scores the network and keeps the best; the other processes wait at the next update.

        Due at the first timestep of a network that knows something, at the first one of each period, however often the
        run was stopped, and at the end.

        Returns:
            Whether there is a new score.
        """
        if not self._is_first or self._held_out is None:
            return False
        config, timesteps, rows = self._config, self._trainer.timesteps, self._scores.rows
        last = rows[-1].timesteps if rows else -1 if config.weights else 0
        is_at_end = timesteps >= config.timesteps > last
        if timesteps // config.score_period == last // config.score_period and not is_at_end:
            return False
        try:
            row = self._held_out.score(self._trainer.values, timesteps, self._give_way)
        except _AskedToStopError:
            return False
        is_best = all(worth(row) > worth(earlier) for earlier in rows)
        self._show(row, self._scores)
        self._console.print(text(row))
        if is_best:
            self._try(lambda: self._save_weights(config.out / BEST))
        return True

    def _give_way(self) -> None:
        """Breaks off a score when a signal came: it is made up for when the run goes on."""
        if self._signal:
            raise _AskedToStopError

    def _save_weights(self, path: Path) -> None:
        config, trainer = self._config, self._trainer
        about = card.about(
            config, trainer.processes, trainer.timesteps, time.monotonic() - self._began_at, self._scores.rows
        )
        match trainer.learner.network:
            case Insider() as insider:
                insiders.save(path, insider, about)
            case network:
                networks.save(path, network, config.vision, config.network, about)


def _line(row: Row) -> str:
    episodes = "" if math.isnan(row.return_mean) else f"return {row.return_mean:,.0f}  finished {row.finished:.0%}  "
    return f"{episodes}entropy {row.entropy:.2f}  explained {row.explained_variance:.2f}  {row.timesteps_per_s:,.0f}/s"
