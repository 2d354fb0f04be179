"""Files that are read back, damaged at random: one input a call, the same one for the same seed.

Whatever its bytes, a reader either takes a file or refuses it in one line. `./build.sh fuzz` calls these functions with new
seeds, tests/common/test_files.py with a few fixed ones.
"""

import dataclasses
import functools
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from finished import finish, players
from knowing import known

from agent.level import knowledge
from agent.level.knowledge import KnowledgeError
from agent.network.card import WeightsError, card_path
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from common.levels import LevelListError, read_levels
from contest.remote import games
from contest.remote.monitor import Record
from contest.remote.recording import VideoError, read_recording
from contest.scoring.evaluation import EvaluationError
from contest.scoring.pairs import read_pair
from contest.scoring.results import Run, read_result
from contest.scoring.scores import Scores
from fernway import GAME, INTEGRATION, FernwayError, picture, states
from training.network import insider as insiders
from training.network import weights as network
from training.network.model import NetworkConfig, QNetwork

TOKENS = (
    b"null",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-1",
    b"[]",
    b"{}",
    b'""',
    b'"',
    b",",
    b"\n",
    b"\0",
    b"\xff",
    b"true",
)
DIGITS = b"9" * 400


def damaged(content: bytes, draw: np.random.Generator) -> bytes:
    """Content with bits flipped, cut, bytes put in or left out, or a number of 400 digits in it."""
    data = bytearray(content)
    for _ in range(int(draw.integers(1, 4))):
        at, to = sorted(int(place) for place in draw.integers(len(data) + 1, size=2))
        match int(draw.integers(8)):
            case 0:
                for place in draw.integers(max(len(data), 1), size=int(draw.integers(1, 9))).tolist():
                    if data:
                        data[place] ^= 1 << int(draw.integers(8))
            case 1:
                del data[at:]
            case 2:
                data[at:at] = draw.bytes(int(draw.integers(1, 40)))
            case 3:
                del data[at : min(to, at + 40)]
            case 4:
                data[at:at] = data[at : min(to, at + 200)]
            case 5:
                data[at : at + int(draw.integers(6))] = TOKENS[int(draw.integers(len(TOKENS)))]
            case _:
                spots = [place for place, byte in enumerate(data[:20_000]) if byte in b"0123456789"]
                if spots:
                    place = spots[int(draw.integers(len(spots)))]
                    data[place : place + 1] = DIGITS
    return bytes(data)


