"""The agent that a game must not be easy for: to the right all the time, with jumps at random, and no memory.

`python tests/bench/right_jumper.py [SEED]` in a folder with tmp/sock in it, as `python -m contest evaluate` starts agents. It
jumps as often and as long as JERK does, the contest's baseline, but never goes back and never plays anything again.
"""

import sys
from typing import Any

import gymnasium as gym
import numpy as np

from agent.players.jerk import JerkConfig
from agent.rules import buttons
from agent.wire.client import RemoteEnv
from agent.wire.connect import RemoteConfig
from agent.wire.messages import RunEnd


def play(env: gym.Env[Any, Any], seed: int) -> RunEnd:
    """Plays until the run is over; returns why it is."""
    config, rng = JerkConfig(), np.random.default_rng(seed)
    right, jump = buttons("RIGHT"), buttons("RIGHT", "B")
    try:
        while True:
            env.reset()
            over, jumping = False, 0
            while not over:
                if jumping == 0 and rng.random() < config.jump_probability:
                    jumping = config.jump_timesteps
                _, _, terminated, truncated, _ = env.step(jump if jumping else right)
                jumping = max(0, jumping - 1)
                over = terminated or truncated
    except RunEnd as reason:
        return reason


def main() -> None:
    env = RemoteEnv(RemoteConfig())
    try:
        print(f"the run is over: {play(env, int(sys.argv[1]) if len(sys.argv) > 1 else 0)}")
    finally:
        env.close()


if __name__ == "__main__":
    main()
