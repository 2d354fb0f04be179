"""What an evaluation is asked for: levels, agents, and how they are run."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import UseAppendAction, arg

from agent.rules import CONTEST_TIMESTEPS

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
