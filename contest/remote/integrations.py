"""Integrations of stable-retro: the folders with a game's states, its reward and its ROM, and what the ROM must be."""

import hashlib
from pathlib import Path
from typing import Any

from stable_retro import data

_SETS = (
    data.Integrations.CUSTOM_ONLY,
    data.Integrations.STABLE,
    data.Integrations.CONTRIB_ONLY,
    data.Integrations.EXPERIMENTAL_ONLY,
)
"""Where an integration is looked for, first hit wins: the one a package registered on purpose, then stable-retro's."""

_NES_HEADER = 16
"""Bytes before a NES ROM that its SHA-1 leaves out. Source: stable_retro.data.groom_rom."""


def integration_set(game: str) -> Any:
    """Returns the set of stable-retro's integrations that a game is in, None if in none."""
    return next((found for found in _SETS if data.get_file_path(game, "rom.sha", found)), None)


def file(game: str, name: str) -> Path | None:
    """Returns the path of a file of a game's integration, None if it has none of that name."""
    found = data.get_file_path(game, name, integration_set(game) or data.Integrations.STABLE)
    return Path(found) if found else None


def rom(game: str) -> Path | None:
    """Returns the ROM that the emulator takes for a game, None if it is missing."""
    try:
        return Path(data.get_original_romfile_path(game, integration_set(game) or data.Integrations.STABLE))
    except FileNotFoundError:
        return None


def expected_sha1(game: str) -> tuple[str, ...]:
    """Returns the SHA-1 of each ROM that a game's integration was made for, as hexadecimal digits; none without one."""
    path = file(game, "rom.sha")
    return tuple(path.read_text(encoding="utf-8").lower().split()) if path else ()


def rom_sha1(path: Path) -> str:
    """Returns the SHA-1 of a ROM's file the way `rom.sha` has it.

    Raises:
        OSError: If the file cannot be read.
    """
    with path.open("rb") as content:
        if path.suffix == ".nes":
            content.seek(_NES_HEADER)
        return hashlib.file_digest(content, "sha1").hexdigest()
