import numpy as np
import pytest
from knowing import trajectory

from agent.level.variations import NO_VARIATION, Variation, VariationConfig, Variations
from agent.rules import EPISODE_TIMESTEPS

KNOWN = trajectory(1000.0, 101)  # 10 a timestep


def draw(
    config: VariationConfig, *, share_used: float = 0.0, ends: tuple[float, ...] = (), draws: int = 300
) -> list[Variation]:
    variations = Variations(config, np.random.default_rng(0))
    for end in ends:
        variations.note_end(end)
    return [variations.draw(KNOWN, share_used) for _ in range(draws)]


def test_variations_begin_a_little_before_where_replays_end() -> None:
    drawn = draw(VariationConfig(share=1.0, before=10, timesteps=6, shift=2), ends=(500.0,))
    assert {variation.start for variation in drawn} == set(range(40, 50))
    assert {variation.timesteps for variation in drawn} == set(range(1, 7))
    assert {variation.shift for variation in drawn} == {None, -2, -1, 1, 2}


def test_each_end_that_is_remembered_is_drawn() -> None:
    drawn = draw(VariationConfig(share=1.0, before=1, ends=2), ends=(900.0, 500.0, 200.0))
    assert {variation.start for variation in drawn} == {49, 19}, "the oldest of three is forgotten"


def test_no_variation_begins_before_the_start() -> None:
    assert {variation.start for variation in draw(VariationConfig(share=1.0), ends=(20.0,))} == {0, 1}


def test_a_trajectory_of_which_nothing_is_known_is_left_for_good_before_its_own_end() -> None:
    drawn = draw(VariationConfig(share=1.0, before=10))
    assert {variation.start for variation in drawn} == set(range(91, 101))
    assert {(variation.timesteps, variation.shift) for variation in drawn} == {(EPISODE_TIMESTEPS, None)}


@pytest.mark.parametrize(("share_used", "varied"), [(0.0, 0.5), (0.5, 0.25), (1.0, 0.0)])
def test_fewer_and_fewer_replays_are_varied(share_used: float, varied: float) -> None:
    drawn = draw(VariationConfig(share=0.5), share_used=share_used, draws=1000)
    assert sum(variation is not NO_VARIATION for variation in drawn) / 1000 == pytest.approx(varied, abs=0.04)


def test_who_never_varies_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    assert Variations(VariationConfig(share=0.0), rng).draw(KNOWN, 0.0) is NO_VARIATION
    assert rng.random() == np.random.default_rng(0).random()


def test_a_shift_holds_within_its_stretch_alone() -> None:
    variation = Variation(start=2, timesteps=3, shift=-4)
    assert [variation.shift_at(timestep) for timestep in range(7)] == [0, 0, -4, -4, -4, 0, 0]
    assert Variation(start=0, timesteps=3, shift=None).shift_at(1) == 0


def test_that_no_end_is_known_can_be_kept_too() -> None:
    variations = Variations(VariationConfig(), np.random.default_rng(0))
    assert variations.arrays()["ends"].dtype == np.float64
    variations.accept(variations.arrays())()
    assert variations.arrays()["ends"].tolist() == []
