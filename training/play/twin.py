"""Fernway's twin as a training ground: a fresh level every episode."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agent.rules import action_buttons
from agent.vision import VisionConfig
from fernway.levels import Level
from fernway.looks import Looks
from fernway.native import buttons_to_bits
from fernway.observation import Observation
from fernway.vector import FernwayVectorEnv, fresh_level
from training.play.lanes import Ending, Records

ACTION_BITS = np.array([buttons_to_bits(held.tolist()) for held in action_buttons()], np.uint16)
"""The action table as the vector environment takes it."""


def observation_of(vision: VisionConfig | None) -> Observation | Literal["inside"]:
    """Returns the twin's settings for what the network looks at; None: it sees the inside.

    Raises:
        ValueError: If the twin does not make such observations.
    """
    if vision is None:
        return "inside"
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
        vision: VisionConfig | None,
        stall_timesteps: int,
        seed: tuple[int, ...],
        *,
        draw: Callable[[np.random.Generator], Level] = fresh_level,
        looks: Looks | None = None,
        dashless: float = 0.0,
        threads: int = 1,
    ) -> None:
        """Begins an episode in every lane.

        Args:
            lanes: How many.
            vision: What the network looks at; None: the game's inside.
            stall_timesteps: Ends an episode after so many timesteps without a new best return; 0: never.
            seed: Of levels and sticky frames.
            draw: Draws the level of an episode.
            looks: How far the looks of episodes differ; None: the game's own.
            dashless: Probability that an episode's hero has no spin dash.
            threads: Slices of the lanes that step at once.
        """
        self.count = lanes
        self._draw = draw
        env_seed, own_seed = np.random.SeedSequence(seed).spawn(2)
        self._rng = np.random.default_rng(own_seed)
        self._env = FernwayVectorEnv(
            lanes,
            draw,
            copy=False,
            observation=observation_of(vision),
            looks=looks if vision else None,
            dashless=dashless,
            threads=threads,
        )
        self._env.reset(seed=[int(word) for word in env_seed.generate_state(4)])
        self.obs: NDArray[Any] = self._env.observations
        self._records = Records(lanes, stall_timesteps)
        self._levels = self._env.levels

    @property
    def inside(self) -> NDArray[np.float32]:
        """What is to be acted on next, as the game knows it, float32 [N, INSIDE]."""
        return self._env.inside

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[Ending]]:
        """Plays one timestep in every lane; see `Lanes.step`."""
        _, reward, terminated, truncated, _ = self._env.step(ACTION_BITS[action])
        stalled = self._records.add(reward)
        over = terminated | truncated
        ended = over | stalled
        endings = []
        for lane in np.flatnonzero(ended).tolist():
            endings.append(self._records.ending(lane, self._levels[lane].name, is_stalled=bool(not over[lane])))
            self._levels[lane] = self._draw(self._rng)
            self._env.begin(lane, self._levels[lane])
            self._records.begin(lane)
        return reward.astype(np.float32), ended, endings

    def close(self) -> None:
        """Frees the games."""
        self._env.close()
