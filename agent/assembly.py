"""Which objects each mode of the agent is made of: the only place that puts them together."""

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np

from agent.config import RunConfig
from agent.control.bandit import Bandit
from agent.control.controller import Controller
from agent.level.landmarks import PATCHES, landmark
from agent.level.trajectories import IMPROVED_JERK_MEMORY, JERK_MEMORY, Memory
from agent.players.jerk import IMPROVED_JERK, Jerk
from agent.players.learned import Learned
from agent.players.simple import Idle, Random
from agent.terminal import say
from agent.vision import VisionConfig

WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "qjerk.safetensors"
"""The network that ships with the agent."""

Mode = Literal["hybrid", "greedy", "jerk", "improved-jerk", "random"]


def load_learned(weights: Path, config: RunConfig, rng: np.random.Generator) -> tuple[Learned, VisionConfig]:
    """Loads the Q-network as a player, and what it looks at.

    Raises:
        ValueError: If there are no usable weights; the message says why.
    """
    if not weights.exists():
        raise ValueError(f"there are no weights at {weights}")
    from agent.network.policy import Policy
    from agent.network.weights import load

    network, vision, _ = load(weights)
    return Learned(Policy(network, vision), config.epsilon, rng, temperature=config.temperature), vision


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
    jerk = Jerk(config.jerk, play_rng)
    vision = VisionConfig()
    memory = Memory(config.memory)
    match mode:
        case "jerk":
            blind = dataclasses.replace(config, memory=JERK_MEMORY)
            memory = Memory(blind.memory)
            controller = Controller(blind, main=jerk, after_replay=Idle(), memory=memory, rng=choice_rng, say=say)
        case "improved-jerk":
            improved = dataclasses.replace(config, jerk=IMPROVED_JERK, memory=IMPROVED_JERK_MEMORY)
            jerk, memory = Jerk(improved.jerk, play_rng), Memory(improved.memory)
            controller = Controller(improved, main=jerk, after_replay=jerk, memory=memory, rng=choice_rng, say=say)
        case "random":
            random = Random(play_rng)
            controller = Controller(config, main=random, after_replay=random, rng=choice_rng, say=say)
        case "greedy":
            learned, vision = load_learned(weights, config, play_rng)
            controller = Controller(config, main=learned, after_replay=learned, rng=choice_rng, say=say)
        case "hybrid":
            main: Learned | Jerk = jerk
            try:
                main, vision = load_learned(weights, config, play_rng)
            except ValueError as error:
                if weights != WEIGHTS and not weights.exists():
                    raise  # who names a file wants it
                say(f"playing without the Q-network, by the heuristic alone: {error}")
            memory = Memory(config.memory, PATCHES)
            controller = Controller(
                config,
                main=main,
                fallback=jerk,
                after_replay=main,
                memory=memory,
                landmark=lambda moment: landmark(moment.stack.screen, vision),
                bandit=Bandit(config.bandit),
                rng=choice_rng,
                say=say,
            )
    return controller, vision
