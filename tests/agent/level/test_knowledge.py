from pathlib import Path
from typing import Any

import numpy as np
import pytest
from knowing import fresh, known, memory, trajectory
from numpy.typing import NDArray

from agent.level import knowledge
from agent.level.knowledge import Arrays, KnowledgeError
from agent.rules import EPISODE_TIMESTEPS


def same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def rewrite(path: Path, **changes: NDArray[Any] | None) -> None:
    with np.load(path) as file:
        arrays = {**dict(file), **{name.replace("__", "."): array for name, array in changes.items()}}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "knowledge.npz"
    knowledge.save(path, "a level", known())
    return path


def test_knowledge_outlives_the_run(saved: Path) -> None:
    before, after = known(), fresh()
    assert knowledge.load(saved, "a level", after)
    for word in before:
        assert same(before[word].arrays(), after[word].arrays()), word
    assert [path.name for path in saved.parent.iterdir()] == ["knowledge.npz"]


def test_nothing_known_is_a_file_too(tmp_path: Path) -> None:
    knowledge.save(tmp_path / "knowledge.npz", "a level", fresh())
    assert knowledge.load(tmp_path / "knowledge.npz", "a level", fresh())


def test_what_nobody_keeps_any_more_is_passed_over(saved: Path) -> None:
    """Earlier versions kept weights here that the network had learned on during the run."""
    rewrite(saved, apprentice__weights=np.arange(9, dtype=np.uint8))
    after = fresh()
    assert knowledge.load(saved, "a level", after)
    assert same(after["memory"].arrays(), known()["memory"].arrays())


def test_knowledge_of_another_level_is_left_alone(saved: Path) -> None:
    after = fresh()
    assert not knowledge.load(saved, "another level", after)
    assert all(same(after[word].arrays(), fresh()[word].arrays()) for word in after)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"garbage" * 100])
def test_garbage_is_no_knowledge(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    with pytest.raises(KnowledgeError, match="not a knowledge file"):
        knowledge.load(saved, "a level", fresh())


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("format", np.array(99), "wanted format 6, got 99"),
        ("format", np.array(5), "wanted format 6, got 5"),
        ("format", None, "format is missing"),
        ("format", np.array(None), "not a knowledge file"),
        ("memory__lengths", np.array([1, 1], np.int64), r"wanted actions finite, uint16 \[2\], got uint16 \[13\]"),
        ("memory__lengths", np.array([0, 4, 9], np.int64), r"1..4500 timesteps, got \[0, 4, 9\]"),
        ("memory__lengths", np.array([-3, 15, 1], np.int64), "1..4500 timesteps"),
        ("memory__lengths", np.array([4501, 1, 1], np.int64), "1..4500 timesteps"),
        ("memory__actions", np.full(13, 1 << 12, np.uint16), "wanted packed buttons below 4096, got 4096"),
        ("memory__actions", np.zeros((3, 3), np.uint16), "wanted actions"),
        ("memory__returns", np.full(13, np.nan, np.float32), "wanted returns finite"),
        ("memory__returns", np.zeros(13, np.int64), r"wanted returns finite, float32 \[13\], got int64 \[13\]"),
        ("memory__paid", np.zeros(2), "wanted paid"),
        ("memory__plays", np.array([1, 0, 1]), r"at least once, got \[1, 0, 1\]"),
        ("memory__plays", np.array([1, 1]), "wanted plays"),
        ("variations__ends", np.array([np.inf]), r"wanted ends finite, float64 \[N\], got float64 \[1\]"),
        ("variations__ends", None, "ends is missing"),
    ],
)
def test_knowledge_that_was_tampered_with_is_refused(
    saved: Path, name: str, array: NDArray[Any] | None, why: str
) -> None:
    rewrite(saved, **{name: array})
    after = fresh()
    with pytest.raises(KnowledgeError, match=why) as refusal:
        knowledge.load(saved, "a level", after)
    assert "\n" not in str(refusal.value)
    assert all(same(after[word].arrays(), fresh()[word].arrays()) for word in after), "all of it, or nothing"


def test_the_last_action_there_is_is_taken_and_the_longest_trajectory(tmp_path: Path) -> None:
    longest = trajectory(9.0, actions=[(1 << 12) - 1] * EPISODE_TIMESTEPS)
    before = memory()
    before.add(longest)
    knowledge.save(tmp_path / "knowledge.npz", "a level", {"memory": before})
    after = memory()
    assert knowledge.load(tmp_path / "knowledge.npz", "a level", {"memory": after})
    assert same(before.arrays(), after.arrays())


def test_a_file_that_grows_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, monotonous = tmp_path / "knowledge.npz", memory()
    monotonous.add(trajectory(9.0, actions=[0] * EPISODE_TIMESTEPS, returns=[9.0] * EPISODE_TIMESTEPS))
    knowledge.save(path, "a level", {"memory": monotonous})
    monkeypatch.setattr(knowledge, "SIZE_MOST", path.stat().st_size)
    with pytest.raises(KnowledgeError, match="it comes to more than"):
        knowledge.load(path, "a level", {"memory": memory()})
