"""Pictures of whole levels, from the packages that know how to draw them."""

from dataclasses import dataclass

import cv2
import numpy as np

from contest.remote import games

SCALE_MOST = 0.5
"""Side of a level's pixel in the picture, at most."""

WIDTH_MOST = 6000
"""Pixels of a picture's width, at most."""

QUALITY = 70
"""Of the WebP picture, 1..100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelMap:
    """A picture of a level."""

    webp: bytes
    """The picture, as a file."""

    width: int
    """Pixels of the level it shows."""

    height: int
    """Likewise."""

    left: int
    """Place in the level of its upper left corner, pixels."""

    top: int
    """Likewise."""

    scale: float
    """Side of a level's pixel in the picture."""


def level_map(game: str, state: str | None) -> LevelMap | None:
    """Draws a level.

    Args:
        game: Name of a game.
        state: A state's name, the path of a `.state` file, or None for the default.

    Returns:
        The map; None if no package draws that game.

    Raises:
        GameError: If a package does, and fails.
    """
    point = games.offered(games.MAPS).get(games.full_name(game))
    if point is None:
        return None
    draw = games.load(point)
    try:
        picture, (left, top) = draw(state)
        height, width = picture.shape[:2]
        scale = min(SCALE_MOST, WIDTH_MOST / width)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        small = cv2.resize(np.asarray(picture, np.uint8)[..., 2::-1], size, interpolation=cv2.INTER_AREA)
        _, webp = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    except Exception as error:  # another package's code: whatever it raises, the user needs to know which one it was
        raise games.GameError(
            f"{point.name}: {point.value} drew no map of {state or 'the default'}: {error}"
        ) from error
    return LevelMap(webp=webp.tobytes(), width=width, height=height, left=int(left), top=int(top), scale=scale)
