"""build.sh: its words, what it says when something is missing, and how it sets up; and that versions agree."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
WORDS = ("demo", "install", "test", "fuzz", "check", "image", "smoke", "push")

INSTALL_DEMO = "python -m pip install -e .[contest]"
INSTALL_ALL = "python -m pip install -e .[contest,training,dev]"
PLAY = "python -m contest demo"

STAND_IN_PYTHON = """#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
case "$*" in
  "-m venv "*) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  *"--index-url"*) exit "$INDEX_STATUS" ;;
  *"--no-deps torch=="*) echo "ERROR: No matching distribution found for torch" >&2; exit 1 ;;
  *"import version"*) exit 1 ;;
esac
"""
"""A Python that only notes what it is asked for; the user's pip settings offer it no torch."""


def build(
    *words: str, script: Path = ROOT / "build.sh", env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(script), *words], capture_output=True, text=True, check=False, env=env, cwd=cwd)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what build.sh reads, in a folder with spaces in its name; stand-ins for python3.11 and pip."""
    folder = tmp_path / "a project"
    for name in ("build.sh", "pyproject.toml", "setup.py", "fernway/pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name in ("src", "host"):
        (folder / "fernway" / name).mkdir()
        (folder / "fernway" / name / "game.c").write_text("int x;\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3.11").write_text(STAND_IN_PYTHON)
    (tools / "python3.11").chmod(0o755)
    return folder


def set_up(
    project: Path, word: str = "install", *, index_status: int = 0
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Runs a word of build.sh in the copy; returns what came of it and what Python was asked for."""
    log = project.parent / "log"
    log.write_text("")
    env = os.environ | {
        "PATH": f"{project.parent / 'tools'}:{os.environ['PATH']}",
        "LOG": str(log),
        "INDEX_STATUS": str(index_status),
    }
    done = build(word, script=project / "build.sh", env=env, cwd=Path("/"))
    return done, log.read_text().splitlines()


