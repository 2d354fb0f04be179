"""The whole training loop against stable-baselines3's DQN: same native games, network, batch and replay ratio.

    python tests/bench_learner.py [--rounds 3]

Both see the same observations from the same lanes, act greedily but for epsilon, and learn from batches of 32 once every
four timesteps, on one thread. Ours does more for it: 3-step returns, prioritised replay, a running average of the
weights. Double Q-learning, which theirs has not, is off. The rounds alternate; time is the process's processor time, so
that others' load counts for neither; the ratio is the median of the rounds'.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import DQN
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.dqn.policies import CnnPolicy
from torch import nn

from agent.actions import ACTION_TABLE
from agent.config import NetworkConfig, VisionConfig
from agent.learner import LearnerConfig
from agent.network import QNetwork
from agent.replay import ReplayConfig
from training.actor import Actor
from training.augment import AugmentConfig
from training.config import PlannerConfig, TrainConfig
from training.lanes import Lanes
from training.schedules import EpsilonSchedule
from training.source import Here
from training.trainer import Trainer
from training.twin import Twin

LANES, BATCH, UPDATE_PERIOD, CAPACITY, WARM_UP = 16, 32, 4, 20_000, 320
VISION = VisionConfig()
NETWORK = NetworkConfig(torso="conv")


class Duel(nn.Module):
    """Our heads, as the last part of their network."""

    def __init__(self) -> None:
        super().__init__()
        network = QNetwork(VISION, NETWORK, len(ACTION_TABLE))
        self.value, self.advantage = network.value, network.advantage

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        advantage = self.advantage(features)
        return self.value(features) + advantage - advantage.mean(1, keepdim=True)  # type: ignore[no-any-return]


class Policy(CnnPolicy):
    """Their policy with our heads."""

    def make_q_net(self) -> Any:
        network: Any = super().make_q_net()
        network.q_net = Duel()
        return network


class Torso(BaseFeaturesExtractor):
    """Our torso, as stable-baselines3 wants it: it divides by 255 itself."""

    def __init__(self, space: gym.spaces.Box) -> None:
        network = QNetwork(VISION, NETWORK, len(ACTION_TABLE))
        torso = network.torso.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        with torch.no_grad():
            features = torso(torch.zeros(1, *VISION.obs_shape)).shape[1]
        super().__init__(space, features)
        self.torso = torso

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.torso(obs.sub_(0.5).mul_(4))  # type: ignore[no-any-return]


class LanesVecEnv(VecEnv):
    """Our lanes as stable-baselines3's vector environment; an episode's first screen follows its last at once there."""

    def __init__(self) -> None:
        self.lanes = Lanes(Twin(LANES), VISION, 400)
        space = gym.spaces.Box(0, 255, VISION.obs_shape, np.uint8)
        super().__init__(LANES, space, gym.spaces.Discrete(len(ACTION_TABLE)))

    def reset(self) -> Any:
        self.lanes.reset([0])
        return self.lanes.obs.copy()

    def step_async(self, actions: Any) -> None:
        self.actions = actions

    def step_wait(self) -> Any:
        seen = self.lanes.step(self.actions)
        obs = self.lanes.obs.copy()
        infos = [{"terminal_observation": obs[lane]} if self.lanes.is_over[lane] else {} for lane in range(LANES)]
        return obs, seen.reward * 0.01, self.lanes.is_over.copy(), infos

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: Any = None) -> Any:
        return [None] * LANES

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        pass

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        return [None] * LANES

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> Any:
        return [False] * LANES


def theirs() -> Any:
    """Returns a function that plays and learns for so many timesteps."""
    model = DQN(
        Policy,
        LanesVecEnv(),
        learning_rate=2.5e-4,
        buffer_size=CAPACITY,
        learning_starts=WARM_UP,
        batch_size=BATCH,
        train_freq=1,
        gradient_steps=LANES // UPDATE_PERIOD,
        target_update_interval=16_000,
        exploration_initial_eps=0.1,
        exploration_final_eps=0.1,
        policy_kwargs={"features_extractor_class": Torso},
        device="cpu",
        seed=0,
    )
    model.learn(2 * WARM_UP)
    return lambda timesteps: model.learn(timesteps, reset_num_timesteps=False)


def ours() -> Any:
    """Returns a function that plays and learns for so many timesteps."""
    config = TrainConfig(
        out=Path(),
        lanes=LANES,
        batch_size=BATCH,
        update_period=UPDATE_PERIOD,
        timesteps=10**9,
        checkpoint_period=10**9,
        log_period=LANES,
        network=NETWORK,
        replay=ReplayConfig(capacity=CAPACITY),
        planner=PlannerConfig(period=0),
        learner=LearnerConfig(knowledge="none", double=False),
        augment=AugmentConfig(shift=0, contrast=0, brightness=0),
        epsilon=EpsilonSchedule(observe=WARM_UP, explore=0, start=0.1, end=0.1),
    )
    rows = next(Trainer(config, Here(Actor.open(config))).legs())

    def play(timesteps: int) -> None:
        for _ in range(timesteps // LANES):
            next(rows)

    play(2 * WARM_UP)
    return play


LOOPS: dict[str, Callable[[], Any]] = {"stable-baselines3": theirs, "qjerk": ours}


def pace(name: str, timesteps: int) -> float:
    """Returns timesteps per second of processor time of one loop, after a warm-up."""
    torch.set_num_threads(1)
    play = LOOPS[name]()
    began = time.process_time()
    play(timesteps)
    return timesteps / (time.process_time() - began)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timesteps", type=int, default=480)
    options = parser.parse_args()
    paces: dict[str, list[float]] = {name: [] for name in LOOPS}
    for _ in range(options.rounds):
        for name, found in paces.items():  # a process each: what one sets for the whole process must not help the other
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found.append(pool.apply(pace, (name, options.timesteps)))
    for name, found in paces.items():
        print(f"{name:18} {np.median(found):7.0f} timesteps/s {np.median(found) / UPDATE_PERIOD:6.1f} updates/s")
    ratios = np.array(paces["qjerk"]) / np.array(paces["stable-baselines3"])
    print(f"ratio {np.median(ratios):.2f} (rounds: {', '.join(f'{ratio:.2f}' for ratio in ratios)})")


if __name__ == "__main__":
    main()
