"""Q-values against the returns that followed: numbers worked out by hand, and the bundled weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from endings import ending

from agent.network.card import card_path
from fernway.levels import Level
from training.network import weights as networks
from training.run import calibration, score_report
from training.run.calibration import discounted, pairs, rank_correlation, ranks
from training.run.episodes import Episode, Recorder
from training.run.score import held_out, play
from training.run.values import values_of

WEIGHTS = Path(__file__).parents[3] / "weights" / "qjerk.safetensors"


def episode(q: list[float], reward: list[float]) -> Episode:
    return Episode(
        level=Level(0, 1, 1),
        ending=ending(0.0, timesteps=len(q), is_stalled=True),
        places=np.zeros((len(q), 2), np.int32),
        q=np.array(q, np.float32),
        reward=np.array(reward),
    )


def test_returns_are_discounted_and_end_with_the_episode() -> None:
    assert discounted(np.array([1.0, 0.0, 4.0]), 0.5).tolist() == [2.0, 2.0, 4.0]
    assert discounted(np.zeros(0), 0.5).tolist() == []


def test_episodes_do_not_reach_into_one_another_and_rewards_are_scaled() -> None:
    q, returns = pairs([episode([1, 2], [100, 200]), episode([3], [400])], 0.5, 0.01)
    assert q.tolist() == [1, 2, 3]
    assert returns.tolist() == [2, 2, 4]


def test_equal_values_share_the_mean_of_their_ranks() -> None:
    assert ranks(np.array([30.0, 10.0, 20.0, 20.0])).tolist() == [3, 0, 1.5, 1.5]


def test_rank_correlation() -> None:
    x = np.array([1.0, 2, 3, 4, 5])
    assert rank_correlation(x, np.exp(x)) == pytest.approx(1)
    assert rank_correlation(x, -(x**3)) == pytest.approx(-1)
    # The example in scipy.stats.spearmanr's documentation.
    assert rank_correlation(x, np.array([5.0, 6, 7, 8, 7])) == pytest.approx(0.8207826816681233)
    assert np.isnan(rank_correlation(x, np.ones(5)))


def test_values_that_are_the_returns_explain_all_of_them() -> None:
    returns = np.arange(100.0)
    found = calibration.calibration(returns + 3, returns)
    assert found.timesteps == 100
    assert found.rank_correlation == pytest.approx(1)
    assert found.explained_variance == pytest.approx(1)
    assert (found.mean_q, found.mean_return) == (52.5, 49.5)
    noise = np.random.default_rng(0).normal(size=100)
    assert calibration.calibration(noise, returns).explained_variance < 0.1


def test_the_plot_has_every_point_and_the_diagonal_in_view() -> None:
    rng = np.random.default_rng(0)
    q = rng.normal(size=1000) * 3
    returns = 2 * q + rng.normal(size=1000)
    above, below = calibration.draw(q, returns, "made up").axes
    points, diagonal = above.get_lines()
    x, y = points.get_data()
    assert len(x) == calibration.BINS
    assert np.polyfit(x, y, 1) == pytest.approx([2, 0], abs=0.1)
    assert diagonal.get_xdata().tolist() == diagonal.get_ydata().tolist()
    (left, right), (low, high) = above.get_xlim(), above.get_ylim()
    assert left < q.min() < q.max() < right
    assert low < y.min() < y.max() < high
    assert low < diagonal.get_ydata().min() < diagonal.get_ydata().max() < high
    assert sum(bar.get_height() for bar in below.patches) == 1000


def test_a_card_tells_gamma_and_scale_or_the_learners_count(tmp_path: Path) -> None:
    weights = tmp_path / "some.safetensors"
    card = card_path(weights)
    card.write_text(json.dumps({"about": {"gamma": 0.9, "reward_scale": 2}}))
    assert score_report.scales(weights) == (0.9, 2.0)
    card.write_text("{}")
    assert score_report.scales(weights) == (0.995, 0.01)
    card.write_text(json.dumps({"about": {"gamma": "much"}}))
    with pytest.raises(ValueError, match="much"):
        score_report.scales(weights)


@pytest.mark.slow
def test_the_bundled_networks_values_go_with_what_follows() -> None:
    """Ranks, on levels never trained on; weights that have learned by reward say so with their gamma."""
    network, vision, _ = networks.load(WEIGHTS)
    about = json.loads(card_path(WEIGHTS).read_text())["about"]
    levels = [level for part in held_out(7, 12, 12).values() for level in part]
    recorder = Recorder()
    endings = play(values_of(network), vision, levels, seed=7, watch=recorder)
    found = calibration.calibration(*pairs(recorder.episodes(levels, endings), *score_report.scales(WEIGHTS)))
    assert found.rank_correlation > (0.25 if "gamma" in about else 0.0)
