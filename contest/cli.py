"""`python -m contest`: serves levels, scores agents, shows what there is."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, OmitSubcommandPrefixes, Positional, arg, subcommand

from common.files import require_destination
from common.terminal import INTERRUPTED, plural
from contest.demo import Demo, DemoError, demo
from contest.remote import games, roms
from contest.remote.games import GameError
from contest.remote.monitor import Record
from contest.remote.recording import VideoError
from contest.remote.roms import RomError, Roms
from contest.remote.serve import Serve, ServeError, serve
from contest.report.page import write_plot, write_report
from contest.report.video import Quality, make_video
from contest.scoring import leaderboard
from contest.scoring.compare import Comparison, compare
from contest.scoring.display import Display
from contest.scoring.evaluate import evaluate
from contest.scoring.evaluation import Evaluation, EvaluationError
from contest.scoring.results import read_result
from contest.scoring.trial import TrialError


class DestinationError(ValueError):
    """An output that cannot be written where the user wants it; the message is one line that names the flag."""


def require(flag: str, path: Path | None, *endings: str) -> None:
    """Makes sure that a file can be written, if there is one to be written.

    Raises:
        DestinationError: If it cannot.
    """
    try:
        if path is not None:
            require_destination(path, *endings)
    except OSError as error:
        raise DestinationError(f"{flag} {path}: {error.strerror}") from error
    except ValueError as error:
        raise DestinationError(f"{flag} {error}") from error


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
class Outputs:
    """The files that are written besides the table."""

    report: Annotated[Path | None, arg(metavar="FILE.html")] = None
    """A report in a single file: scores, learning curves, maps, videos."""

    plot: Annotated[Path | None, arg(metavar="FILE.svg")] = None
    """The plot of score against timesteps alone."""

    summary: Annotated[Path | None, arg(metavar="FILE.json")] = None
    """The figures of the table."""

    def check(self) -> None:
        """Makes sure, before anything is played, that all of it can be written.

        Raises:
            DestinationError: If a file's name ends otherwise than it should, or it cannot be written.
        """
        require("--report", self.report, ".html", ".htm")
        require("--plot", self.plot, ".svg")
        require("--summary", self.summary, ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """Scores agents on levels, each with several seeds, and compares them."""

    evaluation: OmitArgPrefixes[Evaluation]
    """What to play."""

    outputs: OmitArgPrefixes[Outputs]
    """What to write."""

    submit: Annotated[Path | None, arg(metavar="FILE.csv")] = None
    """A leaderboard, which each agent gets a line in: name, score and interval, timesteps, command, commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """Compares finished evaluations, wherever they are; all others are measured against the first."""

    results: Annotated[Positional[tuple[str, ...]], arg(metavar="[NAME=]DIR")]
    """Folders with the scores.json of an evaluation; the agent is called what the folder is, or NAME."""

    outputs: OmitArgPrefixes[Outputs]
    """What to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """Turns a bk2 recording of `serve -b` into a video, by playing it again."""

    bk2: Positional[Path]
    """The recording."""

    out: Positional[Path | None] = None
    """The .mp4 file, or a .webp file: a picture that moves. None is the recording's name with .mp4."""

    any_rom: bool = False
    """Go on with a ROM that is not the one the game's states and reward were made for."""


