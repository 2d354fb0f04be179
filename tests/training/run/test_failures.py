"""Failures per entry, of episodes made up for the purpose and of real ones."""

import numpy as np
import pytest
from endings import ending
from numpy.typing import NDArray

from agent.vision import VisionConfig
from fernway import native
from fernway.levels import Level
from fernway.sections import sections
from training.run.episodes import Episode, Recorder
from training.run.failures import Failures, draw, failures
from training.run.score import PlayConfig, play

LEVEL = Level(0, 1, 10100)
PARTS = sections(LEVEL)
GAP, POCKET = PARTS[1], PARTS[2]
RIGHT = 1


def episode(*columns: int, finished: bool = False, stalled: bool = False) -> Episode:
    places = np.array([(column * 16, 500) for column in columns], np.int32)
    how = ending(9000.0 if finished else 0.0, timesteps=len(places), is_finished=finished, is_stalled=stalled)
    nothing = np.zeros(len(places))
    return Episode(level=LEVEL, ending=how, places=places, q=nothing.astype(np.float32), reward=nothing)


def by_kind(*episodes: Episode) -> dict[str, tuple[int, int]]:
    return {one.kind: (one.entries, one.failures) for one in failures(episodes)}


def test_the_level_is_what_these_tests_take_it_for() -> None:
    assert [part.kind for part in PARTS[:3]] == ["start", "gap", "pocket"]


def test_who_dies_fails_where_it_died() -> None:
    died = episode(0, GAP.first + 3)
    assert by_kind(died) == {"gap": (1, 1), "start": (1, 0)}
    came_back = episode(0, POCKET.first, GAP.end - 1)
    assert by_kind(came_back) == {"gap": (1, 1), "pocket": (1, 0), "start": (1, 0)}
    assert by_kind(died, came_back) == {"gap": (2, 2), "pocket": (1, 0), "start": (2, 0)}


def test_who_is_given_up_fails_at_its_farthest_point() -> None:
    assert by_kind(episode(0, POCKET.first, 2, stalled=True)) == {"pocket": (1, 1), "gap": (1, 0), "start": (1, 0)}


def test_a_section_is_entered_at_its_first_column() -> None:
    assert "pocket" not in by_kind(episode(0, POCKET.first - 1))
    assert by_kind(episode(0, POCKET.first))["pocket"] == (1, 1)


def test_who_finishes_enters_all_sections_and_fails_in_none() -> None:
    found = by_kind(episode(0, PARTS[-1].first + 14, finished=True))
    for kind in {part.kind for part in PARTS}:
        assert found[kind] == (sum(part.kind == kind for part in PARTS), 0)


def test_most_failures_per_entry_come_first() -> None:
    found = failures([episode(0), episode(0, GAP.first), episode(0, POCKET.first)])
    assert [(one.kind, one.share) for one in found] == [("pocket", 1.0), ("gap", 0.5), ("start", 1 / 3)]


def test_the_chart_has_a_bar_for_every_kind_of_every_network() -> None:
    two = {
        "one": [Failures(kind="gap", entries=4, failures=4), Failures(kind="wall", entries=2, failures=0)],
        "two": [Failures(kind="gap", entries=8, failures=2)],
    }
    axis = draw(two).axes[0]
    assert sorted(bar.get_width() for bar in axis.patches) == [0, 0.25, 1]
    assert sorted(text.get_text() for text in axis.texts) == ["0.00 (2)", "0.25 (8)", "1.00 (4)"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["wall", "gap"]
    assert axis.get_xlim()[1] > 1, "no bar is cut off"


def right(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
    q = np.zeros((len(obs), 9), np.float32)
    q[:, RIGHT] = 5.0
    return q


def test_a_recorder_sees_what_was_played() -> None:
    abyss = Level(2, 1, 2)
    assert sections(abyss)[1].kind == "abyss"
    levels = [LEVEL, Level(6, 1, 3), abyss, LEVEL]
    recorder = Recorder()
    config = PlayConfig(epsilon=0.0, temperature=0.0, stall_timesteps=40)
    endings = play(right, VisionConfig(), levels, seed=3, config=config, watch=recorder)
    found = recorder.episodes(levels, endings)
    assert [one.level for one in found] == levels
    for one, end in zip(found, endings, strict=True):
        assert one.ending is end
        assert len(one.places) == len(one.q) == len(one.reward) == end.timesteps
        assert one.reward.sum() == pytest.approx(end.episode_return)
        assert (one.q == 5.0).all()
        game = native.Game(one.level.zone, one.level.act, one.level.seed)
        way = int(game.level["end_x"]) - int(game.level["start_x"])
        gone = one.places[-1, 0] - int(game.level["start_x"])
        assert end.episode_return == pytest.approx(9000 * gone / way, abs=1e-2)
    assert [end.is_stalled for end in endings] == [True, True, False, True], "one falls to its death"
    where = {one.kind: one for one in failures(found)}
    assert where["start"].entries == 4
    assert (where["abyss"].entries, where["abyss"].failures) == (1, 1)
    assert sum(one.failures for one in where.values()) == 4
