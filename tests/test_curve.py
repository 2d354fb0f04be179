"""A run's curve: its means by hand, its file when a run is killed or goes on."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from agent.learner import Update
from training.curve import COLUMNS, Curve, Meter, Row, read_curve
from training.lanes import Ending

SETTINGS = {"updates": 7, "epsilon": 0.1, "planner_share": 0.2, "learning_rate": 0.3}


def row(timesteps: int) -> Row:
    return Meter().row(timesteps=timesteps, doomed=120.0, **SETTINGS)


def test_a_row_is_the_mean_since_the_row_before() -> None:
    meter = Meter()
    for loss in (1.0, 3.0):
        meter.update(
            Update(loss=loss, td_loss=0, knowledge_loss=0, q_mean=5, gradient_norm=0, priority=np.zeros(1, np.float32))
        )
    ending = Ending(
        lane=0, level="x", episode_return=10.0, best_return=30.0, timesteps=4, is_finished=False, is_cut=False
    )
    meter.episodes([ending, dataclasses.replace(ending, episode_return=20.0)])
    meter.lost(np.array([0, 120], np.float32))
    meter.lost(np.array([30, 10], np.float32))
    found = meter.row(timesteps=100, doomed=120.0, **SETTINGS)
    assert (found.loss, found.q_mean, found.return_mean, found.progress_mean) == (2, 5, 15, 30)
    assert (found.doomed, found.frames_lost, found.episodes, found.updates) == (0.25, 40, 2, 7)
    after = meter.row(timesteps=200, doomed=120.0, **SETTINGS)
    assert math.isnan(after.loss)
    assert math.isnan(after.doomed)
    assert after.episodes == 0


def test_a_resumed_curve_goes_on_at_its_checkpoint(tmp_path: Path) -> None:
    curve = Curve(tmp_path, 0)
    for timesteps in (40, 80, 120):
        curve.add(row(timesteps))
    curve.close()
    path = tmp_path / "curve.csv"
    path.write_text(path.read_text() + "160,7,0.")  # killed while it wrote
    curve = Curve(tmp_path, 80)
    curve.add(row(120))
    curve.close()
    found = read_curve(path)
    assert [one["timesteps"] for one in found] == [40, 80, 120]
    assert all(one["planner_share"] == 0.2 for one in found)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("timesteps,loss\n1,2\n")
    with pytest.raises(ValueError, match=f"wanted the columns {COLUMNS[0]}"):
        read_curve(tmp_path / "curve.csv")
