from pathlib import Path
from typing import Any

import numpy as np
import pytest
from knowing import fresh, known
from numpy.typing import NDArray

from agent.level import knowledge
from agent.level.knowledge import Arrays, KnowledgeError


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
    ("name", "array"),
    [
        ("format", np.array(99)),
        ("format", None),
        ("format", np.array(None)),
        ("memory__lengths", np.array([1, 1], np.int64)),
        ("memory__lengths", np.array([0, 4, 5], np.int64)),
        ("memory__lengths", np.array([-3, 9, 3], np.int64)),
        ("memory__actions", np.full(9, 1 << 12, np.uint16)),
        ("memory__actions", np.zeros((3, 3), np.uint16)),
        ("memory__returns", np.full(9, np.nan, np.float32)),
        ("memory__returns", np.zeros(9, np.int64)),
        ("memory__plays", np.array([1, 0, 1])),
        ("memory__ends", np.array([np.inf])),
        ("memory__ends", None),
    ],
)
def test_knowledge_that_was_tampered_with_is_refused(saved: Path, name: str, array: NDArray[Any] | None) -> None:
    rewrite(saved, **{name: array})
    with pytest.raises(KnowledgeError) as refusal:
        knowledge.load(saved, "a level", fresh())
    assert "\n" not in str(refusal.value)
