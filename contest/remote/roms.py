"""`python -m contest roms DIR`: finds the ROMs of the contest's games, imports them and builds the custom levels' ROMs."""

import hashlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from stable_retro import data
from tyro.conf import Positional, arg

from common.files import write_file
from contest.remote import custom, integrations
from contest.remote.custom import DeltaError
from contest.remote.rom_files import Cartridge, RomFile, Unread, look_through

SHOWN_MAX = 5
"""Most files that a line names; the others are only counted."""


class RomError(Exception):
    """The search cannot begin, or what it found cannot be written; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A game of the contest."""

    game: str
    """Name of its integration."""

    edition: str
    """Which of the game's ROMs the integration was made for, in words."""

    title: str
    """What the header of every revision calls it."""


ORIGINALS = (
    Original(
        game="SonicTheHedgehog-Genesis-v0",
        edition="Sonic The Hedgehog, revision 01 (GM 00004049-01)",
        title="SONIC THE HEDGEHOG",
    ),
    Original(
        game="SonicTheHedgehog2-Genesis-v0",
        edition="Sonic The Hedgehog 2, revision 01 (GM 00001051-01)",
        title="SONIC THE HEDGEHOG 2",
    ),
    Original(
        game="SonicAndKnuckles3-Genesis-v0",
        edition="Sonic & Knuckles with Sonic The Hedgehog 3 locked on",
        title="SONIC & KNUCKLES",
    ),
)
"""The contest's games. Source of the editions: the SHA-1 sums in No-Intro's lists and the disassemblies' headers."""

LOCKED_ON = "SonicAndKnuckles3-Genesis-v0"
"""The game of two cartridges, one plugged into the other."""

HALVES = ("SonicAndKnuckles-Genesis-v0", "SonicTheHedgehog3-Genesis-v0")
"""The two; dumped one by one, the first's ROM followed by the second's is the game's."""

GAMES = (*(original.game for original in ORIGINALS), *custom.ORIGINALS)
"""Every game with levels of the contest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roms:
    """Looks through a folder for the ROMs of the contest's games, imports them and builds the custom levels' ROMs."""

    folder: Annotated[Positional[Path], arg(metavar="DIR")]
    """Folder with the ROMs: .bin, .gen, .md, .smd, loose or in .zip files, by any name."""

    games: Annotated[Positional[tuple[str, ...]], arg(metavar="[GAME ...]")] = ()
    """The games that are needed; without any, all of the contest's."""

    def __post_init__(self) -> None:
        """Checks the games' names."""
        for game in self.games:
            if not is_contests(game):
                raise RomError(f"wanted one of {', '.join(GAMES)}, got {game[:80]!r}")

    def needs(self, game: str) -> bool:
        """Whether one of GAMES is needed."""
        return not self.games or bool({game, game.removesuffix("-v0")} & set(self.games))


@dataclass(slots=True)
class Outcome:
    """What `provide` has to say, in lines."""

    lines: list[str] = field(default_factory=list)
    """The ROMs that were found, and what was done with them."""

    remarks: list[str] = field(default_factory=list)
    """The files that could not be looked at."""

    troubles: list[str] = field(default_factory=list)
    """The needed ROMs that are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A ROM other than those that are looked for."""

    title: str
    """What its header calls the game; empty without a header."""

    text: str
    """Where and what it is."""


@dataclass(slots=True)
class Search:
    """The files of a folder, sorted by what they are."""

    wanted: frozenset[str]
    """The SHA-1 sums that are looked for."""

    files: int = 0
    """How many were looked at."""

    found: dict[str, RomFile] = field(default_factory=dict)
    """The ROMs that are looked for, by SHA-1, as the console sees them."""

    strangers: list[Stranger] = field(default_factory=list)
    """Everything else that looks like a ROM."""

    def take(self, file: RomFile) -> None:
        """Sorts a file."""
        self.files += 1
        header = None
        for rom in file.readings():
            sha1 = hashlib.sha1(rom).hexdigest()
            if sha1 in self.wanted:
                self.found.setdefault(sha1, RomFile(name=file.name, content=rom))
                return
            if header is None and (header := Cartridge.of(rom)) is not None:
                stranger = Stranger(title=header.title, text=f"{file.name} {header.text(rom, sha1)}")
        if header is not None:
            self.strangers.append(stranger)
        elif file.is_named_as_rom and b"\0" in file.content:  # a text may be called .md, too
            sha1 = hashlib.sha1(file.content).hexdigest()
            text = f"{file.name} has no header of a Mega Drive ROM: {len(file.content)} bytes, SHA-1 {sha1}"
            self.strangers.append(Stranger(title="", text=text))

    def copies(self, game: str) -> list[RomFile]:
        """The ROMs of a game that were found."""
        return [self.found[sha1] for sha1 in integrations.expected_sha1(game) if sha1 in self.found]


def is_contests(game: str) -> bool:
    """Whether a game, with or without its version (`-v0`), is one with levels of the contest."""
    return bool({game, f"{game}-v0"} & set(GAMES))


