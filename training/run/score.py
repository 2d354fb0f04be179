"""Plays a network on levels it has never seen: one episode each, without memory, heuristic or learning."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from agent.config import RunConfig
from agent.players.learned import softmax_draw
from agent.ranges import require
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import ACTS, UNSEEN_ZONES, Level
from fernway.vector import fresh_level
from training.play.console import EmulatedLevel
from training.play.lanes import Ending, Records
from training.play.stages import Stage, TwinStage
from training.ranges import require_least
from training.run.values import Values

L = TypeVar("L", Level, EmulatedLevel)
"""A level."""


class Seen(NamedTuple):
    """A timestep of the M episodes in play."""

    level: NDArray[np.int64]
    """int64 [M], which of the levels."""
    place: NDArray[np.int32]
    """int32 [M, 2], x and y of the player's feet after it, pixels."""
    q: NDArray[np.float32]
    """float32 [M], Q-value of the action that was played, before it."""
    reward: NDArray[np.float64]
    """float64 [M], contest units."""


Watch = Callable[[Seen], object]
"""Called after each timestep."""


STALL_TIMESTEPS = 600
"""Scored episodes end after so many timesteps without a new best return: after that, none was seen to rise again."""

LANES = 64
"""Episodes that are played side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayConfig:
    """How the network plays: as the agent does."""

    epsilon: float = RunConfig().epsilon
    """Probability of a random action."""

    temperature: float = RunConfig().temperature
    """Otherwise the action is drawn from softmax(Q / temperature); 0: always the best one."""

    stall_timesteps: int = STALL_TIMESTEPS
    """Gives an episode up after so many timesteps without a new best return; 0: never."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require(0 <= self.epsilon <= 1, "--play.epsilon within 0..1", self.epsilon)
        require_least(self, 0, "temperature", "stall_timesteps", group="play")


def unseen_zone_level(rng: np.random.Generator) -> Level:
    """Draws a level of the zones that no training level is in."""
    zone = int(rng.choice(UNSEEN_ZONES))
    return Level(zone, int(rng.integers(1, ACTS[zone] + 1)), fresh_level(rng).seed)


def held_out(seed: int, seen: int, unseen: int) -> dict[str, list[Level]]:
    """Draws levels to score on: of the training zones, with seeds that no run will draw again, and of unseen zones."""
    rng = np.random.default_rng([seed, 0x5EED])
    return {
        "seen": [fresh_level(rng) for _ in range(seen)],
        "unseen": [unseen_zone_level(rng) for _ in range(unseen)],
    }


def play(
    values: Values,
    vision: VisionConfig | None,
    levels: Sequence[Level],
    *,
    seed: int,
    config: PlayConfig | None = None,
    tell: Callable[[], object] = lambda: None,
    watch: Watch | None = None,
) -> list[Ending]:
    """Plays one episode on each level on the twin; see `play_on`. `vision`: None sees the inside."""
    lanes = min(LANES, len(levels))
    stage = TwinStage(lanes, vision, levels, seed)
    return play_on(stage, lanes, values, levels, seed=seed, config=config, tell=tell, watch=watch)


def play_on(
    stage: Stage[L],
    lanes: int,
    values: Values,
    levels: Sequence[L],
    *,
    seed: int,
    config: PlayConfig | None = None,
    tell: Callable[[], object] = lambda: None,
    watch: Watch | None = None,
) -> list[Ending]:
    """Plays one episode on each level.

    Args:
        stage: Where; closed at the end.
        lanes: How many games it has.
        values: The network.
        levels: What to play.
        seed: Of the sticky frames and of the actions.
        config: How.
        tell: Called after each episode; what it raises ends the play.
        watch: Called after each timestep, on games that know where their players are.

    Returns:
        The endings in the order of the levels.
    """
    config = config or PlayConfig()
    rng = np.random.default_rng(seed)
    delays = np.random.SeedSequence(seed).generate_state(len(levels))  # each level's own, whatever plays it when
    records = Records(lanes, config.stall_timesteps)
    waiting = iter(range(len(levels)))
    playing = np.full(lanes, -1)
    found: dict[int, Ending] = {}

    def begin(lane: int) -> None:
        playing[lane] = next(waiting, -1)
        if playing[lane] >= 0:
            stage.begin(lane, levels[playing[lane]], int(delays[playing[lane]]))
            records.begin(lane)

    with closing(stage):
        for lane in range(lanes):
            begin(lane)
        action = np.zeros(lanes, np.int64)
        while (active := np.flatnonzero(playing >= 0)).size:
            q = values(np.ascontiguousarray(stage.obs[active]))
            action[active] = softmax_draw(q, config.temperature, rng)
            is_random = rng.random(lanes) < config.epsilon
            action = np.where(is_random, rng.integers(0, len(ACTION_TABLE), lanes), action)
            reward, over = stage.step(action, active)
            if watch is not None and stage.places is not None:
                played = q[np.arange(len(active)), action[active]]
                watch(Seen(playing[active], stage.places[active], played, reward[active]))
            stalled = records.add(reward)
            for lane in active.tolist():
                if over[lane] or stalled[lane]:
                    level = int(playing[lane])
                    found[level] = records.ending(lane, levels[level].name, is_stalled=bool(not over[lane]))
                    tell()
                    begin(lane)
    return [found[level] for level in range(len(levels))]
