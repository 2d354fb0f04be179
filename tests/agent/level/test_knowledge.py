from pathlib import Path
from typing import Any

import numpy as np
import pytest
from knowing import explorer, fresh, known
from numpy.typing import NDArray
from toys import moment

from agent.level import knowledge
from agent.level.knowledge import Arrays, KnowledgeError
from agent.players.explorer import Explorer


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


def test_an_explorer_that_was_restored_goes_on_as_the_one_that_was_not(saved: Path) -> None:
    before, after = known()["explorer"], explorer()
    knowledge.load(saved, "a level", {"explorer": after})
    assert isinstance(before, Explorer)
    here = moment(150.0, 0, 1.0)
    for player in (before, after):
        player._rng = np.random.default_rng(5)
        player._chosen = 0
        player.begin(here)
    acted = [[player.act(moment(150.0 + step, step, 1.0)).tolist() for step in range(60)] for player in (before, after)]
    assert acted[0] == acted[1]


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
        ("explorer__keys", np.zeros((200, 3), np.int64)),
        ("explorer__keys", np.zeros((0, 3), np.int64)),
        ("explorer__profiles", np.zeros((3, 5), np.uint8)),
        ("explorer__place", None),
        ("explorer__option", np.full(2, 3, np.int8)),
    ],
)
def test_knowledge_that_was_tampered_with_is_refused(saved: Path, name: str, array: NDArray[Any] | None) -> None:
    rewrite(saved, **{name: array})
    with pytest.raises(KnowledgeError) as refusal:
        knowledge.load(saved, "a level", fresh())
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"), [("place", 10**6), ("next_place", -1), ("option", 99), ("discount", 1.0), ("reward", np.inf)]
)
def test_transitions_out_of_range_are_refused(saved: Path, name: str, value: float) -> None:
    with np.load(saved) as file:
        array = file[f"explorer.{name}"]
    array[0] = value
    rewrite(saved, **{f"explorer__{name}": array})
    with pytest.raises(KnowledgeError, match=name):
        knowledge.load(saved, "a level", fresh())
