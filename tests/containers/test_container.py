"""The images: what is in them, that they play as the contest's tooling starts them, and how they end."""

import contextlib
import dataclasses
import hashlib
import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from containers import GRACE_S, ContainerError, Pair, docker, pair
from smoke import FIRST_SCREEN, Smoke, read_table
from sonic import dummy_rom, interleaved

from agent.rules import ACTION_TABLE

ROOT = Path(__file__).parents[2]
BUILD = str(ROOT / "build.sh")
SIZE_MAX = 400_000_000
"""Bytes of the unpacked image at most."""

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture(scope="session")
def smoked(image: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A smoke run, which also builds the environment image: its folder of results, and what it printed."""
    results = tmp_path_factory.mktemp("smoke") / "a run"
    words = [BUILD, "smoke", "--timesteps", "1800", "--wallclock", "240", "--start", "60", "--results", str(results)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return results, done.stdout


@pytest.fixture
def smoke(smoked: tuple[Path, str], tmp_path: Path) -> Smoke:
    """A run that the test is to end; after two minutes the environment does."""
    return Smoke(timesteps=1_000_000, wallclock_s=120.0, results=tmp_path)


def run_smoke(*words: str) -> subprocess.CompletedProcess[str]:
    """What build.sh runs once the images are there."""
    command = [sys.executable, str(ROOT / "tests/containers/smoke.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def containers() -> set[str]:
    """Every container that the engine knows, those of earlier runs that were killed among them."""
    return set(docker("ps", "-aq").split())


def start(smoke: Smoke) -> contextlib.AbstractContextManager[Pair]:
    return pair(smoke.agent, smoke.remote_env, smoke.remote_command, smoke.results)


def wait_for(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


def wait_until_playing(both: Pair) -> None:
    wait_for(lambda: FIRST_SCREEN in both.agent.logs()[0])


def test_layout_is_the_contests(image: str) -> None:
    config = json.loads(docker("image", "inspect", image))[0]["Config"]
    assert config["Entrypoint"] == ["tini", "--", "bash", "-lc", "exec $0 $@"]
    assert config["Cmd"] == ["python", "-m", "agent"]
    assert set(config["Volumes"]) == {"/root/compo/tmp", "/root/compo/out"}
    # The tooling names neither a folder nor an environment: the login shell gives both.
    assert docker("run", "--rm", image, "pwd") == "/root/compo"
    assert docker("run", "--rm", image, "which", "python") == "/root/venv/bin/python"


def test_labels_are_the_projects(image: str) -> None:
    labels = json.loads(docker("image", "inspect", image))[0]["Config"]["Labels"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {key: labels[f"org.opencontainers.image.{key}"] for key in ("title", "version", "licenses")}
    assert named == {"title": project["name"], "version": project["version"], "licenses": project["license"]}


def test_size_and_layers(image: str) -> None:
    inspected = json.loads(docker("image", "inspect", image))[0]
    assert inspected["Size"] <= SIZE_MAX
    # Steps that only change the settings have no size and no layer; as many layers as sizes means that none is empty.
    sizes = docker("history", "--format", "{{.Size}}", image).split()
    assert len(inspected["RootFS"]["Layers"]) == sum(size != "0B" for size in sizes)


def test_it_holds_agent_and_weights_alone(image: str) -> None:
    found = docker(
        "run", "--rm", "--network", "none", image, "find", "/root/compo", "-name", "*.py", "-o", "-type", "d"
    )
    tops = {Path(line).relative_to("/root/compo").parts[:1] for line in found.splitlines()}
    assert tops == {(), ("agent",), ("weights",), ("tmp",), ("out",)}
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "agent").rglob("*.py")}
    held = {str(Path(line).relative_to("/root/compo")) for line in found.splitlines() if line.endswith(".py")}
    assert held == sources


def test_nothing_is_compiled_at_run_time(image: str) -> None:
    lines = docker("run", "--rm", image, "find", "/root/compo/agent", "-name", "*.py*").splitlines()
    sources = [line for line in lines if line.endswith(".py")]
    assert sources
    assert len(lines) == 2 * len(sources)


PLAY = """
import cv2, gymnasium, numpy, rich, tyro
cv2.Canny(cv2.resize(numpy.zeros((224, 320), numpy.uint8), (80, 64), interpolation=cv2.INTER_AREA), 1, 2)
from agent.assembly import WEIGHTS
from agent.network.policy import Policy
policy = Policy.load(WEIGHTS)
print(len(policy.q_values(numpy.zeros(policy.vision.obs_shape, numpy.uint8))))
"""


def test_what_was_left_out_is_not_missed(image: str, tmp_path: Path) -> None:
    script = tmp_path / "play.py"
    script.write_text(PLAY)
    words = ["--rm", "--network", "none", "-v", f"{script}:/play.py:ro", "-e", "PYTHONPATH=/root/compo"]
    assert docker("run", *words, image, "python", "/play.py") == str(len(ACTION_TABLE))


def test_what_reached_the_mirrors_from_here_is_not_in_it(image: str) -> None:
    """A stand-in for the base image has certificates and settings of the machine that it was made on."""
    folders = ["/usr/local/share/ca-certificates", "/etc/apt/apt.conf.d", "/etc/apt/sources.list.d"]
    found = docker("run", "--rm", "--network", "none", image, "find", *folders, "-type", "f").splitlines()
    ours = [Path(line).name for line in found]
    there = {path.name for folder in folders if Path(folder).is_dir() for path in Path(folder).iterdir()}
    debians = {"01autoremove", "70debconf", "debian.sources", "docker-clean", "docker-gzip-indexes"}
    debians |= {"docker-autoremove-suggests", "docker-no-languages", "99no-caches"}
    assert not set(ours) & (there - debians), found


LEAST = ("--read-only", "--cap-drop", "ALL", "--memory", "96m", "--memory-swap", "96m")


def test_it_plays_with_no_rights_and_little_memory(smoke: Smoke) -> None:
    smoke = dataclasses.replace(smoke, timesteps=600)
    with pair(smoke.agent, smoke.remote_env, smoke.remote_command, smoke.results, options=LEAST) as both:
        assert both.wait() == {"remote": 0, "agent": 0}
    assert "without the Q-network" not in (smoke.results / "agent-stdout.txt").read_text()
    assert any(float(episode["learned"]) > 0 for episode in read_table(smoke.results / "out/episodes.csv"))


def test_a_user_whom_the_environment_does_not_let_in_is_told_why(smoke: Smoke) -> None:
    """The environment is root's, and so are its socket and the volume that both share."""
    with pair(smoke.agent, smoke.remote_env, smoke.remote_command, smoke.results, options=("--user", "1000")) as both:
        assert both.wait()["agent"] == 1
    (line,) = (smoke.results / "agent-stderr.txt").read_text().splitlines()
    assert "Permission denied" in line


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 0.6, 1.0, 2.0])
def test_it_can_be_stopped_at_any_moment(image: str, seconds: float) -> None:
    """Before it has said what SIGTERM is to do, too: 137 is what is left of one that did not hear."""
    name = docker("run", "-d", "--network", "none", image)
    try:
        time.sleep(seconds)
        docker("stop", name)
        assert json.loads(docker("inspect", name))[0]["State"]["ExitCode"] in (0, 143)
    finally:
        docker("rm", "--force", name)


