"""Fernway: a free Mega Drive platformer on the real emulator core, and its gym-retro integration.

`fernway.register()` makes it known to stable-retro, whose `make(fernway.GAME, "FernHollow.Act1", scenario="contest")`
then gives the environment.
"""

from pathlib import Path

GAME = "Fernway-Genesis-v0"
"""The game's name in stable-retro."""

NATIVE = "Fernway-Native"
"""Its name where it runs without an emulator; see the entry points in pyproject.toml."""

FOLDER = Path(__file__).resolve().parent
"""Where the package is."""

INTEGRATION = FOLDER / GAME
"""The integration: ROM, variables, reward, start states."""

ROM = INTEGRATION / "rom.md"
"""The game itself."""


class FernwayError(ValueError):
    """Bad input or a missing file; the message is one line that says what to do."""


def require_rom() -> Path:
    """Returns the ROM's path.

    Raises:
        FernwayError: If the integration or its ROM is not there.
    """
    for path in (INTEGRATION / "data.json", ROM):
        if not path.is_file():
            raise FernwayError(f"{path} is missing: install fernway anew, or build the ROM with `make -C fernway`")
    return ROM


def register() -> None:
    """Makes the game known to stable-retro; calling it again changes nothing.

    Raises:
        FernwayError: If the integration or its ROM is not there.
    """
    from stable_retro import data

    require_rom()
    if data.get_file_path(GAME, "rom.sha", data.Integrations.CUSTOM_ONLY) is None:
        data.add_custom_integration(str(FOLDER))
