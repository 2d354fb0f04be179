"""`python -m training train`: one run, from its settings or from its checkpoint on."""

import dataclasses
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent import network as networks
from agent.actions import ACTION_TABLE
from agent.learning.ppo import NotFiniteError
from agent.network import QNetwork
from training.play.lanes import Lanes
from training.play.twin import TwinLanes
from training.run import checkpoint, diagnostics
from training.run.checkpoint import CheckpointError
from training.run.config import TrainConfig
from training.run.curve import Board, Meter, Row, ScoreRow, Table
from training.run.figures import require_matplotlib
from training.run.held_out import HeldOut
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
    with _processes() as rank:
        config, network = _network(config)
        trainer = Trainer(config, network, rank)
        path = config.out / CHECKPOINT
        config.out.mkdir(parents=True, exist_ok=True)
        if path.exists():
            try:
                trainer.load(checkpoint.load(path))
            except ValueError as error:
                raise CheckpointError(
                    f"{error}: move {path} away to begin anew (--weights {config.out / NEWEST} keeps what was learned)"
                ) from error
        lanes = make_lanes(config, trainer, rank)
        try:
            _Run(config, trainer, rank).play(lanes)
        finally:
            lanes.close()


def make_lanes(config: TrainConfig, trainer: Trainer, rank: int) -> Lanes:
    """Makes one process's lanes; where the run goes on, they begin other episodes than at its start."""
    seed = (config.seed, rank, trainer.timesteps)
    return TwinLanes(config.lanes, config.vision, config.practice, seed, looks=config.looks, threads=config.threads)


def _network(config: TrainConfig) -> tuple[TrainConfig, QNetwork]:
    """Makes the network, or reads it; then its own settings take the place of the run's."""
    if config.weights is None:
        torch.manual_seed(config.seed)
        return config, QNetwork(config.vision, config.network, len(ACTION_TABLE))
    network, vision, sizes = networks.load(config.weights)
    return dataclasses.replace(config, vision=vision, network=sizes), network


@contextmanager
def _processes() -> Iterator[int]:
    """Joins the processes that torchrun started, if it did; yields this one's number."""
    if "RANK" not in os.environ:
        torch.set_num_threads(1)  # two threads are slower than one on networks of this size (measured)
        yield 0
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.set_num_threads(1)
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield dist.get_rank()
    finally:
        dist.destroy_process_group()