@contextmanager
def refused(*errors: type[Exception]) -> Iterator[None]:
    """Takes a refusal in one line for an answer, and nothing else that is raised."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, (*errors, OSError)):
            raise
        words = str(error)
    else:
        return
    assert words, "a refusal says why"
    assert words.isprintable(), f"one line: {words!r}"
    assert len(words) < 1200, words


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def whole(make: Callable[[Path], Path]) -> Callable[[], bytes]:
    """Makes a file once and remembers what is in it."""

    @functools.cache
    def content() -> bytes:
        with folder() as place:
            return make(place).read_bytes()

    return content


@whole
def knowledge_file(place: Path) -> Path:
    knowledge.save(place / "knowledge.npz", "a level", known())
    return place / "knowledge.npz"


def fuzz_knowledge(seed: int) -> None:
    """Bytes of the file, or the arrays inside with checksums that are right again."""
    draw = np.random.default_rng(seed)
    content = damaged(knowledge_file(), draw) if seed % 2 else tampered(knowledge_file(), draw)
    with folder() as place:
        (place / "knowledge.npz").write_bytes(content)
        with refused(KnowledgeError):
            knowledge.load(place / "knowledge.npz", "a level")


def tampered(content: bytes, draw: np.random.Generator) -> bytes:
    """Arrays with other values, shapes or types, or none."""
    with np.load(io.BytesIO(content)) as file:
        arrays: dict[str, Any] = dict(file)
    name = sorted(arrays)[int(draw.integers(len(arrays)))]
    array = arrays[name]
    match int(draw.integers(6)):
        case 0:
            del arrays[name]
        case 1:
            kind = draw.choice(np.array(["f4", "i8", "u1", "U9", "?", "c8"]))
            arrays[name] = array.astype(kind) if array.size and array.dtype.kind != "U" else array
        case 2:
            arrays[name] = array[..., None]
        case 3:
            arrays[name] = array[: len(array) // 2] if array.ndim else array
        case _:
            if array.ndim and array.size and array.dtype.kind in "iuf":
                extremes = (
                    [0, 1, -1, 1e9, np.inf, np.nan] if array.dtype.kind == "f" else [0, 1, np.iinfo(array.dtype).max]
                )
                array = array.copy()
                array.flat[int(draw.integers(array.size))] = draw.choice(np.array(extremes)).astype(array.dtype)
                arrays[name] = array
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


SMALL = NetworkConfig(torso="conv", channels=(1, 1, 1), hidden=1)


@functools.cache
def weights_files() -> tuple[bytes, bytes]:
    with folder() as place:
        torch.manual_seed(0)
        net = QNetwork(VisionConfig(), SMALL, len(ACTION_TABLE))
        network.save(place / "x.safetensors", net, VisionConfig(), SMALL, {"seed": 0})
        return (place / "x.safetensors").read_bytes(), (place / "x.json").read_bytes()


def load_weights(weights: bytes, card: bytes) -> None:
    with folder() as place:
        (place / "x.safetensors").write_bytes(weights)
        card_path(place / "x.safetensors").write_bytes(card)
        with refused(WeightsError):
            network.load(place / "x.safetensors")


def fuzz_card(seed: int) -> None:
    weights, card = weights_files()
    load_weights(weights, damaged(card, np.random.default_rng(seed)))


def fuzz_weights(seed: int) -> None:
    """Weights whose card speaks of them as they are, damage and all."""
    weights, card = weights_files()
    weights = damaged(weights, np.random.default_rng(seed))
    digest = hashlib.sha256(weights).hexdigest()
    load_weights(weights, json.dumps(json.loads(card) | {"sha256": digest}).encode())


@functools.cache
def insider_file() -> bytes:
    with folder() as place:
        insiders.save(place / "insider.safetensors", insiders.Insider(0.25), {"seed": 0})
        return (place / "insider.safetensors").read_bytes()


def fuzz_insider(seed: int) -> None:
    with folder() as place, refused(WeightsError):
        (place / "insider.safetensors").write_bytes(damaged(insider_file(), np.random.default_rng(seed)))
        insiders.load(place / "insider.safetensors")


def results(place: Path) -> Path:
    return finish(
        place / "agent", {("short", 0): [(10.5, 9), (-3.0, 4)]}, ends=[(3, 4), None], settings={"video": True}
    )


@whole
def record_file(place: Path) -> Path:
    return results(place) / "short-0" / "episodes.json"


def fuzz_record(seed: int) -> None:
    with folder() as place:
        path = place / "episodes.json"
        path.write_bytes(damaged(record_file(), np.random.default_rng(seed)))
        with refused(ValueError):
            record = Record.load(path)
            assert all(np.isfinite(value) and length >= 0 for value, length in record.scored())
            record.save(path)
            assert dataclasses.asdict(Record.load(path)) == dataclasses.asdict(record)


@whole
def pair_file(place: Path) -> Path:
    return results(place) / "short-0" / "pair.json"


def fuzz_pair(seed: int) -> None:
    with folder() as place:
        (place / "pair.json").write_bytes(damaged(pair_file(), np.random.default_rng(seed)))
        with refused(ValueError):
            score = read_pair(place / "pair.json").score
            assert np.isfinite([score.score, score.best, score.timesteps_per_s]).all()


@whole
def scores_file(place: Path) -> Path:
    return results(place) / "scores.json"


def fuzz_scores(seed: int) -> None:
    with folder() as place:
        (place / "scores.json").write_bytes(damaged(scores_file(), np.random.default_rng(seed)))
        with refused(EvaluationError):
            result = read_result(place)
            Scores(agent="", timesteps=1, levels=tuple(run.score for run in result.runs)).save(place)


def fuzz_players(seed: int) -> None:
    """The agent's own episodes.csv."""
    rows = "episode,return,timesteps,end,learned,jerk,seconds\r\n0,10.5,9,terminated,0.5,0.5,1.0\r\n1,2,4,unfinished,1,0,2\r\n"
    with folder() as place:
        players(place, "")
        next(place.rglob("episodes.csv")).write_bytes(damaged(rows.encode(), np.random.default_rng(seed)))
        found = Run(score=Scores.load(results(place)).levels[0], folder=place).timesteps_by_player()
        assert all(np.isfinite(value) and value >= 0 for value in found.values())


def fuzz_levels(seed: int) -> None:
    rows = f'\ufeffgame,state\r\n"{GAME}",FernHollow.Act1\r\n\r\n{GAME},one.state\r\n,\r\n{GAME},\r\n'
    with folder() as place:
        (place / "levels.csv").write_bytes(damaged(rows.encode(), np.random.default_rng(seed)))
        with refused(LevelListError):
            read_levels(place / "levels.csv", games.listed)


@whole
def recording(place: Path) -> Path:
    path = place / "x.bk2"
    state = states.read_state(INTEGRATION / "FernHollow.Act1.state")
    log = "\n".join(["[Input]", "P1 Z|P1 B|", *["|..|.B|"] * 40, "[/Input]", ""])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("Input Log.txt", log)
        file.writestr("Header.txt", f"MovieVersion Retro\nGameName {GAME}\n")
        file.writestr("Core.bin", state)
    return path


def fuzz_recording(seed: int) -> None:
    with folder() as place:
        (place / "x.bk2").write_bytes(damaged(recording(), np.random.default_rng(seed)))
        with refused(VideoError, games.GameError):
            assert read_recording(place / "x.bk2").level.game == GAME


def fuzz_state(seed: int) -> None:
    content = (INTEGRATION / "FernHollow.Act1.state").read_bytes()
    with folder() as place:
        (place / "x.state").write_bytes(damaged(content, np.random.default_rng(seed)))
        with refused(FernwayError):
            states.level_of(states.read_state(place / "x.state"))


def fuzz_paths(seed: int) -> None:
    """Runs to be drawn on a map."""
    rows = "x,y,episode\n" + "".join(f"{10 * number},{number}.5,one\n" for number in range(9))
    with folder() as place:
        (place / "x.csv").write_bytes(damaged(rows.encode(), np.random.default_rng(seed)))
        with refused(FernwayError):
            runs = picture.read_paths(place / "x.csv")
            picture.draw_paths(np.zeros((64, 64, 3), np.uint8), runs)
