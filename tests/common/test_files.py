"""Files that are read back and written: damaged, of the wrong kind, on a full disk."""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import fuzz_files
import pytest
from finished import finish, players
from knowing import memory

import agent.files
import common.files
from agent.journal import Journal
from agent.level import knowledge
from agent.level.knowledge import KnowledgeError
from agent.network.card import WeightsError
from common.files import require_destination, write_file
from contest.remote.monitor import Record
from contest.scoring.evaluation import EvaluationError
from contest.scoring.pairs import read_pair
from contest.scoring.results import Run, read_result
from contest.scoring.scores import Scores
from fernway import FernwayError, picture, states
from training.network import weights as network

READERS = [name for name in dir(fuzz_files) if name.startswith("fuzz_")]
SEEDS = 25


@pytest.mark.parametrize("name", READERS)
def test_readers_take_a_damaged_file_or_refuse_it_in_one_line(name: str) -> None:
    for seed in range(SEEDS):
        getattr(fuzz_files, name)(seed)


def read_knowledge(path: Path) -> None:
    knowledge.load(path, "a level")


ROOMS = [agent.files.read_file, common.files.read_file]


@pytest.mark.parametrize(
    ("read", "errors"),
    [
        (read_knowledge, (KnowledgeError, OSError)),
        (network.load, (WeightsError,)),
        (Record.load, (ValueError, OSError)),
        (read_pair, (ValueError, OSError)),
        (states.read_state, (FernwayError,)),
        (picture.read_paths, (FernwayError,)),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "empty", "missing", "circle"])
def test_what_is_no_file_is_refused(
    tmp_path: Path, read: Callable[[Path], object], errors: tuple[type[Exception], ...], kind: str
) -> None:
    path = tmp_path / "x.safetensors"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "empty":
            path.touch()
        case "circle":
            path.symlink_to(path)
    with pytest.raises(errors) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read_file", ROOMS, ids=["agent", "common"])
def test_files_are_read_whole_or_not_at_all(tmp_path: Path, read_file: Callable[[Path, int], bytes]) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("x")
    assert read_file(tmp_path / "link", 5) == b"12345"
    with pytest.raises(OSError, match="Larger than 4 bytes"):
        read_file(tmp_path / "x", 4)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for wrong in (tmp_path, Path("/dev/null"), tmp_path / "x"):
        with pytest.raises(OSError, match=r"Is a directory|Neither a file|Larger"):
            read_file(wrong, 1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before, "nothing stays open"


def test_a_refusal_that_quotes_a_record_stays_one_printable_line(tmp_path: Path) -> None:
    path = tmp_path / "episodes.json"
    path.write_text('{"epis\\u007f\\u001b[31m\\ndes": 1}')
    with pytest.raises(ValueError, match="no record of a run") as refusal:
        Record.load(path)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "9" * 400,
        "[" * 100_000,
        '{"episodes": [[' + "9" * 400 + ", 1]]}",
        '{"episodes": [[1e999, 1]]}',
        '{"end": 7}',
        "[]",
    ],
)
def test_numbers_and_nests_that_nobody_can_mean_are_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "episodes.json").write_text(text)
    with pytest.raises(ValueError, match=r".") as caught:
        Record.load(tmp_path / "episodes.json")
    assert len(str(caught.value)) < 400


def test_a_pair_with_a_number_of_400_digits_is_refused_where_it_enters(tmp_path: Path) -> None:
    folder = finish(tmp_path / "one", {("short", 0): [(1.0, 2)]})
    path = folder / "short-0" / "pair.json"
    content = json.loads(path.read_text())
    content["score"]["score"] = int("9" * 400)
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="no score of a run"):
        read_pair(path)
    assert read_result(folder).runs[0].folder is None, "the score counts, the run is gone"
    (folder / "scores.json").write_text(json.dumps(json.loads((folder / "scores.json").read_text()) | {"levels": 7}))
    with pytest.raises(EvaluationError, match=r"scores\.json"):
        read_result(folder)


@pytest.mark.parametrize("timesteps", ["9" * 400, "-1", "nan", ""])
def test_an_agents_own_record_that_cannot_be_so_is_none(tmp_path: Path, timesteps: str) -> None:
    score = Scores.load(finish(tmp_path / "one", {("short", 0): [(1.0, 2)]})).levels[0]
    players(tmp_path, f"episode,return,timesteps,end,learned,seconds\n0,1,{timesteps},x,1,1\n")
    assert Run(score=score, folder=tmp_path).timesteps_by_player() == {}


