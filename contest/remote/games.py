"""Finds games and levels: all that there are, the one that a user's spelling means, and those of other packages.

A package makes its games known by entry points, so that this one need not import it:

    [project.entry-points."qjerk.games"]         # an integration of stable-retro
    Some-Genesis-v0 = "package:register"         # register() makes its folder known to stable-retro

    [project.entry-points."qjerk.environments"]  # an environment that needs no emulator
    Some-Native-v0 = "package.module"            # an object that has the two methods of NativeGame

    [project.entry-points."qjerk.starts"]        # where its episodes may start, where the emulator takes any state
    Some-Genesis-v0 = "package:check"            # check(state) raises ValueError with one line that says what to do

    [project.entry-points."qjerk.maps"]          # pictures of whole levels, for reports
    Some-Genesis-v0 = "package:draw"             # draw(state) -> RGB uint8 [H, W, 3], (x, y) of its upper left corner
"""

import difflib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import gymnasium as gym
from stable_retro import data

from common.files import gunzip, read_file, read_json, reason
from contest.remote import integrations
from contest.remote.integrations import integration_set

INTEGRATIONS = "qjerk.games"
"""Entry points whose object, called without arguments, registers an integration of that name with stable-retro."""

ENVIRONMENTS = "qjerk.environments"
"""Entry points whose object is a NativeGame."""

STARTS = "qjerk.starts"
"""Entry points whose object, called with a Level's state, raises ValueError unless the game of that name can start there.
The emulator loads states of other games and of other builds of a ROM, too, and then runs into nowhere."""

MAPS = "qjerk.maps"
"""Entry points whose object, called with a Level's state, draws a map of that level: see contest/report/maps.py."""


class GameError(ValueError):
    """No such game, level or ROM; the message is one line that says what to do."""


@runtime_checkable
class NativeGame(Protocol):
    """A game that needs no emulator; a module with these two functions will do."""

    def states(self) -> list[str]:
        """Names of the states `make` knows, the default one first."""

    def make(self, state: str | None, *, discrete_actions: bool, seed: int | None) -> "gym.Env[Any, Any]":
        """The game at contest timesteps, with a sticky frame skip of its own; a time limit is put around it.

        An environment that has a method `position()` like that of `contest.remote.environment.ContestGame` gets its episodes' ends
        onto the maps of `evaluate --report`.

        Args:
            state: One of `states()`, the path of a `.state` file of this game, or None for the default.
            discrete_actions: Discrete actions instead of MultiBinary(12).
            seed: Of everything random in it; None draws one.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A game that exists, and where its episodes start."""

    game: str
    """The game's full name."""

    state: str | None
    """A state's name, the absolute path of a `.state` file, or None for the game's default."""

    native: NativeGame | None = None
    """What makes the environment, where that is not stable-retro."""

    integration: Any = None
    """The set of stable-retro's integrations it is in, where it is in one."""

    @property
    def pays_progress(self) -> bool:
        """Whether its rewards are the contest's: 9,000 for the whole way."""
        return self.native is not None or self.has_contest_scenario

    @property
    def has_contest_scenario(self) -> bool:
        """Whether the game comes with the contest's reward and end of episode (`contest.json`)."""
        return self.native is None and data.get_file_path(self.game, "contest.json", self.integration) is not None


@cache
def offered(group: str) -> dict[str, EntryPoint]:
    """Entry points of a group by name; kept, as looking through the installed packages takes milliseconds."""
    return {point.name: point for point in entry_points(group=group)}


def load(point: EntryPoint) -> Any:
    """Loads what an entry point names.

    Raises:
        GameError: If that fails.
    """
    try:
        return point.load()
    except Exception as error:  # another package's code: whatever it raises, the user needs to know which one it was
        raise GameError(f"{point.name}: {point.value} cannot be loaded: {error}") from error


def _register(point: EntryPoint) -> None:
    """Makes a package's integration known to stable-retro, once."""
    if integration_set(point.name) is not None:
        return
    register = load(point)
    try:
        register()
    except Exception as error:  # as above
        raise GameError(f"{point.name}: {point.value} failed: {error}") from error
    if integration_set(point.name) is None:
        raise GameError(f"{point.name}: {point.value} registered no integration of that name with a rom.sha")


def games() -> list[str]:
    """Every game there is, with or without its ROM, sorted."""
    return sorted({*data.list_games(data.Integrations.ALL), *offered(INTEGRATIONS), *offered(ENVIRONMENTS)})


def full_name(game: str) -> str:
    """Returns the name of the game that a user's spelling means, with its ROM or without; the spelling if there is none."""
    try:
        return _find_game(game).game
    except GameError:
        return game


def states(game: str) -> list[str]:
    """The states of a game, sorted; those of a game without an emulator in its own order.

    Raises:
        GameError: If there is no such game.
    """
    level = _find_game(game)
    if level.native is not None:
        return level.native.states()
    return cast(list[str], data.list_states(level.game, level.integration))


