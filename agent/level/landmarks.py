"""Landmarks: what a screen looks like, boiled down to what tells two heights of a level apart."""

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.vision import Screen, VisionConfig, crop, gray

ROWS, COLUMNS = 43, 3
"""Patches of a landmark from top to bottom, about 4 screen rows each, and from left to right."""

PATCHES = ROWS * COLUMNS
"""Patches of a landmark."""


def landmark(screen: Screen, vision: VisionConfig) -> NDArray[np.uint8]:
    """Boils a screen down to what tells heights apart: the mean gray of a few wide, flat patches.

    Wide patches forget what moves sideways (clouds, enemies, the camera's lead). Flat ones keep the ground's height.

    Args:
        screen: uint8 [H, W, 3], RGB.
        vision: The crop.

    Returns:
        uint8 [PATCHES], gray levels.
    """
    patches = cv2.resize(crop(screen, vision), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return gray(np.asarray(patches, np.uint8)).ravel()
