"""Recordings that are damaged, of another build, or never end: one line each, within seconds."""

import gzip
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from contest.remote.environment import make
from contest.remote.recording import VideoError, read_recording
from contest.report.video import Quality, make_video
from fernway import GAME, INTEGRATION

RIGHT = np.eye(12, dtype=np.int8)[7]
LOG, STATE = "Input Log.txt", "Core.bin"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten timesteps of Fernway."""
    folder = tmp_path_factory.mktemp("recorded")
    env = make(GAME, "FernHollow.Act1", bk2dir=folder, seed=0)
    env.reset()
    for _ in range(10):
        env.step(RIGHT)
    env.close()
    (path,) = folder.iterdir()
    return path


def changed(recorded: Path, out: Path, **members: bytes | None) -> Path:
    """A recording with other content, checksums and all; None leaves a member out."""
    names = {"log": LOG, "state": STATE, "header": "Header.txt"}
    contents = {names[name]: content for name, content in members.items()}
    with zipfile.ZipFile(recorded) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = contents.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out


def member(recorded: Path, name: str) -> bytes:
    with zipfile.ZipFile(recorded) as file:
        return file.read(name)


def refusal(path: Path) -> str:
    with pytest.raises(VideoError) as caught:
        make_video(path, path.with_suffix(".mp4"), Console(quiet=True))
    words = str(caught.value)
    assert words.isprintable(), "one line"
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing is left"
    return words


def test_a_whole_recording_is_read(recorded: Path) -> None:
    assert read_recording(recorded).frames == 40


def test_a_moving_picture_shows_every_second_timestep(recorded: Path, tmp_path: Path) -> None:
    out = make_video(recorded, tmp_path / "x.webp", Console(quiet=True), quality=Quality(scale=1))
    content = out.read_bytes()
    assert (content[:4], content[8:12]) == (b"RIFF", b"WEBP")
    assert content.count(b"ANMF") == 5  # frames, of ten timesteps
    assert [one.name for one in tmp_path.iterdir()] == ["x.webp"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.99])
def test_half_a_start_state_is_refused(recorded: Path, tmp_path: Path, share: float) -> None:
    state = member(recorded, STATE)
    path = changed(recorded, tmp_path / "x.bk2", state=state[: int(share * len(state))])
    assert "its start state" in refusal(path)


def test_a_start_state_of_another_build_is_refused(recorded: Path, tmp_path: Path) -> None:
    state = bytearray(member(recorded, STATE))
    state[16 + 0xFFFC] ^= 1  # in the stamp that says which ROM it is of
    path = changed(recorded, tmp_path / "x.bk2", state=bytes(state))
    words = refusal(path)
    assert "made with ROM build" in words
    assert "/tmp" not in words.replace(str(path), "")


def test_a_start_state_that_the_emulator_does_not_take_is_refused(tmp_path: Path, late_state: Path) -> None:
    """Also where no package says which states there are."""
    env = make("Airstriker-Genesis-v0", str(late_state), bk2dir=tmp_path / "bk2", seed=0)
    env.reset()
    env.step(RIGHT)
    env.close()
    (recorded,) = (tmp_path / "bk2").iterdir()
    (tmp_path / "x").mkdir()
    state = gzip.decompress(late_state.read_bytes())
    path = changed(recorded, tmp_path / "x" / "x.bk2", state=state[: len(state) // 2])
    assert "its start state is damaged" in refusal(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"[/Input]", b""), (b"[Input]\n", b""), (b"|..|", b"|\0.|"), (b"|\n", b"\n"), (b"P1", b""), (b"\n", b" ")],
)
def test_buttons_that_are_not_whole_are_refused(recorded: Path, tmp_path: Path, old: bytes, new: bytes) -> None:
    log = member(recorded, LOG)
    path = changed(recorded, tmp_path / "x.bk2", log=log.replace(old, new))
    if old == b"P1":  # names of buttons that nobody has: nothing is held, but it can be played
        assert read_recording(path).frames == 40
    else:
        assert "its buttons are not whole" in refusal(path)


@pytest.mark.parametrize("name", ["log", "state", "header"])
def test_a_missing_member_is_refused(recorded: Path, tmp_path: Path, name: str) -> None:
    assert "no bk2 recording" in refusal(changed(recorded, tmp_path / "x.bk2", **{name: None}))


def damaged(recorded: Path, out: Path, at: float) -> Path:
    """One bit of the compressed buttons is wrong, `at` of the way through them."""
    content = bytearray(recorded.read_bytes())
    with zipfile.ZipFile(recorded) as file:
        info = file.getinfo(LOG)
    begin = info.header_offset + 30 + len(LOG)
    content[begin + int(at * info.compress_size)] ^= 0x10
    out.write_bytes(content)
    return out


def long(recorded: Path, out: Path, frames: int = 216_000) -> Path:
    """An hour, if not told otherwise, of doing one thing or another."""
    draw = np.random.default_rng(0)
    rows = [b"|..|....%s......B|" % (b"R" if right else b".") for right in draw.random(frames) < 0.5]
    head = member(recorded, LOG).splitlines()[:2]
    return changed(recorded, out, log=b"\n".join([*head, *rows, b"[/Input]", b""]))


def test_damaged_buttons_are_refused_at_once(recorded: Path, tmp_path: Path) -> None:
    whole = long(recorded, tmp_path / "long.bk2", 400)
    (tmp_path / "x").mkdir()
    for at in np.linspace(0.05, 0.95, 10):
        words = refusal(damaged(whole, tmp_path / "x" / "x.bk2", float(at)))
        assert "or a damaged one" in words


@pytest.mark.slow
def test_a_reader_that_never_comes_back_is_ended(recorded: Path, tmp_path: Path) -> None:
    """What hangs without the checks: the emulator's reader, deaf to signals, on the first wrong bit that makes it."""
    whole = long(recorded, tmp_path / "long.bk2", 400)
    script = (
        "import sys, pathlib\n"
        "from contest.remote import games, recording\n"
        "from contest.report import film\n"
        "recording.read_recording = lambda path, any_rom: recording.Recording(\n"
        "    path=path, level=games.find('Fernway-Genesis-v0'), frames=10**6)\n"
        "film.FRAME_S = 3\n"
        "film.main(*sys.argv[1:])\n"
    )
    statuses = []
    for at in (0.1, 0.02, 0.2, 0.3, 0.7):
        path = damaged(whole, tmp_path / "x.bk2", at)
        words = [sys.executable, "-c", script, str(path), str(tmp_path / "x.mp4"), "1", "51", "60"]
        statuses.append(subprocess.run(words, capture_output=True, check=False, timeout=300).returncode)
        if statuses[-1] == -signal.SIGALRM:
            break
    assert statuses[-1] == -signal.SIGALRM, statuses


