import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from trained import training

from agent.rules import SCREEN_SHAPE
from agent.vision import VisionConfig
from training.cli import COMMANDS
from training.experiments.show import ShowConfig, stages
from training.run.pictures import PictureError, fitted, sheet, write_png

CONFIG = VisionConfig()


def read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def test_every_stage_is_shown_in_its_size() -> None:
    screens = [np.random.default_rng(seed).integers(0, 256, SCREEN_SHAPE, np.uint8) for seed in range(4)]
    pictures = stages(screens, CONFIG)
    shapes = [picture.shape for _, picture in pictures]
    assert shapes[:6] == [SCREEN_SHAPE, (172, 320, 3), (172, 320), (64, 80), (64, 80), (64, 80, 3)]
    assert shapes[6:] == [(130, 162), (130, 162), (130, 162, 3)]
    used = [label for label, _ in pictures if "the network's input" in label]
    assert used == ["6  stack of 4, gray: the network's input"]
    assert set(np.unique(pictures[4][1])) <= {0, 255}


def test_a_picture_is_scaled_by_one_factor_to_fit() -> None:
    assert fitted(np.zeros((64, 80), np.uint8), 480, 336).shape == (336, 420, 3)
    assert fitted(np.zeros((100, 320, 3), np.uint8), 480, 336).shape == (150, 480, 3)


def test_a_sheet_holds_every_picture() -> None:
    paper = sheet([("red", np.full((10, 10, 3), (255, 0, 0), np.uint8))] * 3, columns=2)
    for left in (12, 12 + 492):
        assert paper[200, left + 100].tolist() == [255, 0, 0]
    assert paper[600, 100].tolist() == [255, 0, 0]
    assert paper[600, 600].tolist() == [255, 255, 255], "two rows, the last place is empty"


def test_a_picture_is_written_as_rgb_and_only_as_png(tmp_path: Path) -> None:
    write_png(tmp_path / "new" / "a.png", np.full((4, 4, 3), (200, 100, 0), np.uint8))
    assert read(tmp_path / "new" / "a.png")[0, 0].tolist() == [0, 100, 200]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]
    with pytest.raises(PictureError, match=r"ends in \.png"):
        write_png(tmp_path / "a.jpg", np.zeros((4, 4), np.uint8))
    (tmp_path / "file").write_text("")
    with pytest.raises(PictureError, match="cannot be written"):
        write_png(tmp_path / "file" / "a.png", np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize(
    "what",
    [
        ["--zone", "0", "--seed", "3"],
        ["--game", "Airstriker-Genesis"],
        ["--game", "SonicTheHedgehog2-Genesis", "--state", "EmeraldHillZone.Act1", "--vision.pixels", "edges"],
    ],
    ids=["fernway", "emulator", "no ROM"],
)
def test_the_command_draws_any_game_state(what: list[str], tmp_path: Path) -> None:
    out = tmp_path / "show.png"
    assert training("show", *what, "--out", out) == 0
    picture = read(out)
    assert picture.shape == (1140, 1488, 3)
    assert picture.std() > 30


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (["--game", "Sonicx"], "no game 'Sonicx'"),
        (["--game", "SonicTheHedgehog-Genesis", "--state", "Green"], "has no state 'Green'"),
        (["--game", "SonicTheHedgehog3-Genesis"], "ROM .* is missing"),
        (["--zone", "99"], "no zone '99'"),
    ],
)
def test_bad_input_gives_one_clear_line(what: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert training("show", *what) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(says, error)


def test_one_of_game_and_zone_is_wanted() -> None:
    with pytest.raises(ValueError, match="one of --game and --zone"):
        ShowConfig()


def test_commands_are_named_and_a_wrong_one_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert training("fly") == 2
    assert "no command 'fly'" in capsys.readouterr().err
    assert training() == 0
    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)
