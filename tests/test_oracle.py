"""Labels against numbers worked out by hand, and what the teachers say in the lanes."""

import numpy as np

from agent.actions import ACTION_TABLE
from training.config import PlannerConfig
from training.oracle import TeacherOracle, label
from training.twin import Twin, held_out_levels

DOOMED = 120.0


def test_labels_fall_by_a_gap_and_by_every_frame_lost() -> None:
    config = PlannerConfig(gap=1.5, frame=0.1)
    lost = np.array([0, 10, 0, 120], np.float32)
    np.testing.assert_allclose(label(lost, 2, config), [-1.5, -2.5, 0, -13.5], rtol=1e-6)
    assert label(lost, 2, config).dtype == np.float32


def test_teachers_say_what_each_action_loses() -> None:
    twin = Twin(2, lambda rng, lane: held_out_levels()[lane])
    twin.reset([0])
    oracle = TeacherOracle(twin, doomed=DOOMED)
    oracle.restart(3)
    for _ in range(12):
        lost = np.stack([oracle.lost(lane) for lane in range(2)])
        planned = np.array([oracle.advice(lane) for lane in range(2)])
        assert lost.shape == (2, len(ACTION_TABLE))
        assert lost.dtype == np.float32
        assert (lost >= 0).all()
        assert (lost <= DOOMED).all()
        assert (lost[[0, 1], planned] == 0).all()
        oracle.played(planned)
        twin.step(planned)
    assert twin.game(0).x > twin.game(0).start_x


def test_what_is_said_depends_on_the_lanes_and_the_seed_alone() -> None:
    twin = Twin(2, lambda rng, lane: held_out_levels()[8])
    twin.reset([0])
    one, two = TeacherOracle(twin, doomed=DOOMED), TeacherOracle(twin, doomed=DOOMED)
    two.lost(1)
    two.played(np.array([0, 1]))
    for oracle in (one, two):
        oracle.restart(3)
    for lane in range(2):
        np.testing.assert_array_equal(one.lost(lane), two.lost(lane))
        assert one.advice(lane) == two.advice(lane)
