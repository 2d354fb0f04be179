"""Looks side by side, for a person to judge whether they are rich and can still be played."""

import itertools

import numpy as np

from fernway.looks import Looks
from fernway.observation import Observation
from fernway.picture import RGB
from fernway.vector import FernwayVectorEnv

_SCALE = 3
_GAP = 2
_RIGHT, _JUMP = 1 << 7, 1


def draw_gallery(looks: Looks, seed: int, timestep: int, rows: int = 5, columns: int = 8) -> RGB:
    """Plays fresh levels in different looks, mostly to the right, and shows their newest screens as the network sees them.

    Args:
        looks: Where they are drawn from.
        seed: Of looks, levels and play.
        timestep: Of the episodes, 15 a second.
        rows: Of the picture.
        columns: Of the picture.

    Returns:
        uint8 [H, W, 3].
    """
    env = FernwayVectorEnv(rows * columns, observation=Observation(stack=1), looks=looks)
    observations, _ = env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(timestep):
        observations = env.step(rng.choice([_RIGHT, _RIGHT, _RIGHT | _JUMP], env.num_envs).astype(np.uint16))[0]
    _, _, height, width = observations.shape
    down, across = height * _SCALE + _GAP, width * _SCALE + _GAP
    picture = np.zeros((rows * down - _GAP, columns * across - _GAP, 3), np.uint8)
    for (row, column), screen in zip(itertools.product(range(rows), range(columns)), observations[:, 0], strict=True):
        large = screen.repeat(_SCALE, 0).repeat(_SCALE, 1)
        picture[row * down :, column * across :][: large.shape[0], : large.shape[1]] = large[..., None]
    return picture
