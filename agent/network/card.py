"""The card beside a network's files: what it is, what it looks at, how it came about. Reading it takes no torch."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from agent.files import read_file
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig

CARD_FORMAT = 2
"""Version of the card's layout."""

CARD_BYTES_MOST, FILE_BYTES_MOST = 1 << 20, 1 << 30
"""Bytes of a card, and of weights or a graph; the bundled ones take a thousandth of that."""


class WeightsError(ValueError):
    """A network's files cannot be used; the message says what was wanted and what came."""


def card_path(weights: Path) -> Path:
    """Returns where the card of these weights lies."""
    return weights.with_suffix(".json")


def graph_path(weights: Path) -> Path:
    """Returns where the graph that plays by these weights lies."""
    return weights.with_suffix(".onnx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of a network before its weights are read."""

    sha256: str
    """Of the weights, hexadecimal."""

    graph_sha256: str
    """Of the graph, hexadecimal."""

    vision: VisionConfig
    """What the network looks at."""

    network: dict[str, Any]
    """Its sizes, in the words of `training.network.model`: who plays by the graph need not know them."""

    about: dict[str, Any]
    """How it came about: data, seeds, settings, commit, time spent, scores."""

    @classmethod
    def read(cls, weights: Path) -> Self:
        """Reads and checks the card of some weights.

        Raises:
            WeightsError: If there is none, it does not describe a network, or the network has another action table.
        """
        path = card_path(weights)
        try:
            card = json.loads(read_file(path, CARD_BYTES_MOST))
        except OSError as error:
            raise WeightsError(f"cannot read the card {path}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise WeightsError(f"the card {path} is not JSON: {error}") from error
        kinds = {"format": int, "sha256": str, "graph_sha256": str, "vision": dict, "network": dict, "actions": list}
        for key, kind in kinds.items():
            if not isinstance(card, dict) or not isinstance(card.get(key), kind):
                raise WeightsError(f"the card {path}: wanted a field {key} of type {kind.__name__}")
            if key == "format" and card[key] != CARD_FORMAT:
                raise WeightsError(f"the card {path}: wanted format {CARD_FORMAT}, got {str(card[key])[:40]}")
        table = tuple(tuple(names) if isinstance(names, list) else (str(names),) for names in card["actions"])
        if table != ACTION_TABLE:
            raise WeightsError(
                f"{weights} was trained on another action table: wanted {ACTION_TABLE}, got {str(table)[:300]}"
            )
        try:
            vision = VisionConfig(**card["vision"])
            about = dict(card.get("about", {}))
        except (TypeError, ValueError, KeyError, ArithmeticError) as error:
            raise WeightsError(f"the card {path} does not describe a network: {one_line(error)}") from error
        return cls(
            sha256=card["sha256"],
            graph_sha256=card["graph_sha256"],
            vision=vision,
            network=card["network"],
            about=about,
        )


def read_checked(path: Path, what: str, sha256: str) -> bytes:
    """Reads the weights or the graph that a card speaks of.

    Args:
        path: The file.
        what: A word for it.
        sha256: What its card says.

    Raises:
        WeightsError: If it cannot be read, or is another file.
    """
    try:
        data = read_file(path, FILE_BYTES_MOST)
    except OSError as error:
        raise WeightsError(f"cannot read the {what} {path}: {error.strerror}") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise WeightsError(f"{path} is not the file its card speaks of: wanted sha256 {sha256[:64]}, got {digest}")
    return data


def one_line(error: Exception) -> str:
    """Returns the words of a library's exception, as many as a line holds."""
    return " ".join(str(error).split())[:300]