class _Run:
    """What is shown and written while the trainer trains; all but the first process only play and learn."""

    def __init__(self, config: TrainConfig, trainer: Trainer, rank: int) -> None:
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
            self._held_out = HeldOut(config, self._console.print) if config.score_period else None
            if timesteps:
                self._console.print(f"goes on from {out / CHECKPOINT} at timestep {timesteps:,}")

    def play(self, lanes: Lanes) -> None:
        """Plays and learns; writes checkpoints on the way, at the end and when a signal comes."""
        config = self._config
        before = {name: signal.signal(name, self._note_signal) for name in (signal.SIGINT, signal.SIGTERM)}
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        try:
            with Progress(*columns, console=self._console, disable=not self._is_first) as progress:
                task = progress.add_task("timesteps", total=config.timesteps, completed=self._trainer.timesteps)
                for iteration in self._trainer.iterations(lanes):
                    self._meter.add(iteration)
                    line = self._note(iteration)
                    progress.update(task, completed=iteration.timesteps, description=line or None)
                    if self._must_stop(iteration.timesteps):
                        break
            self._save()
        except NotFiniteError as error:
            last = config.out / CHECKPOINT
            kept = f"the last good checkpoint is {last}" if last.exists() else "there was no checkpoint yet"
            raise NotFiniteError(f"{error}; {kept}") from error
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
            if self._is_first:
                self._board.close()
        if self._unsaved is not None:
            raise self._unsaved
        if self._signal:
            raise Stopped(self._signal)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the interface's
        if self._signal:  # whoever asks twice does not want to wait
            raise KeyboardInterrupt
        self._signal = number
        if self._is_first:
            self._console.print("stops after this rollout, with a checkpoint (once more: at once, without)")

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
        config = self._config
        line = ""
        if self._is_first:
            last = self._curve.rows[-1].timesteps if self._curve.rows else 0
            if time.monotonic() - self._logged_at > LOG_PERIOD_S or iteration.timesteps >= config.timesteps:
                row = self._meter.row(last)
                self._logged_at = time.monotonic()
                self._curve.add(row)
                self._board.add(row)
                line = _line(row)
        step = config.rollout * config.lanes * self._trainer.processes
        if config.score_period and _crossed(iteration.timesteps, step, config.score_period):
            self._score()
        if _crossed(iteration.timesteps, step, config.checkpoint_period):
            self._save()
        return line

    _logged_at = float("-inf")

    def _save(self) -> None:
        """Writes checkpoint, weights and pictures; a full disk is told of, and the run goes on."""
        if not self._is_first:
            return
        trainer, out = self._trainer, self._config.out
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

    def _score(self) -> None:
        """Scores the network on held-out levels and keeps the best; the other processes wait at the next update."""
        if not self._is_first or self._held_out is None:
            return
        config, timesteps = self._config, self._trainer.timesteps
        row = self._held_out.score(self._trainer.values, timesteps)
        is_best = all(_worth(row) > _worth(earlier) for earlier in self._scores.rows)
        self._scores.add(row)
        self._board.add(row)
        self._console.print(
            f"timestep {timesteps:,}: held-out levels {row.seen_mean:,.0f} [{row.seen_low:,.0f}, {row.seen_high:,.0f}], "
            f"{row.seen_finished:.0%} finished; of unseen zones {row.unseen_mean:,.0f} "
            f"[{row.unseen_low:,.0f}, {row.unseen_high:,.0f}], {row.unseen_finished:.0%} finished; "
            f"rightward on {row.rightward:.0%} of the contest's start screens"
        )
        if is_best:
            self._save_weights(config.out / BEST)

    def _save_weights(self, path: Path) -> None:
        config, trainer = self._config, self._trainer
        about = {
            "command": "python -m training train " + " ".join(settings_of(config)),
            "commit": _commit(),
            "seed": config.seed,
            "timesteps": trainer.timesteps,
            "seconds_of_this_process": round(time.monotonic() - self._began_at),
            "reward_scale": config.ppo.reward_scale,
            "gamma": config.ppo.gamma,
            "temperature": config.network.temperature,
            "held_out": [dataclasses.asdict(row) for row in self._scores.rows],
        }
        for name in ("weights", "teacher"):  # the stages before, with their commands
            source = getattr(config, name)
            if source is not None:
                about[name] = networks.about(source)
        networks.save(path, trainer.learner.network, config.vision, config.network, about)


def _crossed(timesteps: int, step: int, period: int) -> bool:
    """Says whether a multiple of the period came within the last step timesteps: so wherever the run was stopped."""
    return timesteps // period > (timesteps - step) // period


def _worth(row: ScoreRow) -> float:
    """What the best weights are chosen by: the mean over both kinds of levels."""
    return float(np.nanmean([row.seen_mean, row.unseen_mean]))


def settings_of(config: Any, default: Any = None, prefix: str = "--") -> list[str]:
    """Lists the command line's options that make this configuration: those that are not the defaults."""
    words = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.default is not dataclasses.MISSING:
            usual = field.default
        elif field.default_factory is not dataclasses.MISSING:
            usual = field.default_factory()
        else:
            usual = None
        name = field.name.replace("_", "-")
        usual = usual if default is None else getattr(default, field.name)
        if dataclasses.is_dataclass(value):
            words += settings_of(value, usual, f"{prefix}{name}.")
        elif isinstance(value, bool):
            words += [] if value == usual else [f"{prefix}{'' if value else 'no-'}{name}"]
        elif value != usual:
            shown = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words.append(f"{prefix}{name} {shown}")
    return words


def _line(row: Row) -> str:
    return (
        f"return {row.return_mean:,.0f}  finished {row.finished:.0%}  entropy {row.entropy:.2f}  "
        f"explained {row.explained_variance:.2f}  {row.timesteps_per_s:,.0f}/s"
    )


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
