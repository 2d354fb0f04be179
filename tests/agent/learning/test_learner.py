"""What the run's learner writes down, when it learns, and what it passes on."""

from collections.abc import Callable

import numpy as np
import pytest

from agent.learning.learner import Learner, NoLearning
from agent.learning.ppo import CUT, GOES_ON, OVER, PPOConfig
from agent.level.knowledge import KnowledgeError
from agent.network.heads import HEAD_NAMES, Floats, Heads
from agent.vision import Observation

FEATURES, HIDDEN, ACTIONS = 6, 8, 9
OBS = np.zeros((4, 64, 80), np.uint8)


class Network:
    """Features that say which of two places the observation is."""

    def features(self, obs: Observation) -> Floats:
        return np.full(FEATURES, 1 + obs[0, 0, 0], np.float32)

    def heads(self) -> Heads:
        rng = np.random.default_rng(0)
        shapes = [
            (HIDDEN, FEATURES),
            (HIDDEN,),
            (1, HIDDEN),
            (1,),
            (HIDDEN, FEATURES),
            (HIDDEN,),
            (ACTIONS, HIDDEN),
            (ACTIONS,),
        ]
        return Heads([rng.normal(0, 0.1, shape).astype(np.float32) for shape in shapes], 0.25)


def make(timesteps: int = 16, learning_rate: float = 0.01) -> Learner:
    config = PPOConfig(timesteps=timesteps, batch_size=8, learning_rate=learning_rate)
    return Learner(Network(), config, np.random.default_rng(0))


def play(learner: Learner, choices: list[int | None], pays: Callable[[int], float] = lambda _: 1.0) -> None:
    """Plays an episode's timesteps; None where somebody else chose."""
    learner.begin_episode()
    episode_return = 0.0
    for choice in choices:
        if choice is not None:
            learner.q_values(OBS)
            learner.note_choice(choice)
        episode_return += pays(-1 if choice is None else choice)
        learner.record(episode_return)


def written(learner: Learner) -> list[tuple[int, float, int]]:
    count = learner._count
    rows = zip(learner._action[:count], learner._reward[:count], learner._follows[:count], strict=True)
    return [(int(action), float(reward), int(follows)) for action, reward, follows in rows]


def test_it_answers_as_the_network_was_trained() -> None:
    assert (make().q_values(OBS) == Network().heads().q_values(Network().features(OBS)[None])[0]).all()


def test_it_writes_down_what_it_chose_and_what_that_brought() -> None:
    learner = make()
    play(learner, [1, 2, None, 3], pays=lambda action: 10.0 + action)
    assert written(learner) == [(1, 11, GOES_ON), (2, 12, CUT), (3, 13, GOES_ON)]


@pytest.mark.parametrize(("terminated", "follows"), [(True, OVER), (False, CUT)])
def test_the_end_of_an_episode_closes_what_was_open(*, terminated: bool, follows: int) -> None:
    learner = make()
    play(learner, [1, 2])
    learner.end_episode(terminated=terminated)
    assert written(learner)[-1] == (2, 1, follows)
    play(learner, [3])
    assert written(learner)[-1] == (3, 1, GOES_ON)  # the next episode's return begins at 0


def test_what_was_chosen_and_never_played_is_not_learned_from() -> None:
    learner = make()
    learner.q_values(OBS)
    learner.note_choice(3)  # the server refused it
    play(learner, [None, 1])
    assert written(learner) == [(1, 1, GOES_ON)]


def test_standing_still_counts_as_the_end_and_is_not_learned_from_until_there_is_more() -> None:
    learner = make(timesteps=10_000)
    still = [0] * (Learner.STALL.patience + 5)
    play(learner, [1, *still, 2], pays=lambda action: float(action > 0))
    rows = written(learner)
    assert [rows[0], rows[-2], rows[-1]] == [(1, 1, GOES_ON), (0, 0, OVER), (2, 1, GOES_ON)]
    assert len(rows) == 1 + Learner.STALL.patience - 1 + 1


def test_it_learns_at_the_end_of_the_episode_that_brings_enough() -> None:
    learner = make(timesteps=16)
    before = learner.q_values(OBS)
    play(learner, [5, 0] * 4, pays=lambda action: 100.0 * (action == 5))
    learner.end_episode(terminated=True)
    assert (learner.q_values(OBS) == before).all()
    play(learner, [5, 0] * 4, pays=lambda action: 100.0 * (action == 5))
    learner.end_episode(terminated=True)
    after = learner.q_values(OBS)
    assert after[5] - after[0] > before[5] - before[0]
    assert written(learner) == []


def test_a_step_size_of_nothing_leaves_it_as_it_was_trained() -> None:
    learner = make(timesteps=8, learning_rate=0.0)
    before = learner.q_values(OBS)
    play(learner, [5, 0] * 8)
    learner.end_episode(terminated=True)
    assert (learner.q_values(OBS) == before).all()
    assert written(learner) == []


def test_the_longest_episode_finds_room() -> None:
    learner = make(timesteps=16)
    play(learner, [1] * 15)
    learner.end_episode(terminated=True)
    play(learner, [2] * 4700)  # longer than the contest lets one be
    learner.end_episode(terminated=False)
    assert written(learner) == []


def test_the_next_run_goes_on_from_what_was_learned() -> None:
    learner, following = make(timesteps=8), make()
    play(learner, [5, 0] * 8, pays=lambda action: 100.0 * (action == 5))
    learner.end_episode(terminated=True)
    following.accept(learner.arrays())()
    assert (following.q_values(OBS) == learner.q_values(OBS)).all()
    play(following, [1])
    assert learner.arrays().keys() == set(HEAD_NAMES)


def test_knowledge_of_another_network_is_refused() -> None:
    arrays = make().arrays()
    arrays[HEAD_NAMES[0]] = arrays[HEAD_NAMES[0]][:, :-1]
    with pytest.raises(KnowledgeError, match=r"wanted value\.0\.weight finite, float32 \[8, 6\]"):
        make().accept(arrays)


def test_who_learns_nothing_leaves_what_others_learned_and_others_do_without_it() -> None:
    NoLearning().accept(make().arrays())()
    learner = make()
    before = learner.q_values(OBS)
    learner.accept(NoLearning().arrays())()
    assert (learner.q_values(OBS) == before).all()
