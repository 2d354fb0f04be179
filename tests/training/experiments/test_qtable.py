import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from toys import Corridor
from trained import training

from agent.vision import VisionConfig
from training.experiments.contenders import TableAgent, play
from training.experiments.screen_table import ScreenTable
from training.experiments.table_player import TablePlayer, TableSettings

METHODS = ["random", "jerk", "memory of crop", "qlearning of crop", "qlearning of observation"]


def test_tabular_q_learning_solves_a_small_level_whose_screens_repeat() -> None:
    env = Corridor(length=12, wall=6, limit=60)
    table = ScreenTable(1024, 9)
    player = TablePlayer(table, "qlearning", "crop", TableSettings(gamma=0.9), VisionConfig(), seed=0)
    run = play("q", TableAgent(player), env, 3000, lambda: None)
    assert np.mean(run.returns[-5:]) == 120
    assert run.ends[-1] - run.ends[-2] < 25, "and on a short way"
    assert table.screens <= 13


@pytest.mark.slow
def test_the_experiment_writes_its_table_and_pictures_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    arguments = ["qtable", "--out", str(tmp_path), "--timesteps", "150", "--slots", "1024", "--weights", "None"]
    assert training(*arguments) == 0
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == METHODS
    assert all(row["timesteps"] == "150" for row in rows)
    first = int(rows[2]["screens"])
    assert first > 50
    picture = cv2.imread(str(tmp_path / "qtable.png"))
    assert picture is not None
    assert picture.std() > 10
    assert training(*arguments) == 0
    with (tmp_path / "table.csv").open(newline="") as file:
        assert int(list(csv.DictReader(file))[2]["screens"]) > first, "it went on with what it knew"
    assert "distinct" in capsys.readouterr().out


def test_bad_input_gives_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    assert training("qtable", "--game", "Nowhere", "--out", tmp_path) == 1
    assert "no game 'Nowhere'" in capsys.readouterr().err