Command = (
    Annotated[Serve, subcommand("serve")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Compare, subcommand("compare")]
    | Annotated[List, subcommand("list")]
    | Annotated[Roms, subcommand("roms")]
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


def run_evaluation(options: Evaluate) -> int:
    """Evaluates, prints the table and writes what is asked for; returns the exit status."""
    evaluation = options.evaluation
    options.outputs.check()
    require("--submit", options.submit, ".csv")
    if options.submit is not None:
        leaderboard.read(options.submit)
    agents = evaluation.agents
    written = " and ".join(str(agents[0].results / name) for name in ("scores.json", "scores.csv"))
    if len(agents) > 1:
        written = f"scores.json and scores.csv in {', '.join(str(agent.results) for agent in agents)}"
    try:
        with Display(Console(stderr=True), evaluation.timesteps) as display:
            scores = evaluate(evaluation, display.tell, display.begin)
    except KeyboardInterrupt:
        print(
            f"contest: interrupted; what is done is in {written}; the same command goes on from there", file=sys.stderr
        )
        return INTERRUPTED
    there = sum(len(one.levels) for one in scores)
    missing = sum(len(one.missing) for one in scores)
    if len(agents) == 1:
        _console().print(scores[0].table())
    print(f"written: {written}")
    results = [read_result(agent.results, agent.name) for agent, one in zip(agents, scores, strict=True) if one.levels]
    if results:
        present(compare(results), options.outputs, has_table=len(agents) > 1)
    if missing:
        print(
            f"contest: {missing} of {plural(missing + there, 'run')} failed; the reasons are in scores.json"
            + ("" if options.submit is None else f"; nothing is submitted to {options.submit}"),
            file=sys.stderr,
        )
        return 1
    if options.submit is not None:
        for agent, one in zip(agents, scores, strict=True):
            leaderboard.add(options.submit, leaderboard.Entry.of(evaluation, agent, one))
        print(f"submitted to {options.submit}: {plural(len(agents), 'agent')}")
    return 0


def provide_roms(options: Roms) -> int:
    """Imports and builds ROMs and prints what came of it; returns the exit status."""
    outcome = roms.provide(options)
    for line in outcome.lines:
        print(line, flush=True)
    for line in (*outcome.remarks, *outcome.troubles):
        print(f"contest: {line}", file=sys.stderr)
    return 1 if outcome.troubles else 0


def run_comparison(options: Compare) -> int:
    """Compares finished results; returns the exit status."""
    options.outputs.check()
    if not options.results:
        raise EvaluationError("wanted at least one folder of results")
    pairs = [
        text.partition("=") if "=" in text and not Path(text).exists() else ("", "", text) for text in options.results
    ]
    present(compare([read_result(Path(folder), name) for name, _, folder in pairs]), options.outputs)
    return 0


def present(comparison: Comparison, outputs: Outputs, *, has_table: bool = True) -> None:
    """Prints a comparison and writes what is asked for."""
    if has_table:
        _console().print(comparison.table())
        for standing in comparison.standings:
            for remark in standing.remarks:
                print(f"{standing.result.name}: {remark}")
    else:
        print(f"interquartile mean {comparison.standings[0].interquartile_mean.text()}")
    if comparison.left_out:
        print(f"left out: {plural(comparison.left_out, 'run')} of levels and seeds that not every agent has a score of")
    if outputs.summary is not None:
        comparison.save(outputs.summary)
        print(f"written: {outputs.summary}")
    if outputs.plot is not None:
        is_written = write_plot(comparison, outputs.plot)
        print(f"written: {outputs.plot}" if is_written else "no plot: the runs' own records are gone")
    if outputs.report is not None:
        write_report(comparison, outputs.report, Console(stderr=True))
        print(f"written: {outputs.report}")


def _console() -> Console:
    """Returns the console that tables go to; one that is a file has room for wide ones."""
    console = Console()
    return console if console.is_terminal else Console(width=160)


def describe(record: Record) -> str:
    """Sums a run up in one line."""
    returns = [value for value, _ in record.scored()]
    mean = f", mean return {sum(returns) / len(returns):.1f}" if returns else ""
    pace = f", {record.timesteps / record.seconds:.0f} timesteps/s" if record.timesteps > 1 else ""
    return f"{record.end}: {plural(record.timesteps, 'timestep')}, {plural(len(returns), 'episode')}{mean}{pace}"


def run(command: Serve | Evaluate | Compare | List | Roms | Video | Demo) -> int:
    """Runs a command; returns the exit status."""
    match command:
        case Serve():
            require("--record", command.record)
            record = serve(command, lambda line: print(line, flush=True))
            if record is not None:
                print(describe(record), flush=True)
        case Evaluate():
            return run_evaluation(command)
        case Compare():
            return run_comparison(command)
        case List(what=Games() as what):
            list_games(what)
        case List(what=States() as what):
            list_states(what)
        case Roms():
            return provide_roms(command)
        case Video():
            out = command.out or command.bk2.with_suffix(".mp4")
            require("out", out, ".mp4", ".webp")
            quality = Quality(scale=1) if out.suffix.lower() == ".webp" else Quality()
            print(make_video(command.bk2, out, Console(stderr=True), any_rom=command.any_rom, quality=quality))
        case Demo():
            demo(command, Console())
    return 0


REFUSALS = (GameError, ServeError, EvaluationError, TrialError, VideoError, DemoError, RomError, DestinationError)
"""What is wrong with the user's input, in one line."""


def main() -> int:
    """Runs the command line; returns the exit status."""
    return run(tyro.cli(Command, prog="python -m contest", config=(FlagCreatePairsOff, OmitSubcommandPrefixes)))
