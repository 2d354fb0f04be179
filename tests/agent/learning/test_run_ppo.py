"""The run's PPO: its advantages, and one update beside the one that training makes."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from agent.learning.adam import Adam
from agent.learning.ppo import CUT, GOES_ON, OVER, PPO, PPOConfig, advantages
from agent.network.heads import HEAD_NAMES, Heads
from training.learning import ppo, rollout

FEATURES, HIDDEN, ACTIONS, TEMPERATURE = 12, 8, 5, 0.25


def heads(seed: int = 0) -> Heads:
    rng = np.random.default_rng(seed)
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
    return Heads([rng.normal(0, 0.3, shape).astype(np.float32) for shape in shapes], TEMPERATURE)


class TorchHeads(nn.Module):
    """The same heads for training's learner, which takes features for observations."""

    def __init__(self, like: Heads) -> None:
        super().__init__()
        self.value = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
        self.advantage = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, ACTIONS))
        self.load_state_dict(
            {name: torch.from_numpy(each.copy()) for name, each in zip(HEAD_NAMES, like.parameters, strict=True)}
        )

    def value_and_policy(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        return self.value(obs)[:, 0], torch.log_softmax(self.advantage(obs) / TEMPERATURE, 1)


def played(timesteps: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(timesteps, FEATURES)).astype(np.float32)
    return features, rng.integers(0, ACTIONS, timesteps), rng.normal(0, 50, timesteps).astype(np.float32)


def test_an_update_is_the_one_that_training_makes() -> None:
    """Two batches as large as the rollout, of which the order of timesteps does not matter; the second one is clipped."""
    config = PPOConfig(epochs=2, batch_size=64, learning_rate=0.01, clip=0.05, entropy_weight=0.02)
    ours = heads()
    theirs = TorchHeads(ours)
    features, action, reward = played(64)
    follows = np.full(64, GOES_ON, np.uint8)
    follows[[20, 63]] = OVER
    PPO(ours, config, np.random.default_rng(0)).update(features, action, reward, follows)

    settings = ppo.PPOConfig(
        epochs=2, batch_size=64, clip=0.05, entropy_weight=0.02, gamma=config.gamma, trace=config.trace
    )
    learner = ppo.Learner(theirs, settings, torch.device("cpu"), torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    learner._bfloat16 = False
    with torch.no_grad():
        value, log_policy = theirs.value_and_policy(torch.from_numpy(features))
    learner.update(
        rollout.Rollout(
            obs=torch.from_numpy(features)[:, None],
            action=torch.from_numpy(action)[:, None],
            log_probability=log_policy[torch.arange(64), torch.from_numpy(action)][:, None],
            reward=torch.from_numpy(reward * config.reward_scale)[:, None],
            discount=torch.from_numpy(np.where(follows == GOES_ON, config.gamma, 0).astype(np.float32))[:, None],
            value=value[:, None],
            last_value=torch.zeros(1),
        ),
        learning_rate=config.learning_rate,
    )
    start = heads()
    for name, own, before in zip(HEAD_NAMES, ours.parameters, start.parameters, strict=True):
        other = theirs.get_parameter(name).detach().numpy()
        assert np.abs(own - before).max() > 1e-3, name
        assert np.allclose(own, other, atol=2e-4), name


def test_settings_are_those_of_training_where_they_mean_the_same() -> None:
    run, training = PPOConfig(), ppo.PPOConfig()
    for name in ("gamma", "trace", "reward_scale", "clip", "value_weight", "clip_norm"):
        assert getattr(run, name) == getattr(training, name), name
    assert training.adam_epsilon == Adam.EPSILON


def test_advantages_of_an_episode_add_up_what_was_better_than_its_values() -> None:
    value = np.array([1, 2, 3], np.float32)
    reward = np.array([0.5, 1, 4], np.float32)
    follows = np.array([GOES_ON, GOES_ON, OVER], np.uint8)
    advantage, is_known = advantages(reward, value, follows, 0.5, 0.5)
    last = 4 - 3
    middle = 1 + 0.5 * 3 - 2 + 0.25 * last
    assert advantage.tolist() == [0.5 + 0.5 * 2 - 1 + 0.25 * middle, middle, last]
    assert is_known.all()


def test_a_cut_counts_by_the_value_of_where_it_came() -> None:
    """What the cut timestep itself led to is not known; to the one before it says what the next observation is worth."""
    value = np.array([1, 2, 7, 3], np.float32)
    reward = np.array([1, 1, 1, 1], np.float32)
    follows = np.array([GOES_ON, GOES_ON, CUT, OVER], np.uint8)
    advantage, is_known = advantages(reward, value, follows, 1.0, 0.0)
    assert is_known.tolist() == [True, True, False, True]
    assert advantage[is_known].tolist() == [1 + 2 - 1, 1 + 7 - 2, 1 - 3]


@pytest.mark.parametrize("clip", [0.2])
def test_what_paid_becomes_likelier(clip: float) -> None:
    learned = heads()
    ppo = PPO(learned, PPOConfig(epochs=8, batch_size=32, learning_rate=0.01, clip=clip), np.random.default_rng(0))
    features, action, _ = played(256)
    reward = np.where(action == 3, 100, 0).astype(np.float32)
    follows = np.full(256, OVER, np.uint8)
    before = learned.answer(features).log_policy[:, 3].mean()
    ppo.update(features, action, reward, follows)
    assert learned.answer(features).log_policy[:, 3].mean() > before + 0.1


def test_rewards_beyond_all_measure_teach_nothing() -> None:
    learned = heads()
    features, action, reward = played(64)
    reward[5] = np.inf
    with np.errstate(all="ignore"):
        PPO(learned, PPOConfig(batch_size=16), np.random.default_rng(0)).update(
            features, action, reward, np.full(64, OVER, np.uint8)
        )
    for own, before in zip(learned.parameters, heads().parameters, strict=True):
        assert (own == before).all()


def test_too_little_to_fill_a_batch_teaches_nothing() -> None:
    learned = heads()
    features, action, reward = played(15)
    PPO(learned, PPOConfig(batch_size=16), np.random.default_rng(0)).update(
        features, action, reward, np.full(15, OVER, np.uint8)
    )
    assert (learned.parameters[0] == heads().parameters[0]).all()
