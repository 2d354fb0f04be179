from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from agent.rules import ACTION_TABLE, SCREEN_SHAPE
from agent.vision import VisionConfig
from training.experiments.screen_table import ScreenTable, TableError, hashed
from training.experiments.table_player import Rule, Seen, TablePlayer, TableSettings

ACTIONS = len(ACTION_TABLE)


def key(number: int) -> np.uint64:
    return np.uint64(number)


def screen(value: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full(SCREEN_SHAPE, value, np.uint8)


@examples()
@given(st.lists(st.integers(1, 40), max_size=60))
def test_it_remembers_what_a_dictionary_does(numbers: list[int]) -> None:
    table, truth = ScreenTable(64, 2), dict[int, float]()
    for order, number in enumerate(numbers):
        values = table.add(key(number * 64))  # all in one chain of slots
        assert values is not None
        values[0] = truth[number] = order
    assert table.screens == len(truth)
    for number in range(1, 41):
        found = table.find(key(number * 64))
        assert (None if found is None else float(found[0])) == truth.get(number)


def test_its_memory_is_bounded_and_stated_in_advance() -> None:
    table = ScreenTable(8, ACTIONS)
    assert ScreenTable.memory_bytes(8, ACTIONS) == table._keys.nbytes + table._values.nbytes
    assert [table.add(key(n)) is not None for n in range(1, 9)] == [True] * 5 + [False] * 3
    assert (table.screens, table.capacity, table.refused) == (5, 5, 3)
    assert table.add(key(3)) is not None, "what is known stays known"
    with pytest.raises(TableError, match="power of two"):
        ScreenTable(12, ACTIONS)


def test_it_is_saved_between_runs(tmp_path: Path) -> None:
    table = ScreenTable(16, 2)
    for number in (3, 19, 35):
        values = table.add(key(number))
        assert values is not None
        values[:] = number, -number
    table.save(tmp_path / "table.npz")
    found = ScreenTable.load(tmp_path / "table.npz", 64, 2)
    assert found.screens == 3
    assert [found.find(key(number)).tolist() for number in (3, 19, 35)] == [[3, -3], [19, -19], [35, -35]]  # type: ignore[union-attr]
    assert [path.name for path in tmp_path.iterdir()] == ["table.npz"]


def test_a_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    table = ScreenTable(16, 2)
    for number in range(1, 9):
        table.add(key(number))
    table.save(tmp_path / "table.npz")
    with pytest.raises(TableError, match="holds 8 screens"):
        ScreenTable.load(tmp_path / "table.npz", 8, 2)
    with pytest.raises(TableError, match="finite values of 9 actions"):
        ScreenTable.load(tmp_path / "table.npz", 16, 9)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(TableError, match="is not a screen table"):
        ScreenTable.load(tmp_path / "text.npz", 16, 2)
    (tmp_path / "file").write_text("")
    with pytest.raises(TableError, match="cannot be written"):
        table.save(tmp_path / "file" / "table.npz")


def player(rule: Rule, seen: Seen = "crop", **settings: float) -> TablePlayer:
    chosen = TableSettings(**({"epsilon": 0.0, "learning_rate": 0.5, "gamma": 0.9} | settings))
    return TablePlayer(ScreenTable(256, ACTIONS), rule, seen, chosen, VisionConfig(), seed=0)


def test_the_memory_keeps_what_a_move_paid_and_repeats_it() -> None:
    learner = player("memory")
    learner.begin(screen(1))
    first = learner.act()
    learner.learn(7.0, screen(2), terminated=False)
    assert len({learner.act() for _ in range(50)}) > 3, "nothing has paid here: random"
    learner.begin(screen(1))
    assert {learner.act() for _ in range(20)} == {first}
    learner.learn(-1.0, screen(2), terminated=False)
    learner.begin(screen(1))
    assert len({learner.act() for _ in range(50)}) > 3, "it no longer pays"


def test_q_learning_follows_bellman() -> None:
    learner = player("qlearning")
    learner.begin(screen(2))
    second = learner.act()
    learner.learn(8.0, screen(3), terminated=True)  # Q(2, second) = 0.5 * 8 = 4
    learner.begin(screen(1))
    first = learner.act()
    learner.learn(2.0, screen(2), terminated=False)  # Q(1, first) = 0.5 * (2 + 0.9 * 4) = 2.8
    values = learner.table.find(learner._hashed(screen(1)))
    assert values is not None
    assert values[first] == pytest.approx(2.8)
    learner.act()
    assert learner._action == second
    learner.learn(8.0, screen(3), terminated=True)  # Q(2, second) = 4 + 0.5 * (8 - 4) = 6
    values = learner.table.find(learner._hashed(screen(2)))
    assert values is not None
    assert values[second] == pytest.approx(6.0)


@pytest.mark.parametrize(("seen", "screens"), [("crop", 2), ("observation", 1)])
def test_the_clock_makes_no_new_screen_and_a_faint_pixel_only_for_the_crop(seen: Seen, screens: int) -> None:
    learner = player("memory", seen)
    learner.begin(screen(100))
    other_time = screen(100)
    other_time[:52] = 0
    learner.begin(other_time)
    assert learner.table.screens == 1
    faint = screen(100)
    faint[150, 150] += 1
    learner.begin(faint)
    assert learner.table.screens == screens


def test_a_full_table_plays_on_at_random() -> None:
    learner = TablePlayer(ScreenTable(2, ACTIONS), "qlearning", "crop", TableSettings(), VisionConfig(), seed=0)
    learner.begin(screen(0))
    for value in range(1, 20):
        learner.act()
        learner.learn(5.0, screen(value), terminated=False)
    assert learner.table.screens == 1
    assert learner.table.refused > 10


def test_a_hash_is_of_the_pixels() -> None:
    assert hashed(screen(1)) == hashed(screen(1)[:, ::1].copy())
    assert hashed(screen(1)) != hashed(screen(2))


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"wanted --table\.gamma within"):
        TableSettings(gamma=1.5)
