"""Installed is as good as cloned: the wheels, in environments of their own, outside the checkout."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("agent", "common", "contest", "training", "weights")
"""Folders that a wheel has inside `qjerk`."""
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "fernway", "qjerk", *ROOMS)
LEVEL = "FernHollow.Act3"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels by the name of their distribution, built from a copy: building writes into the sources."""
    folder = tmp_path_factory.mktemp("wheels")
    copy = folder / "sources"
    copy.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "*.so", "build", "*.egg-info")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, copy / name)
    words = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, *words, str(copy), str(copy / "fernway")], check=True, capture_output=True)
    return {path.name.split("-")[0]: path for path in folder.glob("*.whl")}


def environment(folder: Path, wheel: Path) -> tuple[Path, Run]:
    """A new environment with a wheel in it and nothing else: where its packages lie, and what runs its programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    pip = ["-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, *pip], check=True, capture_output=True)

    def run(cwd: Path, program: str, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        command = [str(folder / "bin" / program), *words]
        done = subprocess.run(
            command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == status, done.stderr
        return done

    return site, run


@pytest.fixture(scope="session")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The project, with the libraries of the environment that the tests run in, beside others of the rooms' names."""
    site, run = environment(tmp_path_factory.mktemp("installed"), wheels["qjerk"])
    # What a .pth file names is searched after the environment's own packages, and no .pth file there counts: neither
    # does the checkout's own, by which it is installed.
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "libraries.pth").write_text("".join(f"{path}\n" for path in sorted(libraries)))
    for name in set(ROOMS) - {"weights"}:
        (site / name).mkdir()
        (site / name / "__init__.py").write_text("raise ImportError('this is another distribution')\n")
    found = run(site, "python", "-P", "-c", "import fernway, qjerk; print(fernway.__file__, qjerk.ROOMS)").stdout
    assert found.split() == [str(site / "fernway/__init__.py"), str(site / "qjerk")]
    return run


