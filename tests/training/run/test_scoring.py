"""`python -m training score`, from weights to tables, figures and pictures."""

import json
from pathlib import Path

import cv2
import pytest
import torch

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import committed
from training.network import weights as networks
from training.network.model import NetworkConfig, QNetwork
from training.run import score_report
from training.run.score import PlayConfig
from training.run.scoring import ScoreConfig, score_weights

VALIDATION = [solved.level for solved in committed().values() if solved.validation]
SHORT = PlayConfig(stall_timesteps=30)


def weights(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    vision, sizes = VisionConfig(), NetworkConfig(torso="conv", channels=(4, 4, 4), hidden=8)
    network = QNetwork(vision, sizes, len(ACTION_TABLE))
    networks.save(path, network, vision, sizes, {"gamma": 0.9, "reward_scale": 0.02})
    return path


@pytest.mark.slow
def test_two_weights_are_held_against_one_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = tuple(weights(tmp_path / name / "best.safetensors", seed) for seed, name in enumerate(("one", "two")))
    out = tmp_path / "scores"
    score_weights(ScoreConfig(weights=paths, seen=3, unseen=2, seeds=2, play=SHORT, out=out))
    found = json.loads((out / score_report.FIGURES).read_text())
    names = score_report.names(paths)
    assert [(row["levels"], row["episodes"], row["gain"] is None) for row in found["scores"]] == [
        (group, count * 2, is_first)
        for is_first in (True, False)
        for group, count in (
            ("validation levels", 11),
            ("training zones, fresh levels", 3),
            ("unseen zones, fresh levels", 2),
        )
    ]
    for name in names:
        kinds = {row["kind"]: row for row in found["failures"][name]}
        assert kinds["start"]["entries"] == (11 + 3 + 2) * 2
        assert sum(row["failures"] for row in kinds.values()) == (11 + 3 + 2) * 2, "none gets through"
        assert (found["calibration"][name]["gamma"], found["calibration"][name]["reward_scale"]) == (0.9, 0.02)
        assert found["calibration"][name]["timesteps"] > 16 * 2 * 30
        folder = out / score_report.folder_of(name)
        assert {path.stem for path in folder.iterdir()} == {"calibration", *(level.name for level in VALIDATION)}
        assert all(cv2.imread(str(path)) is not None for path in folder.iterdir())
    assert cv2.imread(str(out / "failures.png")) is not None
    printed = capsys.readouterr().out
    assert "gain [95 %]" in printed
    assert "failures / entries" in printed
    assert "32" in next(line for line in printed.splitlines() if "start" in line)


@pytest.mark.slow
def test_a_json_file_takes_the_figures_alone(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors", 0)
    score_weights(ScoreConfig(weights=(path,), seen=0, unseen=0, seeds=1, play=SHORT, out=tmp_path / "new" / "a.json"))
    found = json.loads((tmp_path / "new" / "a.json").read_text())
    assert set(found) == {"scores", "failures", "calibration"}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.json"]


def test_where_the_results_cannot_go_is_found_out_before_anything_is_played(tmp_path: Path) -> None:
    path = weights(tmp_path / "w.safetensors", 0)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"is a file: wanted a folder, or a name that ends in \.json"):
        score_weights(ScoreConfig(weights=(path,), out=tmp_path / "file"))
    with pytest.raises(OSError, match=r"a\.json"):
        score_weights(ScoreConfig(weights=(path,), out=tmp_path / "file" / "a.json"))


def test_weights_are_told_apart_by_short_names() -> None:
    assert score_report.names([Path("a/x.safetensors"), Path("b/y.safetensors")]) == ["x", "y"]
    assert score_report.names([Path("a/x.safetensors"), Path("b/x.safetensors")]) == ["a/x", "b/x"]
