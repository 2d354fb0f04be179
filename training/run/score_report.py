"""What `python -m training score` reports beside returns: where episodes fail, and how true the Q-values are."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.table import Table

from agent.network.card import card_path
from common.files import number, read_json, require_destination, write_file
from fernway.picture import run_map
from fernway.picture import save as save_picture
from training.learning.ppo import PPOConfig
from training.run import calibration, failures
from training.run.episodes import Episode
from training.run.figures import require_matplotlib, save

FIGURES = "scores.json"
"""File of the figures in the folder."""

MAPS = 11
"""Levels whose maps are drawn: the first ones scored, which are the validation levels."""


@dataclasses.dataclass(frozen=True, slots=True)
class Played:
    """All episodes of some weights."""

    name: str
    gamma: float
    """Discount a timestep that the Q-values are of."""
    reward_scale: float
    """Scaled reward units for one contest unit."""
    episodes: list[Episode] = dataclasses.field(default_factory=list)


def names(weights: Sequence[Path]) -> list[str]:
    """Returns short names that tell weights apart."""
    short = [path.stem for path in weights]
    return short if len(set(short)) == len(short) else [str(path.with_suffix("")) for path in weights]


def folder_of(name: str) -> str:
    """Names the folder for the pictures of some weights."""
    return name.strip("/").replace("/", "_")


def scales(weights: Path) -> tuple[float, float]:
    """Reads gamma and the scale of rewards in the weights' card; the learner's defaults where it is silent.

    Raises:
        ValueError: If one of them is no number.
        OSError: If the card cannot be read.
    """
    about, usual = read_json(card_path(weights)).get("about"), PPOConfig()
    told = about if isinstance(about, dict) else {}
    return number(told.get("gamma", usual.gamma)), number(told.get("reward_scale", usual.reward_scale))


def prepare(out: Path) -> None:
    """Checks, before anything is played, that the results can be written.

    Raises:
        OSError: If they cannot.
        ValueError: If it is neither a folder nor a .json file, or matplotlib is not installed for the folder's pictures.
    """
    if out.suffix != ".json":
        if out.exists() and not out.is_dir():
            raise ValueError(f"--out {out} is a file: wanted a folder, or a name that ends in .json")
        require_matplotlib("give --out a name that ends in .json")
    require_destination(_figures_file(out))


def _figures_file(out: Path) -> Path:
    return out if out.suffix == ".json" else out / FIGURES


def table(played: Iterable[Played]) -> Table:
    """Makes a table of where episodes fail."""
    found = {one.name: failures.failures(one.episodes) for one in played}
    made = Table("kind of section")
    for name in found:
        made.add_column(f"{name}: failures / entries", justify="right")
    cells = {name: {one.kind: one for one in part} for name, part in found.items()}
    for kind in dict.fromkeys(one.kind for part in found.values() for one in part):
        row = [part.get(kind) for part in cells.values()]
        made.add_row(kind, *(f"{one.failures} / {one.entries} = {one.share:.2f}" if one else "" for one in row))
    return made


def write(out: Path, scores: list[dict[str, Any]], played: Sequence[Played]) -> None:
    """Writes figures, and into a folder pictures, too.

    Args:
        out: A folder, or a .json file.
        scores: The table's rows.
        played: Of all weights.

    Raises:
        OSError: If they cannot be written.
    """
    where = {one.name: failures.failures(one.episodes) for one in played}
    series = {one.name: calibration.pairs(one.episodes, one.gamma, one.reward_scale) for one in played}
    figures = {
        "scores": scores,
        "failures": {name: [dataclasses.asdict(one) for one in part] for name, part in where.items()},
        "calibration": {
            one.name: {"gamma": one.gamma, "reward_scale": one.reward_scale}
            | dataclasses.asdict(calibration.calibration(*series[one.name]))
            for one in played
        },
    }
    write_file(_figures_file(out), json.dumps(figures, indent=1) + "\n")
    if out.suffix == ".json":
        return
    save(out / "failures.png", failures.draw(where))
    for one in played:
        folder = out / folder_of(one.name)
        folder.mkdir(exist_ok=True)
        save(folder / "calibration.png", calibration.draw(*series[one.name], one.name))
        for level in list(dict.fromkeys(episode.level for episode in one.episodes))[:MAPS]:
            runs = {
                f"{number}": [(int(x), int(y)) for x, y in episode.places]
                for number, episode in enumerate(one.episodes)
                if episode.level == level
            }
            whole = run_map(level, runs)
            half = cv2.resize(whole, (whole.shape[1] // 2, whole.shape[0] // 2), interpolation=cv2.INTER_AREA)
            save_picture(folder / f"{level.name}.png", np.asarray(half, np.uint8))
