"""Where on the level are we? The screen memory: tells places apart by what the wire gives, and by nothing else."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.level.knowledge import Arrays, KnowledgeError, checked
from agent.ranges import require
from agent.vision import Screen, VisionConfig, crop, gray


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesConfig:
    """How places of a level are told apart."""

    distance_step: float = 18.0
    """Return that makes a new place, contest units (of 9,000 a level; about 16 pixels)."""

    speed_step: float = 25.0
    """Reward a timestep that makes another speed, contest units (about 6 pixels a frame is 25)."""

    speeds_back: int = 2
    """Speeds told apart on the way left."""

    speeds_ahead: int = 3
    """Speeds told apart on the way right."""

    profile_rows: int = 43
    """Patches of a screen's profile from top to bottom; about 4 screen rows each."""

    profile_columns: int = 3
    """Patches of a screen's profile from left to right."""

    profile_difference: float = 7.0
    """Mean difference of two profiles, gray levels, from which on they show different heights."""

    heights_max: int = 24
    """Heights told apart at most at one distance."""

    places_max: int = 50_000
    """Places known at most; a long run on a hard level knows a tenth of it."""

    @property
    def patches(self) -> int:
        """Patches of a screen's profile."""
        return self.profile_rows * self.profile_columns

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("distance_step", "speed_step", "profile_difference"):
            require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        for name in ("profile_rows", "profile_columns", "heights_max", "places_max"):
            require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        require(min(self.speeds_back, self.speeds_ahead) >= 0, "speeds of at least 0", self)


def profile(screen: Screen, vision: VisionConfig, config: PlacesConfig) -> NDArray[np.float32]:
    """Boils a screen down to what tells heights apart: the mean gray of a few wide, flat patches.

    Wide patches forget what moves sideways (clouds, enemies, the camera's lead), flat ones keep the ground's height.

    Args:
        screen: uint8 [H, W, 3], RGB.
        vision: The crop.
        config: How many patches.

    Returns:
        float32 [rows * columns], gray levels.
    """
    size = (config.profile_columns, config.profile_rows)
    patches = cv2.resize(crop(screen, vision), size, interpolation=cv2.INTER_AREA)
    return gray(np.asarray(patches, np.uint8)).astype(np.float32).ravel()


class Places:
    """Numbers the places of a level: how far along it is (the return so far), how fast (the last reward), how high.

    The height shows on the screen alone: its profile is compared with those seen equally far along; near one of them
    it is the same height, else a new one. The origin of the idea hashed whole screens and found nearly every one new.
    """

    def __init__(self, vision: VisionConfig, config: PlacesConfig) -> None:
        """Knows no place yet."""
        self._vision = vision
        self._config = config
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._profiles: dict[int, NDArray[np.float32]] = {}  # distance bucket -> [known heights, rows * columns]

    def __len__(self) -> int:
        """Returns how many places are known."""
        return len(self._numbers)

    def locate(self, screen: Screen, episode_return: float, reward: float) -> int:
        """Numbers the place we are at; a new one gets the next number.

        Args:
            screen: uint8 [H, W, 3], RGB.
            episode_return: Of the episode so far, contest units: how far along.
            reward: Of the last timestep, contest units: how fast.

        Returns:
            The place's number, 0 .. len - 1. With `places_max` known, new ones all get the last number.
        """
        config = self._config
        distance = int(episode_return // config.distance_step)
        speed = int(np.clip(round(reward / config.speed_step), -config.speeds_back, config.speeds_ahead))
        key = distance, self._height(distance, profile(screen, self._vision, config)), speed
        number = self._numbers.get(key)
        if number is None:
            if len(self._numbers) == config.places_max:
                return config.places_max - 1
            number = self._numbers[key] = len(self._numbers)
        return number

    def _height(self, distance: int, seen: NDArray[np.float32]) -> int:
        known = self._profiles.get(distance)
        if known is None:
            if len(self._profiles) == self._config.places_max:
                return 0
            self._profiles[distance] = seen[None]
            return 0
        differences = np.abs(known - seen).mean(1)
        nearest = int(differences.argmin())
        if differences[nearest] < self._config.profile_difference or len(known) == self._config.heights_max:
            return nearest
        self._profiles[distance] = np.concatenate([known, seen[None]])
        return len(known)

    def arrays(self) -> Arrays:
        """Returns every place known, as arrays by name."""
        counts = [len(known) for known in self._profiles.values()]
        return {
            "keys": np.array(list(self._numbers), np.int64).reshape(-1, 3),
            "profile_distances": np.repeat(np.array(list(self._profiles), np.int64), counts),
            "profiles": np.concatenate([np.empty((0, self._config.patches)), *self._profiles.values()]).astype(
                np.uint8
            ),
        }

    def restore(self, arrays: Arrays) -> None:
        """Takes over what `arrays` returned; nothing, if anything is wrong with it.

        Raises:
            KnowledgeError: If the arrays are not what `arrays` returns.
        """
        config = self._config
        keys = checked(arrays, "keys", np.int64, None, 3)
        profiles = checked(arrays, "profiles", np.uint8, None, config.patches)
        distances = checked(arrays, "profile_distances", np.int64, len(profiles))
        if len(keys) > config.places_max or len(np.unique(keys, axis=0)) != len(keys):
            raise KnowledgeError(f"wanted at most {config.places_max} places, each once, got {len(keys)}")
        self._numbers = {(int(key[0]), int(key[1]), int(key[2])): number for number, key in enumerate(keys)}
        self._profiles = {
            int(distance): profiles[distances == distance].astype(np.float32) for distance in np.unique(distances)
        }
