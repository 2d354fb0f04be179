"""Runs of an insider, and of a Q-network that it teaches; on the twin, tiny."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from runs import column, config, make_quick, timesteps

from training.network import insider as insiders
from training.network import weights as networks
from training.run import train
from training.run.config import TrainConfig
from training.run.train import CURVE, NEWEST, SCORES


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_quick(monkeypatch)


def inside(out: Path, **settings: Any) -> TrainConfig:
    return config(out, sees="inside", **settings)


def test_an_insider_learns_is_scored_and_goes_on(tmp_path: Path) -> None:
    first = inside(tmp_path, timesteps=320, score_period=320)
    train.train(first)
    assert column(tmp_path / SCORES) == [320]
    before, about = insiders.load(tmp_path / NEWEST)
    assert about["timesteps"] == 320
    train.train(dataclasses.replace(first, timesteps=640))
    assert timesteps(tmp_path) == 640
    after, _ = insiders.load(tmp_path / NEWEST)
    assert (after.first.weight != before.first.weight).any()
    assert (after.mean == before.mean).all(), "a run that goes on keeps its scale"


def test_it_teaches_a_network_to_play_as_it_does(tmp_path: Path) -> None:
    train.train(inside(tmp_path / "insider", timesteps=320))
    teacher = tmp_path / "insider" / NEWEST
    insider, said = insiders.load(teacher)
    insider.policy.bias.data[1] += 2  # what it has learned by now hardly differs from chance: there is little to teach
    insiders.save(teacher, insider, said)
    taught = config(tmp_path / "taught", timesteps=6400, teacher=teacher)
    train.train(taught)
    divergence = column(taught.out / CURVE, "taught")
    assert sum(divergence[-10:]) < 0.2 * sum(divergence[:10])
    about = networks.about(taught.out / NEWEST)
    assert about["teacher"]["timesteps"] == 320
    assert f"--teacher {teacher}" in about["command"]


def test_an_insider_goes_on_from_another(tmp_path: Path) -> None:
    train.train(inside(tmp_path / "first", timesteps=320))
    weights = tmp_path / "first" / NEWEST
    train.train(inside(tmp_path / "second", timesteps=64, weights=weights))
    _, about = insiders.load(tmp_path / "second" / NEWEST)
    assert about["weights"]["timesteps"] == 320


def test_what_does_not_go_together_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--sees inside and --teacher go with Fernway's twin"):
        inside(tmp_path, levels=Path("levels.csv"))
    with pytest.raises(ValueError, match="--teacher goes with --sees screen"):
        inside(tmp_path, teacher=Path("insider.safetensors"))
    with pytest.raises(ValueError, match="cannot use the insider"):
        train.train(config(tmp_path, teacher=tmp_path / "there is none"))
    with pytest.raises(ValueError, match="cannot use the insider"):
        train.train(inside(tmp_path, weights=Path("pyproject.toml")))
