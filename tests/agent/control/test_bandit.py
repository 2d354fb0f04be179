import pytest

from agent.control.bandit import Bandit, BanditConfig, Kind


def test_each_kind_is_tried_once_first() -> None:
    bandit = Bandit(BanditConfig())
    tried = []
    for _ in Kind:
        tried.append(bandit.choose(Kind, 0.0))
        bandit.pay(tried[-1], 100.0)
    assert sorted(tried) == sorted(Kind)


def test_kinds_that_are_not_possible_now_are_not_chosen() -> None:
    assert Bandit(BanditConfig()).choose([Kind.REPLAY], 0.0) is Kind.REPLAY


def pays(bandit: Bandit, returns: dict[Kind, float], episodes: int, share_used: float = 0.0) -> dict[Kind, int]:
    counts = dict.fromkeys(Kind, 0)
    for _ in range(episodes):
        kind = bandit.choose(Kind, share_used)
        bandit.pay(kind, returns[kind])
        counts[kind] += 1
    return counts


def test_what_pays_most_is_played_most_and_the_rest_now_and_then() -> None:
    returns = {Kind.POLICY: 1000.0, Kind.REPLAY: 4000.0}
    counts = pays(Bandit(BanditConfig()), returns, 200)
    assert counts[Kind.REPLAY] > 180
    assert min(counts.values()) >= 1


def test_near_the_end_not_knowing_is_worth_nothing() -> None:
    bandit = Bandit(BanditConfig(width=1e6))
    returns = {Kind.POLICY: 1000.0, Kind.REPLAY: 1001.0}
    pays(bandit, returns, 30)
    assert pays(bandit, returns, 30, share_used=1.0)[Kind.REPLAY] == 30


def test_a_kind_that_gets_better_is_noticed_within_the_window() -> None:
    bandit = Bandit(BanditConfig(window=4, width=0.0))
    for kind in Kind:
        bandit.pay(kind, 1000.0 if kind is Kind.POLICY else 900.0)
    for episode_return in [0.0] * 50 + [2000.0] * 4:
        bandit.pay(Kind.REPLAY, episode_return)
    assert bandit.choose(Kind, 0.0) is Kind.REPLAY


def test_the_bound_is_the_stated_one() -> None:
    # mean + width * (1 - share) * sqrt(ln N / n), worked out by hand for N = 3: ln 3 = 1.0986
    bandit = Bandit(BanditConfig(width=100.0))
    bandit.pay(Kind.POLICY, 200.0)
    bandit.pay(Kind.REPLAY, 217.0)
    bandit.pay(Kind.REPLAY, 217.0)
    # policy 200 + 100 * 1.0481 = 304.8; replay 217 + 100 * 0.7411 = 291.1
    assert bandit.choose([Kind.POLICY, Kind.REPLAY], 0.0) is Kind.POLICY
    # at half: 252.4 against 254.1
    assert bandit.choose([Kind.POLICY, Kind.REPLAY], 0.5) is Kind.REPLAY


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        BanditConfig(window=0)
