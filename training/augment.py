"""Changes to observations that leave the best action the same, so that the network cannot learn levels by heart."""

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.learner import Augment


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig:
    """How much observations are changed; the same change for all screens of a stack."""

    shift: int = 4
    """Pixels by which an observation is moved at most, each way; edges repeat. Source: Yarats et al. 2021, DrQ."""

    contrast: float = 0.3
    """Each observation's distance from middle gray is multiplied by 1 - contrast .. 1 + contrast."""

    brightness: float = 24.0
    """Added to every pixel, at most, either sign; of 255."""

    invert: float = 0.0
    """Probability of light and dark changing places: other zones have other colours."""

    noise: float = 0.0
    """Standard deviation of noise, pixel by pixel; of 255."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        if self.shift < 0 or not 0 <= self.contrast < 1 or self.brightness < 0 or self.noise < 0:
            raise ValueError(f"wanted shift, brightness, noise of at least 0 and contrast within 0..1, got {self}")
        if not 0 <= self.invert <= 1:
            raise ValueError(f"wanted invert within 0..1, got {self.invert}")


def augmenter(config: AugmentConfig, rng: np.random.Generator) -> Augment:
    """Returns the function uint8 [B, C, H, W] -> uint8 [B, C, H, W] that draws and applies changes."""
    if not any(dataclasses.astuple(config)):
        return lambda obs: obs

    def augment(obs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        batch, channels, height, width = obs.shape
        moves = rng.integers(0, 2 * config.shift + 1, (batch, 2))
        tables = _tables(config, rng, batch)
        given = np.ascontiguousarray(obs.transpose(0, 2, 3, 1))  # as replay has them: nothing is copied
        changed = np.empty_like(given)  # [B, H, W, C]
        wide = np.pad(given, ((0, 0), (config.shift, config.shift), (config.shift, config.shift), (0, 0)), mode="edge")
        for sample, (row, column) in enumerate(moves):  # a copy each: five times as fast as one fancy index (measured)
            changed[sample] = wide[sample, row : row + height, column : column + width]
            flat = changed[sample].reshape(height, width * channels)
            cv2.LUT(flat, tables[sample], dst=flat)
        changed = changed.transpose(0, 3, 1, 2)
        if config.noise:
            noise = config.noise * rng.standard_normal(obs.shape, np.float32)
            changed = np.clip(changed + noise, 0, 255).astype(np.uint8)
        return changed

    return augment


def _tables(config: AugmentConfig, rng: np.random.Generator, batch: int) -> NDArray[np.uint8]:
    """Draws what each value of a pixel becomes, uint8 [B, 256]."""
    gain = rng.uniform(1 - config.contrast, 1 + config.contrast, batch) * np.where(
        rng.random(batch) < config.invert, -1, 1
    )
    offset = rng.uniform(-config.brightness, config.brightness, batch)
    middle = 127.5
    tables = gain[:, None] * (np.arange(256) - middle) + middle + offset[:, None]
    return np.clip(np.rint(tables), 0, 255).astype(np.uint8)
