"""Installed is as good as cloned: the wheel, in an environment of its own, outside the checkout."""

import csv
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
FOLDERS = sorted({name.split(".")[0] for name in PACKAGES})
SOURCES = ("pyproject.toml", "README.md", "LICENSE", *FOLDERS)
LEVEL = "FernHollow.Act3"

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from a copy: building writes into the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "sources"
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "build"))
        else:
            shutil.copy(ROOT / name, copy / name)
    words = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, *words, str(copy)], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Python:
    """Runs Python where the wheel is installed, with the libraries of the environment that the tests run in."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    # What a .pth file names is searched after the environment's own packages, and no .pth file there counts: neither
    # does the checkout's own, by which it is installed.
    (site,) = folder.glob("lib/python*/site-packages")
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "libraries.pth").write_text("".join(f"{path}\n" for path in sorted(libraries)))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}

    def run(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(python), *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done

    for name in set(FOLDERS) - {"weights"}:
        found = run(folder, "-c", f"import {name}; print({name}.__file__)").stdout
        assert Path(found.strip()).is_relative_to(site), found
    return run


def test_the_wheel_holds_every_file_that_the_packages_hold(wheel: Path) -> None:
    """All but what only makes others: sources of the game and of its pictures, words for people."""
    tracked = subprocess.run(["git", "ls-files", "-z", *SOURCES], cwd=ROOT, capture_output=True, text=True, check=True)
    made_from = ("fernway/src/", "fernway/host/", "fernway/pictures/", "fernway/Makefile")
    wanted = {name for name in tracked.stdout.split("\0") if "/" in name and not name.startswith(made_from)}
    wanted = {name for name in wanted if not name.endswith(".md") or name.endswith("rom.md")}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert sorted(wanted - held) == []
    assert "fernway/Fernway-Genesis-v0/rom.md" in wanted
    assert "weights/qjerk.safetensors" in wanted


def test_games_and_levels_are_listed(installed: Python, tmp_path: Path) -> None:
    assert LEVEL in installed(tmp_path, "-m", "fernway", "list").stdout
    playable = installed(tmp_path, "-m", "contest", "list", "games", "--playable").stdout
    assert "Fernway-Genesis-v0" in playable.splitlines()
    assert LEVEL in installed(tmp_path, "-m", "contest", "list", "states", "Fernway-Genesis-v0").stdout


def test_the_agent_plays_with_its_network(installed: Python, folder: Path) -> None:
    """Server and agent in one script, as a user types them into two terminals."""
    play = f"""
import subprocess, sys
server = [sys.executable, "-m", "contest", "serve", "Fernway-Genesis-v0", "{LEVEL}", "-s", "tmp/sock", "-T", "300"]
with subprocess.Popen(server) as serving:
    agent = subprocess.run([sys.executable, "-m", "agent"])
    sys.exit(agent.returncode or serving.wait())
"""
    said = installed(folder, "-c", play).stdout
    assert "without the Q-network" not in said
    with (folder / "out" / "episodes.csv").open(newline="") as file:
        episodes = list(csv.DictReader(file))
    assert sum(int(episode["timesteps"]) + 1 for episode in episodes) == 300
    assert float(episodes[0]["learned"]) > 0


def test_evaluate_scores_a_level(installed: Python, tmp_path: Path) -> None:
    (tmp_path / "levels.csv").write_text(f"game,state\nFernway-Genesis-v0,{LEVEL}\n")
    words = ("--levels", "levels.csv", "--timesteps", "300", "--seeds", "1", "--results", "results")
    installed(tmp_path, "-m", "contest", "evaluate", *words, "--agent", "{python} -m agent")
    (level,) = json.loads((tmp_path / "results" / "scores.json").read_text())["levels"]
    assert (level["state"], level["timesteps"]) == (LEVEL, 300)
    assert level["score"] > 0
    (said,) = (tmp_path / "results").glob("*/agent-stdout.txt")
    assert "without the Q-network" not in said.read_text()
