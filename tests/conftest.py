"""What several tests start from."""

import gzip
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import properties  # noqa: F401 - hypothesis's settings, for all tests
import pytest
from needs import Offer, unavailable
from serving import Clock

if TYPE_CHECKING:
    from browser import Browser
    from display import Display
    from sonic import Sonic

# Shells start what they put into the background with SIGINT ignored, and children inherit that: Ctrl-C would do nothing.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _name in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):  # nohup ignores the first, likewise
    signal.signal(_name, signal.SIG_DFL)

# Threads of OpenMP wait for one another busily: where a neighbour holds one of two cores, a second takes minutes.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def image() -> str:
    """The submission image, built; its name."""
    if shutil.which("docker") is None:
        unavailable("docker is missing")
    if subprocess.run(["docker", "version"], capture_output=True, check=False).returncode:
        unavailable("no Docker engine answers")
    build = Path(__file__).parents[1] / "build.sh"
    done = subprocess.run([str(build), "image"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return "qjerk"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a name short enough for a socket's path, wherever pytest keeps its own."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def display(tmp_path: Path) -> Iterator["Display"]:
    """A display without a screen."""
    from display import Display

    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            unavailable(f"{program} is missing")
    found = Display(tmp_path)
    yield found
    found.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time as the server of a test sees it."""
    found = Clock()
    monkeypatch.setattr("contest.remote.server.time", found)
    return found


@pytest.fixture(scope="session")
def late_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state of Airstriker shortly before the game is lost, so that few timesteps make several episodes."""
    retro = pytest.importorskip("stable_retro")
    env = retro.make("Airstriker-Genesis-v0", render_mode=None)
    env.reset()
    for _ in range(1040):  # frames without a button
        env.em.step()
    path = tmp_path_factory.mktemp("states") / "late one.state"
    path.write_bytes(gzip.compress(env.em.get_state(), 1))
    env.close()
    return path


@pytest.fixture
def offer(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    """Makes entry points known to the test and to the processes it starts, as an installed package does."""
    from contest.remote import games

    folder = tmp_path_factory.mktemp("packages")

    def write(entries: str) -> None:
        metadata = folder / "toys-1.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(entries)
        monkeypatch.syspath_prepend(folder)
        path = [str(folder), str(Path(__file__).parent / "support"), os.environ.get("PYTHONPATH", "")]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        games.offered.cache_clear()

    yield write
    games.offered.cache_clear()


@pytest.fixture
def toy(offer: Offer) -> None:
    """Makes the game of toy_game.py known as Toy-Native."""
    offer("[qjerk.environments]\nToy-Native-v0 = toy_game\n[qjerk.maps]\nToy-Native-v0 = toy_game:draw\n")


@pytest.fixture
def sonic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Sonic":
    """The contest's games with stand-ins for their ROMs, for the test and for the processes it starts."""
    from sonic import make_sonic
    from stable_retro import data

    made = make_sonic(Path(data.path()), tmp_path / "data")
    monkeypatch.setattr(data, "path", lambda *_: str(made.data))
    monkeypatch.setenv("RETRO_DATA_PATH", str(made.data))
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """One browser for a module's tests: it takes seconds to start."""
    from browser import browser

    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def site_folder() -> Path:
    """The folder of the game's page, built."""
    from page import built

    return built()


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Iterator[str]:
    """The address that it is served at."""
    from page import served

    with served(site_folder) as address:
        yield address
