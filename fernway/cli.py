"""`python -m fernway`: the game's levels, start states, proofs, maps, and a window and a page to play in."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from tyro.conf import FlagCreatePairsOff, OmitSubcommandPrefixes, arg, subcommand

from fernway import FernwayError, commands, website
from fernway.levels import Level, zone_number

Zone = Annotated[str, arg(metavar="ZONE")]


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """Lists the levels that come with the game: name, seed, frames of the solution."""

    zones: bool = False
    """The zones instead, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneLevel:
    """A level by its numbers."""

    zone: Zone
    """Name or number."""

    seed: int
    """0 .. 4294967295; the same seed gives the same level everywhere."""

    act: int = 1
    """1 .. 99; levels of higher acts hold more dangers."""

    def level(self) -> Level:
        """The level meant."""
        return Level(zone_number(self.zone), self.act, self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class State(OneLevel):
    """Makes a start state of any level, for `stable_retro.make` or `python -m contest serve`."""

    out: Path
    """The `.state` file to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Makes start states of fresh levels of the training zones, and their list, for `python -m contest evaluate`."""

    out: Path
    """Folder for the `.state` files and `levels.csv`."""

    count: int = 100
    """How many levels."""

    seed: int = 1
    """Of the draw; the same one draws the same levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """Makes all committed states, solutions and lists anew: needed after every rebuild of the ROM."""

    jobs: int = os.cpu_count() or 1
    """Processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Proves levels sound and solvable: promises of the generator, the ROM against the twin, solution on the emulator."""

    levels: Path | None = None
    """A list in the contest's format (game,state) of committed levels; None is all of them."""

    random: int = 0
    """So many random levels instead."""

    seed: int = 1
    """Of the random draw."""

    jobs: int = os.cpu_count() or 1
    """Processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(OneLevel):
    """Draws a whole level, with runs on it if there are any; or one screen of it."""

    out: Path
    """The picture to write, such as level.png."""

    paths: tuple[Path, ...] = ()
    """CSV files of runs with the columns x,y,episode."""

    frame: int | None = None
    """The game's screen instead of a map: the one after so many frames of a solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Draws fresh levels in 40 of the looks that training gives them, as the network sees them."""

    out: Path
    """The picture to write, such as looks.png."""

    seed: int = 1
    """Of the looks and the levels."""

    timestep: int = 20
    """Of the episodes, 15 a second: title cards are there at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Opens a window to play in: arrow keys, and space or X to jump; Escape ends it."""

    zone: Zone = "0"
    """Name or number."""

    act: int = 1
    """1 .. 99."""

    seed: int | None = None
    """None is the committed level of that zone and act, or else seed 1."""

    state: Path | None = None
    """A `.state` file instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Serves the page where people play, watch the network and race it, to this machine; Ctrl-C ends it."""

    port: int = 8000
    """Of http://127.0.0.1; 0 is any free one."""


Command = (
    Annotated[List, subcommand("list")]
    | Annotated[State, subcommand("state")]
    | Annotated[Fresh, subcommand("fresh")]
    | Annotated[States, subcommand("states")]
    | Annotated[Check, subcommand("check")]
    | Annotated[Picture, subcommand("picture")]
    | Annotated[Looks, subcommand("looks")]
    | Annotated[Play, subcommand("play")]
    | Annotated[Web, subcommand("web")]
)


def run(command: List | State | Fresh | States | Check | Picture | Looks | Play | Web) -> int:
    """Runs a command; returns the exit status."""
    console = Console(stderr=True)
    match command:
        case List():
            print("\n".join(commands.zone_lines() if command.zones else commands.level_lines()))
        case State():
            print(commands.make_state(command.level(), command.out))
        case Fresh():
            print(commands.make_fresh(command.out, command.count, command.seed, console))
        case States():
            print(commands.make_states(command.jobs, console))
        case Check():
            lines, failed = commands.check_levels(command.levels, command.random, command.seed, command.jobs, console)
            print("\n".join(lines))
            return int(failed)
        case Picture():
            print(commands.draw(command.level(), command.out, command.paths, command.frame))
        case Looks():
            print(commands.draw_looks(command.out, command.seed, command.timestep))
        case Play():
            from fernway import play

            play.play(command.zone, command.act, command.seed, command.state)
        case Web():
            with website.server(command.port, website.build()) as server:
                print(f"http://{website.HOST}:{server.server_port}/ (Ctrl-C ends it)", flush=True)
                server.serve_forever()
    return 0


REFUSALS = (FernwayError,)
"""What is wrong with the user's input, in one line."""


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run(tyro.cli(Command, prog="python -m fernway", config=(FlagCreatePairsOff, OmitSubcommandPrefixes)))
