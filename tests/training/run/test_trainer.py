"""What the trainer makes of ends: nothing follows an end of the game, and what would have followed a cut is its value."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from agent.network.card import NetworkConfig
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.learning.ppo import PPOConfig
from training.network.model import QNetwork
from training.play.lanes import Ending
from training.run.config import TrainConfig
from training.run.trainer import Trainer

VISION = VisionConfig(height=32, width=40, stack=2)
NETWORK = NetworkConfig(channels=(4,), hidden=8)


class TwoLanes:
    """Both lanes end with the second timestep: the first is cut, the game of the second is over."""

    count = 2

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.obs = rng.integers(0, 256, (2, *VISION.obs_shape), np.uint8)
        self.cut_obs = rng.integers(0, 256, VISION.obs_shape, np.uint8)
        self._timestep = 0

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[Ending]]:
        self._timestep += 1
        ended = np.full(2, self._timestep == 2)
        endings = [
            Ending(
                lane=lane,
                level="none",
                episode_return=0.0,
                best_return=0.0,
                timesteps=2,
                is_finished=False,
                is_stalled=False,
                cut_obs=self.cut_obs if lane == 0 else None,
            )
            for lane in np.flatnonzero(ended).tolist()
        ]
        return np.array([100.0, 200.0], np.float32), ended, endings

    def close(self) -> None:
        pass


def test_a_cut_is_worth_what_would_have_followed_and_an_end_is_not() -> None:
    config = TrainConfig(
        out=Path("none"),
        timesteps=6,
        lanes=2,
        rollout=3,
        ppo=PPOConfig(gamma=0.9, reward_scale=0.01, batch_size=6, epochs=1),
        vision=VISION,
        network=NETWORK,
    )
    trainer = Trainer(config, QNetwork(VISION, NETWORK, len(ACTION_TABLE)))
    lanes = TwoLanes()
    torch.nn.init.constant_(trainer.learner.network.value[-1].bias, 3.0)  # type: ignore[arg-type]
    value = float(trainer.learner.value(torch.from_numpy(lanes.cut_obs[None]))[0])
    assert value > 1
    trainer._play(lanes)
    reward, discount = trainer._rollout.reward, trainer._rollout.discount
    assert reward.flatten().tolist() == pytest.approx([1, 2, 1 + 0.9 * value, 2, 1, 2], abs=1e-3)
    assert discount.flatten().tolist() == pytest.approx([0.9, 0.9, 0, 0, 0.9, 0.9])
