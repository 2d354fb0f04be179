"""The pairs of level and seed that an evaluation is made of."""

import dataclasses
import hashlib
import itertools
import json
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import UseAppendAction, arg

from agent.rules import CONTEST_TIMESTEPS
from common.files import read_file, read_json, reason, write_file
from common.levels import LevelListError, read_levels
from contest.remote import games, integrations
from contest.remote.monitor import Record
from contest.scoring.command import Fingerprints, changes, read_command
from contest.scoring.scores import PairScore
from contest.scoring.trial import Trial, TrialError, play

PAIR_FILE = "pair.json"
"""In the folder of a pair that is done: its settings, the hashes of what it was made with, and its score."""

RECORDINGS = "bk2"
"""Folder of the recordings in a trial's folder."""

BEST_RECORDING = "best.bk2"
"""The recording of the best episode in a trial's folder; the others are not kept."""

NAME_MOST = 80
"""Characters of a state's name in the name of its folder."""

_NAMED = re.compile(r"(?P<name>\w[\w.+-]*)=(?P<command>.*)", re.DOTALL)


class EvaluationError(Exception):
    """The evaluation cannot begin; the message is one line that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent that is evaluated."""

    name: str
    """What people call it; empty for the only one of an evaluation that gave it none."""

    command: str
    """Its command, as the user wrote it."""

    results: Path
    """Folder for its scores and its runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What to evaluate, and how."""

    levels: Annotated[Path, arg(metavar="FILE.csv")]
    """CSV file with the columns game and state, like the contest's own lists; an empty state is the game's default, the
    path of a .state file counts from the list's folder."""

    commands: Annotated[UseAppendAction[tuple[str, ...]], arg(name="agent", metavar="[NAME=]COMMAND")]
    """The agent's command. It runs in a folder of its own with tmp/sock in it; {seed} and {python} are filled in, and
    QJERK_SEED, QJERK_TIMESTEPS and QJERK_WALLCLOCK (where there is a limit) are set. A word that looks like a path must
    be one of something that is there, seen from here. Several agents, each with a name, are compared on the same levels
    and seeds."""

    timesteps: Annotated[int, arg(aliases=["-T"], metavar="N")] = CONTEST_TIMESTEPS
    """Timesteps of each run."""

    wallclock_s: Annotated[float | None, arg(name="wallclock", aliases=["-W"], metavar="S")] = None
    """Seconds of each run; None is no limit."""

    seeds: Annotated[int, arg(metavar="N")] = 3
    """Runs of each level; their seeds are 0, 1, 2 and so on."""

    jobs: Annotated[int, arg(metavar="N")] = 1
    """Runs at a time; each keeps about one core busy for the emulator, and the agent."""

    results: Annotated[Path, arg(metavar="DIR")] = Path("results/scores")
    """Folder for scores.json, scores.csv and a folder a run; an agent with a name has a folder of that name in it. Runs
    that are there already are not run again."""

    again: bool = False
    """Run those again that are there already but were made with other settings, weights or code."""

    discrete_actions: Annotated[bool, arg(aliases=["-D"])] = False
    """Serve a discrete action space."""

    idle_s: Annotated[float, arg(name="idle", metavar="S")] = 600.0
    """Seconds without a timestep after which an agent is taken for dead."""

    any_rom: bool = False
    """Go on with ROMs that are not the ones the games' states and rewards were made for; their scores are kept apart."""

    video: bool = False
    """Keep a bk2 recording of each run's best episode, which the report shows as a video."""

    def __post_init__(self) -> None:
        """Checks the ranges and the agents' names."""
        _ = self.agents
        for name in ("timesteps", "seeds", "jobs", "idle_s"):
            if not getattr(self, name) > 0:
                raise EvaluationError(f"wanted {name.removesuffix('_s')} above 0, got {getattr(self, name)}")
        if self.wallclock_s is not None and not self.wallclock_s > 0:
            raise EvaluationError(f"wanted wallclock above 0, got {self.wallclock_s}")

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents, in the user's order.

        Raises:
            EvaluationError: If there is none, or several that are not told apart by name.
        """
        found: dict[str, Agent] = {}
        for text in self.commands:
            named = _NAMED.fullmatch(text)
            if named is None and len(self.commands) > 1:
                raise EvaluationError(f"wanted NAME=COMMAND for each of several agents, got {text!r}")
            name, command = named.group("name", "command") if named else ("", text)
            if name in found:
                raise EvaluationError(f"two agents are called {name}")
            found[name] = Agent(name=name, command=command, results=self.results / name)
        if not found:
            raise EvaluationError("wanted at least one --agent COMMAND")
        return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One level and seed, for one agent."""

    agent: Agent
    """Who plays it."""

    game: str
    """As in the list of levels."""

    state: str
    """As in the list of levels; empty for the default."""

    trial: Trial
    """How it is run."""

    settings: dict[str, Any]
    """What its score depends on; a score made with other settings is not mixed in."""

    inputs: Mapping[str, str]
    """Hashes of the files and code that it depends on, likewise."""

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.agent.name} {self.game} {self.state or 'default'} seed {self.trial.seed}".lstrip()

    def done(self, *, again: bool = False) -> PairScore | None:
        """Its score, if an earlier call has it.

        Args:
            again: Whether one that was made with something else counts as none.

        Raises:
            EvaluationError: If it was made with something else, and that is not what the user wants.
        """
        try:
            return self._kept()
        except FileNotFoundError:
            return None
        except EvaluationError:
            if again:
                return None
            raise

    def _kept(self) -> PairScore:
        """The score of an earlier call.

        Raises:
            FileNotFoundError: If there is none.
            EvaluationError: If it was made with something else.
        """
        path = self.trial.folder / PAIR_FILE
        how = "--again plays it anew, another --results keeps it"
        try:
            settings, score, _, inputs = read_pair(path)
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            what = reason(error) if isinstance(error, OSError) else error
            raise EvaluationError(f"{path} cannot be read ({what}): {how}") from error
        for name in self.settings | settings:
            there, value = settings.get(name), self.settings.get(name)
            if there != value:
                raise EvaluationError(f"{path} was made with {name} {there!r}, this is {value!r}: {how}")
        if not inputs:
            raise EvaluationError(f"{path} does not say with which weights and code it was made: {how}")
        if changed := changes(inputs, self.inputs):
            raise EvaluationError(f"not as it was when {path} was made: {changed}; {how}")
        return score

    def run(self, stop: threading.Event) -> PairScore:
        """Runs it and keeps the score.

        Raises:
            TrialError, Stopped: If there is no score.
        """
        outcome = play(self.trial, stop)
        score = PairScore.of(
            outcome.record, game=self.game, state=self.state, seed=self.trial.seed, remark=outcome.remark
        )
        _keep_best_recording(self.trial.folder, outcome.record)
        content = {
            "settings": self.settings,
            "inputs": dict(self.inputs),
            "score": dataclasses.asdict(score),
            "start": self.trial.state,
        }
        write_file(self.trial.folder / PAIR_FILE, json.dumps(content, indent=1) + "\n")
        return score


