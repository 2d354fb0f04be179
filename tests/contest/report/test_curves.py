"""Curves over a run against numbers worked out by hand."""

import numpy as np
import pytest

from contest.remote.monitor import Record
from contest.report.curves import (
    POINTS,
    WINDOWS,
    mean_curve,
    return_by_time,
    return_timesteps,
    score_so_far,
    score_timesteps,
)

RUN = Record(episodes=[(10.0, 4), (20.0, 4)])
"""With its reset an episode of 4 timesteps takes 5: it ends at 5 and at 10."""


def test_score_so_far_is_the_mean_of_what_is_finished() -> None:
    assert score_timesteps(100).tolist() == list(range(1, 101))
    curve = score_so_far(RUN, 100)
    assert len(curve) == POINTS
    assert np.isnan(curve[:4]).all()
    assert curve[4:9].tolist() == [10.0] * 5
    assert curve[9:].tolist() == [15.0] * 91


def test_last_point_is_the_score() -> None:
    record = Record(episodes=[(3.0, 10), (5.0, 20), (100.0, 30)], unfinished=(7.0, 36), timesteps=100)
    assert score_so_far(record, 100)[-1] == pytest.approx(108 / 3)
    alone = Record(unfinished=(7.0, 99), timesteps=100)
    assert score_so_far(alone, 100)[-1] == 7.0
    assert np.isnan(score_so_far(alone, 100)[:-1]).all()


def test_return_by_time_weighs_by_length() -> None:
    assert WINDOWS == 50
    assert return_timesteps(100)[:2].tolist() == [1.0, 3.0]
    curve = return_by_time(RUN, 100)  # windows of two timesteps: the third is half the first episode's
    assert curve[:3] == pytest.approx([10, 10, 15])
    assert curve[3:] == pytest.approx(20), "after the last episode, as it"


def test_windows_shorter_than_an_episode_and_longer() -> None:
    long = Record(episodes=[(1.0, 499), (3.0, 499)])
    assert return_by_time(long, 1000) == pytest.approx([1] * 25 + [3] * 25)
    short = Record(episodes=[(float(number % 2), 0) for number in range(1000)])
    assert return_by_time(short, 1000) == pytest.approx(0.5)


def test_mean_curve_begins_where_every_run_has_a_value() -> None:
    late = Record(episodes=[(30.0, 49), (50.0, 49)])
    curve = mean_curve(score_so_far, [[RUN, RUN], [late, RUN]], 100)
    assert curve is not None
    assert curve.timesteps.tolist() == list(range(50, 101))
    assert curve.value[0] == pytest.approx((15 + (30 + 15) / 2) / 2)
    assert curve.value[-1] == pytest.approx((15 + (40 + 15) / 2) / 2)
    assert curve.band is not None
    assert curve.band[:, -1] == pytest.approx([15, (15 + 40) / 2])
    single = mean_curve(score_so_far, [[late]], 100)
    assert single is not None
    assert single.band is None
    assert mean_curve(score_so_far, [], 100) is None
    assert mean_curve(score_so_far, [[]], 100) is None
