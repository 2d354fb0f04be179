import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from agent.config import VisionConfig
from fernway import GAME
from fernway.levels import Level
from fernway.route import Effort
from training import ablation
from training.ablation import INPUTS, States, judge, states
from training.emulator_planner import EmulatorEffort
from training.search import Task, play

VISION = VisionConfig()


def test_stacks_never_reach_into_the_episode_before() -> None:
    planes = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 3), np.uint8)
    kept = States(planes, np.array([0, 0, 0, 3, 3, 3]), np.arange(6), np.zeros((6, 9), np.float32))
    found = kept.observations(np.array([0, 2, 3, 5]), stack=4)
    assert found.shape == (4, 4, 2, 3)
    assert found[:, :, 0, 0].tolist() == [[0, 0, 0, 0], [0, 0, 1, 2], [3, 3, 3, 3], [3, 3, 4, 5]]


def test_choices_are_judged_by_the_frames_they_lose() -> None:
    class AlwaysFirst(torch.nn.Module):
        def forward(self, obs: torch.Tensor) -> torch.Tensor:
            return torch.eye(9)[:1].repeat(len(obs), 1)

    values = np.zeros((4, 9), np.float32)
    values[:, 0] = [0, -8, -100, -500]
    test = States(np.zeros((4, 1, 8, 8), np.uint8), np.zeros(4, np.int64), np.arange(4), values)
    good, doomed, lost = judge(AlwaysFirst(), test, VISION)  # type: ignore[arg-type]
    assert (good, doomed, lost) == (0.5, 0.25, 152.0)


@pytest.mark.slow
def test_the_comparison_runs_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demonstration = play(Task(GAME, "x", Level(0, 1, 5), 0, 12, Effort(samples=1, finalists=0), EmulatorEffort()))
    demonstration.save(tmp_path / "a.npz")
    assert states([demonstration] * 2, VISION).planes.shape == (24, 1, 64, 80)
    folder = str(tmp_path)
    arguments = ["--train", folder, "--test", folder, "--updates", "2", "--network.channels", "2", "2", "2"]
    monkeypatch.setattr(sys, "argv", ["ablation", *arguments])
    assert ablation.main() == 0
    out = capsys.readouterr().out
    assert all(name in out for name in INPUTS)
    dataclasses.replace(demonstration, unit="reward").save(tmp_path / "a.npz")
    assert ablation.main() == 1
    assert "wanted demonstrations on Fernway's twin" in capsys.readouterr().err
