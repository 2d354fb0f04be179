import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from agent.config import NetworkConfig, VisionConfig
from agent.vision import edges
from fernway.levels import is_validation
from training import __main__ as command
from training import ablation, labelled
from training.ablation import AblationConfig, by_level, judge, learn, over_levels
from training.config import PlannerConfig
from training.labelled import States, gather, picture, pictures_bytes, unseen
from training.twin import any_fresh_level

GRAY = VisionConfig(height=16, width=20)
EDGES = replace(GRAY, pixels="edges")
COLOUR = replace(GRAY, pixels="colour", stack=2)


def test_states_are_the_same_for_every_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled, "LEVEL_TIMESTEPS", 24)
    told: list[int] = []
    states = gather(
        any_fresh_level, 30, [GRAY, EDGES, COLOUR], seed=3, planner=PlannerConfig(), tell=lambda: told.append(1)
    )
    assert len(states) == len(told) == 30
    assert states.level[-1] >= 1
    gray, edge = (states.planes[picture(one)] for one in (GRAY, EDGES))
    assert all(np.array_equal(edges(one[0]), other[0]) for one, other in zip(gray, edge, strict=True))
    everything = np.arange(30)
    stacks = states.observations(everything, GRAY)
    assert stacks.shape == (30, 4, 16, 20)
    assert states.observations(everything, COLOUR).shape == (30, 6, 16, 20)
    assert np.array_equal(states.observations(everything, replace(GRAY, stack=1))[:, 0], stacks[:, -1])
    assert not np.array_equal(stacks[-1, 0], stacks[-1, -1])  # something moves
    newest = states.rows[:, -1]
    for before, now in pairwise(range(30)):
        if states.level[now] != states.level[before]:
            assert states.rows[now].min() > newest[before]  # no screen of the level before
    assert (states.lost.min(1) == 0).all()
    assert (states.values.max(1) == 0).all()
    assert (states.lost[everything, states.values.argmax(1)] == 0).all()
    assert states.lost.max() <= PlannerConfig().doomed


def test_memory_is_told_in_advance() -> None:
    assert pictures_bytes([GRAY, replace(GRAY, stack=1), COLOUR], 100) == 100 * labelled.LABEL_PERIOD * 4 * 16 * 20


def test_levels_to_judge_by_are_never_trained_on() -> None:
    draw, rng = unseen(), np.random.default_rng(0)
    levels = [draw(rng, 0) for _ in range(25)]
    assert len(set(levels)) == 25
    assert all(is_validation(level.zone, level.act) for level in levels)
    assert {6, 7} < {level.zone for level in levels}


def test_choices_are_judged_by_what_they_lose() -> None:
    class AlwaysFirst(torch.nn.Module):
        def forward(self, obs: torch.Tensor) -> torch.Tensor:
            return torch.eye(9)[:1].repeat(len(obs), 1)

    lost = np.zeros((4, 9), np.float32)
    lost[:, 0] = [0, 8, 100, 120]
    judged = judge(AlwaysFirst(), _states(lost), GRAY)  # type: ignore[arg-type]
    assert judged.frames.tolist() == [0, 8, 100, 120]
    assert judged.doomed.tolist() == [0, 0, 0, 100]
    # All labels equal: minus the mean logarithm of what a softmax makes of one 1 and eight 0.
    assert judged.cross_entropy[0] == pytest.approx(np.log(np.e + 8) - 1 / 9, rel=1e-5)


def test_intervals_are_over_levels() -> None:
    level = np.array([0, 0, 1, 1, 1, 1])
    means = by_level(np.array([1, 3, 6, 6, 6, 6], np.float32), level)
    assert means.tolist() == [2, 6]
    found = over_levels(means)
    assert (found.value, found.low, found.high) == (4, 2, 6)
    assert over_levels(means - means).text("+.1f") == "+0.0 [+0.0, +0.0]"


def test_an_input_that_shows_more_does_better() -> None:
    """Two kinds of states, each with a best action of its own; colour tells them apart, gray does not."""
    kind = np.arange(32) % 2
    lost = np.full((32, 9), 100, np.float32)
    lost[np.arange(32), kind] = 0
    states = _states(lost)
    states.planes[picture(COLOUR)][kind == 1, 0] = 255
    config = AblationConfig(updates=60, batch_size=16, network=NetworkConfig(channels=(8, 8, 8), hidden=32))
    blind, seeing = (judge(learn(states, one, config, 0), states, one) for one in (GRAY, COLOUR))
    assert blind.frames.mean() == 50
    assert seeing.cross_entropy.mean() < blind.cross_entropy.mean() - 0.3


def test_the_comparison_runs_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ablation, "INPUTS", {ablation.DEFAULT: GRAY, "edges": EDGES})
    monkeypatch.setattr(labelled, "LEVEL_TIMESTEPS", 8)
    monkeypatch.setenv("COLUMNS", "160")
    out = tmp_path / "made" / "table.csv"
    sizes = ["--states", "6", "--test-states", "8", "--updates", "2", "--network.channels", "2", "2", "2"]
    assert command.main(["ablation", "--out", str(out), *sizes]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("edges", "itself, another seed", "frames lost", "6 states of"))
    with out.open() as file:
        rows = list(csv.DictReader(file))
    levels = {row["level"] for row in rows}
    assert len(rows) == 2 * 2 * len(levels) >= 8
    assert all(0 <= float(row["doomed"]) <= 100 and float(row["cross_entropy"]) > 0 for row in rows)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted seeds of at least 1, got 0"):
        AblationConfig(seeds=0)


def _states(lost: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> States:
    """Makes states that all look alike, a level each."""
    count = len(lost)
    return States(
        planes={picture(one): np.full((count, *picture(one).obs_shape), 128, np.uint8) for one in (GRAY, COLOUR)},
        rows=np.arange(count)[:, None] * np.ones(4, np.int64),
        lost=lost,
        values=(-0.067 * lost).astype(np.float32),
        level=np.arange(count),
    )