def path_without(tmp_path: Path, *names: str) -> str:
    """A PATH with the plain commands alone, but for some."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in {"awk", "bash", "dirname", "cat", "find", "sort", "xargs", "cksum", "sed", "head", "cc"} - set(names):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return str(folder)


def test_without_a_word_it_says_what_there_is() -> None:
    done = build()
    assert done.returncode == 2
    assert all(re.search(rf"^  {word}\b", done.stderr, re.MULTILINE) for word in WORDS)
    assert build("help").stdout == done.stderr


def test_an_unknown_word_is_named() -> None:
    done = build("fly")
    assert done.returncode == 2
    assert done.stderr.startswith("build.sh: no such word: fly\nusage:")


def test_set_up_asks_the_users_settings_for_torch_first_and_then_pytorchs_index(project: Path) -> None:
    done, asked = set_up(project)
    assert done.returncode == 0, done.stderr
    torch = [line for line in asked if "torch==" in line]
    version = torch_version()
    assert torch == [
        f"python -m pip install --no-deps torch=={version}+cpu",
        f"python -m pip install --no-deps --index-url https://download.pytorch.org/whl/cpu torch=={version}+cpu",
    ]
    assert asked[asked.index(torch[1]) + 1 :] == [INSTALL_ALL]


def test_the_demo_installs_what_it_needs_and_no_more(project: Path) -> None:
    done, asked = set_up(project, "demo")
    assert done.returncode == 0, done.stderr
    assert [line for line in asked if "pip install" in line] == [INSTALL_DEMO]
    assert asked[-1] == PLAY
    assert not any("torch" in line for line in asked)


def test_torch_is_installed_for_whoever_asks_for_it(project: Path) -> None:
    """Should the dependencies ask for it one day, the demo has it, too."""
    file = project / "pyproject.toml"
    line = re.search(r'^    "torch==[^"]*",.*\n', file.read_text(), re.MULTILINE)
    assert line
    file.write_text(
        file.read_text().replace(line[0], "").replace("dependencies = [\n", f"dependencies = [\n{line[0]}", 1)
    )
    assert any(f"torch=={torch_version()}+cpu" in line for line in set_up(project, "demo")[1])


def test_set_up_is_done_once_until_something_it_depends_on_changes(project: Path) -> None:
    set_up(project, "demo")
    assert set_up(project, "demo")[1] == [PLAY]
    for name in ("fernway/src/game.c", "setup.py", "fernway/pyproject.toml"):
        with (project / name).open("a") as file:
            file.write("\n")
        assert INSTALL_DEMO in set_up(project, "demo")[1]
        assert set_up(project, "demo")[1] == [PLAY]


def test_the_larger_installation_comes_on_top_and_is_enough_for_the_demo(project: Path) -> None:
    set_up(project, "demo")
    assert "python3.11 -m venv --clear .venv" not in set_up(project)[1]
    assert set_up(project)[1] == []
    assert set_up(project, "demo")[1] == [PLAY]
    (project / "fernway/src/game.c").write_text("int y;\n")
    assert [line for line in set_up(project, "demo")[1] if " -e " in line] == [INSTALL_ALL]


def test_a_moved_folder_gets_a_new_environment(project: Path) -> None:
    set_up(project)
    moved = project.rename(project.parent / "another project")
    assert "python3.11 -m venv --clear .venv" in set_up(moved)[1]


def test_torch_that_nobody_has_ends_the_set_up_and_it_is_tried_again(project: Path) -> None:
    done, asked = set_up(project, index_status=1)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"build.sh: cannot install torch {torch_version()}+cpu: ")
    assert INSTALL_ALL not in asked
    assert set_up(project)[0].returncode == 0


def test_no_python(project: Path, tmp_path: Path) -> None:
    done = build("demo", script=project / "build.sh", env={"PATH": path_without(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.startswith("build.sh: Python 3.11 or newer is needed, and none is on PATH")


def test_no_compiler(project: Path, tmp_path: Path) -> None:
    tools = project.parent / "tools"
    path = f"{tools}:{path_without(tmp_path, 'cc')}:{tmp_path}"
    for name in ("basename", "mkdir", "cp", "rm"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = build("demo", script=project / "build.sh", env={"PATH": path, "LOG": os.devnull, "INDEX_STATUS": "0"})
    assert done.returncode == 1
    assert done.stderr.startswith("build.sh: a C compiler is needed")


@pytest.mark.parametrize("word", ["image", "smoke", "push"])
def test_no_docker(project: Path, tmp_path: Path, word: str) -> None:
    words = (word, "registry.example.org/me/qjerk:v1") if word == "push" else (word,)
    path = f"{project.parent / 'tools'}:{path_without(tmp_path, 'cc')}"
    done = build(*words, script=project / "build.sh", env={"PATH": path, "LOG": os.devnull})
    assert done.returncode == 1
    assert done.stderr == "build.sh: docker is missing: install Docker (Debian: apt-get install docker.io)\n"


@pytest.mark.parametrize(
    "target",
    [
        "qjerk",
        "qjerk:v1",
        "me/qjerk:v1",
        "registry.example.org/me/qjerk",
        "registry.example.org/Me/qjerk:v1",
        "registry.example.org/me/qjerk:",
        "registry.example.org:port/qjerk:v1",
        "https://registry.example.org/me/qjerk:v1",
        "",
    ],
)
def test_push_refuses_what_is_no_registry_name_and_tag(target: str) -> None:
    done = build("push", target)
    assert done.returncode == 1
    assert done.stderr.startswith("build.sh: wanted ")
    assert done.stderr.endswith(f"got: {target}\n")


def test_image_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    assert build("image", "--fast").stderr == "build.sh: wanted: image, without anything after it; got: image --fast\n"


def torch_version() -> str:
    """The version that the project asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    dependencies = project["optional-dependencies"]["training"]
    (torch,) = (line for line in dependencies if line.startswith("torch=="))
    return str(torch.removeprefix("torch=="))


def test_the_lock_gives_what_the_project_asks_for() -> None:
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in map(Requirement, dependencies):
        assert Version(locked[requirement.name]) in requirement.specifier, requirement
    assert not {"torch", "onnx", "safetensors"} & locked.keys(), "the image plays by the graph alone"