@contextmanager
def filming(path: Path) -> "Iterator[subprocess.Popen[str]]":
    """`contest video` when it has begun."""
    words = [sys.executable, "-m", "contest", "video", str(path)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not list(path.parent.glob(".*.mp4")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_filming_ends_when_it_is_told_to(recorded: Path, tmp_path: Path, number: signal.Signals) -> None:
    path = long(recorded, tmp_path / "long.bk2")
    with filming(path) as process:
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "contest: interrupted"
    assert [one.name for one in tmp_path.iterdir()] == ["long.bk2"]
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(path) not in running


def test_no_recording_at_all(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bk2")
    (tmp_path / "folder.bk2").mkdir()
    (tmp_path / "empty.bk2").touch()
    for name in ("pipe.bk2", "folder.bk2", "empty.bk2", "missing.bk2", "/dev/zero"):
        with pytest.raises(VideoError) as caught:
            make_video(tmp_path / name, tmp_path / "x.mp4", Console(quiet=True))
        assert str(caught.value).isprintable()
    (tmp_path / "state.bk2").write_bytes((INTEGRATION / "FernHollow.Act1.state").read_bytes())
    with pytest.raises(VideoError, match="no bk2 recording"):
        make_video(tmp_path / "state.bk2", tmp_path / "x.mp4", Console(quiet=True))
