"""Fernway: a free Mega Drive platformer, as C for Gymnasium and as a ROM for gym-retro.

Importing it makes it known to Gymnasium, whose `make("Fernway-v0")` and `make_vec("Fernway-v0", num_envs=64)` then give
environments: see fernway/envs.py. `fernway.register()` makes the ROM known to stable-retro, whose
`make(fernway.GAME, "FernHollow.Act1", scenario="contest")` then gives the game on the real emulator core.
"""

import contextlib
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


with contextlib.suppress(ModuleNotFoundError):  # the command line says in one line what is missing
    import gymnasium

    gymnasium.register("Fernway-v0", entry_point="fernway.envs:FernwayEnv", vector_entry_point="fernway.envs:make_vec")
