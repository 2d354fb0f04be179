"""Lists of levels: one reader, and the same answer by all who take them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from common.levels import LevelListError, read_levels
from contest.remote import games
from contest.scoring.evaluation import Evaluation, EvaluationError
from contest.scoring.pairs import read_pairs
from fernway import GAME, INTEGRATION, FernwayError, commands
from fernway.levels import Solved

FIRST, SECOND = "FernHollow.Act1", "AmberQuarry.Act5"

Names = list[str]


def for_evaluation(path: Path) -> Names:
    evaluation = Evaluation(levels=path, commands=("true",), seeds=1, results=path.parent / "results")
    return [Path(pair.trial.state or FIRST).stem for pair in read_pairs(evaluation)]


def for_the_check(path: Path) -> Names:
    return [one.level.name if isinstance(one, Solved) else one.name for one in commands.read_list(path)]


EVERYBODY = pytest.mark.parametrize("read", [for_evaluation, for_the_check])


def stem(name: str) -> str:
    """What `Path.stem` makes of a state's name, as the readers above give it."""
    return Path(name).stem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "levels.csv"


@EVERYBODY
@pytest.mark.parametrize(
    "text",
    [
        f"game,state\n{GAME},{FIRST}\n{GAME},{SECOND}\n",
        f"\ufeffgame,state\n{GAME},{FIRST}\n{GAME},{SECOND}\n",
        f"game,state\r\n{GAME},{FIRST}\r\n\r\n{GAME},{SECOND}",
        f"game,state\r{GAME},{FIRST}\r{GAME},{SECOND}\r",
        f"\n  \n\ngame,state\n\n{GAME},{FIRST}\n,\n , \n{GAME},{SECOND}\n\n",
        f' game , state \n {GAME} ,  {FIRST}\t\n"{GAME}" , "{SECOND}" \n',
        f'"game","state"\n"{GAME}","{FIRST}"\n{GAME},"{SECOND}"\n',
        f"state,seed,game\n{FIRST},7,Fernway-Genesis\n{SECOND},,{GAME}\n",
        f"game,state,\n{GAME},,\n{GAME},{SECOND}.state,\n",
        f"game,state\n{GAME}\nFernway-Genesis,{SECOND}\n",
    ],
)
def test_everybody_reads_the_same(path: Path, text: str, read: Callable[[Path], Names]) -> None:
    path.write_bytes(text.encode())
    assert [stem(name) for name in read(path)] == [stem(FIRST), stem(SECOND)]


@EVERYBODY
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "levels.csv: no level in it"),
        ("\n\n", "levels.csv: no level in it"),
        ("game,state\n,\n", "levels.csv: no level in it"),
        ("game;state\n", "line 1: wanted the columns game,state, got 'game;state'"),
        ("\n\nGAME\n", "line 3: wanted the columns game,state, got 'GAME'"),
        ("game,state,state\n", "line 1: wanted the columns game,state"),
        (f"game,state\n\n,{FIRST}\n", f"line 3: wanted a game, got ',{FIRST}'"),
        (f"game,state\n{GAME},{FIRST},1\n", "line 2: wanted 2 values, got"),
        (f'game,state\n{GAME},"{FIRST}\n{GAME},{SECOND}\n', "line 2: wanted printable characters on one line"),
        (f"game,state\n{GAME},Fern\0Hollow\n", "line 2: wanted printable characters"),
        (f"game,state\n\ufeff{GAME},{FIRST}\n", "line 2: wanted printable characters on one line, got '.ufeff"),
        (f"game,state\n{GAME},{FIRST}\n{GAME},FernHollow.Act77\n", "line 3: .*FernHollow.Act77'.*nearest: FernHollow"),
        (f"game,state\n\n{GAME},{FIRST}\nFernway-Genesis, {FIRST}\n", f"line 4: .*{FIRST} .*twice: .* of line 3"),
        (f"game,state\n{GAME},\n{GAME},{FIRST}\n", f"line 3: {GAME} {FIRST} is in the list twice"),
        (f"game,state\n{GAME},{FIRST}\n{GAME}\n", f"line 3: {GAME} is in the list twice"),
        (f"game,state\n{GAME},no/such.state\n", "line 2: there is no file .*/no/such.state"),
        (f"game,state\n{GAME},such.state\n", "line 2: .*'such'.* and there is no file .*/such.state"),
        (f"game,state\n{GAME},{'x' * 5000}.state\n", "line 2: wanted at most 1000 characters in a cell, got 'xxx"),
        (f"game,state\n{GAME}-v{'9' * 900},\n", "line 2: .*'Fernway-Genesis-v0-v9999"),
        (f"game,state\n{GAME},{'9' * 990}\n", "line 2: .*'9999"),
        ("game,state\nFernwaj-Genesis,\n", "line 2: .*Fernwaj-Genesis"),
        (f"game,state\n{GAME},{'x' * 200_000}\n", "line 2: field larger than"),
    ],
)
def test_everybody_refuses_the_same(path: Path, text: str, message: str, read: Callable[[Path], Names]) -> None:
    path.write_bytes(text.encode())
    with pytest.raises((EvaluationError, LevelListError, FernwayError), match=message) as refusal:
        read(path)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < len(str(path)) + 400


