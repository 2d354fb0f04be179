"""The pairs of level and seed that an evaluation consists of."""

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
from typing import Any

from common.files import read_file, read_json, reason, write_file
from common.levels import LevelListError, read_levels
from contest.remote import games, integrations
from contest.remote.monitor import Record
from contest.scoring.command import Fingerprints, changes, read_command
from contest.scoring.evaluation import Agent, Evaluation, EvaluationError
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
        """Returns its score if an earlier call has it.

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
            kept = read_pair(path)
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            what = reason(error) if isinstance(error, OSError) else error
            raise EvaluationError(f"{path} cannot be read ({what}): {how}") from error
        for name in self.settings | kept.settings:
            there, value = kept.settings.get(name), self.settings.get(name)
            if there != value:
                raise EvaluationError(f"{path} was made with {name} {there!r}, this is {value!r}: {how}")
        if not kept.inputs:
            raise EvaluationError(f"{path} does not say with which weights and code it was made: {how}")
        if changed := changes(kept.inputs, self.inputs):
            raise EvaluationError(f"not as it was when {path} was made: {changed}; {how}")
        return kept.score

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
    """Yields the pairs of an evaluation, seed by seed, so that a first score of every level comes early.

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
    """Keeps the recording of the best episode that counts, if there are recordings, and removes the others."""
    recordings = sorted((folder / RECORDINGS).glob("*.bk2"))  # one a reset, numbered in their order
    returns = [value for value, _ in record.scored()]
    best = returns.index(max(returns))
    if best < len(recordings):
        recordings[best].replace(folder / BEST_RECORDING)
    shutil.rmtree(folder / RECORDINGS, ignore_errors=True)


def _odd_rom(level: games.Level) -> dict[str, str]:
    """Returns the setting that keeps the scores of an odd ROM apart from those of the ROM the game was made for."""
    path = integrations.rom(level.game) if level.native is None else None
    if path is None or (sha1 := integrations.rom_sha1(path)) in integrations.expected_sha1(level.game):
        return {}
    return {"ROM": sha1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a finished run left in its PAIR_FILE."""

    settings: dict[str, Any]
    """As in Pair."""

    inputs: dict[str, Any]
    """As in Pair; empty in files of old."""

    score: PairScore
    """The run's score."""

    start: str | None
    """Where its episodes started: a state's name, the path of a `.state` file, or None for the game's default."""


def read_pair(path: Path) -> Kept:
    """Reads a PAIR_FILE.

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
    return Kept(settings=settings, inputs=inputs, score=score, start=start)


def _digest(state: str | None) -> str:
    """Hashes the content of a state's file, shortly; empty for a state that goes by its name."""
    if state is None or not Path(state).is_absolute():
        return ""
    return hashlib.sha256(read_file(Path(state))).hexdigest()[:16]


def _folder_name(game: str, state: str, digest: str, seed: int) -> str:
    """Names a pair's folder, differently for each row of a list: a hash stands for what a name cannot hold."""
    name = state.removesuffix(".state") if digest else state or "default"
    plain = re.sub(r"[^\w.-]+", "_", name)
    if plain != name or len(plain) > NAME_MOST:
        plain = f"{plain[-NAME_MOST:]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return "-".join(filter(None, [game, plain, digest, f"seed{seed}"]))
