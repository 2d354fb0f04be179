"""Pictures of a run: every point in view, no panel that shows nothing."""

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from endings import ending

from training.play.lanes import Ending
from training.run import diagnostics
from training.run.curve import Board, Meter, Row, ScoreRow

NAN = float("nan")


def row(timesteps: int, **changed: float) -> Row:
    usual = {field.name: 0.5 for field in dataclasses.fields(Row)} | {"stalled": NAN}
    return Row(**(usual | {"timesteps": timesteps} | changed))  # type: ignore[arg-type]


def score(timesteps: int, **changed: float) -> ScoreRow:
    usual = {field.name: NAN for field in dataclasses.fields(ScoreRow)}
    return ScoreRow(**(usual | {"timesteps": timesteps} | changed))  # type: ignore[arg-type]


def meter(*endings: Ending) -> Meter:
    made = Meter()
    made.actions = np.arange(9)
    made._starts.extend(endings)
    return made


def titles(picture: Any) -> list[str]:
    return [axis.get_title() for axis in picture.axes]


def require_all_in_view(picture: Any) -> None:
    for axis in picture.axes:
        (left, right), (low, high) = axis.get_xlim(), axis.get_ylim()
        for line in axis.get_lines():
            x, y = (np.asarray(values, float) for values in line.get_data())
            there = np.isfinite(y)
            assert there.any(), axis.get_title()
            assert left < x[there].min() <= x[there].max() < right, axis.get_title()
            assert low < y[there].min() <= y[there].max() < high, axis.get_title()


def test_panels_of_nothing_or_of_one_value_are_left_out() -> None:
    rows = [row(1000, entropy=2.0, kl=NAN), row(2000, entropy=1.0, kl=NAN), row(3000, entropy=1.5, kl=0.1)]
    found = diagnostics.pictures(rows, [], meter())
    assert titles(found["curve"]) == ["entropy of the policy, nats"]
    assert "scores" not in found
    assert titles(found["play"]) == ["share of the actions"]
    require_all_in_view(found["curve"])


def test_the_first_points_are_shown() -> None:
    found = diagnostics.pictures([row(512)], [score(512, seen_mean=-30.0, seen_low=-50.0, seen_high=9.0)], meter())
    assert len(titles(found["curve"])) == len(diagnostics.CURVE) - 1
    assert titles(found["scores"]) == ["mean return"]
    for name in ("curve", "scores"):
        for axis in found[name].axes:
            assert any(line.get_marker() == "." for line in axis.get_lines()), axis.get_title()
        require_all_in_view(found[name])


def test_scores_below_zero_and_intervals_are_in_view() -> None:
    scores = [
        score(0, seen_mean=-40.0, seen_low=-90.0, seen_high=10.0, unseen_mean=5.0, seen_finished=0.0, rightward=0.9),
        score(9, seen_mean=70.0, seen_low=20.0, seen_high=120.0, unseen_mean=6.0, seen_finished=1.0, rightward=1.0),
    ]
    picture = diagnostics.pictures([row(9)], scores, meter())["scores"]
    assert titles(picture) == ["mean return", "share finished", "rightward on the contest's start screens"]
    low, high = picture.axes[0].get_ylim()
    assert low < -90
    assert high > 120
    for axis in picture.axes[1:]:
        assert axis.get_ylim()[1] > 1


def test_every_episode_is_in_the_histogram() -> None:
    ends = [
        ending(0, is_stalled=True),
        ending(10_000, is_finished=True),
        ending(9993.4, is_finished=True),
        ending(4321),
    ]
    axis = diagnostics.pictures([row(1)], [], meter(*ends))["play"].axes[1]
    assert sum(bar.get_height() for bar in axis.patches) == 4
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["finished: 2", "stalled: 1", "died: 1"]


def test_pictures_are_written_whole_with_their_titles_in_them(tmp_path: Path) -> None:
    rows = [row(1000 * i, entropy=2 - i / 10, best_mean=100.0 * i) for i in range(1, 40)]
    scores = [score(1000 * i, seen_mean=100.0 * i) for i in range(1, 4)]
    diagnostics.save(tmp_path, diagnostics.pictures(rows, scores, meter(ending(5))), Board(tmp_path, 0), 39_000)
    for name in ("curve", "scores", "play"):
        picture = cv2.imread(str(tmp_path / f"{name}.png"))
        assert picture is not None
        edge = np.concatenate([picture[:, :2].reshape(-1, 3), picture[:, -2:].reshape(-1, 3)])
        assert (edge == 255).all(), f"{name}: something is cut off at the side"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("count", [1, 2, 14, 40])
def test_curves_of_any_length_are_in_view(count: int) -> None:
    rng = np.random.default_rng(count)
    rows = [
        row(1000 * i, **{name: float(rng.normal()) for name, _ in diagnostics.CURVE}, return_mean=0.0)
        for i in range(1, count + 1)
    ]
    picture = diagnostics.pictures(rows, [], meter())["curve"]
    assert len(picture.axes) == len(diagnostics.CURVE)
    require_all_in_view(picture)