@pytest.fixture(scope="session")
def fernway_alone(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The game's own distribution, with what it says that it needs, what that needs, and no other library."""
    site, run = environment(tmp_path_factory.mktemp("alone"), wheels["fernway"])
    wanted = [Requirement("numpy"), Requirement("gymnasium")]
    found: set[str] = set()
    while wanted:
        one = wanted.pop()
        if one.name in found or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        found.add(one.name)
        library = distribution(one.name)
        wanted += map(Requirement, library.requires or ())
        for top in {file.parts[0] for file in library.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(str(library.locate_file(top)))
    assert "stable-retro" not in found
    return run


def test_the_wheels_hold_every_file_that_the_folders_hold(wheels: dict[str, Path]) -> None:
    """All but what only makes others: sources of the game, its pictures and its page, words for people."""
    tracked = subprocess.run(["git", "ls-files", "-z", *SOURCES], cwd=ROOT, capture_output=True, text=True, check=True)
    folders = ("src", "host", "pictures", "web")
    made_from = (*(f"fernway/{name}/" for name in folders), "fernway/Makefile", "fernway/pyproject.toml")
    names = {name for name in tracked.stdout.split("\0") if "/" in name and not name.startswith(made_from)}
    names = {name for name in names if not name.endswith(".md") or name.endswith("rom.md")} - {"fernway/common"}
    names |= {f"fernway/{name}" for name in names if name.startswith("common/")}
    assert {"fernway/Fernway-Genesis-v0/rom.md", "weights/qjerk.safetensors", "fernway/common/files.py"} <= names
    for one, wanted in (
        ("qjerk", {f"qjerk/{name}" if name.split("/")[0] in ROOMS else name for name in names}),
        ("fernway", {name for name in names if name.startswith("fernway/") and not name.startswith("fernway/art/")}),
    ):
        held = {name for name in zipfile.ZipFile(wheels[one]).namelist() if ".dist-info/" not in name}
        (library,) = held - wanted
        assert re.fullmatch(r"fernway/_native\..*so", library)
        assert sorted(wanted - held) == []


def test_games_and_levels_are_listed(installed: Run, tmp_path: Path) -> None:
    assert LEVEL in installed(tmp_path, "fernway", "list").stdout
    playable = installed(tmp_path, "qjerk-contest", "list", "games", "--playable").stdout
    assert "Fernway-Genesis-v0" in playable.splitlines()
    assert LEVEL in installed(tmp_path, "qjerk-contest", "list", "states", "Fernway-Genesis-v0").stdout


def test_the_agent_plays_with_its_network(installed: Run, folder: Path) -> None:
    """Server and agent in one script, as a user types them into two terminals."""
    play = f"""
import subprocess, sys
from pathlib import Path
programs = Path(sys.executable).parent
server = [programs / "qjerk-contest", "serve", "Fernway-Genesis-v0", "{LEVEL}", "-s", "tmp/sock", "-T", "300"]
with subprocess.Popen(server) as serving:
    agent = subprocess.run([programs / "qjerk-agent"])
    sys.exit(agent.returncode or serving.wait())
"""
    said = installed(folder, "python", "-c", play).stdout
    assert "without the Q-network" not in said
    with (folder / "out" / "episodes.csv").open(newline="") as file:
        episodes = list(csv.DictReader(file))
    assert sum(int(episode["timesteps"]) + 1 for episode in episodes) == 300
    assert float(episodes[0]["learned"]) > 0


@pytest.mark.parametrize("agent", ["{python} -m agent", "qjerk-agent"])
def test_evaluate_scores_a_level(installed: Run, tmp_path: Path, agent: str) -> None:
    (tmp_path / "levels.csv").write_text(f"game,state\nFernway-Native,{LEVEL}\n")
    words = ("--levels", "levels.csv", "--timesteps", "300", "--seeds", "1", "--results", "results")
    program = (
        agent if agent.startswith("{") else installed(tmp_path, "python", "-c", WHERE.format(agent)).stdout.strip()
    )
    installed(tmp_path, "qjerk-contest", "evaluate", *words, "--agent", program)
    (level,) = json.loads((tmp_path / "results" / "scores.json").read_text())["levels"]
    assert (level["state"], level["timesteps"]) == (LEVEL, 300)
    assert level["score"] > 0
    (said,) = (tmp_path / "results").glob("*/agent-stdout.txt")
    assert "without the Q-network" not in said.read_text()


WHERE = "import sys; from pathlib import Path; print(Path(sys.executable).with_name({!r}))"


def test_training_starts(installed: Run, tmp_path: Path) -> None:
    installed(tmp_path, "qjerk-train", "show", "--zone", "FernHollow", "--out", "show.png")
    assert (tmp_path / "show.png").read_bytes().startswith(b"\x89PNG")
    assert "--weights" in installed(tmp_path, "qjerk-train", "train", "--help").stdout


def test_gymnasium_makes_the_game_with_numpy_and_gymnasium_alone(fernway_alone: Run, tmp_path: Path) -> None:
    made = """
import warnings
warnings.simplefilter("error")
import gymnasium
from gymnasium.utils.env_checker import check_env
env = gymnasium.make("fernway:Fernway-v0", level="FernHollow.Act1", render_mode="rgb_array")
check_env(env.unwrapped)
screen, _ = env.reset(seed=1)
envs = gymnasium.make_vec("Fernway-v0", num_envs=3, split="train", observation={"stack": 2})
observations, _ = envs.reset(seed=1)
print(screen.shape, observations.shape, envs.step(envs.action_space.sample())[1].shape)
from fernway.environment import make
make("FernHollow.Act1", discrete_actions=False, seed=0).reset()
"""
    assert fernway_alone(tmp_path, "python", "-c", made).stdout == "(224, 320, 3) (3, 2, 64, 80) (3,)\n"


def test_the_games_command_says_which_extra_it_needs(fernway_alone: Run, tmp_path: Path) -> None:
    done = fernway_alone(tmp_path, "fernway", "list", status=1)
    assert done.stderr.startswith("fernway: tyro is not installed for ")
    assert done.stderr.endswith(": it comes with fernway[emulator,tools]\n")
    assert done.stderr.count("\n") == 1
