"""Training runs that are tiny, and what they leave behind."""

import csv
import dataclasses
from pathlib import Path

import pytest

from agent.vision import VisionConfig
from training.learning.ppo import PPOConfig
from training.network.model import NetworkConfig
from training.run import score, train
from training.run.checkpoint import load as load_checkpoint
from training.run.config import TrainConfig
from training.run.score import PlayConfig
from training.run.train import CHECKPOINT


def config(out: Path, **settings: object) -> TrainConfig:
    return dataclasses.replace(
        TrainConfig(
            out=out,
            timesteps=1000,
            lanes=4,
            rollout=8,
            checkpoint_period=400,
            score_period=0,
            score_levels=(2, 1),
            plots=False,
            stall_timesteps=30,
            ppo=PPOConfig(batch_size=16, learning_rate=1e-3),
            vision=VisionConfig(height=32, width=40),
            network=NetworkConfig(channels=(4,), hidden=8),
        ),
        **settings,  # type: ignore[arg-type]
    )


def column(path: Path, name: str = "timesteps") -> list[float]:
    with path.open(newline="", encoding="utf-8") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


def timesteps(out: Path) -> int:
    return int(load_checkpoint(out / CHECKPOINT)["timesteps"])


def make_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scored episodes are short, no start screens are drawn, and every iteration has its row in the curve."""

    def no_screens(vision: VisionConfig) -> None:
        raise ValueError("not in these tests")

    monkeypatch.setattr("training.run.held_out.level_observations", no_screens)
    monkeypatch.setattr(score, "PlayConfig", lambda: PlayConfig(stall_timesteps=20))
    monkeypatch.setattr(train, "LOG_PERIOD_S", -1.0)
