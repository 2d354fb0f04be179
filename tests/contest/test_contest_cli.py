"""`python -m contest` as users start it: processes, sockets, signals, files."""

import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
import pytest
import toy_game
from needs import Offer
from rich.console import Console

from agent.wire.client import RemoteEnv, ServerClosedError, TimestepTimeoutError, WallClockTimeoutError
from agent.wire.connect import RemoteConfig
from contest.__main__ import main
from contest.demo import how_far
from contest.remote import games
from contest.remote.environment import make
from contest.remote.games import GameError
from contest.remote.monitor import EPISODES_END, Record
from contest.remote.recording import VideoError, read_recording, replay
from contest.report.video import make_video
from fernway.levels import committed, is_validation

GAME = "Airstriker-Genesis"
RIGHT = np.eye(12, dtype=np.int8)[7]


def contest(*words: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "contest", *map(str, words)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, **options)


@contextmanager
def serve(folder: Path, *words: object) -> "Iterator[subprocess.Popen[str]]":
    """A server process on the socket folder `folder / "sock"`."""
    command = [sys.executable, "-m", "contest", "serve", *map(str, words), "-s", str(folder / "sock")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd())
    try:
        yield process
        process.wait(timeout=300)
    finally:
        process.kill()
        process.communicate()


def connect(folder: Path) -> RemoteEnv:
    return RemoteEnv(RemoteConfig(socket_dir=folder / "sock"))


def play(env: gym.Env[Any, Any], limit: int) -> list[tuple[bytes, float, bool]]:
    """What comes of holding RIGHT for so many steps and resets, or until the server ends the run."""
    seen: list[tuple[bytes, float, bool]] = []
    over = True
    while len(seen) < limit:
        if over:
            screen, _ = env.reset()
            seen.append((screen.tobytes(), 0.0, False))
        else:
            screen, reward, terminated, truncated, _ = env.step(RIGHT)
            seen.append((screen.tobytes(), float(reward), terminated or truncated))
        over = seen[-1][2]
    return seen


def frames_of(video: Path) -> Iterator[Any]:
    """The frames of a video, BGR."""
    capture = cv2.VideoCapture(str(video))
    while (answer := capture.read())[0]:
        yield answer[1]
    capture.release()


