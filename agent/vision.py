"""Screen -> observation: crop, gray, resize, perhaps edges, stack; uint8 throughout."""

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.ranges import require
from agent.rules import SCREEN_SHAPE

Pixels = Literal["gray", "edges", "colour"]
"""What a screen is reduced to: luminance, its Canny edges, or RGB as it is."""


EDGE_THRESHOLDS = (100, 200)
"""Canny's hysteresis, gradient of luminance a pixel: edges grow from the second along what exceeds the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionConfig:
    """How a screen becomes an observation; stored in the weights' card."""

    crop_top: int = 52
    """Screen rows cut off at the top: SCORE, TIME and RINGS end at row 49 (measured on the contest's start states)."""

    crop_bottom: int = 0
    """Screen rows cut off at the bottom."""

    height: int = 64
    """Rows of the observation, pixels."""

    width: int = 80
    """Columns of the observation, pixels; with 64 rows 1.8 times as fast as 84 x 84 (measured)."""

    stack: int = 4
    """Screens stacked along the channels, newest last. Source: Mnih et al. 2015."""

    pixels: Pixels = "gray"
    """What a screen is reduced to; colour takes three planes a screen, the others one."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        rows = SCREEN_SHAPE[0]
        require(min(self.crop_top, self.crop_bottom) >= 0, "vision.crop-top and vision.crop-bottom of at least 0", self)
        require(
            self.crop_top + self.crop_bottom <= rows - self.height,
            f"vision.height of at most the {rows - self.crop_top - self.crop_bottom} rows that the crops leave",
            self.height,
        )
        require(self.height >= 8, "vision.height of at least 8", self.height)
        require(8 <= self.width <= SCREEN_SHAPE[1], f"vision.width within 8..{SCREEN_SHAPE[1]}", self.width)
        require(1 <= self.stack <= 16, "vision.stack within 1..16", self.stack)
        require(self.pixels in get_args(Pixels), f"vision.pixels of {', '.join(get_args(Pixels))}", self.pixels)

    @property
    def planes(self) -> int:
        """Planes of the observation that one screen takes."""
        return 3 if self.pixels == "colour" else 1

    @property
    def obs_shape(self) -> tuple[int, int, int]:
        """Shape [C, H, W] of the observation."""
        return self.stack * self.planes, self.height, self.width


Screen = NDArray[np.uint8]
"""Raw RGB, uint8 [H, W, 3]."""

Observation = NDArray[np.uint8]
"""Network input, uint8 [C, H, W], newest screen last."""


def crop(screen: Screen, config: VisionConfig) -> Screen:
    """Cuts off the HUD's rows, whose running clock makes every screen new.

    Args:
        screen: uint8 [H, W, 3], RGB.
        config: The crop.

    Returns:
        uint8 [H - crop_top - crop_bottom, W, 3]; a view.
    """
    return screen[config.crop_top : screen.shape[0] - config.crop_bottom]


def gray(screen: Screen) -> NDArray[np.uint8]:
    """Turns RGB [H, W, 3] into luminance, uint8 [H, W] (ITU-R BT.601)."""
    return np.asarray(cv2.cvtColor(screen, cv2.COLOR_RGB2GRAY), np.uint8)


def resize(picture: NDArray[np.uint8], config: VisionConfig) -> NDArray[np.uint8]:
    """Shrinks [H, W] or [H, W, 3] to the observation's size by averaging areas: no thin thing falls between pixels."""
    return np.asarray(cv2.resize(picture, (config.width, config.height), interpolation=cv2.INTER_AREA), np.uint8)


def edges(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Finds the edges of a luminance picture [H, W]; uint8 [H, W], 255 on an edge. Source: Canny 1986."""
    return np.asarray(cv2.Canny(picture, *EDGE_THRESHOLDS), np.uint8)


def look(screen: Screen, config: VisionConfig) -> NDArray[np.uint8]:
    """Makes the observation's planes of one screen.

    Args:
        screen: uint8 [H, W, 3], RGB, at least as high as the crop plus one row.
        config: The pipeline's settings.

    Returns:
        uint8 [config.planes, config.height, config.width].

    Raises:
        ValueError: If the screen is not RGB or too small for the crop.
    """
    rows = config.crop_top + config.crop_bottom
    if screen.ndim != 3 or screen.shape[2] != 3 or screen.shape[0] <= rows or screen.dtype != np.uint8:
        raise ValueError(f"wanted a screen uint8 [over {rows}, W, 3], got {screen.dtype} {list(screen.shape)}")
    if config.pixels == "colour":
        return resize(crop(screen, config), config).transpose(2, 0, 1)
    small = resize(gray(crop(screen, config)), config)
    return (small if config.pixels == "gray" else edges(small))[None]


def fingerprint(screen: Screen, config: VisionConfig) -> str:
    """Names a level by its first screen, which a reset always shows alike: the hash of what the crop leaves."""
    return hashlib.sha256(crop(screen, config).tobytes()).hexdigest()


class FrameStack:
    """The last few screens, so that the network sees motion; made into planes only when somebody looks."""

    def __init__(self, config: VisionConfig) -> None:
        """Starts empty; `reset` before anything else."""
        self.config = config
        """How its screens become observations."""
        self._planes = np.zeros(config.obs_shape, np.uint8)
        self._fresh: deque[Screen] = deque(maxlen=config.stack)  # screens that are not in the planes yet, oldest first

    def reset(self, screen: Screen) -> None:
        """Begins an episode: every plane shows its first screen, which the stack keeps."""
        self._fresh.clear()
        self._fresh.extend([screen] * self.config.stack)

    def push(self, screen: Screen) -> None:
        """Adds a screen, which the stack keeps, and drops the oldest."""
        self._fresh.append(screen)

    def observation(self) -> Observation:
        """Returns what the network sees now, uint8 [C, H, W], safe to keep."""
        if self._fresh:
            planes = [look(screen, self.config) for screen in self._fresh]
            self._fresh.clear()
            self._planes = np.concatenate([self._planes[len(planes) * self.config.planes :], *planes])
        return self._planes.copy()