def test_knowledge_that_unpacks_to_more_than_there_is_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("memory.actions.npy", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(KnowledgeError, match="comes to more than"):
        read_knowledge(path)


def test_a_run_starts_without_knowledge_that_is_damaged(tmp_path: Path) -> None:
    said: list[str] = []
    content = bytearray(fuzz_files.knowledge_file())
    first = zipfile.ZipFile(io.BytesIO(bytes(content))).infolist()[0]
    at = first.header_offset + 30 + len(first.filename) + 20  # past the header and its extra field
    content[at : at + 4] = b"\xff\xff\xff\xff"  # in compressed data: what comes of it is zlib's error
    (tmp_path / "knowledge.npz").write_bytes(bytes(content))
    Journal(tmp_path, said.append).recall(memory(), "a level")
    (line,) = said
    assert line.startswith("starting without earlier knowledge: ")


def test_a_card_that_asks_for_more_than_there_is_memory_is_refused(tmp_path: Path) -> None:
    weights, card = fuzz_files.weights_files()
    path = tmp_path / "x.safetensors"
    path.write_bytes(weights)
    for change in ({"hidden": 10**7}, {"channels": [10**6, 10**6, 10**6]}, {"hidden": 10**400}):
        content = json.loads(card)
        content["network"] |= change
        path.with_suffix(".json").write_text(json.dumps(content))
        with pytest.raises(WeightsError, match="does not describe a network"):
            network.load(path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_file(path, "ä")
    assert path.read_bytes() == "ä".encode()
    (tmp_path / "link").symlink_to("x.json")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert path.read_bytes() == b"new"
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for wrong in (tmp_path / "folder", tmp_path / "pipe", tmp_path / "no" / "x", Path("/dev/full")):
        with pytest.raises(OSError, match=str(wrong)):
            write_file(wrong, b"x")
    assert Path("/dev/full").is_char_device()
    assert {one.name for one in tmp_path.iterdir()} == {"x.json", "link", "folder", "pipe"}, "nothing is left"


FULL = """
import resource, sys
from pathlib import Path
{imports}
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # files can grow no further, as on a full disk
try:
    {call}
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("name", "imports", "call"),
    [
        ("x", "from common.files import write_file", "write_file(path, bytes(1000))"),
        ("x", "from agent.files import write_file", "write_file(path, bytes(1000))"),
        (
            "x.png",
            "import numpy\nfrom fernway.picture import save",
            "save(path, numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), numpy.uint8))",
        ),
        ("x.state", "from fernway.states import write_state", "write_state(path, bytes(range(256)) * 9)"),
        ("x.json", "from common.files import require_destination", "require_destination(path, '.json')"),
    ],
)
def test_a_full_disk_is_called_one(tmp_path: Path, name: str, imports: str, call: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    script = FULL.format(imports=imports, call=call)
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout, done.stdout
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == [name], "no part of it is left"


def test_destinations_are_tried_and_left_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "old.html").write_text("old")
    require_destination(tmp_path / "old.html", ".html")
    require_destination(tmp_path / "new" / "NEW.HTML", ".html")
    assert (tmp_path / "old.html").read_text() == "old"
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(ValueError, match=r"x\.pdf: wanted a name that ends in \.html or \.htm"):
        require_destination(tmp_path / "x.pdf", ".html", ".htm")
    (tmp_path / "folder.html").mkdir()
    for wrong in (tmp_path / "folder.html", tmp_path / "old.html" / "x.html", Path("/dev/null"), Path("/proc/x.html")):
        with pytest.raises(OSError, match=str(wrong)):
            require_destination(wrong)


def test_finite_numbers_and_counts() -> None:
    assert [common.files.number(one) for one in (1, "2.5", -3.0)] == [1.0, 2.5, -3.0]
    wrongs: list[object] = [int("9" * 400), "9" * 400, float("nan"), "x", None, [], True]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"finite|could not"):
            common.files.number(wrong)
    assert common.files.count(7) == 7
    more: list[object] = [-1, 1 << 63, 1.0, True, "1"]
    for also in more:
        with pytest.raises(ValueError, match="wanted a count"):
            common.files.count(also)


def test_gzip_that_unpacks_to_more_than_there_is_memory_is_refused() -> None:
    packed = gzip.compress(bytes(10_000))
    assert common.files.gunzip(packed) == bytes(10_000)
    with pytest.raises(ValueError, match="more than 9999 bytes"):
        common.files.gunzip(packed, 9_999)
    for wrong in (b"", packed[:-3], b"x" + packed):
        with pytest.raises(ValueError, match=r"gzip|empty"):
            common.files.gunzip(wrong)
