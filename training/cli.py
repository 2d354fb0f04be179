"""`python -m training`: the network's training and scores, the origin's experiments, pictures."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from common.terminal import complain
from training.run.signals import Stopped

COMMANDS = {
    "train": ("training.run.train", "TrainConfig", "train", "trains a Q-network by reward, on Fernway or any game"),
    "score": ("training.run.scoring", "ScoreConfig", "score_weights", "scores weights on levels they have never seen"),
    "average": ("training.run.average", "AverageConfig", "average", "averages the weights of one run's networks"),
    "transfer": (
        "training.run.transfer",
        "TransferConfig",
        "transfer",
        "shows how weights would start on the contest's own games, without their ROMs",
    ),
    "qtable": (
        "training.experiments.qtable",
        "QTableConfig",
        "qtable",
        "the origin's tables of screens, beside random, JERK and network",
    ),
    "dqn": ("training.experiments.dqn", "DQNConfig", "dqn", "the origin's deep Q-network, on one level"),
    "show": (
        "training.experiments.show",
        "ShowConfig",
        "show",
        "draws every stage of the image pipeline for a game state",
    ),
}
"""Each command's module, its settings, its function and a word about it; imported when asked for: torch takes seconds."""

USAGE = f"usage: python -m training {{{','.join(COMMANDS)}}} [--help] ..."

REFUSALS = (ValueError, MemoryError, RuntimeError, ArithmeticError)
"""What is wrong with the user's input, or ended a run, in one line."""


def load(command: str) -> tuple[type[Any], Callable[[Any], None]]:
    """Imports a command: the class of its settings, and what to call with them."""
    module, settings, function, _ = COMMANDS[command]
    found = import_module(module)
    return getattr(found, settings), getattr(found, function)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status. None: what the command line says."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        lines = (f"  {name:8} {about}" for name, (*_, about) in COMMANDS.items())
        sys.stdout.write("\n".join([USAGE, *lines, ""]))
        return 0
    command, *rest = arguments
    if command not in COMMANDS:
        complain(f"{USAGE}\ntraining: no command {command!r}")
        return 2
    import tyro

    settings, run = load(command)
    try:
        run(tyro.cli(settings, prog=f"python -m training {command}", args=rest))
    except Stopped as reason:
        complain(f"training: {reason}")
        return reason.status
    return 0
