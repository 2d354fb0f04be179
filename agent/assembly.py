"""Which objects each mode of the agent is made of: the only place that puts them together."""

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np

from agent.config import RunConfig
from agent.control.bandit import Bandit
from agent.control.choice import JerkChoice
from agent.control.controller import Controller
from agent.control.stall import Relay
from agent.level.trajectories import MemoryConfig
from agent.network.card import card_path
from agent.players.jerk import IMPROVED_JERK, Jerk
from agent.players.learned import Learned, TempoConfig
from agent.players.player import Player
from agent.players.simple import Idle, Random
from agent.terminal import say
from agent.vision import VisionConfig

WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "qjerk.safetensors"
"""The network that ships with the agent."""

SLOW_SHARE = 0.5
"""Share of the time a timestep may take (wall-clock / timesteps) that deciding may use up; the rest is the server's."""

Mode = Literal["hybrid", "greedy", "jerk", "improved-jerk", "random"]


def are_there(weights: Path) -> bool:
    """Says whether there are such weights, or their card: the image leaves out the file that only training reads."""
    try:
        return weights.exists() or card_path(weights).exists()
    except (OSError, ValueError):  # no file can have that name
        return False


def load_learned(weights: Path, config: RunConfig, rng: np.random.Generator) -> tuple[Learned, VisionConfig]:
    """Loads the Q-network as a player, and what it looks at.

    Raises:
        ValueError: If there are no usable weights; the message says why.
    """
    if not are_there(weights):
        raise ValueError(f"there are no weights at {str(weights)[:200]}")
    from agent.network.policy import Policy  # ONNX Runtime takes a while to import: only where it is needed

    policy = Policy.load(weights)
    tempo = TempoConfig(limit_s=SLOW_SHARE * config.wallclock_s / config.timesteps)
    return Learned(policy, config.epsilon, rng, temperature=config.temperature, tempo=tempo), policy.vision


def build_agent(mode: Mode, weights: Path, config: RunConfig) -> tuple[Controller, VisionConfig]:
    """Puts the agent of a mode together: who plays, what it remembers, what it looks at.

    Args:
        mode: Which agent; see `python -m agent --help`.
        weights: The Q-network, where the mode has one.
        config: Settings of the run.

    Raises:
        ValueError: If the mode cannot do without the Q-network and there is none, or there is no file where the user
            says that it is.
    """
    play_rng, choice_rng = np.random.default_rng(config.seed).spawn(2)
    if mode == "improved-jerk":
        config = dataclasses.replace(config, jerk=IMPROVED_JERK)
    if mode != "hybrid":
        config = config.blind()
    if mode in ("greedy", "random"):
        config = dataclasses.replace(config, memory=MemoryConfig(trajectories=0))
    jerk, vision = Jerk(config.jerk, play_rng), VisionConfig()
    main: Player = jerk
    match mode:
        case "random":
            main = Random(play_rng)
        case "greedy":
            main, vision = load_learned(weights, config, play_rng)
        case "hybrid":
            try:
                main, vision = load_learned(weights, config, play_rng)
            except ValueError as error:
                if weights != WEIGHTS and not are_there(weights):
                    raise  # who names a file wants it
                say(f"playing without the Q-network, by the heuristic alone: {error}")
        case "jerk" | "improved-jerk":
            pass
    policy = Relay(main, jerk if mode == "hybrid" else main, config.stall)
    controller = Controller(
        config,
        policy=policy,
        after_replay=Relay(Idle(), Idle(), config.stall) if mode == "jerk" else policy,
        choice=Bandit(config.bandit) if mode == "hybrid" else JerkChoice(config.jerk, choice_rng),
        say=say,
    )
    return controller, vision