def test_smoke_run_says_what_came_of_it(smoked: tuple[Path, str]) -> None:
    results, said = smoked
    for wanted in (r"first action: \d+\.\d\d s", r"1800 timesteps, \d+ timesteps/s", r"score: -?\d+\.\d"):
        assert re.search(wanted, said), said
    assert (results / "remote/log.csv").read_text().splitlines()[0] == "l,t"
    assert "without the Q-network" not in (results / "agent-stdout.txt").read_text()
    assert any(float(episode["learned"]) > 0 for episode in read_table(results / "out/episodes.csv"))


def test_smoke_run_fails_in_one_line(smoked: tuple[Path, str], tmp_path: Path) -> None:
    before = containers()
    done = run_smoke("--game", "NoSuchGame-Genesis", "--results", str(tmp_path))
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(
        "smoke: the remote container ended with exit status 1: contest: no game 'NoSuchGame-Genesis'"
    )
    assert containers() <= before


def test_the_start_is_held_against_the_goal(smoked: tuple[Path, str], tmp_path: Path) -> None:
    done = run_smoke("--timesteps", "50", "--start", "0.001", "--results", str(tmp_path))
    assert done.returncode == 1
    assert "from the container's start to its first action, wanted 0.001" in done.stderr


def test_wallclock_limit_ends_both_the_regular_way(smoke: Smoke) -> None:
    with start(dataclasses.replace(smoke, wallclock_s=30.0)) as both:
        assert both.wait() == {"remote": 0, "agent": 0}
    assert (smoke.results / "agent-stderr.txt").read_text() == ""


def test_sigterm_ends_the_agent_within_the_grace(smoke: Smoke) -> None:
    with start(smoke) as both:
        wait_until_playing(both)
        time.sleep(1)  # so that there is something to keep
        docker("stop", "--time", str(round(GRACE_S)), both.agent.name)
        assert both.wait()["agent"] == 0
    assert len((smoke.results / "out/episodes.csv").read_text().splitlines()) >= 2
    assert (smoke.results / "out/knowledge.npz").stat().st_size > 0


def test_a_server_that_dies_ends_the_agent_with_one_line(smoke: Smoke) -> None:
    with start(smoke) as both:
        wait_until_playing(both)
        docker("kill", both.remote.name)
        assert both.wait()["agent"] == 1
    assert len((smoke.results / "agent-stderr.txt").read_text().splitlines()) == 1


