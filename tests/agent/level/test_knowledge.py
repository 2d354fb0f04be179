from pathlib import Path
from typing import Any

import numpy as np
import pytest
from knowing import known, trajectory
from numpy.typing import NDArray

from agent.level import knowledge
from agent.level.knowledge import KnowledgeError
from agent.level.trajectories import Trajectory
from agent.rules import EPISODE_TIMESTEPS


def facts(trajectories: list[Trajectory] | None) -> list[object]:
    return [(t.actions.tolist(), t.returns.tolist(), t.paid, t.plays) for t in trajectories or ()]


def rewrite(path: Path, **changes: NDArray[Any] | None) -> None:
    with np.load(path) as file:
        arrays = {**dict(file), **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "knowledge.npz"
    knowledge.save(path, "a level", known())
    return path


def test_knowledge_outlives_the_run(saved: Path) -> None:
    after = knowledge.load(saved, "a level")
    assert facts(after) == facts(known())
    assert after is not None
    assert {(trajectory.actions.dtype.name, trajectory.returns.dtype.name) for trajectory in after} == {
        ("uint16", "float32")
    }
    assert [path.name for path in saved.parent.iterdir()] == ["knowledge.npz"]


def test_nothing_known_is_a_file_too(tmp_path: Path) -> None:
    knowledge.save(tmp_path / "knowledge.npz", "a level", [])
    assert knowledge.load(tmp_path / "knowledge.npz", "a level") == []


def test_what_is_not_known_by_this_name_any_more_is_passed_over(saved: Path) -> None:
    rewrite(saved, weights=np.arange(9, dtype=np.uint8))
    assert facts(knowledge.load(saved, "a level")) == facts(known())


def test_knowledge_of_another_level_is_left_alone(saved: Path) -> None:
    assert knowledge.load(saved, "another level") is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"garbage" * 100])
def test_garbage_is_no_knowledge(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    with pytest.raises(KnowledgeError, match="not a knowledge file"):
        knowledge.load(saved, "a level")


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("format", np.array(99), "wanted format 7, got 99"),
        ("format", np.array(6), "wanted format 7, got 6"),
        ("format", None, "format is missing"),
        ("format", np.array(None), "not a knowledge file"),
        ("lengths", np.array([1, 1], np.int64), r"wanted actions finite, uint16 \[2\], got uint16 \[13\]"),
        ("lengths", np.array([0, 4, 9], np.int64), r"1..4500 timesteps, got \[0, 4, 9\]"),
        ("lengths", np.array([-3, 15, 1], np.int64), "1..4500 timesteps"),
        ("lengths", np.array([4501, 1, 1], np.int64), "1..4500 timesteps"),
        ("actions", np.full(13, 1 << 12, np.uint16), "wanted packed buttons below 4096, got 4096"),
        ("actions", np.zeros((3, 3), np.uint16), "wanted actions"),
        ("returns", np.full(13, np.nan, np.float32), "wanted returns finite"),
        ("returns", np.zeros(13, np.int64), r"wanted returns finite, float32 \[13\], got int64 \[13\]"),
        ("paid", np.zeros(2), "wanted paid"),
        ("plays", np.array([1, 0, 1]), r"at least once, got \[1, 0, 1\]"),
        ("plays", np.array([1, 1]), "wanted plays"),
        ("paid", np.array([1.0, np.inf, 1.0]), r"wanted paid finite, float64 \[3\], got float64 \[3\]"),
        ("lengths", np.zeros(3), r"wanted lengths finite, int64 \[N\], got float64 \[3\]"),
        ("plays", None, "plays is missing"),
    ],
)
def test_knowledge_that_was_tampered_with_is_refused(
    saved: Path, name: str, array: NDArray[Any] | None, why: str
) -> None:
    rewrite(saved, **{name: array})
    with pytest.raises(KnowledgeError, match=why) as refusal:
        knowledge.load(saved, "a level")
    assert "\n" not in str(refusal.value)


def test_the_last_action_there_is_is_taken_and_the_longest_trajectory(tmp_path: Path) -> None:
    longest = trajectory(9.0, actions=[(1 << 12) - 1] * EPISODE_TIMESTEPS)
    knowledge.save(tmp_path / "knowledge.npz", "a level", [longest])
    assert facts(knowledge.load(tmp_path / "knowledge.npz", "a level")) == facts([longest])


def test_a_file_that_grows_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "knowledge.npz"
    monotonous = trajectory(9.0, actions=[0] * EPISODE_TIMESTEPS, returns=[9.0] * EPISODE_TIMESTEPS)
    knowledge.save(path, "a level", [monotonous])
    monkeypatch.setattr(knowledge, "SIZE_MOST", path.stat().st_size)
    with pytest.raises(KnowledgeError, match="it comes to more than"):
        knowledge.load(path, "a level")
