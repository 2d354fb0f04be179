"""The contest's custom levels: their ROMs are the original games', patched.

stable-retro ships the 16 levels as patches (`rom.delta`, VCDIFF of RFC 3284 with xdelta's checksums), with start states
and reward scripts, but nothing that applies them. Source: openai/retro, retro/data/contrib.
"""

import hashlib

from vcdiff_decoder import VCDIFFError, decode, parse_delta

from contest.remote import integrations
from contest.remote.rom_files import ROM_MAX

ORIGINALS = {
    "SonicTheHedgehogCustomLeaderboard-Genesis": "SonicTheHedgehog-Genesis-v0",
    "SonicTheHedgehog2CustomLeaderboard-Genesis": "SonicTheHedgehog2-Genesis-v0",
    "SonicTheHedgehogCustomCathy-Genesis": "SonicTheHedgehog-Genesis-v0",
    "SonicTheHedgehogCustomKevin-Genesis": "SonicTheHedgehog-Genesis-v0",
    "SonicTheHedgehog2CustomKevin-Genesis": "SonicTheHedgehog2-Genesis-v0",
    "SonicAndKnuckles3CustomKevin-Genesis": "SonicAndKnuckles3-Genesis-v0",
}
"""The games with custom levels, and the game that each is a patch of."""


class DeltaError(Exception):
    """The ROM cannot be built; the message is one line."""


def build(game: str, original: bytes) -> bytes:
    """Builds the ROM of a game with custom levels.

    Args:
        game: One of ORIGINALS.
        original: The ROM that it is a patch of.

    Returns:
        The ROM, whose SHA-1 is one of those its integration was made for.

    Raises:
        DeltaError: If the patch is missing or damaged, or is not one of this original.
    """
    path = integrations.file(game, "rom.delta")
    if path is None:
        raise DeltaError(f"{game} cannot be built: stable-retro has no rom.delta of it")
    delta = path.read_bytes()
    try:
        size = sum(instruction.size for instruction in parse_delta(delta).instructions)
        if size > ROM_MAX:
            raise DeltaError(f"{game} cannot be built: {path} makes {size} bytes, and a ROM has at most {ROM_MAX}")
        rom: bytes = decode(original, delta)
    except VCDIFFError as error:
        source = hashlib.sha1(original).hexdigest()
        raise DeltaError(
            f"{game} cannot be built: {path} is damaged or not a patch of the ROM with SHA-1 {source}: {error}"
        ) from error
    wanted, built = integrations.expected_sha1(game), hashlib.sha1(rom).hexdigest()
    if built not in wanted:
        raise DeltaError(f"{game} cannot be built: {path} gave SHA-1 {built}, wanted {' or '.join(wanted)}")
    return rom
