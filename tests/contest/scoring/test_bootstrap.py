"""The statistics against numbers worked out by hand."""

import numpy as np
import pytest

from contest.scoring import bootstrap
from contest.scoring.bootstrap import Estimate, Runs, as_is, compare, estimate


def levels(*scores: list[float]) -> list[Runs]:
    return [np.array(level) for level in scores]


def test_mean_weighs_levels_alike() -> None:
    assert estimate(bootstrap.mean, levels([1, 3], [10, 20, 30])).value == (2 + 20) / 2


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([[5, 1, 8, 3], [7, 2, 6, 4]], (3 + 4 + 5 + 6) / 4),  # 8 runs: two off either end
        ([[1, 2], [3, 100]], (2 + 3) / 2),
        ([[1, 2, 300]], 303 / 3),  # a quarter of 3 is less than one run: none is left out
        ([[0, 10, 11], [12, 13, 14], [15, 16, 99]], (11 + 12 + 13 + 14 + 15) / 5),  # 9 runs: 2.25, so two off
    ],
)
def test_interquartile_mean_is_that_of_the_middle_half(scores: list[list[float]], expected: float) -> None:
    assert estimate(bootstrap.interquartile_mean, levels(*scores)).value == pytest.approx(expected)


def test_interval_of_two_runs_spans_them() -> None:
    """A replicate of two runs is one of them twice with probability 1/4 each: more than the 1/40 beyond either end."""
    assert estimate(bootstrap.mean, levels([2, 6], [2, 2])) == Estimate(value=3, low=2, high=4)
    one = estimate(bootstrap.mean, levels([0, 4], [10, 10]))
    assert (one.low, one.high) == (5, 7)


def test_interval_is_stratified() -> None:
    """Three levels of two runs, 0 and 4. A replicate's mean of a level is 0, 2 or 4 with probability 1/4, 1/2, 1/4.

    Their sum is 0 with probability 1/64 = 1.6 % and 2 with 3 * 1/2 * 1/16 = 9.4 %: the quantile of 2.5 % is the sum 2,
    that is a mean of 2/3, and by symmetry 10/3 on the other side.
    """
    one = estimate(bootstrap.mean, levels([0, 4], [0, 4], [0, 4]))
    assert one.low == pytest.approx(2 / 3)
    assert one.high == pytest.approx(10 / 3)
    apart = estimate(bootstrap.mean, levels([0, 0], [1000, 1000]))
    assert (apart.low, apart.high) == (500, 500), "draws that mix levels would spread over 0..1000"


def test_interval_of_the_interquartile_mean() -> None:
    """Two levels of two runs. The middle two of four are averaged; (0, 0) and (8, 8) each come up 1/16 = 6 % of the time.

    With 0, 0, 8, 8 as the draw the middle is (0 + 8) / 2; only four equal runs give the ends 0 and 8, or three of a
    kind: 0, 0, 0, 8 has the middle 0 too.
    """
    one = estimate(bootstrap.interquartile_mean, levels([0, 8], [0, 8]))
    assert (one.value, one.low, one.high) == (4, 0, 8)


def test_interval_needs_two_levels_and_two_runs_of_each() -> None:
    for measure in (bootstrap.mean, bootstrap.interquartile_mean):
        assert estimate(measure, levels([1, 2], [3])).low is None
        assert estimate(measure, levels([1, 2])).low is None
    assert bootstrap.band([np.zeros((1, 5))]) is None
    assert estimate(bootstrap.mean, levels([7])).text() == "7.0"
    assert estimate(bootstrap.mean, levels([2000, 6000], [4000, 4000])).text() == "4,000.0 [3,000.0, 5,000.0]"


def test_interval_covers_what_it_says() -> None:
    """Of many evaluations of an agent of known score, about 95 % of the intervals hold it (fewer: 8 runs a level)."""
    rng = np.random.default_rng(1)
    held = 0
    for number in range(300):
        runs = [rng.normal(level * 100, 50, 8) for level in range(4)]
        one = estimate(bootstrap.mean, runs, seed=number, replicates=400)
        assert one.low is not None
        assert one.high is not None
        held += one.low <= 150 <= one.high
    assert 0.88 <= held / 300 <= 0.97


def test_same_runs_give_the_same_interval() -> None:
    runs = levels([1, 2, 3], [5, 8, 13])
    assert estimate(bootstrap.mean, runs) == estimate(bootstrap.mean, runs)
    assert estimate(bootstrap.mean, runs, seed=1).value == estimate(bootstrap.mean, runs).value


def test_improvement_counts_wins_on_each_level() -> None:
    # level 1: 3 beats 1 and 2, 1 ties with 1 and loses to 2: (2 + 0.5) / 4; level 2: all of four lost
    value = bootstrap.improvement(as_is(levels([1, 3], [0, 0])), as_is(levels([1, 2], [5, 6])))
    assert value.tolist() == [(2.5 / 4 + 0) / 2]
    sure = compare(bootstrap.improvement, levels([5, 6]), levels([1, 2]))
    assert (sure.value, sure.low, sure.high) == (1, 1, 1)


def test_ratio_of_scores() -> None:
    one = compare(bootstrap.ratio, levels([4, 8], [6, 6]), levels([1, 3], [2, 2]))
    assert one.value == 3
    assert one.low is not None
    assert one.high is not None
    assert one.low == pytest.approx(5 / 2.5)  # 4, 4 and 6, 6 by 3, 3 and 2, 2: with probability 1/16
    assert one.high == pytest.approx(7 / 1.5)
    assert np.isnan(compare(bootstrap.ratio, levels([4]), levels([-1])).value)


def test_band_is_the_interval_of_every_point() -> None:
    curves = [np.array([[0.0, 10.0], [4.0, 10.0]]), np.array([[2.0, 20.0], [2.0, 30.0]])]
    band = bootstrap.band(curves)
    assert band is not None
    assert band.tolist() == [[1.0, 15.0], [3.0, 20.0]]


def test_the_interval_over_levels_is_that_of_their_mean() -> None:
    values = np.random.default_rng(0).normal(5_000, 2_000, 400)
    found = bootstrap.over_levels(values)
    assert found.value == pytest.approx(values.mean())
    assert found.low is not None
    assert found.high is not None
    half = 1.96 * values.std(ddof=1) / 20
    assert found.value - found.low == pytest.approx(half, rel=0.1)
    assert found.high - found.value == pytest.approx(half, rel=0.1)
    assert bootstrap.over_levels(values[:1]) == bootstrap.Estimate(value=values[0])