@pytest.mark.slow
def test_serves_the_contests_environment(tmp_path: Path, late_state: Path) -> None:
    flags = ("-T", 120, "-m", tmp_path / "mon", "-b", tmp_path / "bk2", "--record", tmp_path / "run.json", "--seed", 3)
    with serve(tmp_path, GAME, late_state, *flags) as server:
        remote = connect(tmp_path)
        seen = play(remote, 120)
        with pytest.raises(TimestepTimeoutError):
            remote.step(RIGHT)
        remote.close()
    assert server.returncode == 0
    local = make(GAME, str(late_state), seed=3)
    assert seen == play(local, 120)
    local.close()
    assert not list((tmp_path / "sock").iterdir())

    record = Record.load(tmp_path / "run.json")
    assert (record.timesteps, record.end) == (120, "timesteps used up")
    returns, lengths = [0.0], [0]
    for _, reward, over in seen[1:]:
        if lengths[-1] < 0:  # the answer to a reset
            returns, lengths = [*returns, 0.0], [*lengths[:-1], -lengths[-1], 0]
            continue
        returns[-1] += reward
        lengths[-1] += 1
        if over:
            lengths[-1] *= -1
    assert record.episodes == list(zip(returns, lengths, strict=True))[:-1]
    assert record.unfinished == (returns[-1], lengths[-1])
    rows = (tmp_path / "mon" / "monitor.csv").read_text().splitlines()
    assert [row.rsplit(",", 1)[0] for row in rows] == ["r,l", *(f"{one},{two}" for one, two in record.episodes)]
    assert len(rows) >= 2
    assert (tmp_path / "mon" / "log.csv").read_bytes() == b"l,t\r\n"

    recordings = sorted((tmp_path / "bk2").iterdir())
    assert [path.name for path in recordings] == [
        f"{GAME}-v0-late one-{number:06}.bk2" for number in range(len(returns))
    ]
    video = make_video(
        recordings[0], tmp_path / "videos" / "first.mp4", Console(quiet=True), expected_return=returns[0]
    )
    frames = 0
    for drawn, (screen, _) in zip(frames_of(video), replay(read_recording(recordings[0])), strict=True):
        frames += 1
        if frames % 20 == 0:
            assert drawn.shape == (448, 640, 3)
            assert np.abs(drawn[::2, ::2, ::-1].astype(int) - screen).mean() < 8, "what is shown is what was played"
    assert 4 * (lengths[0] - 1) < frames - 1 <= 4 * lengths[0]
    with pytest.raises(VideoError, match="the return is"):
        make_video(recordings[0], video, Console(quiet=True), expected_return=returns[0] + 1)
    assert [path.name for path in video.parent.iterdir()] == ["first.mp4"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with serve(tmp_path, GAME, "-b", tmp_path / "bk2", "--record", tmp_path / "run.json", "-D") as server:
        remote = connect(tmp_path)
        assert isinstance(remote.action_space, gym.spaces.Discrete)
        remote.reset()
        remote.step(1)
        server.send_signal(number)
        out, errors = server.communicate(timeout=60)
        with pytest.raises(ServerClosedError):
            remote.step(1)
        remote.close()
    assert (server.returncode, errors) == (0, "")
    serving, stopped = out.splitlines()
    assert serving == (
        f"serving Airstriker-Genesis-v0 Level1 on {tmp_path}/sock/sock, without limit; "
        f"the agent connects with: python -m agent --socket {tmp_path}/sock"
    )
    assert stopped.startswith("stopped: 2 timesteps, 1 episode, mean return 0.0, ")
    assert not list((tmp_path / "sock").iterdir())
    assert Record.load(tmp_path / "run.json").end == "stopped"
    (recording,) = (tmp_path / "bk2").iterdir()
    assert zipfile.ZipFile(recording).testzip() is None


def test_a_signal_before_a_client_comes(tmp_path: Path) -> None:
    with serve(tmp_path, GAME) as server:
        eventually((tmp_path / "sock" / "sock").exists)
        server.terminate()
        out, errors = server.communicate(timeout=60)
    assert (server.returncode, errors) == (0, "")
    assert out.endswith("stopped: 0 timesteps, 0 episodes\n")


def eventually(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_background(tmp_path: Path, toy: None) -> None:
    record = tmp_path / "run.json"
    command = [sys.executable, "-m", "contest", "serve", "Toy-Native", "-d", "-T", "5", "--record", str(record)]
    assert subprocess.run([*command, "-s", str(tmp_path / "sock")], timeout=60, check=False).returncode == 0
    remote = connect(tmp_path)
    play(remote, 5)
    with pytest.raises(TimestepTimeoutError):
        remote.step(RIGHT)
    remote.close()
    eventually(lambda: record.exists() and Record.load(record).end == "timesteps used up")
    wrong = contest("serve", "Toy-Native", "nowhere", "-d")
    assert wrong.returncode == 1, "what can be told at once is told before it goes to the background"


def test_wallclock_limit(tmp_path: Path, toy: None) -> None:
    with serve(tmp_path, "Toy-Native", "-W", 5, "--record", tmp_path / "run.json") as server:
        remote = connect(tmp_path)
        with pytest.raises(WallClockTimeoutError):
            play(remote, 1_000_000_000)
        remote.close()
    assert server.returncode == 0
    record = Record.load(tmp_path / "run.json")
    assert record.end == "time used up"
    assert record.is_whole
    with serve(tmp_path, "Toy-Native", "-W", 0.1) as server:
        out, _ = server.communicate(timeout=60)
    assert server.returncode == 0
    serving, over = out.splitlines()
    assert serving.startswith("serving Toy-Native-v0 short on ")
    assert ", 0.1 s; the agent connects with: python -m agent --socket " in serving
    assert over == "time used up before a client came: 0 timesteps, 0 episodes"


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("serve", "Airstiker-Genesis"), 1, "contest: no game 'Airstiker-Genesis'; nearest: Airstriker-Genesis-v0"),
        (("serve", GAME, "Level7"), 1, "contest: Airstriker-Genesis-v0 has no state 'Level7'; nearest: Level1"),
        (("serve", GAME, "-T", "0"), 1, "contest: wanted timestep-limit above 0, got 0"),
        (("serve",), 2, "GAME"),
        (("serve", GAME, "-T", "many"), 2, "many"),
        (("evaluate", "--levels", "none.csv", "--agent", "true"), 1, "contest: list of levels none.csv"),
        (("video", "none.bk2"), 1, "contest: none.bk2: no such recording"),
        (("list", "states", "Nothing"), 1, "contest: no game 'Nothing'"),
        (("bogus",), 2, "bogus"),
    ],
)
def test_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["contest", *words])
    if status == 2:  # tyro's
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
    else:
        assert main() == status
    output = capsys.readouterr()
    assert message in output.err + output.out
    assert status == 2 or len(output.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_exit_status_reaches_the_shell() -> None:
    done = contest("serve", "Airstiker-Genesis")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("contest: no game 'Airstiker-Genesis'; nearest: Airstriker-Genesis-v0")


def test_lists(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def lines(*words: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["contest", "list", *words])
        assert main() == 0
        return capsys.readouterr().out.splitlines()

    everything = lines("games")
    assert everything == sorted(everything)
    assert {f"{GAME}-v0", "SonicTheHedgehog-Genesis-v0"} <= set(everything)
    assert f"{GAME}-v0" in lines("games", "-s", "Genesis", "--playable")
    assert not [name for name in lines("games", "-s", "Nes") if "-Nes" not in name]
    assert lines("states", GAME, "SonicTheHedgehog-Genesis")[:4] == [
        f"{GAME}:", "  Level1", "SonicTheHedgehog-Genesis:", "  GreenHillZone.Act1"
    ]  # fmt: skip


@pytest.mark.slow
def test_demo(tmp_path: Path, late_state: Path) -> None:
    (tmp_path / "player.py").write_text(toy_game.AGENT)
    words = (
        "demo",
        "--game",
        "Airstriker-Genesis",
        "--state",
        late_state,
        "--agent",
        f"{{python}} {tmp_path / 'player.py'} on {{seed}}",
    )
    done = contest(*words, "--results", tmp_path / "demo")
    assert (done.returncode, done.stderr) == (0, "")
    record = Record.load(tmp_path / "demo" / "run" / "episodes.json")
    assert record.end == EPISODES_END
    assert len(record.episodes) == 2
    assert f"score {sum(value for value, _ in record.episodes) / 2:.1f}" in done.stdout
    assert len((tmp_path / "demo" / "monitor.csv").read_text().splitlines()) == 3
    assert (tmp_path / "demo" / "episodes.csv").read_text().splitlines()[0] == "return,timesteps"
    best = max(range(2), key=lambda number: record.episodes[number][0])
    count = sum(1 for _ in frames_of(tmp_path / "demo" / "best.mp4"))
    assert 4 * record.episodes[best][1] - 3 <= count - 1 <= 4 * record.episodes[best][1]


@pytest.mark.slow
def test_the_demo_films_a_validation_level_that_is_finished(tmp_path: Path) -> None:
    """By the bundled network, with the seed that it says."""
    done = contest("demo", "--episodes", 1, "--results", tmp_path / "demo")
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *_ = filter(None, done.stdout.splitlines())
    assert first.startswith(
        "Fernway-Genesis-v0 AmberQuarry.Act5 (a validation level: no training shows it), seed 0: 1 "
    )
    assert is_validation(*(getattr(committed()["AmberQuarry.Act5"].level, name) for name in ("zone", "act")))
    assert second.endswith(": the level is finished")
    assert (tmp_path / "demo" / "best.mp4").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("episode_return", "told"),
    [
        (9000.5, "the level is finished"),
        (8999.0, "the level is not finished, 99 % of the way"),
        (1260.0, "the level is not finished, 14 % of the way"),
        (-1.0, "the level is not finished, 0 % of the way"),
    ],
)
def test_the_demo_says_whether_a_level_is_finished(episode_return: float, told: str) -> None:
    assert how_far(episode_return) == told


def test_video_refuses_what_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "some.bk2").write_bytes(b"no recording")
    with pytest.raises(VideoError, match="no bk2 recording"):
        make_video(tmp_path / "some.bk2", tmp_path / "some.mp4", Console(quiet=True))