def find(game: str, state: str | None = None, *, any_rom: bool = False) -> Level:
    """Finds the level that a user's spelling means.

    Args:
        game: Name of a game, with or without its version (`-v0`).
        state: A state's name or the path of a `.state` file; None is the game's default.
        any_rom: Whether to go on with a ROM that the game's integration was not made for.

    Raises:
        GameError: If there is no such game or state, its ROM is missing or another one, or the state belongs to
            something else.
    """
    level = _find_game(game)
    if state is not None:
        level = replace(level, state=_find_state(level, state))
    if level.native is None:
        _require_rom(level, any_rom=any_rom)
    _check_start(level)
    return level


def listed(game: str, state: str | None, *, any_rom: bool = False) -> tuple[Hashable, Level]:
    """Finds a level as `common.levels.read_levels` wants it: what tells it from others, however it is spelled, and the level.

    Args:
        game: As `find`.
        state: As `find`.
        any_rom: As `find`.

    Raises:
        GameError: As `find`.
    """
    level = find(game, state, any_rom=any_rom)
    return (level.game, level.state or default_state(level)), level


def default_state(level: Level) -> str | None:
    """The name of the state that episodes of a game start in unless the user wants another; None for power-on."""
    if level.native is not None:
        return next(iter(level.native.states()), None)
    metadata = data.get_file_path(level.game, "metadata.json", level.integration)
    try:
        found = read_json(Path(metadata)) if metadata else {}
        name = (found.get("default_player_state") or [found.get("default_state")])[0]
    except (OSError, ValueError, AttributeError, LookupError, TypeError):  # the game itself says so where it is loaded
        return None
    return name if isinstance(name, str) else None


def _find_state(level: Level, state: str) -> str:
    """A state's name or the absolute path of a state's file.

    Raises:
        GameError: If it is neither.
    """
    if state.endswith(".state") and Path(state).is_file():
        if level.native is None:
            _check_file(Path(state))
        return str(Path(state).absolute())
    known = states(level.game)
    if (name := state.removesuffix(".state")) in known:
        return name
    what = "state or file" if state.endswith(".state") else "state"
    raise GameError(f"{level.game} has no {what} {state[:80]!r}{_nearest(name, known)}")


def _check_file(state: Path) -> None:
    """Makes sure that a state's file can be unpacked, before the emulator's own reader meets it.

    Raises:
        GameError: If it cannot.
    """
    try:
        gunzip(read_file(state))
    except OSError as error:
        raise GameError(f"state {reason(error)}") from error
    except ValueError as error:
        raise GameError(f"state {state}: {error}") from error


def _find_game(name: str) -> Level:
    """Finds a game, at its default state.

    Raises:
        GameError: If there is none.
    """
    spellings = (name, f"{name}-v0", name.removesuffix("-v0"))
    native, packaged = offered(ENVIRONMENTS), offered(INTEGRATIONS)
    for spelling in spellings:
        if spelling in native:
            made = load(native[spelling])
            if not isinstance(made, NativeGame):
                raise GameError(f"{spelling}: {native[spelling].value} wants the functions `states` and `make`")
            return Level(game=spelling, state=None, native=made)
        if spelling in packaged:
            _register(packaged[spelling])
        if spelling and (integration := integration_set(spelling)) is not None:
            return Level(game=spelling, state=None, integration=integration)
    raise GameError(f"no game {name[:80]!r}{_nearest(name, games())}")


def _require_rom(level: Level, *, any_rom: bool) -> None:
    """Checks that the emulator has something to run, and that it is what the states and the reward were made for.

    Raises:
        GameError: If the ROM is missing or another one.
    """
    path = integrations.rom(level.game)
    if path is None:
        raise GameError(f"the ROM of {level.game} is missing: {_how_to_get_rom(level)}")
    if any_rom:
        return
    wanted, there = integrations.expected_sha1(level.game), integrations.rom_sha1(path)
    if there not in wanted:
        raise GameError(
            f"{path} is another ROM than {level.game}'s: wanted SHA-1 {' or '.join(wanted)}, got {there}; "
            "--any-rom goes on with it"
        )


def _how_to_get_rom(level: Level) -> str:
    """Says what to do about a missing ROM, as the end of a sentence."""
    if (point := offered(INTEGRATIONS).get(level.game)) is not None:
        return f"install the package of {point.module} anew"
    if level.has_contest_scenario:
        return "`python -m contest roms DIR` imports or builds it, DIR the folder of the contest's ROMs"
    return "import it with `python -m stable_retro.import DIR`, DIR the folder it is in"


def _check_start(level: Level) -> None:
    """Asks the game's package, if there is one, whether episodes can start there.

    Raises:
        GameError: If they cannot.
    """
    if (point := offered(STARTS).get(level.game)) is None:
        return
    check = load(point)
    try:
        check(level.state)
    except ValueError as error:
        raise GameError(f"{level.game}: {error}") from error


def _nearest(wanted: str, names: Iterable[str]) -> str:
    """Lists the names most like the wanted one, as the end of a sentence."""
    by_key = {name.lower().removesuffix("-v0"): name for name in names}
    key = wanted.lower().removesuffix("-v0")
    begin = [name for name in by_key if key and name.startswith(key)]
    alike = [*begin[:3], *difflib.get_close_matches(key, by_key, n=3, cutoff=0.3)]
    best = [by_key[name] for name in dict.fromkeys(alike)][:3]
    return f"; nearest: {', '.join(best)}" if best else ""
