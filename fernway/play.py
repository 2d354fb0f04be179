"""A window for a person, in front of the real emulator core."""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fernway import FernwayError, levels, states
from fernway.levels import Level
from fernway.native import BUTTONS

WIDTH, HEIGHT = 320, 224
"""Pixels of the console's screen."""

SCALE = 3
"""Window pixels a console pixel."""

FRAMES_PER_SECOND = 59.92
"""Of the console."""

KEYS = {"UP": "UP", "DOWN": "DOWN", "LEFT": "LEFT", "RIGHT": "RIGHT", "SPACE": "B", "X": "B", "Z": "B"}
"""Keys and the button each presses."""


class Window:
    """A window that shows screens and knows what is pressed."""

    def __init__(self) -> None:
        """Opens it.

        Raises:
            FernwayError: If there is no display.
        """
        try:
            import pyglet  # type: ignore[import-untyped]

            self._window = pyglet.window.Window(width=WIDTH * SCALE, height=HEIGHT * SCALE, caption="Fernway")
        except Exception as error:  # pyglet and the drivers below it raise all sorts of things
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise FernwayError(
                f"no window can be opened ({reason}): `play` needs a display; `python -m fernway picture` does not"
            ) from error
        key = pyglet.window.key
        self._keys = key.KeyStateHandler()
        self._window.push_handlers(self._keys)
        self._bits = {getattr(key, name): 1 << BUTTONS.index(button) for name, button in KEYS.items()}
        self._image = pyglet.image.ImageData(WIDTH, HEIGHT, "RGB", bytes(HEIGHT * WIDTH * 3), pitch=-WIDTH * 3)
        self._texture = pyglet.image.Texture.create(WIDTH, HEIGHT, mag_filter=pyglet.gl.GL_NEAREST)

    def show(self, screen: NDArray[np.uint8]) -> None:
        """Shows a screen, uint8 [224, 320, 3]."""
        self._image.set_data("RGB", -WIDTH * 3, screen.tobytes())
        self._texture.blit_into(self._image, 0, 0, 0)
        self._texture.blit(0, 0, width=WIDTH * SCALE, height=HEIGHT * SCALE)
        self._window.flip()

    def pressed(self) -> int | None:
        """Returns the bits of a Gym action that are held now; None once the window is to be closed."""
        self._window.dispatch_events()
        if self._window.has_exit:
            return None
        held = 0
        for key, bit in self._bits.items():
            held |= bit if self._keys[key] else 0
        return held

    def close(self) -> None:
        """Closes it."""
        self._window.close()


def start_state(zone: str, act: int, seed: int | None, file: Path | None) -> bytes:
    """Returns the state to start from.

    Raises:
        FernwayError: If there is no such zone or state.
    """
    if file:
        return states.read_state(file)
    number = levels.zone_number(zone)
    if seed is None:
        known = levels.committed().get(f"{levels.ZONES[number]}.Act{act}")
        seed = known.level.seed if known else 1
    return states.make_state(Level(number, act, seed))


def play(zone: str, act: int, seed: int | None, file: Path | None) -> None:
    """Plays until the window is closed.

    Raises:
        FernwayError: If there is no such level or no display.
    """
    state = start_state(zone, act, seed, file)
    window = Window()
    try:
        with states.Core() as core:
            core.load(state)
            due = time.monotonic()
            while (held := window.pressed()) is not None:
                core.step(held)
                window.show(core.screen)
                # A machine that is too slow, or a window that stood still, is not made up for by a faster game.
                due = max(due + 1 / FRAMES_PER_SECOND, time.monotonic())
                time.sleep(max(0.0, due - time.monotonic()))
    finally:
        window.close()
