"""Replay and its sum tree: hand-computed returns, and invariants after every operation."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from agent.config import VisionConfig
from agent.free_memory import MemoryTooSmallError, require_memory
from agent.replay import Batch, Replay, ReplayConfig, replay_bytes
from agent.sumtree import SumTree

VISION = VisionConfig(height=8, width=8, stack=4)
ACTIONS = 3
GAMMA = 0.5


def make(capacity: int = 64, *, lanes: int = 1, n_step: int = 3, **settings_: Any) -> Replay:
    config = ReplayConfig(capacity=capacity, n_step=n_step, gamma=GAMMA, **settings_)
    return Replay(config, VISION, lanes=lanes, actions=ACTIONS, rng=np.random.default_rng(0))


def add(replay: Replay, number: int, reward: float = 0.0, *, end: str = "", first: bool = False) -> None:
    """Adds one screen, painted with its number, to a replay of one lane."""
    replay.add(
        np.full((1, 1, 8, 8), number, np.uint8),
        is_first=np.array([first]),
        action=np.array([number % ACTIONS]),
        reward=np.array([reward]),
        terminated=np.array([end == "terminated"]),
        truncated=np.array([end == "truncated"]),
        values=np.full((1, ACTIONS), number, np.float32),
    )


def everything(replay: Replay) -> dict[int, tuple[Batch, int]]:
    """Draws until each transition came, by the number of its screen."""
    found: dict[int, tuple[Batch, int]] = {}
    while len(found) < replay.size:
        batch = replay.sample(64, importance_exponent=1.0)
        found |= {int(batch.obs[i, -1, 0, 0]): (batch, i) for i in range(64)}
    return found


@pytest.mark.parametrize(
    ("end", "start", "reward", "discount", "next_screen"),
    [
        # Screens 0..5, reward of reaching screen k is 2**k; the episode ends at screen 5; gamma 1/2, n 3.
        ("terminated", 0, 2 + 4 / 2 + 8 / 4, GAMMA**3, 3),
        ("terminated", 2, 8 + 16 / 2 + 32 / 4, 0.0, 5),
        ("terminated", 3, 16 + 32 / 2, 0.0, 5),
        ("terminated", 4, 32, 0.0, 5),
        ("truncated", 2, 8 + 16 / 2 + 32 / 4, GAMMA**3, 5),
        ("truncated", 3, 16 + 32 / 2, GAMMA**2, 5),
        ("truncated", 4, 32, GAMMA, 5),
    ],
)
def test_n_step_return(end: str, start: int, reward: float, discount: float, next_screen: int) -> None:
    replay = make()
    for number in range(6):
        add(replay, number, 2.0**number, first=number == 0, end=end if number == 5 else "")
    for number in range(10, 13):
        add(replay, number, 1000.0, first=number == 10)
    batch, i = everything(replay)[start]
    assert batch.reward[i] == reward
    assert batch.discount[i] == discount
    assert batch.next_obs[i, -1, 0, 0] == next_screen
    assert batch.action[i] == (start + 1) % ACTIONS  # the action that led to the next screen
    assert (batch.values[i] == start).all()


@pytest.mark.parametrize(("n_step", "sampleable"), [(1, 6), (2, 5), (3, 4), (5, 2)])
def test_a_transition_can_be_sampled_once_its_window_is_whole(n_step: int, sampleable: int) -> None:
    replay = make(n_step=n_step)
    for number in range(7):
        add(replay, number, first=number == 0)
        replay.check_valid()
    assert replay.size == sampleable


def test_the_last_screen_of_an_episode_starts_nothing() -> None:
    replay = make()
    add(replay, 0, first=True)
    add(replay, 1, end="terminated")
    add(replay, 2, first=True)
    add(replay, 3)
    assert sorted(everything(replay)) == [0]


def test_an_episode_cut_without_an_end_is_not_bridged() -> None:
    replay = make()
    for number in range(4):
        add(replay, number, first=number == 0)
    for number in range(4, 8):
        add(replay, number, first=number == 4)
    assert sorted(everything(replay)) == [0, 4]


def test_stack_shows_the_first_screen_before_the_episode() -> None:
    replay = make(n_step=1)
    for number in range(3):
        add(replay, number, first=number == 0, end="terminated" if number == 2 else "")
    for number in range(3, 9):
        add(replay, number, first=number == 3)
    found = everything(replay)
    stacks = {start: batch.obs[i, :, 0, 0].tolist() for start, (batch, i) in found.items()}
    assert stacks[0] == [0, 0, 0, 0]
    assert stacks[1] == [0, 0, 0, 1]
    assert stacks[3] == [3, 3, 3, 3]
    assert stacks[5] == [3, 3, 4, 5]
    assert stacks[7] == [4, 5, 6, 7]
    batch, i = found[1]
    assert batch.next_obs[i, :, 0, 0].tolist() == [0, 0, 1, 2]


EVENTS = st.lists(
    st.tuples(st.lists(st.sampled_from(["", "", "", "terminated", "truncated", "cut"]), min_size=2, max_size=2)),
    min_size=1,
    max_size=60,
)


@examples(60)
@given(events=EVENTS, n_step=st.integers(1, 4), sample_every=st.integers(1, 7))
def test_invariants_hold_after_every_operation(events: Any, n_step: int, sample_every: int) -> None:
    """Two lanes, any mix of ends and cuts, wrapping around; compared with a plain list of what was added."""
    replay = make(capacity=2 * 18, lanes=2, n_step=n_step)
    first = np.array([True, True])
    episode, age = [0, 0], [0, 0]  # what each lane's screen shows: its episode and its place there
    for number, (ends,) in enumerate(events):
        cut = np.array([end == "cut" for end in ends])
        begins = first | cut
        for lane in range(2):
            episode[lane] += int(begins[lane])
            age[lane] = 0 if begins[lane] else age[lane] + 1
        planes = np.zeros((2, 1, 8, 8), np.uint8)
        planes[:, 0, 0, 0], planes[:, 0, 0, 1], planes[:, 0, 0, 2] = [0, 1], np.array(episode) % 256, age
        replay.add(
            planes,
            is_first=begins,
            action=np.zeros(2, np.int64),
            reward=np.ones(2),
            terminated=np.array([end == "terminated" for end in ends]),
            truncated=np.array([end == "truncated" for end in ends]),
        )
        first = np.array([end in {"terminated", "truncated"} for end in ends]) & ~begins
        replay.check_valid()
        if number % sample_every == 0 and replay.size:
            batch = replay.sample(8, importance_exponent=0.4)
            replay.check_valid()
            assert (batch.weight > 0).all()
            assert (batch.weight <= 1).all()
            now, following = batch.obs[:, :, 0, :3].astype(int), batch.next_obs[:, :, 0, :3].astype(int)
            assert (now[..., :2] == now[:, -1:, :2]).all(), "a stack is of one lane and one episode"
            assert (following[..., :2] == now[:, -1:, :2]).all(), "so are both ends of a transition"
            back = np.arange(VISION.stack - 1, -1, -1)
            assert (now[..., 2] == np.maximum(now[:, -1:, 2] - back, 0)).all(), "a stack is of neighbouring screens"
            steps = following[:, -1, 2] - now[:, -1, 2]
            assert ((steps >= 1) & (steps <= n_step)).all()
            np.testing.assert_allclose(batch.reward, 2 * (1 - GAMMA**steps), rtol=1e-6)
            replay.update_priorities(batch.slots, np.random.default_rng(number).random(8).astype(np.float32))
            replay.check_valid()


def test_priorities_steer_sampling() -> None:
    replay = make(n_step=1, priority_exponent=1.0, priority_floor=1e-6)
    for number in range(5):
        add(replay, number, first=number == 0)
    slots = np.arange(4)
    replay.update_priorities(slots, np.array([0.0, 1.0, 2.0, -1.0], np.float32))
    drawn = np.concatenate([replay.sample(400, 1.0).slots for _ in range(10)])
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    np.testing.assert_allclose(shares, [0, 0.25, 0.5, 0.25], atol=0.02)
    batch = replay.sample(400, 1.0)
    by_slot = dict(zip(batch.slots.tolist(), batch.weight.tolist(), strict=True))
    assert by_slot[1] == pytest.approx(1.0)
    assert by_slot[2] == pytest.approx(0.5)  # drawn twice as often, counts half


def test_uniform_without_exponent() -> None:
    replay = make(n_step=1, priority_exponent=0.0)
    for number in range(5):
        add(replay, number, first=number == 0)
    replay.update_priorities(np.arange(4), np.array([0.0, 1.0, 20.0, 300.0], np.float32))
    batch = replay.sample(4, 1.0)
    assert sorted(batch.slots) == [0, 1, 2, 3]
    assert (batch.weight == 1).all()


def test_not_finite_errors_are_refused() -> None:
    replay = make(n_step=1)
    add(replay, 0, first=True)
    add(replay, 1)
    with pytest.raises(ValueError, match="finite"):
        replay.update_priorities(np.array([0]), np.array([np.nan], np.float32))


def test_nothing_to_sample() -> None:
    with pytest.raises(ValueError, match="at least one complete transition"):
        make().sample(1, 1.0)


def test_memory_is_stated_in_advance() -> None:
    config = ReplayConfig(capacity=1 << 12)
    replay = Replay(config, VISION, lanes=4, actions=ACTIONS, rng=np.random.default_rng(0))
    held = sum(value.nbytes for value in vars(replay).values() if isinstance(value, np.ndarray))
    held += sum(value.nbytes for value in replay._fields.values()) + replay._tree._nodes.nbytes
    assert held == replay_bytes(config, VISION, ACTIONS)


def test_too_little_memory_is_refused_with_what_would_fit() -> None:
    with pytest.raises(MemoryTooSmallError, match=r"wants 1000 MiB, 500 MiB .* 2\.5 times smaller"):
        require_memory(1000 << 20, free=500 << 20)
    require_memory(100 << 20, free=500 << 20)
    with pytest.raises(MemoryTooSmallError, match="replay wants"):
        make(capacity=10**12)


def test_too_few_slots_are_refused() -> None:
    with pytest.raises(ValueError, match="capacity of at least 28"):
        make(capacity=20, lanes=2)


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"n_step": 0}, {"gamma": 1.1}, {"priority_exponent": -1.0}])
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"wanted {next(iter(wrong))}"):
        ReplayConfig(**wrong)


@pytest.mark.parametrize("screens", [7, 100])
def test_state_goes_there_and_back(screens: int) -> None:
    replay, other = make(), make()
    for number in range(screens):
        add(replay, number, number, first=number % 10 == 0, end="truncated" if number % 10 == 9 else "")
    replay.update_priorities(replay.sample(4, 1.0).slots, np.array([0.1, 3, 4, 5], np.float32))
    other.load_state({name: array.copy() for name, array in replay.state().items()})
    other.check_valid()
    other._rng = copy.deepcopy(replay._rng)
    for number in range(screens, screens + 20):
        for each in (replay, other):
            add(each, number, number)
    one, two = replay.sample(32, 0.5), other.sample(32, 0.5)
    for name in Batch.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


def test_state_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted a replay"):
        make(capacity=32).load_state(make(capacity=64).state() | {"planes": np.zeros((64, 1, 8, 8), np.uint8)})


@examples()
@given(
    leaves=st.integers(1, 40),
    operations=st.lists(st.tuples(st.integers(0, 39), st.floats(0, 1e6)), max_size=40),
)
def test_sum_tree_holds_sums_and_draws_no_empty_leaf(leaves: int, operations: list[tuple[int, float]]) -> None:
    tree = SumTree(leaves)
    plain = np.zeros(leaves)
    for index, value in operations:
        tree.set(np.array([index % leaves]), value)
        plain[index % leaves] = value
        tree.check_valid()
    np.testing.assert_array_equal(tree.leaves, plain)
    assert tree.total == pytest.approx(plain.sum())
    if tree.count:
        indices, values = tree.sample(50, np.random.default_rng(0))
        assert (values > 0).all()
        np.testing.assert_array_equal(values, plain[indices])


def test_sum_tree_keeps_the_last_of_two_values_for_a_leaf() -> None:
    tree = SumTree(3)
    tree.set(np.array([1, 1, 2]), np.array([5.0, 7.0, 1.0]))
    tree.check_valid()
    assert tree.leaves.tolist() == [0, 7, 1]


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_sum_tree_refuses_what_is_no_priority(value: float) -> None:
    with pytest.raises(ValueError, match="finite and at least 0"):
        SumTree(3).set(np.array([0]), value)


def test_sum_tree_needs_leaves() -> None:
    with pytest.raises(ValueError, match="at least 1 leaf"):
        SumTree(0)
    with pytest.raises(ValueError, match="all are 0"):
        SumTree(4).sample(1, np.random.default_rng(0))
