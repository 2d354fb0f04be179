from agent.control.stall import StallConfig, StallDetector
from agent.rules import LEAST_RISE

CONFIG = StallConfig(patience=3, headway=20.0)


def test_no_rise_for_patience_timesteps_is_a_stall() -> None:
    detector = StallDetector(CONFIG)
    returns = [1.0, 2.0, 2.0, 1.5, 2.0]
    assert [detector.update(value) for value in returns] == [False, False, False, False, True]


def test_a_rise_above_the_best_ends_the_count_a_recovery_does_not() -> None:
    detector = StallDetector(CONFIG)
    returns = [5.0, 1.0, 4.0, 6.0, 6.0, 5.0]
    assert not any(detector.update(value) for value in returns)
    assert detector.update(6.0)


def test_rounding_is_no_rise_but_many_small_ones_together_are() -> None:
    detector = StallDetector(CONFIG)
    returns = [5.0, 5.0 + 1e-6, 5.0 + 2e-6, 5.0 + 3e-6]
    assert [detector.update(value) for value in returns] == [False, False, False, True]
    detector.restart(5.0)
    creeping = [5.0 + LEAST_RISE * share for share in (0.4, 0.8, 1.2, 1.6, 2.0, 2.4)]
    assert not any(detector.update(value) for value in creeping)


def test_headway_is_counted_from_the_best_before_the_stall() -> None:
    detector = StallDetector(CONFIG)
    for value in (100.0, 40.0, 40.0, 40.0):
        detector.update(value)
    assert not detector.has_headway(120.0)
    assert detector.has_headway(120.5)
    detector.restart(120.5)
    assert [detector.update(120.5) for _ in range(3)] == [False, False, True]
