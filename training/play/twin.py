"""Fernway's twin as a training ground: a fresh level every episode, and practice where the last one ended."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

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
    """When an episode ends, and how much is played from shortly before the places where others ended."""

    stall_timesteps: int = 150
    """An episode ends after so many timesteps without a new best return; 150 are 10 seconds."""

    share: float = 0.6
    """Share of the lanes that practise, each time at another place where an episode failed; 0: none."""

    past: float = 200.0
    """Practice ends once its return is so much higher than where the earlier episode failed; contest units."""

    save_period: int = 8
    """Timesteps between two states that are kept for it."""

    saves_back: tuple[int, int] = (3, 8)
    """Range from which the number of states to go back by is drawn: with the values here 1.6 to 4.3 seconds."""

    held: int = 12
    """Practice begins with an action drawn at random, held for at most so many timesteps, also drawn: so it is played from where
    the network would not have come to by itself, such as slowly to the edge of an abyss."""

    stalls: float = 0.1
    """Share of the stalls whose places are kept; they take several times as long as falls do."""

    places: int = 1024
    """Places that are kept: the latest ones."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require_least(self, 0, "stall_timesteps", "past", "held", group="practice")
        require_least(self, 1, "save_period", "places", group="practice")
        require(0 <= self.share <= 1, "--practice.share within 0..1", self.share)
        require(0 <= self.stalls <= 1, "--practice.stalls within 0..1", self.stalls)
        is_range = 1 <= self.saves_back[0] <= self.saves_back[1]
        require(is_range, "--practice.saves-back 1 <= low <= high", self.saves_back)


class Place(NamedTuple):
    """Where an episode can go on from shortly before another one failed."""

    level: Level
    state: bytes
    episode_return: float
    """That the other one had there."""
    past: float
    """Return from which on it has been got past."""


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
        env_seed, own_seed, aside_seed = np.random.SeedSequence(seed).spawn(3)
        self._rng = np.random.default_rng(own_seed)
        self._env, self._aside = (
            FernwayVectorEnv(count, draw, copy=False, observation=observation_of(vision), looks=looks, threads=slices)
            for count, slices in ((lanes, threads), (1, 1))
        )
        self._env.reset(seed=[int(word) for word in env_seed.generate_state(4)])
        self._aside.reset(seed=[int(word) for word in aside_seed.generate_state(4)])
        self.obs = self._env.observations
        self._records = Records(lanes, practice.stall_timesteps)
        self._levels = self._env.levels
        self._saves: list[list[tuple[bytes, float]]] = [[] for _ in range(lanes)]
        self._practising: list[Place | None] = [None] * lanes
        self._places: deque[Place] = deque(maxlen=practice.places)

    def step(self, action: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[Ending]]:
        """Plays one timestep in every lane; see `Lanes.step`."""
        records = self._records
        if self._config.share:
            for lane in np.flatnonzero(records.timesteps % self._config.save_period == 0).tolist():
                self._saves[lane].append((self._env.get_state(lane), float(records.returns[lane])))
        _, reward, terminated, truncated, _ = self._env.step(ACTION_BITS[action])
        stalled = records.add(reward)
        over = terminated | truncated
        past = np.array([np.inf if place is None else place.past for place in self._practising])
        is_past = ~over & (records.returns >= past)
        ended = over | stalled | is_past
        endings = []
        for lane in np.flatnonzero(ended).tolist():
            ending = records.ending(
                lane,
                self._levels[lane].name,
                is_stalled=bool(stalled[lane] and not (over | is_past)[lane]),
                is_practice=self._practising[lane] is not None,
                cut_obs=self.obs[lane].copy() if is_past[lane] else None,
            )
            endings.append(ending)
            is_kept = terminated[lane] or self._rng.random() < self._config.stalls
            if self._config.share and is_kept and not (ending.is_finished or ending.is_practice):
                self._remember(lane, ending)
            self._begin(lane)
        return reward.astype(np.float32), ended, endings

    def _remember(self, lane: int, ending: Ending) -> None:
        """Keeps the place of a failure."""
        saves = self._saves[lane]
        back = min(int(self._rng.integers(*self._config.saves_back, endpoint=True)), len(saves))
        state, episode_return = saves[-back]
        past = ending.best_return + self._config.past
        self._places.append(Place(self._levels[lane], state, episode_return, past))

    def _begin(self, lane: int) -> None:
        """Begins a lane's next episode: at a place to practise at, or on another level."""
        self._saves[lane].clear()
        practises = self._places and lane < self._config.share * self.count
        place = self._places[self._rng.integers(len(self._places))] if practises else None
        self._practising[lane] = place
        if place is not None:
            state, episode_return = self._led_astray(place)
            self._levels[lane] = place.level
            self._env.set_state(lane, state)
            self._records.begin(lane, episode_return)
        else:
            self._levels[lane] = self._draw(self._rng)
            self._env.begin(lane, self._levels[lane])
            self._records.begin(lane)

    def _led_astray(self, place: Place) -> tuple[bytes, float]:
        """Holds an action at a place for a while; returns the state and the return after it, or before if that is an end."""
        action, timesteps = self._rng.integers(len(ACTION_BITS)), self._rng.integers(self._config.held, endpoint=True)
        self._aside.set_state(0, place.state)
        episode_return = place.episode_return
        for _ in range(timesteps):
            _, reward, terminated, truncated, _ = self._aside.step(ACTION_BITS[[action]])
            if terminated[0] or truncated[0]:
                return place.state, place.episode_return
            episode_return += float(reward[0])
        return self._aside.get_state(0), episode_return

    def close(self) -> None:
        """Frees the games."""
        self._env.close()
        self._aside.close()
