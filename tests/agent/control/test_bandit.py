import pytest
from knowing import trajectory

from agent.control.bandit import Bandit, BanditConfig
from agent.control.choice import Kind

BEST = trajectory(100.0)


def test_each_kind_is_tried_once_first() -> None:
    bandit = Bandit(BanditConfig(width=0.0))
    tried = []
    for _ in Kind:
        tried.append(bandit.choose(BEST, 0.0))
        bandit.pay(tried[-1], 100.0 if len(tried) == 1 else -100.0)
    assert tried == [Kind.POLICY, Kind.REPLAY]


def pays(bandit: Bandit, returns: dict[Kind, float], episodes: int, share_used: float = 0.0) -> dict[Kind, int]:
    counts = dict.fromkeys(Kind, 0)
    best = trajectory(returns[Kind.REPLAY])
    for _ in range(episodes):
        kind = bandit.choose(best, share_used)
        bandit.pay(kind, returns[kind])
        counts[kind] += 1
    return counts


def test_what_pays_most_is_played_most_and_the_rest_now_and_then() -> None:
    counts = pays(Bandit(BanditConfig()), {Kind.POLICY: 2500.0, Kind.REPLAY: 4000.0}, 200)
    assert counts[Kind.REPLAY] > 180
    assert counts[Kind.POLICY] > 1


@pytest.mark.parametrize("share_used", [1.0, 1.5])
def test_near_the_end_not_knowing_is_worth_nothing(share_used: float) -> None:
    bandit = Bandit(BanditConfig(width=1e6))
    returns = {Kind.POLICY: 1000.0, Kind.REPLAY: 1001.0}
    pays(bandit, returns, 30)
    assert pays(bandit, returns, 30, share_used)[Kind.REPLAY] == 30


def test_a_policy_that_gets_better_is_noticed_within_the_window() -> None:
    bandit = Bandit(BanditConfig(window=4, width=0.0))
    bandit.pay(Kind.REPLAY, 100.0)
    for episode_return in [0.0] * 50 + [200.0] * 4:
        bandit.pay(Kind.POLICY, episode_return)
    assert bandit.choose(BEST, 0.0) is Kind.POLICY


def test_replays_of_a_worse_trajectory_do_not_speak_against_a_better_one() -> None:
    bandit = Bandit(BanditConfig(width=0.0))
    for _ in range(20):
        bandit.choose(BEST, 0.0)
        bandit.pay(Kind.POLICY, 5000.0)
        bandit.pay(Kind.REPLAY, 100.0)
    assert bandit.choose(BEST, 0.0) is Kind.POLICY
    assert bandit.choose(trajectory(9900.0), 0.0) is Kind.REPLAY


def test_a_new_trajectory_is_worth_what_replays_have_kept_so_far() -> None:
    bandit = Bandit(BanditConfig(window=4, width=0.0))
    bandit.pay(Kind.POLICY, 5000.0)
    found = trajectory(9000.0)
    for kept in (0.2, 0.4, 0.6, 0.8):
        bandit.choose(found, 0.0)
        bandit.pay(Kind.REPLAY, kept * 9000.0)
    assert bandit.choose(trajectory(10_001.0), 0.0) is Kind.REPLAY  # the half of it is more than playing
    assert bandit.choose(trajectory(9999.0), 0.0) is Kind.POLICY


def test_a_trajectory_is_worth_what_its_own_replays_paid() -> None:
    bandit = Bandit(BanditConfig(width=0.0))
    bandit.pay(Kind.POLICY, 5000.0)
    bandit.pay(Kind.REPLAY, 9000.0)
    unlucky = trajectory(9000.0)
    for _ in range(3):
        unlucky.pay(1000.0)
    # (9000 + 3 * 1000) / 4 = 3000
    assert bandit.choose(unlucky, 0.0) is Kind.POLICY


def test_the_bound_is_the_stated_one() -> None:
    # worth + width * (1 - share) * sqrt(ln N / n), worked out by hand for N = 3: ln 3 = 1.0986
    bandit = Bandit(BanditConfig(width=100.0))
    bandit.choose(BEST, 0.0)
    bandit.pay(Kind.POLICY, 200.0)
    bandit.pay(Kind.REPLAY, 60.0)
    bandit.pay(Kind.REPLAY, 317.0)
    # kept (1 + 1 + 0.6 + 1) / 4 = 0.9 of 250: policy 200 + 100 * 1.0481 = 304.8; replay 225 + 100 * 0.7411 = 299.1
    found = trajectory(250.0)
    assert bandit.choose(found, 0.0) is Kind.POLICY
    assert bandit._bound(Kind.POLICY, found, 0.0) == pytest.approx(304.81, abs=0.01)
    assert bandit._bound(Kind.REPLAY, found, 0.0) == pytest.approx(299.11, abs=0.01)
    # at half: 252.4 against 262.1
    assert bandit.choose(found, 0.5) is Kind.REPLAY


@pytest.mark.parametrize(("name", "value"), [("window", 0), ("width", -1.0)])
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"wanted {name} (above 0|of at least 0), got {value}"):
        BanditConfig(**{name: value})  # type: ignore[arg-type]