@EVERYBODY
def test_what_is_no_list_is_refused(tmp_path: Path, read: Callable[[Path], Names]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin").write_bytes("game,state\nFernway,Höhle\n".encode("latin-1"))
    for name in ("missing.csv", ".", "pipe", "/dev/zero", "latin"):
        with pytest.raises((EvaluationError, LevelListError, FernwayError), match="list of levels") as refusal:
            read(tmp_path / name)
        assert str(tmp_path / name) in str(refusal.value)


@EVERYBODY
def test_files_count_from_the_lists_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], Names]
) -> None:
    lists, elsewhere = tmp_path / "lists", tmp_path / "elsewhere"
    for folder, name in ((lists, FIRST), (lists / "deep", SECOND), (elsewhere, SECOND)):
        folder.mkdir(exist_ok=True)
        (folder / "one.state").write_bytes((INTEGRATION / f"{name}.state").read_bytes())
    path = lists / "levels.csv"
    path.write_text(f"game,state\n{GAME},one.state\n{GAME},deep/one.state\n{GAME},{elsewhere}/one.state\n")
    monkeypatch.chdir(elsewhere)
    assert len(read(path)) == 3
    (lists / "linked.state").symlink_to("one.state")
    for again in (lists / "one.state", "deep/../one.state", "./one.state", "linked.state"):
        path.write_text(f"game,state\n{GAME},one.state\n{GAME},{again}\n")
        with pytest.raises((EvaluationError, LevelListError, FernwayError), match=r"line 3: .* twice"):
            read(path)


def test_the_file_next_to_the_list_is_the_one_that_is_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lists").mkdir()
    for folder, name in ((tmp_path / "lists", FIRST), (tmp_path, SECOND)):
        (folder / "one.state").write_bytes((INTEGRATION / f"{name}.state").read_bytes())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists" / "levels.csv").write_text(f"game,state\n{GAME},one.state\n")
    (found,) = commands.read_list(Path("lists/levels.csv"))
    assert not isinstance(found, Solved)
    assert found.name == FIRST
    (row,) = read_levels(Path("lists/levels.csv"), games.listed)
    assert row.level.state == str(tmp_path / "lists" / "one.state")
    assert row.state == "one.state"


@EVERYBODY
def test_lists_of_fresh_levels_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], Names]
) -> None:
    from fernway.__main__ import main

    monkeypatch.setattr("sys.argv", ["fernway", "fresh", "--count", "2", "--seed", "3", "--out", str(tmp_path / "x")])
    assert main() == 0
    assert len(read(tmp_path / "x" / "levels.csv")) == 2


def test_rows_that_differ_have_folders_of_their_own(tmp_path: Path) -> None:
    """Also where the same file's content lies at two places, or names differ in what a folder's name cannot hold."""
    state = (INTEGRATION / f"{FIRST}.state").read_bytes()
    names = [
        "sub.state",
        "sub/sub.state",
        "sub_sub.state",
        "sub sub.state",
        f"{'long' * 50}.state",
        f"{'long' * 51}.state",
    ]
    (tmp_path / "sub").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(state)
    path = tmp_path / "levels.csv"
    path.write_text("game,state\n" + "".join(f"{GAME},{name}\n" for name in names))
    evaluation = Evaluation(levels=path, commands=("true",), seeds=2, results=tmp_path / "results")
    folders = {pair.trial.folder for pair in read_pairs(evaluation)}
    assert len(folders) == 2 * len(names)
    assert all(len(folder.name) < 200 for folder in folders)
