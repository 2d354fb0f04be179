"""`python -m training show`: draws the stages of a screen on its way to the network as one picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import cv2
import gymnasium as gym
import numpy as np

from agent.ranges import require
from agent.rules import buttons
from agent.vision import FrameStack, Pixels, Screen, VisionConfig, crop, edges, gray, resize
from training.run.pictures import Picture, sheet, write_png

MOVING_TIMESTEPS = 24
"""Timesteps of holding RIGHT before the picture, so that the stack shows motion."""

_RED = (255, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowConfig:
    """Draws every stage of the image pipeline for a game state: raw, crop, gray, resize, edges, colour, stack."""

    game: str | None = None
    """Any game that `python -m contest list games` knows; the contest's need no ROM for their start states."""

    state: str | None = None
    """A state's name or file; None is the game's default."""

    zone: str | None = None
    """A zone of Fernway, instead of a game: its name or number."""

    act: int = 1
    """Act of the Fernway level."""

    seed: int = 1
    """Seed of the Fernway level."""

    out: Path = Path("show.png")
    """The picture."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    """The pipeline's settings."""

    def __post_init__(self) -> None:
        """Checks that one thing is asked for."""
        require((self.game is None) != (self.zone is None), "one of --game and --zone", (self.game, self.zone))


def stages(screens: Sequence[Screen], config: VisionConfig) -> list[tuple[str, Picture]]:
    """Draws the stages of the last of some screens, and the stack of all of them.

    Args:
        screens: uint8 [H, W, 3], RGB, oldest first, at least one.
        config: The pipeline's settings.

    Returns:
        Label and picture of each stage.
    """
    screen = screens[-1]
    marked = screen.copy()
    rows = screen.shape[0]
    for row in (config.crop_top, rows - config.crop_bottom):
        if 0 < row < rows:
            cv2.line(marked, (0, row), (screen.shape[1], row), _RED)
    cropped = crop(screen, config)
    luminance = gray(cropped)
    small = resize(luminance, config)
    size = f"{config.height} x {config.width}"
    pictures = [
        (f"1  raw screen, {rows} x {screen.shape[1]} RGB; the crop in red", marked),
        (f"2  crop, {cropped.shape[0]} x {cropped.shape[1]}", cropped),
        ("3  gray", luminance),
        (f"4  resize, {size}", small),
        ("5  edges (Canny)", edges(small)),
        ("    or colour", resize(cropped, config)),
    ]
    names = get_args(Pixels)
    for pixels in (config.pixels, *(name for name in names if name != config.pixels)):
        variant = replace(config, pixels=pixels)
        stack = FrameStack(variant)
        stack.reset(screens[0])
        for one in screens[1:]:
            stack.push(one)
        planes = stack.observation().reshape(config.stack, variant.planes, config.height, config.width)
        shown = planes[:, 0] if variant.planes == 1 else planes.transpose(0, 2, 3, 1)
        used = "the network's input" if pixels == config.pixels else "not used"
        pictures.append((f"6  stack of {config.stack}, {pixels}: {used}", _mosaic(list(shown))))
    return pictures


def _mosaic(pictures: list[Picture]) -> Picture:
    """Puts pictures of one size side by side, two rows at most, a white line between them."""
    columns = -(-len(pictures) // 2)
    padded = [np.pad(p, ((0, 1), (0, 1), *((0, 0),) * (p.ndim - 2)), constant_values=255) for p in pictures]
    padded += [np.full_like(padded[0], 255)] * (2 * columns - len(padded))
    return np.vstack([np.hstack(padded[:columns]), np.hstack(padded[columns:])])


def screens_of(config: ShowConfig) -> list[Screen]:
    """Gets the screens to show, oldest first: the last few of a short run to the right, or the start screen alone.

    Raises:
        GameError: If there is no such game or state.
        StateError: If a state of a game without ROM cannot be shown.
        FernwayError: If there is no such level.
    """
    if config.zone is not None:
        return _fernway(config)
    from contest.remote.games import GameError, find

    assert config.game is not None
    try:
        level = find(config.game, config.state)
    except GameError as error:
        from training.play.start_screens import FADE_TARGET

        game = config.game.removesuffix("-v0") + "-v0"
        if game not in FADE_TARGET or "ROM" not in str(error):
            raise
        return _without_rom(game, config.state)
    return _emulated(level.game, level.state, config.vision.stack)


def _fernway(config: ShowConfig) -> list[Screen]:
    from fernway.environment import NativeEnv
    from fernway.levels import Level, zone_number

    assert config.zone is not None
    return _moving(NativeEnv(Level(zone_number(config.zone), config.act, config.seed)), config.vision.stack)


def _without_rom(game: str, state: str | None) -> list[Screen]:
    from training.play.start_screens import StartScreens

    with StartScreens(game) as start:
        return [start.draw(start.read(state if state is not None else start.states()[0]))]


def _emulated(game: str, state: str | None, count: int) -> list[Screen]:
    from contest.remote.environment import make

    env = make(game, state, seed=0)
    try:
        return _moving(env, count)
    finally:
        env.close()


def _moving(env: gym.Env[Screen, Any], count: int) -> list[Screen]:
    """Runs to the right, and returns the last screens."""
    screens = [env.reset(seed=0)[0].copy()]
    for _ in range(MOVING_TIMESTEPS):
        screen, _, terminated, truncated, _ = env.step(buttons("RIGHT"))
        screens.append(screen.copy())
        if terminated or truncated:
            break
    return screens[-count:]


def show(config: ShowConfig) -> None:
    """Draws the picture.

    Raises:
        ValueError: If there is no such game, state or level, or the picture cannot be written; the message says why.
    """
    write_png(config.out, sheet(stages(screens_of(config), config.vision), columns=3))