def test_an_agent_that_hangs_is_killed_and_nothing_is_left(smoke: Smoke) -> None:
    # The environment never starts, and the agent waits longer for it than the grace.
    with start(dataclasses.replace(smoke, game="NoSuchGame")) as both:
        assert both.wait() == {"remote": 1, "agent": 137}
    assert not docker("ps", "-aq", "--filter", f"name={both.agent.name}")


def test_what_cannot_start_leaves_nothing(smoke: Smoke) -> None:
    before, volumes = containers(), docker("volume", "ls", "-q")
    with (
        pytest.raises(ContainerError, match="docker run failed"),
        start(dataclasses.replace(smoke, agent="no/such:image")),
    ):
        pass
    assert docker("volume", "ls", "-q") == volumes
    assert containers() <= before


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["list", "games"], "Airstriker-Genesis-v0"),
        (["list", "states", "Airstriker-Genesis-v0"], "Level1"),
        (["list", "states", "Fernway-Genesis-v0"], "FernHollow.Act1"),
        (["--data-dir", "/root/venv/lib/python3.11/site-packages/stable_retro/data", "list", "games"], "Airstriker"),
    ],
)
def test_environment_answers_to_the_contests_name(smoked: tuple[Path, str], words: list[str], wanted: str) -> None:
    assert wanted in docker("run", "--rm", "--network", "none", Smoke().remote_env, "retro-contest-remote", *words)


def test_environment_refuses_a_word_it_does_not_know(smoked: tuple[Path, str]) -> None:
    with pytest.raises(ContainerError, match="wanted one of: run, list; got: fly"):
        docker("run", "--rm", Smoke().remote_env, "retro-contest-remote", "fly")


INTEGRATION = "/root/venv/lib/python3*/site-packages/stable_retro/data/stable/SonicTheHedgehog-Genesis-v0"
SONIC = ("--game", "SonicTheHedgehog-Genesis", "--state", "GreenHillZone.Act1", "--timesteps", "300", "--start", "60")


@contextlib.contextmanager
def built(name: str, *words: str, dockerfile: str | None = None) -> Iterator[str]:
    """An image for as long as a test takes."""
    subprocess.run(
        ["docker", "build", "-t", name, *words], input=dockerfile, text=True, check=True, capture_output=True
    )
    yield name
    docker("rmi", name)


@pytest.fixture
def roms(tmp_path: Path) -> Path:
    """A folder with a stand-in for the contest's first ROM, as a copier wrote it."""
    path = tmp_path / "my roms"
    path.mkdir()
    (path / "sonic.smd").write_bytes(interleaved(dummy_rom("SONIC THE HEDGEHOG", "GM 00004049-01")))
    return path


def test_a_game_of_the_contest_from_a_folder_of_roms(smoked: tuple[Path, str], roms: Path, tmp_path: Path) -> None:
    """The stand-in is taken for the ROM where its sum is in the place of the ROM's."""
    rom = dummy_rom("SONIC THE HEDGEHOG", "GM 00004049-01")
    lines = f"FROM {Smoke().remote_env}\nRUN echo {hashlib.sha1(rom).hexdigest()} | tee {INTEGRATION}/rom.sha\n"
    results = tmp_path / "results"
    with built("qjerk-remote-env-stand-in", "-", dockerfile=lines) as image:
        done = run_smoke("--remote-env", image, *SONIC, "--roms", str(roms), "--results", str(results))
        assert done.returncode == 0, done.stderr
        assert "300 timesteps" in done.stdout
        assert "imported from /root/roms/sonic.smd" in (results / "remote-stdout.txt").read_text()
        done = run_smoke("--remote-env", image, *SONIC, "--results", str(results))
        assert done.returncode == 1
        assert "the ROM of SonicTheHedgehog-Genesis-v0 is missing" in done.stderr.splitlines()[-1]


def test_a_layer_of_roms(smoked: tuple[Path, str], roms: Path) -> None:
    """Without its sum, the stand-in is another ROM: the environment says so and does not start."""
    dockerfile = ROOT / "tests/containers/remote_env/with_roms.Dockerfile"
    with built("qjerk-remote-env-roms", "-f", str(dockerfile), str(roms)) as image:
        assert docker("run", "--rm", image, "ls", "/root/roms") == "sonic.smd"
        with pytest.raises(ContainerError, match=r"is missing: wanted .*; /root/roms/sonic.smd is another ROM: SONIC"):
            docker("run", "--rm", image, "retro-contest-remote", "run", "SonicTheHedgehog-Genesis")


def test_a_folder_of_roms_that_is_none(smoked: tuple[Path, str], tmp_path: Path) -> None:
    done = run_smoke(*SONIC, "--roms", str(tmp_path / "nowhere"), "--results", str(tmp_path / "results"))
    assert done.stderr == f"smoke: wanted a folder of ROMs, got {tmp_path / 'nowhere'}\n"