def read_pairs(evaluation: Evaluation) -> Iterator[Pair]:
    """The pairs of an evaluation, seed by seed, so that a first score of every level comes early.

    Raises:
        EvaluationError: If the list, a level in it or an agent's command is no good.
    """
    try:
        rows = read_levels(evaluation.levels, partial(games.listed, any_rom=evaluation.any_rom))
    except LevelListError as error:
        raise EvaluationError(str(error)) from error
    flags = ["-D"] if evaluation.discrete_actions else []
    flags += ["--any-rom"] if evaluation.any_rom else []
    fingerprints = Fingerprints()
    for seed in range(evaluation.seeds):
        try:
            players = [(agent, read_command(agent.command, seed)) for agent in evaluation.agents]
        except TrialError as error:
            raise EvaluationError(str(error)) from error
        for row, (agent, command) in itertools.product(rows, players):
            game, state, level = row.game, row.state, row.level
            digest = _digest(level.state)
            is_recorded = evaluation.video and level.native is None  # without an emulator there is nothing to record
            trial = Trial(
                game=level.game,
                state=level.state,
                agent=command.words,
                seed=seed,
                timesteps=evaluation.timesteps,
                wallclock_s=evaluation.wallclock_s,
                server=(*flags, *(["-b", RECORDINGS] if is_recorded else [])),
                idle_s=evaluation.idle_s,
                folder=agent.results.absolute() / _folder_name(level.game, state, digest, seed),
            )
            settings = {
                "agent": agent.command,
                "timesteps": evaluation.timesteps,
                "wallclock": evaluation.wallclock_s,
                "discrete actions": evaluation.discrete_actions,
                "state file": digest,
            }
            if evaluation.any_rom:
                settings |= _odd_rom(level)
            inputs = fingerprints.of(command)
            yield Pair(agent=agent, game=game, state=state, trial=trial, settings=settings, inputs=inputs)


def _keep_best_recording(folder: Path, record: Record) -> None:
    """Keeps the recording of the best episode that counts, where episodes were recorded, and no other."""
    recordings = sorted((folder / RECORDINGS).glob("*.bk2"))  # one a reset, numbered in their order
    returns = [value for value, _ in record.scored()]
    best = returns.index(max(returns))
    if best < len(recordings):
        recordings[best].replace(folder / BEST_RECORDING)
    shutil.rmtree(folder / RECORDINGS, ignore_errors=True)


def _odd_rom(level: games.Level) -> dict[str, str]:
    """The setting that keeps the scores of a ROM apart which is not the one its game was made for."""
    path = integrations.rom(level.game) if level.native is None else None
    if path is None or (sha1 := integrations.rom_sha1(path)) in integrations.expected_sha1(level.game):
        return {}
    return {"ROM": sha1}


def read_pair(path: Path) -> tuple[dict[str, Any], PairScore, str | None, dict[str, Any]]:
    """Reads what a run that is done left: its settings, its score, where its episodes started, and its inputs.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not what `Pair.run` writes.
    """
    content = read_json(path)
    try:
        settings, score = dict(content["settings"]), PairScore.of_json(content["score"])
        start, inputs = content.get("start", score.state or None), dict(content.get("inputs", {}))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"no score of a run: {error!r}"[:200]) from error
    if start is not None and not isinstance(start, str):
        raise ValueError("no score of a run: its start is no text")
    return settings, score, start, inputs


def _digest(state: str | None) -> str:
    """What a state's file has in it, as a short hash; empty for a state that goes by its name."""
    if state is None or not Path(state).is_absolute():
        return ""
    return hashlib.sha256(read_file(Path(state))).hexdigest()[:16]


def _folder_name(game: str, state: str, digest: str, seed: int) -> str:
    """A pair's folder, another one for each row of a list: what a folder's name cannot hold is told apart by a hash."""
    name = state.removesuffix(".state") if digest else state or "default"
    plain = re.sub(r"[^\w.-]+", "_", name)
    if plain != name or len(plain) > NAME_MOST:
        plain = f"{plain[-NAME_MOST:]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return "-".join(filter(None, [game, plain, digest, f"seed{seed}"]))
