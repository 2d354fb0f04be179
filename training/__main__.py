"""`python -m training`: the network's training and scores, the origin's experiments, pictures."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from training.run.signals import Stopped

COMMANDS = {
    "train": ("training.run.train", "TrainConfig", "train", "trains a Q-network by reward, on Fernway or any game"),
    "score": ("training.run.scoring", "ScoreConfig", "score_weights", "scores weights on levels they have never seen"),
    "transfer": (
        "training.run.transfer",
        "TransferConfig",
        "transfer",
        "says how weights would start on the contest's own games, without their ROMs",
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

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

USAGE = f"usage: python -m training {{{','.join(COMMANDS)}}} [--help] ..."


def load(command: str) -> tuple[type[Any], Callable[[Any], None]]:
    """Imports a command: the class of its settings, and what to call with them."""
    module, settings, function, _ = COMMANDS[command]
    found = import_module(module)
    return getattr(found, settings), getattr(found, function)


def main(arguments: list[str]) -> int:
    """Runs a command; returns the exit status."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE)
        for name, (*_, about) in COMMANDS.items():
            print(f"  {name:8} {about}")
        return 0
    command, *rest = arguments
    if command not in COMMANDS:
        print(f"{USAGE}\ntraining: no command {command!r}", file=sys.stderr)
        return 2
    import tyro

    settings, run = load(command)
    try:
        run(tyro.cli(settings, prog=f"python -m training {command}", args=rest))
    except Stopped as reason:
        print(f"training: {reason}", file=sys.stderr)
        return reason.status
    except KeyboardInterrupt:
        print("training: stopped", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError, MemoryError, RuntimeError, ArithmeticError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
