"""How good a network is on levels it has never seen: greedy, the agent's epsilon, no memory, no learning.

Returns say how far it gets; what its choices lose, by the planner, says how often it goes wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.actions import ACTION_TABLE
from agent.config import EPISODE_TIMESTEPS, RunConfig, VisionConfig
from fernway.levels import Level
from training.actor import QValues
from training.lanes import Ending, Lanes
from training.oracle import TeacherOracle
from training.twin import Twin

LOOK_PERIOD = 4
"""Timesteps between two points of a path, and between two choices that the planner judges: neighbours are alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One episode on each of several levels."""

    endings: list[Ending]
    """In the order of the levels."""

    levels: Sequence[Level]
    """What was played."""

    paths: list[list[tuple[int, int]]]
    """Of each episode: the player's x and y in pixels now and then, and where it ended."""

    lost: NDArray[np.float32]
    """float32 [N], frames that the network's greedy actions lose, in states now and then; empty if nobody judged."""

    doomed_frames: float
    """An action that loses so many is doomed; 0: nobody judged."""

    @property
    def doomed(self) -> float:
        """Share of the greedy actions that are doomed; NaN if nobody judged."""
        return float(np.mean(self.lost >= np.float32(self.doomed_frames))) if len(self.lost) else float("nan")

    @property
    def mean(self) -> float:
        """Mean return, contest units."""
        return float(np.mean([ending.episode_return for ending in self.endings]))

    @property
    def ci95(self) -> float:
        """Half width of the mean's confidence interval over episodes, normal approximation."""
        count = len(self.endings)
        if count < 2:
            return float("nan")
        return float(1.96 * np.std([ending.episode_return for ending in self.endings], ddof=1) / count**0.5)

    @property
    def finished(self) -> float:
        """Share of episodes that reached the end."""
        return float(np.mean([ending.is_finished for ending in self.endings]))


def score(
    q_values: QValues,
    vision: VisionConfig,
    levels: Sequence[Level],
    *,
    seed: int,
    epsilon: float = RunConfig().epsilon,
    stall_timesteps: int = 0,
    doomed_frames: float = 0.0,
    tell: Callable[[int], None] = lambda done: None,  # noqa: ARG005 - the interface's
) -> Score:
    """Plays one episode on each level, all side by side, on the twin.

    Args:
        q_values: The network.
        vision: The pipeline it was trained on.
        levels: What to play.
        seed: Of the sticky frames and of the random actions.
        epsilon: Probability of a random action.
        stall_timesteps: Gives up after so many timesteps without a new best return, which saves time; 0: never.
        doomed_frames: Has a planner judge the greedy actions: one that loses so many frames on the way to the goal is
            doomed; 0: does not, which saves half of the time.
        tell: Called with the number of episodes that are over, after each.
    """
    twin = Twin(len(levels), lambda _, lane: levels[lane])
    lanes = Lanes(twin, vision, stall_timesteps)
    lanes.reset([seed])
    rng = np.random.default_rng(seed)
    oracle = TeacherOracle(twin, doomed=doomed_frames) if doomed_frames else None
    lost: list[float] = []
    paths: list[list[tuple[int, int]]] = [[] for _ in levels]
    found: dict[int, Ending] = {}
    for timestep in range(EPISODE_TIMESTEPS + 1):
        playing = [lane for lane in range(len(levels)) if lane not in found]
        if not playing:
            break
        action = np.zeros(len(levels), np.int64)
        action[playing] = q_values(lanes.obs[playing]).argmax(1)
        if timestep % LOOK_PERIOD == 0:
            for lane in playing:
                paths[lane].append((twin.game(lane).x, twin.game(lane).y))
                if oracle is not None:
                    lost.append(float(oracle.lost(lane)[action[lane]]))
        is_random = rng.random(len(levels)) < epsilon
        action = np.where(is_random, rng.integers(0, len(ACTION_TABLE), len(levels)), action)
        if oracle is not None:
            oracle.played(action)
        for ending in lanes.step(action).endings:
            if ending.lane not in found:
                found[ending.lane] = ending
                paths[ending.lane].append((twin.game(ending.lane).x, twin.game(ending.lane).y))
                twin.retire(ending.lane)
                tell(len(found))
    return Score(
        endings=[found[lane] for lane in range(len(levels))],
        levels=levels,
        paths=paths,
        lost=np.array(lost, np.float32),
        doomed_frames=doomed_frames,
    )
