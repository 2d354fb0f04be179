"""docs/sonic.md is what somebody with the ROMs follows: its commands can be read, its files and sums are the real ones."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest
import tyro
from stable_retro import data

from contest.cli import Command
from contest.remote import integrations, roms
from training.cli import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sonic.md").read_text()


def commands(program: str) -> list[str]:
    """The page's command lines of a program, those that go on over several lines as one."""
    blocks = "\n".join(re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)).replace("\\\n", " ")
    return [line for line in blocks.splitlines() if line.startswith(program)]


def test_the_contests_commands_can_be_read() -> None:
    lines = commands("python -m contest ")
    assert [line.split()[3] for line in lines] == ["roms", "evaluate"]
    for line in lines:
        tyro.cli(
            Command, args=shlex.split(line)[3:], config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitSubcommandPrefixes)
        )


def test_the_training_can_be_read() -> None:
    lines = commands("python -m training ")
    assert [line.split()[3] for line in lines] == ["train"]
    for line in lines:
        _, _, _, command, *words = shlex.split(line)
        tyro.cli(load(command)[0], args=words)


def test_what_is_to_be_imported_is_there() -> None:
    names = re.findall(r"`from (\S+) import (\w+)`", PAGE)
    ours = [(module, name) for module, name in names if (ROOT / module.partition(".")[0]).is_dir()]
    assert len(ours) == 2
    assert all(hasattr(import_module(module), name) for module, name in ours)


def test_the_chores_are_build_shs() -> None:
    words = (ROOT / "build.sh").read_text()
    for line in commands("./build.sh "):
        assert re.search(rf"^  {line.split()[1]}\b", words, re.MULTILINE), line


@pytest.mark.parametrize("pattern", [r"contest/levels/[\w-]+\.csv", r"tests/[\w/]+\.\w+", r"weights/[\w.]+"])
def test_the_files_are_there(pattern: str) -> None:
    named = set(re.findall(pattern, PAGE))
    assert named
    assert all((ROOT / name).is_file() for name in named), named


def test_the_sums_are_the_integrations() -> None:
    rows = {
        f"{game}-v0": set(re.findall(r"\b[0-9a-f]{40}\b", rest))
        for game, rest in re.findall(r"^\| `(\S+)` \|(.*)", PAGE, re.MULTILINE)
    }
    originals = {original.game for original in roms.ORIGINALS}
    assert {game: set(integrations.expected_sha1(game)) for game in originals} == {
        game: rows[game] for game in originals
    }


def test_the_number_of_levels() -> None:
    lists = sorted((ROOT / "contest" / "levels").glob("sonic-*.csv"))
    levels = {tuple(line.split(",")) for path in lists for line in path.read_text().splitlines()[1:]}
    said = re.search(r"all (\d+) of the contest's start states", " ".join(PAGE.split()))
    assert said
    assert int(said[1]) == len(levels)
    for game, state in levels:
        name = game if "Custom" in game else f"{game}-v0"
        assert state in data.list_states(name, data.Integrations.ALL)
