"""The first screens of the contest's 58 levels, with and without their title cards, and the observations of them.

They are drawn from the save states that stable-retro ships, without the games' ROMs; they are the games' own artwork.
"""

import functools
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import contest
from agent.vision import Screen, VisionConfig, look
from common.levels import read_levels
from training.play.title_card import without_card


class StartScreen(NamedTuple):
    """A level's first screens."""

    game: str
    state: str
    card: Screen
    """uint8 [H, W, 3], the title card covering some of it."""
    level: Screen
    """uint8 [H, W, 3], the card taken out."""

    @property
    def is_shown(self) -> bool:
        """Whether there is a level to be seen; four levels are black when their card comes."""
        return bool(np.ptp(self.level))


def contest_levels() -> list[tuple[str, str]]:
    """Returns game and state of the contest's levels: 47 to train on, 11 to validate on."""
    lists = Path(contest.__file__).parent / "levels"
    rows = [row for name in ("sonic-train.csv", "sonic-validation.csv") for row in read_levels(lists / name, _found)]
    return [(f"{row.game}-v0", row.state) for row in rows]


def _found(game: str, state: str | None) -> tuple[tuple[str, str | None], None]:
    return (game, state), None


def draw() -> list[StartScreen]:
    """Draws all of them, by game and state; the process must not have an emulator.

    Raises:
        ImportError: If stable-retro is not installed.
        ValueError: If it lacks a state.
    """
    from training.play.start_screens import StartScreens

    levels = contest_levels()
    found = []
    for game in sorted({game for game, _ in levels}):
        with StartScreens(game) as screens:
            for state in sorted(state for its_game, state in levels if its_game == game):
                content = screens.read(state)
                shown = screens.draw(content), screens.draw(without_card(content, game))
                found.append(StartScreen(game, state, *shown))
    return found


@functools.cache
def start_screens() -> tuple[StartScreen, ...]:
    """Draws all of them, once, in a process of its own: a process can have only one emulator; see `draw`."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return tuple(pool.submit(draw).result())


def standing(screens: Sequence[Screen], vision: VisionConfig) -> NDArray[np.uint8]:
    """Makes observations of screens on which nothing has moved, uint8 [N, C, H, W]."""
    return np.stack([np.concatenate([look(screen, vision)] * vision.stack) for screen in screens])
