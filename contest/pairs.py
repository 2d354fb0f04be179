"""The pairs of level and seed that an evaluation is made of."""

import csv
import dataclasses
import hashlib
import json
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from contest import games
from contest.games import GameError
from contest.monitor import write_whole
from contest.scores import PairScore
from contest.trial import Trial, TrialError, agent_words, play

PAIR_FILE = "pair.json"
"""In the folder of a pair that is done: its settings and its score."""


class EvaluationError(Exception):
    """The evaluation cannot begin; the message is one line that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What to evaluate, and how."""

    levels: Annotated[Path, arg(metavar="FILE.csv")]
    """CSV file with the columns game and state, like the contest's own lists; an empty state is the game's default, the
    path of a .state file counts from the list's folder."""

    agent: Annotated[str, arg(metavar="COMMAND")]
    """The agent's command. It runs in a folder of its own with tmp/sock in it; {seed} and {python} are filled in, and
    QJERK_SEED is set."""

    timesteps: Annotated[int, arg(aliases=["-T"], metavar="N")] = 1_000_000
    """Timesteps of each run. Source: Retro Contest rules."""

    wallclock_s: Annotated[float | None, arg(name="wallclock", aliases=["-W"], metavar="S")] = None
    """Seconds of each run; None is no limit."""

    seeds: Annotated[int, arg(metavar="N")] = 3
    """Runs of each level; their seeds are 0, 1, 2 and so on."""

    jobs: Annotated[int, arg(metavar="N")] = 1
    """Runs at a time; each keeps about one core busy for the emulator, and the agent."""

    results: Annotated[Path, arg(metavar="DIR")] = Path("results/scores")
    """Folder for scores.json, scores.csv and a folder a run. Runs that are in it already are not run again."""

    discrete_actions: Annotated[bool, arg(aliases=["-D"])] = False
    """Serve a discrete action space."""

    idle_s: Annotated[float, arg(name="idle", metavar="S")] = 600.0
    """Seconds without a timestep after which an agent is taken for dead."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("timesteps", "seeds", "jobs", "idle_s"):
            if not getattr(self, name) > 0:
                raise EvaluationError(f"wanted {name.removesuffix('_s')} above 0, got {getattr(self, name)}")
        if self.wallclock_s is not None and not self.wallclock_s > 0:
            raise EvaluationError(f"wanted wallclock above 0, got {self.wallclock_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One level and seed."""

    game: str
    """As in the list of levels."""

    state: str
    """As in the list of levels; empty for the default."""

    trial: Trial
    """How it is run."""

    settings: dict[str, Any]
    """What its score depends on; a score made with other settings is not mixed in."""

    def done(self) -> PairScore | None:
        """Its score, if an earlier call has it.

        Raises:
            EvaluationError: If that was made with other settings.
        """
        path = self.trial.folder / PAIR_FILE
        try:
            content = json.loads(path.read_text())
            settings, score = content["settings"], PairScore(**content["score"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise EvaluationError(f"{path} cannot be read ({error}); remove it to run this level again") from error
        for name, value in self.settings.items():
            if settings.get(name) != value:
                raise EvaluationError(
                    f"{path} was made with {name} {settings.get(name)!r}, this is {value!r}: "
                    "choose another --results or remove the old ones"
                )
        return score

    def run(self, stop: threading.Event) -> tuple[PairScore, str]:
        """Runs it and keeps the score.

        Returns:
            The score and a remark on the agent, or nothing.

        Raises:
            TrialError, Stopped: If there is no score.
        """
        outcome = play(self.trial, stop)
        score = PairScore.of(outcome.record, game=self.game, state=self.state, seed=self.trial.seed)
        content = {"settings": self.settings, "score": dataclasses.asdict(score)}
        write_whole(self.trial.folder / PAIR_FILE, json.dumps(content, indent=1) + "\n")
        return score, outcome.remark


def read_pairs(evaluation: Evaluation) -> Iterator[Pair]:
    """The pairs of an evaluation, seed by seed, so that a first score of every level comes early.

    Raises:
        EvaluationError: If the list, a level in it or the agent's command is no good.
    """
    rows = list(_read_levels(evaluation.levels))
    limits = ["-T", str(evaluation.timesteps)]
    limits += [] if evaluation.wallclock_s is None else ["-W", str(evaluation.wallclock_s)]
    limits += ["-D"] if evaluation.discrete_actions else []
    for seed in range(evaluation.seeds):
        try:
            words = agent_words(evaluation.agent, seed)
        except TrialError as error:
            raise EvaluationError(str(error)) from error
        for game, state, level in rows:
            digest = _digest(level.state)
            trial = Trial(
                game=level.game,
                state=level.state,
                agent=words,
                seed=seed,
                server=tuple(limits),
                idle_s=evaluation.idle_s,
                folder=evaluation.results.absolute() / _folder_name(level.game, state, digest, seed),
            )
            settings = {
                "agent": evaluation.agent,
                "timesteps": evaluation.timesteps,
                "wallclock": evaluation.wallclock_s,
                "discrete actions": evaluation.discrete_actions,
                "state file": digest,
            }
            yield Pair(game=game, state=state, trial=trial, settings=settings)


def _read_levels(path: Path) -> Iterable[tuple[str, str, games.Level]]:
    """The levels of a list, as written there and as found.

    Raises:
        EvaluationError: If the file or a level in it is no good.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file, skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"list of levels {path}: {error}") from error
    found: list[tuple[str, str, games.Level]] = []
    for number, row in enumerate(rows, start=2):
        game, state = (row.get("game") or "").strip(), (row.get("state") or "").strip()
        if "game" not in row or not game:
            raise EvaluationError(
                f"{path}, line {number}: wanted the columns game,state, got {','.join(map(str, row))}"
            )
        beside = path.parent / state
        try:
            level = games.find(game, str(beside) if state.endswith(".state") and beside.is_file() else state or None)
        except GameError as error:
            raise EvaluationError(f"{path}, line {number}: {error}") from error
        if any((level.game, level.state) == (other.game, other.state) for _, _, other in found):
            raise EvaluationError(f"{path}, line {number}: {game} {state} is in the list twice")
        found.append((game, state, level))
    if not found:
        raise EvaluationError(f"list of levels {path}: no level in it")
    return found


def _digest(state: str | None) -> str:
    """What a state's file has in it, as a short hash; empty for a state that goes by its name."""
    if state is None or not Path(state).is_absolute():
        return ""
    return hashlib.sha256(Path(state).read_bytes()).hexdigest()[:16]


def _folder_name(game: str, state: str, digest: str, seed: int) -> str:
    """A pair's folder."""
    words = [game, Path(state).stem if digest else state or "default", digest, f"seed{seed}"]
    return re.sub(r"[^\w.-]+", "_", "-".join(filter(None, words)))
