"""`python -m contest`: serves levels, scores agents, shows what there is."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from tyro.conf import FlagCreatePairsOff, OmitSubcommandPrefixes, Positional, arg, subcommand

from contest import games
from contest.demo import Demo, DemoError, demo
from contest.display import Display
from contest.evaluate import evaluate
from contest.games import GameError
from contest.monitor import Record
from contest.pairs import Evaluation, EvaluationError
from contest.serve import Serve, ServeError, serve
from contest.trial import TrialError
from contest.video import VideoError, make_video

INTERRUPTED = 130
"""Exit status after Ctrl-C where something is left undone, as shells have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Games:
    """Lists the games, one a line."""

    system: Annotated[str | None, arg(aliases=["-s"])] = None
    """Only those of one system, such as Genesis."""

    playable: bool = False
    """Only those whose ROM is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """Lists the states of games."""

    game: Positional[tuple[str, ...]] = ()
    """Games; without any, all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """Lists games or states."""

    what: Annotated[Games, subcommand("games")] | Annotated[States, subcommand("states")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """Turns a bk2 recording of `serve -b` into a video, by playing it again."""

    bk2: Positional[Path]
    """The recording."""

    out: Positional[Path | None] = None
    """The mp4 file. None is the recording's name with .mp4."""


Command = (
    Annotated[Serve, subcommand("serve")]
    | Annotated[Evaluation, subcommand("evaluate", description="Scores any agent on levels, each with several seeds.")]
    | Annotated[List, subcommand("list")]
    | Annotated[Video, subcommand("video")]
    | Annotated[Demo, subcommand("demo")]
)


def list_games(options: Games) -> None:
    """Prints the games."""
    for name in games.games():
        if options.system is None or name.removesuffix("-v0").endswith(f"-{options.system}"):
            if options.playable:
                try:
                    games.find(name)
                except GameError:
                    continue
            print(name)


def list_states(options: States) -> None:
    """Prints the states, below each game's name as `retro-contest-remote list states` does."""
    for game in options.game or games.games():
        print(f"{game}:", *games.states(game), sep="\n  ")


def run_evaluation(options: Evaluation) -> int:
    """Evaluates, and prints the table; returns the exit status."""
    written = f"{options.results / 'scores.json'} and {options.results / 'scores.csv'}"
    try:
        with Display(Console(stderr=True), options.timesteps) as display:
            scores = evaluate(options, display.tell, display.begin)
    except KeyboardInterrupt:
        print(
            f"contest: interrupted; what is done is in {written}; the same command goes on from there", file=sys.stderr
        )
        return INTERRUPTED
    console = Console()
    console = console if console.is_terminal else Console(width=160)  # a file has room for the table
    console.print(scores.table())
    print(f"written: {written}")
    if scores.missing:
        of = len(scores.missing) + len(scores.levels)
        print(f"contest: {len(scores.missing)} of {of} runs failed; the reasons are in scores.json", file=sys.stderr)
        return 1
    return 0


def describe(record: Record) -> str:
    """A run in one line."""
    returns = [value for value, _ in record.scored()]
    mean = f", mean return {sum(returns) / len(returns):.1f}" if returns else ""
    pace = f", {record.timesteps / record.seconds:.0f} timesteps/s" if record.timesteps > 1 else ""
    return f"{record.end}: {record.timesteps} timesteps, {len(record.episodes)} episodes{mean}{pace}"


def run(command: Serve | Evaluation | List | Video | Demo) -> int:
    """Runs a command; returns the exit status."""
    match command:
        case Serve():
            record = serve(command)
            if record is not None:
                print(describe(record), flush=True)
        case Evaluation():
            return run_evaluation(command)
        case List(what=Games() as what):
            list_games(what)
        case List(what=States() as what):
            list_states(what)
        case Video():
            print(make_video(command.bk2, command.out or command.bk2.with_suffix(".mp4"), Console(stderr=True)))
        case Demo():
            demo(command, Console())
    return 0


def main() -> int:
    """Runs the command line; returns the exit status: 1 with one line on stderr where something is wrong."""
    try:
        return run(tyro.cli(Command, prog="python -m contest", config=(FlagCreatePairsOff, OmitSubcommandPrefixes)))
    except KeyboardInterrupt:
        print("contest: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `list games | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (GameError, ServeError, EvaluationError, TrialError, VideoError, DemoError, OSError) as error:
        print(f"contest: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a container is stopped the way Ctrl-C stops it
    sys.exit(main())