def provide(options: Roms) -> Outcome:
    """Puts the games' ROMs where the emulator looks for them.

    Each is written whole or not at all, and only with a SHA-1 that its integration names.

    Raises:
        RomError: If the folder cannot be read or stable-retro's cannot be written.
    """
    needed = list(filter(options.needs, GAMES))
    for game in needed:
        if not integrations.expected_sha1(game):
            raise RomError(f"stable-retro has no integration of {game} in {data.path()}")
    outcome = Outcome()
    search = _search(options.folder, outcome)
    for original in ORIGINALS:
        if original.game in needed:
            _import(original, search, options.folder, outcome)
    for game in custom.ORIGINALS:
        if game in needed:
            _build(game, search, options, outcome)
    if search.strangers:
        outcome.lines.append(f"not the contest's: {_listed([stranger.text for stranger in search.strangers])}")
    return outcome


def _search(folder: Path, outcome: Outcome) -> Search:
    """Looks through the folder, and at the ROMs that the emulator takes now.

    Raises:
        RomError: If the folder cannot be read.
    """
    known = (*GAMES, *HALVES)
    search = Search(frozenset(sha1 for game in known for sha1 in integrations.expected_sha1(game)))
    try:
        for file in look_through(folder):
            if isinstance(file, Unread):
                outcome.remarks.append(f"{file.name} was not looked at: {file.reason}")
            else:
                search.take(file)
    except OSError as error:
        raise RomError(f"wanted a folder with ROMs, got {folder}: {error.strerror}") from error
    for game in known:
        path = integrations.rom(game)
        if path is not None and (sha1 := integrations.rom_sha1(path)) in search.wanted:
            search.found.setdefault(sha1, RomFile(name=str(path), content=path.read_bytes()))
    for upper, lower in itertools.product(*map(search.copies, HALVES)):
        both = upper.content + lower.content
        sha1 = hashlib.sha1(both).hexdigest()
        if sha1 in integrations.expected_sha1(LOCKED_ON):
            search.found.setdefault(sha1, RomFile(name=f"{upper.name} and {lower.name}", content=both))
    return search


def _import(original: Original, search: Search, folder: Path, outcome: Outcome) -> None:
    """Puts an original game's ROM where the emulator looks for it.

    Raises:
        RomError: If it cannot be written.
    """
    game, wanted = original.game, _wanted(original)
    if _is_there(game):
        outcome.lines.append(f"{game}: {wanted}: already there, {integrations.rom(game)}")
    elif copies := search.copies(game):
        path = _write(game, copies[0].content)
        outcome.lines.append(f"{game}: {wanted}: imported from {copies[0].name} to {path}")
    else:
        outcome.troubles.append(f"{game} is missing: wanted {wanted}; {_instead(original, search, folder)}")


def _wanted(original: Original) -> str:
    """Describes the ROM that an original game's integration was made for."""
    return f"{original.edition}, SHA-1 {' or '.join(integrations.expected_sha1(original.game))}"


def _instead(original: Original, search: Search, folder: Path) -> str:
    """Says what was found in place of an original game's ROM."""
    near = [stranger.text for stranger in search.strangers if stranger.title == original.title]
    if original.game == LOCKED_ON:
        halves = [copy.name for half in HALVES for copy in search.copies(half)]
        near += [f"{name} is one of its two cartridges alone: put the other's ROM beside it" for name in halves]
    if (path := integrations.rom(original.game)) is not None:
        near.insert(0, f"{path} has SHA-1 {integrations.rom_sha1(path)}")
    return _listed(near) if near else f"none of the {search.files} files in {folder} is it"


def _build(game: str, search: Search, options: Roms, outcome: Outcome) -> None:
    """Builds the ROM of a game with custom levels where the emulator looks for it.

    Raises:
        RomError: If it cannot be written.
    """
    if _is_there(game):
        outcome.lines.append(f"{game}: already there, {integrations.rom(game)}")
        return
    if copies := search.copies(game):  # somebody built it by other means
        outcome.lines.append(f"{game}: imported from {copies[0].name} to {_write(game, copies[0].content)}")
        return
    original = next(one for one in ORIGINALS if one.game == custom.ORIGINALS[game])
    if not (sources := search.copies(original.game)):
        if options.needs(original.game):  # which has a line of its own
            outcome.lines.append(f"{game}: not built, which takes the ROM of {original.game}")
        else:
            there = _instead(original, search, options.folder)
            outcome.troubles.append(f"{game} cannot be built: wanted {_wanted(original)}; {there}")
        return
    trouble = ""
    for source in sources:
        try:
            path = _write(game, custom.build(game, source.content))
        except DeltaError as error:
            trouble = str(error)
        else:
            outcome.lines.append(f"{game}: built from {source.name}: {path}")
            return
    outcome.troubles.append(trouble)


def _is_there(game: str) -> bool:
    """Whether the emulator takes the right ROM for a game now."""
    path = integrations.rom(game)
    return path is not None and integrations.rom_sha1(path) in integrations.expected_sha1(game)


def _write(game: str, rom: bytes) -> Path:
    """Puts a ROM where the emulator looks for a game's; returns its path.

    Raises:
        RomError: If it cannot be written.
    """
    sums = integrations.file(game, "rom.sha")
    assert sums is not None
    path = integrations.rom(game) or sums.with_name("rom.md")
    try:
        write_file(path, rom)
    except OSError as error:
        raise RomError(
            f"cannot write {path}: {error.strerror}; RETRO_DATA_PATH can name a copy of {data.path()} that you own"
        ) from error
    return path


def _listed(texts: list[str]) -> str:
    """Joins some of the texts into one line, and says how many more there are."""
    more = [f"{len(texts) - SHOWN_MAX} more"] if len(texts) > SHOWN_MAX else []
    return "; ".join(texts[:SHOWN_MAX] + more)