def test_native_games_of_other_packages(tmp_path: Path, offer: Offer) -> None:
    entries = """
[qjerk.environments]
Toy-Native-v0 = toy_game
Wrong-Native-v0 = json
Missing-Native-v0 = no_such_module

[qjerk.games]
Loose-Genesis-v0 = json:loads
Idle-Genesis-v0 = gc:collect
"""
    offer(entries)
    assert {"Toy-Native-v0", "Loose-Genesis-v0"} <= set(games.games())
    assert games.states("Toy-Native") == ["short", "long"]
    env = make("Toy-Native", "long", seed=0)
    env.reset()
    assert [env.step(RIGHT)[3] for _ in range(4500)][-2:] == [False, True], "the contest's time limit holds here too"
    with pytest.raises(GameError, match="nothing to record"):
        make("Toy-Native", bk2dir=tmp_path)
    for game, message in {
        "Wrong-Native": "wants the functions",
        "Missing-Native": "no_such_module cannot be loaded",
        "Loose-Genesis": "json:loads failed: .*missing 1 required",
        "Idle-Genesis": "gc:collect registered no integration",
    }.items():
        with pytest.raises(GameError, match=message):
            games.find(game)


def test_integrations_of_other_packages(tmp_path: Path, offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package's copy of a game, under a name of its own."""
    from stable_retro import data

    source = Path(data.get_file_path(f"{GAME}-v0", "rom.sha", data.Integrations.STABLE)).parent
    copy = tmp_path / "integrations" / "Mine-Genesis-v0"
    copy.mkdir(parents=True)
    for file in source.iterdir():
        (copy / file.name).symlink_to(file)
    code = f"from stable_retro import data\ndef register():\n    data.add_custom_integration({str(copy.parent)!r})\n"
    (tmp_path / "my_package.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    offer("[qjerk.games]\nMine-Genesis-v0 = my_package:register\n")
    try:
        level = games.find("Mine-Genesis", "Level1")
        assert (level.game, level.state) == ("Mine-Genesis-v0", "Level1")
        env = make("Mine-Genesis", seed=0)
        assert env.reset()[0].shape == (224, 320, 3)
        env.close()
        (copy / "metadata.json").unlink()  # then nothing tells the default state
        env = make("Mine-Genesis", bk2dir=tmp_path / "bk2")
        env.reset()
        env.step(RIGHT)
        env.close()
        assert [path.name for path in (tmp_path / "bk2").iterdir()] == ["Mine-Genesis-v0-power-on-000000.bk2"]
    finally:
        data.Integrations.clear_custom_paths()
        data.DefaultIntegrations.reset()
