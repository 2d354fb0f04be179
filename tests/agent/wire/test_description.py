"""Descriptions and arrays' files of another form than the contest's, from a server on a real socket."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_server import (
    DESCRIPTION,
    SCREEN_BYTES,
    Peer,
    config,
    fake_server,
    message,
)

from agent.wire.client import ProtocolError, RemoteEnv, WallClockTimeoutError

BAD_CHANNELS: dict[str, dict[str, Any]] = {
    "code in the shape": {"ob": ["np", '__import__("os").system("touch pwned"), dtype("|u1")', {"type": "Box"}]},
    "code after the shape": {"ob": ["np", '(2, 3, 3), dtype("|u1"), print()', {"type": "Box"}]},
    "code in the folds": {"ac": ["int_fold", "[2] * 12,", {"n": "12", "type": "MultiBinary"}]},
    "a line after the folds": {"ac": ["int_fold", "[2, 2],\n", {"n": "2", "type": "MultiBinary"}]},
    "other digits": {"ob": ["np", '(٢, 3, 3), dtype("|u1")', {"type": "Box"}]},
    "folds of 3": {"ac": ["int_fold", "[2, 3],", {"n": "2", "type": "MultiBinary"}]},
    "too many folds": {"ac": ["int_fold", f"{[2] * 64},", {"n": "64", "type": "MultiBinary"}]},
    "no folds": {"ac": ["int_fold", None, {"n": "12", "type": "MultiBinary"}]},
    "another count of folds": {"ac": ["int_fold", "[2, 2],", {"n": "3", "type": "MultiBinary"}]},
    "objects": {"ob": ["np", '(2, 3, 3), dtype("|O")', {"type": "Box"}]},
    "a type that numpy does not have": {"ob": ["np", '(2, 3, 3), dtype("<u1b")', {"type": "Box"}]},
    "half a boolean": {"ob": ["np", '(2, 3, 3), dtype("<f1")', {"type": "Box"}]},
    "a negative size": {"ob": ["np", '(-2, 3, 3), dtype("|u1")', {"type": "Box"}]},
    "a size of 0": {"ob": ["np", '(0, 3, 3), dtype("|u1")', {"type": "Box"}]},
    "a huge array": {"ob": ["np", '(999999999, 999999999), dtype("|u1")', {"type": "Box"}]},
    "40 dimensions": {"ob": ["np", f'{(1,) * 40}, dtype("|u1")', {"type": "Box"}]},
    "a shape to an integer": {"ac": ["int", "(2,)", {"n": "3", "type": "Discrete"}]},
    "an unknown kind": {"ac": ["pickle", None, {"n": "3", "type": "Discrete"}]},
    "an unknown space": {"ac": ["int", None, {"n": "3", "type": "Text"}]},
    "no space": {"ac": ["int", None, {}]},
    "no n": {"ac": ["int", None, {"type": "Discrete"}]},
    "n of 0": {"ac": ["int", None, {"n": "0", "type": "Discrete"}]},
    "n as code": {"ac": ["int", None, {"n": "1+1", "type": "Discrete"}]},
    "n as a number": {"ac": ["int", None, {"n": 3, "type": "Discrete"}]},
    "a space of another kind": {"ac": ["int", None, {"n": "3", "type": "MultiBinary"}]},
    "annotations null": {"ac": ["int", None, None]},
    "no list": {"ac": "int"},
    "two elements": {"ac": ["int", None]},
    "a reward that is a truth value": {"reward": ["bool", None, {}]},
    "done that is a number": {"done": ["float", None, {}]},
    "one channel more": {"lives": ["int", None, {}]},
    "a channel elsewhere": {"../ob": ["bool", None, {}]},
}


@pytest.mark.parametrize("channels", BAD_CHANNELS.values(), ids=BAD_CHANNELS.keys())
def test_a_description_of_another_form_is_refused_by_name(
    folder: Path, channels: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with (
        fake_server(folder, lambda peer: peer.describe(**channels).hear_out()),
        pytest.raises(ProtocolError, match=r"wanted .*, got ") as caught,
    ):
        RemoteEnv(config(folder))
    assert str(caught.value).isprintable()
    assert not (folder / "pwned").exists()


def test_a_description_without_a_channel_is_refused(folder: Path) -> None:
    channels = {name: said for name, said in DESCRIPTION.items() if name != "reset"}
    with (
        fake_server(folder, lambda peer: peer.say(message("description", channels)).hear_out()),
        pytest.raises(ProtocolError, match="wanted the channels ac, ob, reward, done, reset, got"),
    ):
        RemoteEnv(config(folder))


def test_something_else_before_the_description_is_refused(folder: Path) -> None:
    with (
        fake_server(folder, lambda peer: peer.answer().hear_out()),
        pytest.raises(ProtocolError, match="wanted the description first, got"),
    ):
        RemoteEnv(config(folder))


def test_a_close_before_the_description_keeps_its_meaning(folder: Path) -> None:
    with (
        fake_server(folder, lambda peer: peer.close(2)),
        pytest.raises(WallClockTimeoutError),
    ):
        RemoteEnv(config(folder))


@pytest.mark.parametrize("said", ["(np.int64(2), np.int64(3), np.int64(3)), ", "(2, 3, 3), "])
def test_both_ways_in_which_numpy_writes_integers_are_read(folder: Path, said: str) -> None:
    ob = ["np", said + 'dtype("|u1")', {"type": "Box", "shape": "(2, 3, 3)"}]
    with fake_server(folder, lambda peer: peer.describe(ob=ob).hear_out()), RemoteEnv(config(folder)) as env:
        assert env.observation_space.shape == (2, 3, 3)


# The array's file


def test_a_screen_cut_short_in_the_run_is_an_error_not_a_crash(folder: Path) -> None:
    def script(peer: Peer) -> None:
        peer.describe()
        peer.hear()
        os.truncate(peer.folder / "ob", 4)
        peer.answer()
        peer.hear_out()

    with (
        fake_server(folder, script),
        RemoteEnv(config(folder)) as env,
        pytest.raises(ProtocolError, match=r"wanted 18 bytes in .*ob, got a file of 4"),
    ):
        env.reset()


def test_an_action_that_has_nowhere_to_go_is_an_error_not_a_crash(folder: Path) -> None:
    def script(peer: Peer) -> None:
        (peer.folder / "ac").write_bytes(bytes(16))
        peer.describe(ac=["np", '(2,), dtype("<i8")', {"shape": "2", "type": "MultiDiscrete"}])
        peer.hear()
        os.truncate(peer.folder / "ac", 4)
        peer.answer()
        peer.hear_out()

    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        env.reset()
        with pytest.raises(ProtocolError, match=r"wanted 16 bytes in .*ac, got a file of 4"):
            env.step(np.array([1, 2]))
        with pytest.raises(ProtocolError):
            env.reset()


def damage_missing(path: Path) -> None:
    path.unlink()


def damage_short(path: Path) -> None:
    os.truncate(path, SCREEN_BYTES - 1)


def damage_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def damage_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def damage_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("damage", [damage_missing, damage_short, damage_link, damage_folder, damage_pipe])
def test_a_file_that_is_not_the_array_is_refused(folder: Path, damage: Callable[[Path], None]) -> None:
    def script(peer: Peer) -> None:
        damage(peer.folder / "ob")
        peer.describe().hear_out()

    with (
        fake_server(folder, script),
        pytest.raises(ProtocolError, match=r"wanted .*/ob, got"),
    ):
        RemoteEnv(config(folder))


def test_the_screen_is_opened_for_reading_only_and_left_as_it_is(folder: Path) -> None:
    def script(peer: Peer) -> None:
        peer.show(5)
        (peer.folder / "ob").chmod(0o444)
        peer.describe()
        peer.hear()
        peer.answer()
        peer.hear_out()

    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        assert (env.reset()[0] == 5).all()
