"""Fernway's twin as a training ground: a fresh level every episode, and practice where the last one ended."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.ranges import require
from agent.rules import action_buttons
from agent.vision import VisionConfig
from fernway.levels import Level
from fernway.looks import Looks
from fernway.native import buttons_to_bits
from fernway.observation import Observation
from fernway.vector import FernwayVectorEnv, fresh_level
from training.play.lanes import Ending, Records
from training.ranges import require_least

ACTION_BITS = np.array([buttons_to_bits(held.tolist()) for held in action_buttons()], np.uint16)
"""The action table as the vector environment takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeConfig:
    """When an episode ends, and how often it goes on from shortly before its end."""

    stall_timesteps: int = 200
    """An episode ends after so many timesteps without a new best return; 200 are 13 seconds."""

    tries: int = 6
    """How often a level that was not finished is tried again from shortly before the last end; 0: never."""

    save_period: int = 16
    """Timesteps between two states that are kept for it."""

    saves_back: tuple[int, int] = (2, 5)
    """Range from which the number of states to go back by is drawn: with the values here 2 to 5 seconds."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require_least(self, 0, "stall_timesteps", "tries", group="practice")
        require_least(self, 1, "save_period", group="practice")
        is_range = 1 <= self.saves_back[0] <= self.saves_back[1]
        require(is_range, "--practice.saves-back 1 <= low <= high", self.saves_back)


def observation_of(vision: VisionConfig) -> Observation:
    """Returns the twin's settings for what the network looks at.

    Raises:
        ValueError: If the twin does not make such observations.
    """
    if vision.pixels != "gray":
        raise ValueError(f"the twin makes gray observations, got --vision.pixels {vision.pixels}")
    return Observation(
        crop_top=vision.crop_top,
        crop_bottom=vision.crop_bottom,
        height=vision.height,
        width=vision.width,
        stack=vision.stack,
    )


class TwinLanes:
    """Lanes on the twin; see `Lanes`."""

    def __init__(
        self,
        lanes: int,
        vision: VisionConfig,
        practice: PracticeConfig,
        seed: tuple[int, ...],
        *,
        draw: Callable[[np.random.Generator], Level] = fresh_level,
        looks: Looks | None = None,
        threads: int = 1,
    ) -> None:
        """Begins an episode in every lane.

        Args:
            lanes: How many.
            vision: What the network looks at.
            practice: When episodes end, and where practice begins.
            seed: Of levels, sticky frames and practice.
            draw: Draws the level of an episode.
            looks: How far the looks of episodes differ; None: the game's own.
            threads: Slices of the lanes that step at once.
        """
        self.count = lanes
        self._config = practice
        self._draw = draw
        env_seed, own_seed = np.random.SeedSequence(seed).spawn(2)
        self._rng = np.random.default_rng(own_seed)
        self._env = FernwayVectorEnv(
            lanes, draw, copy=False, observation=observation_of(vision), looks=looks, threads=threads
        )
        self._env.reset(seed=[int(word) for word in env_seed.generate_state(4)])
        self.obs = self._env.observations
        self._records = Records(lanes, practice.stall_timesteps)
        self._levels = self._env.levels
        self._saves: list[list[tuple[bytes, float]]] = [[] for _ in range(lanes)]
        self._tries = np.zeros(lanes, np.int64)

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[Ending]]:
        """Plays one timestep in every lane; see `Lanes.step`."""
        records = self._records
        if self._config.tries:
            for lane in np.flatnonzero(records.timesteps % self._config.save_period == 0).tolist():
                self._saves[lane].append((self._env.get_state(lane), float(records.returns[lane])))
        _, reward, terminated, truncated, _ = self._env.step(ACTION_BITS[action])
        stalled = records.add(reward)
        over = terminated | truncated
        ended = over | stalled
        endings = []
        for lane in np.flatnonzero(ended).tolist():
            ending = records.ending(
                lane,
                self._levels[lane].name,
                is_stalled=bool(stalled[lane] and not over[lane]),
                is_practice=bool(self._tries[lane]),
            )
            endings.append(ending)
            self._go_on(lane, ending)
        return reward.astype(np.float32), ended, endings

    def _go_on(self, lane: int, ending: Ending) -> None:
        """Begins a lane's next episode: from shortly before the end of the last, or on another level."""
        saves = self._saves[lane]
        low, high = self._config.saves_back
        if not ending.is_finished and self._tries[lane] < self._config.tries and len(saves) > low:
            back = min(int(self._rng.integers(low, high, endpoint=True)), len(saves))
            state, episode_return = saves[-back]
            del saves[len(saves) - back :]
            self._env.set_state(lane, state)
            self._records.begin(lane, episode_return)
            self._tries[lane] += 1
            return
        saves.clear()
        self._tries[lane] = 0
        self._levels[lane] = self._draw(self._rng)
        self._env.begin(lane, self._levels[lane])
        self._records.begin(lane)

    def close(self) -> None:
        """Frees the games."""
        self._env.close()
