"""A window for a person, in front of the real emulator core."""

import time
from pathlib import Path
from typing import Any

from fernway import FernwayError, levels, states
from fernway.levels import Level
from fernway.native import BUTTONS

SCALE = 3
"""Window pixels a console pixel."""

FRAMES_PER_SECOND = 59.92
"""Of the console."""

KEYS = {
    "UP": ("UP",),
    "DOWN": ("DOWN",),
    "LEFT": ("LEFT",),
    "RIGHT": ("RIGHT",),
    "SPACE": ("B",),
    "X": ("B",),
    "Z": ("B",),
}
"""Keys and the buttons they press."""


def _window() -> Any:
    """Opens a window.

    Raises:
        FernwayError: If there is no display.
    """
    try:
        import pyglet  # type: ignore[import-untyped]

        window = pyglet.window.Window(width=320 * SCALE, height=224 * SCALE, caption="Fernway")
    except Exception as error:  # pyglet and the drivers below it raise all sorts of things
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise FernwayError(
            f"no window can be opened ({reason}): `play` needs a display; `python -m fernway picture` does not"
        ) from error
    return window


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
    window = _window()
    import pyglet

    keys = pyglet.window.key.KeyStateHandler()
    window.push_handlers(keys)
    pressed_by = {getattr(pyglet.window.key, name): buttons for name, buttons in KEYS.items()}
    with states.Core() as core:
        core.load(state)
        following = time.monotonic()
        while not window.has_exit:
            window.dispatch_events()
            held = {button for key, buttons in pressed_by.items() if keys[key] for button in buttons}
            core.step(sum(1 << BUTTONS.index(button) for button in held))
            screen = core.screen
            image = pyglet.image.ImageData(320, 224, "RGB", screen.tobytes(), pitch=-320 * 3)
            pyglet.gl.glTexParameteri(pyglet.gl.GL_TEXTURE_2D, pyglet.gl.GL_TEXTURE_MAG_FILTER, pyglet.gl.GL_NEAREST)
            image.blit(0, 0, width=320 * SCALE, height=224 * SCALE)
            window.flip()
            following += 1 / FRAMES_PER_SECOND
            time.sleep(max(0.0, following - time.monotonic()))
    window.close()
