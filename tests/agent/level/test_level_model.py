import numpy as np
import pytest

from agent.level.level_model import LevelModel, LevelModelConfig

GAMMA = 0.9
LEFT, RIGHT = 0, 1


def model(bonus: float = 0.0, wonder: float = 0.0, prior_tries: float = 1e-9, transitions_max: int = 100) -> LevelModel:
    config = LevelModelConfig(
        gamma=GAMMA, bonus=bonus, wonder=wonder, prior_tries=prior_tries, transitions_max=transitions_max
    )
    return LevelModel(config, places_max=20, options=2)


def values(known: LevelModel, place: int) -> list[float]:
    answer = known.optimistic_values(place)
    assert answer is not None
    return [float(value) for value in answer]


def test_a_find_at_the_far_end_is_known_at_the_start_after_planning() -> None:
    known = model()
    for place in range(4):
        known.add(place, RIGHT, place + 1, reward=0.0, timesteps=1, terminated=False)
    known.add(4, RIGHT, 0, reward=100.0, timesteps=1, terminated=True)
    known.plan(5, sweeps=5)
    assert values(known, 0)[RIGHT] == pytest.approx(100 * GAMMA**4)
    assert values(known, 4)[RIGHT] == pytest.approx(100)


def test_longer_options_discount_more() -> None:
    known = model()
    known.add(0, LEFT, 2, reward=0.0, timesteps=3, terminated=False)
    known.add(0, RIGHT, 2, reward=0.0, timesteps=1, terminated=False)
    known.add(2, RIGHT, 0, reward=10.0, timesteps=1, terminated=True)
    known.plan(3, sweeps=3)
    assert values(known, 0) == pytest.approx([10 * GAMMA**3, 10 * GAMMA])


def test_chance_is_averaged_over_what_was_seen() -> None:
    known = model()
    for outcome in (0.0, 0.0, 0.0, 40.0):
        known.add(0, LEFT, 0, reward=outcome, timesteps=1, terminated=True)
    known.add(0, RIGHT, 0, reward=9.0, timesteps=1, terminated=True)
    known.plan(1, sweeps=1)
    assert values(known, 0) == pytest.approx([10.0, 9.0])


def test_what_was_never_tried_counts_as_much_as_the_places_others_plus_the_bonus() -> None:
    known = model(bonus=6.0, prior_tries=0.5)
    for _ in range(3):
        known.add(0, RIGHT, 0, reward=10.0, timesteps=1, terminated=True)
    known.plan(1, sweeps=1)
    assert values(known, 0) == pytest.approx([10.0 + 6.0, 10.0 + 6.0 / 2])


def test_a_place_where_nothing_was_tried_has_no_values() -> None:
    known = model()
    known.plan(1, sweeps=1)
    assert known.optimistic_values(0) is None


def test_the_oldest_transitions_make_room_and_their_tries_are_forgotten() -> None:
    known = model(transitions_max=3)
    known.add(0, LEFT, 0, reward=5.0, timesteps=1, terminated=True)
    for _ in range(3):
        known.add(1, RIGHT, 0, reward=7.0, timesteps=1, terminated=True)
    assert len(known) == 3
    known.plan(2, sweeps=1)
    assert known.optimistic_values(0) is None
    assert values(known, 1)[RIGHT] == pytest.approx(7.0)


def test_value_iteration_agrees_with_solving_the_equations() -> None:
    rng = np.random.default_rng(0)
    known = model(transitions_max=1000)
    places = 6
    reward = np.zeros((places, 2))
    chance = np.zeros((places, 2, places))
    for _ in range(600):
        place, option, after = rng.integers(places), rng.integers(2), rng.integers(places)
        earned = float(rng.normal())
        known.add(int(place), int(option), int(after), reward=earned, timesteps=1, terminated=False)
        reward[place, option] += earned
        chance[place, option, after] += 1
    tries = chance.sum(2)
    reward, chance = reward / tries, chance / tries[:, :, None]
    q = np.zeros((places, 2))
    for _ in range(500):
        q = reward + GAMMA * chance @ q.max(1)
    known.plan(places, sweeps=500)
    assert [values(known, place) for place in range(places)] == [pytest.approx(row.tolist(), abs=1e-4) for row in q]


def test_wonder_draws_towards_what_is_little_known_far_away() -> None:
    known = model(wonder=1.0)
    for _ in range(100):
        for place in (0, 3):
            for option in (LEFT, RIGHT):
                known.add(place, option, place, reward=0.0, timesteps=1, terminated=False)
    known.add(0, LEFT, 1, reward=0.0, timesteps=1, terminated=False)
    known.add(1, LEFT, 1, reward=0.0, timesteps=1, terminated=False)
    known.plan(4, sweeps=50)
    assert values(known, 0)[LEFT] > values(known, 0)[RIGHT], "to the left lies a place where RIGHT was never tried"
    assert values(known, 3)[LEFT] == pytest.approx(values(known, 3)[RIGHT])
