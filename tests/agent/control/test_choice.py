import numpy as np
import pytest
from knowing import trajectory

from agent.control.choice import JerkChoice, Kind
from agent.players.jerk import IMPROVED_JERK, JerkConfig


def jerk(config: JerkConfig = JerkConfig()) -> JerkChoice:  # noqa: B008 - it cannot change
    return JerkChoice(config, np.random.default_rng(0))


def test_the_probability_of_a_replay_is_the_baselines() -> None:
    assert jerk().probability(trajectory(5000.0), 0.0) == 0.25
    assert jerk().probability(trajectory(5000.0), 0.5) == 0.75


def test_the_improved_rules_replay_more_often_what_paid_more() -> None:
    assert jerk(IMPROVED_JERK).probability(trajectory(0.0), 0.0) == pytest.approx(0.12)
    assert jerk(IMPROVED_JERK).probability(trajectory(3000.0), 0.5) == pytest.approx(0.12 + 0.5 + 0.3)


def test_how_often_it_replays_rises_over_the_run() -> None:
    choice = jerk()

    def share(used: float) -> float:
        return [choice.choose(trajectory(1.0), used) for _ in range(400)].count(Kind.REPLAY) / 400

    assert share(0.0) == pytest.approx(0.25, abs=0.06)
    assert share(0.5) == pytest.approx(0.75, abs=0.06)
    assert share(1.0) == 1.0
