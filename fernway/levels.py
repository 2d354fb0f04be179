"""Levels by name: zones, acts, seeds, the split into training and validation."""

import dataclasses
import difflib
import functools
import json
from collections.abc import Iterable

from fernway import FOLDER, GAME, FernwayError
from fernway.common.files import read_json, write_file

ZONES = (
    "FernHollow",
    "AmberQuarry",
    "TideHarbor",
    "FrostSpires",
    "LanternCanopy",
    "CopperWorks",
    "GlassDunes",
    "StarAtrium",
)
"""Names of the zones by number."""

ACTS = (9, 9, 9, 9, 8, 8, 3, 3)
"""Acts of each zone that are committed."""

UNSEEN_ZONES = (6, 7)
"""Zones that no training level is in."""

VALIDATION_ACTS = {0: 3, 1: 5, 2: 2, 3: 7, 4: 4}
"""Zone -> the act of it that is kept for validation."""

SOLUTIONS = FOLDER / "solutions.json"
"""Seeds and solutions of the committed levels."""

SEED_MAX = 2**32 - 1


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Level:
    """A level: the generator makes the same one of these three numbers everywhere."""

    zone: int
    """0 .. 7."""
    act: int
    """From 1; the level's difficulty rises with it."""
    seed: int
    """32 bits."""

    def __post_init__(self) -> None:
        """Checks the ranges.

        Raises:
            FernwayError: If a number is out of range.
        """
        if not 0 <= self.zone < len(ZONES):
            raise FernwayError(f"zone {self.zone}: there are the zones 0 .. {len(ZONES) - 1}")
        if not 1 <= self.act <= 99:
            raise FernwayError(f"act {self.act}: want 1 .. 99")
        if not 0 <= self.seed <= SEED_MAX:
            raise FernwayError(f"seed {self.seed}: want 0 .. {SEED_MAX}")

    @property
    def name(self) -> str:
        """The name of the level's state, such as `FernHollow.Act1`."""
        return f"{ZONES[self.zone]}.Act{self.act}"


@dataclasses.dataclass(frozen=True, slots=True)
class Solved:
    """A level and a way through it."""

    level: Level
    frames: int
    """How long the solution takes."""
    solution: str
    """Buttons frame by frame; see `fernway.search.decode`."""

    @property
    def validation(self) -> bool:
        """Whether the level is kept from training."""
        return is_validation(self.level.zone, self.level.act)


def is_validation(zone: int, act: int) -> bool:
    """Whether an act is kept from training."""
    return zone in UNSEEN_ZONES or VALIDATION_ACTS.get(zone) == act


def first_seed(zone: int, act: int) -> int:
    """The seed tried first for a committed level; while a level cannot be solved, the next one up is taken."""
    return (zone + 1) * 10_000 + act * 100


def zone_number(text: str) -> int:
    """Finds a zone by its number or its name, upper or lower case.

    Raises:
        FernwayError: If there is none, with the nearest names.
    """
    if text.isdecimal() and int(text) < len(ZONES):
        return int(text)
    names = {name.lower(): number for number, name in enumerate(ZONES)}
    key = text.lower().replace(" ", "").replace("_", "")
    if key in names:
        return names[key]
    alike = difflib.get_close_matches(key, names, n=3, cutoff=0.4)
    best = ", ".join(ZONES[names[name]] for name in alike) or ", ".join(ZONES)
    raise FernwayError(f"no zone {text[:80]!r}; nearest: {best} (or a number 0 .. {len(ZONES) - 1})")


@functools.cache
def committed() -> dict[str, Solved]:
    """Returns the levels that come with the game, by name, in order of zone and act.

    Raises:
        FernwayError: If their file is missing or broken.
    """
    try:
        rows = read_json(SOLUTIONS)
        found = [Solved(Level(row["zone"], row["act"], row["seed"]), row["frames"], row["solution"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FernwayError(
            f"{SOLUTIONS}: cannot be read ({error}): `python -m fernway states` makes it anew"
        ) from error
    return {solved.level.name: solved for solved in sorted(found, key=lambda solved: solved.level)}


def write_solutions(solved: list[Solved]) -> None:
    """Writes the committed levels' file, a level a line."""
    rows = [
        json.dumps(dataclasses.asdict(one.level) | {"frames": one.frames, "solution": one.solution})
        for one in sorted(solved, key=lambda one: one.level)
    ]
    write_file(SOLUTIONS, "[\n" + ",\n".join(rows) + "\n]\n")
    committed.cache_clear()


def write_split() -> None:
    """Writes train.csv and validation.csv in the contest's format."""
    for name, validation in (("train", False), ("validation", True)):
        names = [
            level.name
            for solved in committed().values()
            if solved.validation == validation
            for level in (solved.level,)
        ]
        write_file(FOLDER / f"{name}.csv", list_of_levels(names))


def list_of_levels(names: Iterable[str]) -> str:
    """The text of a list in the contest's format."""
    return "".join(f"{row}\n" for row in ("game,state", *(f"{GAME},{name}" for name in names)))


def by_name(name: str) -> Solved:
    """Finds a committed level.

    Raises:
        FernwayError: If there is none, with the nearest names.
    """
    levels = committed()
    if name not in levels:
        alike = difflib.get_close_matches(name, levels, n=3, cutoff=0.4)
        raise FernwayError(f"no level {name[:80]!r}" + (f"; nearest: {', '.join(alike)}" if alike else ""))
    return levels[name]
