"""`python -m training train`: trains a Q-network on Fernway's twin, or on any imported game."""

import dataclasses
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent import network as networks
from agent.actions import ACTION_TABLE
from agent.free_memory import require_memory
from agent.learner import NotFiniteError
from agent.replay import replay_bytes
from training import diagnostics
from training.checkpoint import CheckpointError
from training.config import TrainConfig
from training.curve import Curve, Row
from training.pictures import PictureError
from training.score import Score, score
from training.source import open_source
from training.trainer import Trainer
from training.twin import held_out_levels

CHECKPOINT = "checkpoint.safetensors"
"""A run's checkpoint, in its folder."""

NEWEST, BEST = "newest.safetensors", "best.safetensors"
"""The weights of the newest checkpoint and those with the best score, there too."""

SCORE_STALL_TIMESTEPS = 300
"""Scores taken in training give an episode up after so many timesteps without a new best return."""

DISK_RESERVE = 3
"""Checkpoints that must fit on the disk before a run begins: the old one, the new one, and weights."""


def train(config: TrainConfig) -> None:
    """Trains until the timesteps are used up, or goes on from the folder's checkpoint.

    Raises:
        ValueError: If a setting, a level, weights or a checkpoint cannot be used; before anything is played.
        NotFiniteError: If a loss or a weight is not finite; the last checkpoint is whole.
        OSError: If the folder cannot be written.
    """
    console = Console(stderr=True)
    _check(config)
    with open_source(config) as source:
        trainer = Trainer(config, source)
        checkpoint = config.out / CHECKPOINT
        if checkpoint.exists():
            trainer.load(checkpoint)
            console.print(f"goes on from {checkpoint} at timestep {trainer.timesteps}")
        _Run(config, trainer, console).play()


def _check(config: TrainConfig) -> None:
    """Finds out what would go wrong later."""
    wanted = replay_bytes(config.replay, config.vision, len(ACTION_TABLE))
    require_memory(wanted)
    config.out.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(config.out).free
    if free < DISK_RESERVE * wanted:
        raise ValueError(
            f"checkpoints take up to {wanted / 2**20:.0f} MiB each, {DISK_RESERVE} of them must fit into {config.out}, "
            f"where {free / 2**20:.0f} MiB are free: make room, or use a smaller --replay.capacity"
        )
    if config.plots:
        diagnostics.require_matplotlib()


class _Run:
    """One process's part of a run: what is shown and written while the trainer trains."""

    def __init__(self, config: TrainConfig, trainer: Trainer, console: Console) -> None:
        self._config = config
        self._trainer = trainer
        self._console = console
        self._curve = Curve(config.out, trainer.timesteps)
        self._began = time.monotonic()
        self._scores = _scores(config.out / NEWEST, trainer.timesteps)
        self._best = max((score["mean"] for score in self._scores), default=-np.inf)
        self._next_score = trainer.timesteps + config.score_period
        self._unsaved: CheckpointError | None = None

    def play(self) -> None:
        """Plays leg after leg, with a checkpoint after each."""
        trainer, config = self._trainer, self._config
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        try:
            with Progress(*columns, console=self._console) as progress:
                task = progress.add_task("timesteps", total=config.timesteps, completed=trainer.timesteps)
                for leg in trainer.legs():
                    for row in leg:
                        self._curve.add(row)
                        progress.update(task, completed=row.timesteps, description=_line(row))
                    self._save()
                    progress.update(task, completed=trainer.timesteps)
                    if config.hours and time.monotonic() - self._began > 3600 * config.hours:
                        self._console.print(f"stops after {config.hours} hours; the same command goes on")
                        break
        except NotFiniteError as error:
            last = self._config.out / CHECKPOINT
            kept = f"the last good checkpoint is {last}" if last.exists() else "there was no checkpoint yet"
            raise NotFiniteError(f"{error}; {kept}") from error
        finally:
            self._curve.close()
        if self._unsaved is not None:
            raise self._unsaved

    def _save(self) -> None:
        """Writes checkpoint, weights, scores and pictures; a full disk is told of, and the run goes on."""
        trainer, out = self._trainer, self._config.out
        try:
            trainer.save(out / CHECKPOINT)
            if self._config.levels is None and self._config.score_period and trainer.timesteps >= self._next_score:
                self._next_score += self._config.score_period
                self._score()
            self._save_weights(out / NEWEST)
            self._unsaved = None
        except (CheckpointError, PictureError, OSError) as error:
            self._unsaved = error if isinstance(error, CheckpointError) else CheckpointError(str(error))
            self._console.print(f"[red]{error}; the run goes on and tries again at the next checkpoint")
            return
        if self._config.plots:
            diagnostics.draw(out, trainer, self._curve, self._scores)

    def _score(self) -> None:
        trainer = self._trainer
        found = score(
            trainer.average_q_values,
            self._config.vision,
            held_out_levels(),
            seed=self._config.seed,
            stall_timesteps=SCORE_STALL_TIMESTEPS,
            doomed_frames=self._config.planner.doomed,
        )
        told = {"mean": found.mean, "finished": found.finished, "doomed": found.doomed}
        self._scores.append({"timesteps": trainer.timesteps, **told})
        for name, value in told.items():
            self._curve.scalar(f"held_out_{name}", value, trainer.timesteps)
        if self._config.plots:
            diagnostics.draw_map(self._config.out, found, self._curve, trainer.timesteps)
        self._console.print(f"timestep {trainer.timesteps}: {_sum_up(found)} on held-out levels")
        if found.mean > self._best:
            self._best = found.mean
            self._save_weights(self._config.out / BEST)

    def _save_weights(self, path: Path) -> None:
        config, trainer = self._config, self._trainer
        about = {
            "command": "python -m training train " + " ".join(settings_of(config)),
            "commit": _commit(),
            "seed": config.seed,
            "timesteps": trainer.timesteps,
            "updates": trainer.learner.updates,
            "seconds_of_this_process": round(time.monotonic() - self._began),
            "data": "fresh Fernway levels" if config.levels is None else str(config.levels),
            "settings": trainer.settings(),
            "held_out": self._scores,
        }
        networks.save(path, trainer.learner.average_network, config.vision, config.network, about)


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
        f"return {row.return_mean:.0f}  loss {row.loss:.3f}  doomed {row.doomed:.2f}  epsilon {row.epsilon:.2f}  "
        f"{row.timesteps_per_s:.0f}/s"
    )


def _sum_up(found: Score) -> str:
    return (
        f"mean return {found.mean:.0f} +- {found.ci95:.0f}, {found.finished:.0%} finished, "
        f"{found.doomed:.1%} of the actions doomed"
    )


def _scores(weights: Path, timesteps: int) -> list[dict[str, Any]]:
    """Returns the scores that a run had up to so many timesteps, which the card of its newest weights tells."""
    try:
        scores: list[dict[str, Any]] = json.loads(networks.card_path(weights).read_text())["about"]["held_out"]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # there is none yet
    return [score for score in scores if score["timesteps"] <= timesteps]


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
