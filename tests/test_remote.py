"""The agent's end of the wire against a server that misbehaves, on a real socket."""

import itertools
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_server import ANSWER, DESCRIPTION, SCREEN_BYTES, Peer, Script, fake_server, message
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from agent.config import EPISODE_TIMESTEPS, RemoteConfig
from agent.remote import (
    ClientDisconnectError,
    ConnectError,
    GymRemoteError,
    ProtocolError,
    RemoteEnv,
    ResetError,
    ResponseTimeoutError,
    RunEnd,
    ServerClosedError,
    ServerDisconnectError,
    TimestepTimeoutError,
    WallClockTimeoutError,
)

RIGHT = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], np.int8)
BY_ID = [GymRemoteError, TimestepTimeoutError, WallClockTimeoutError, ClientDisconnectError, ServerDisconnectError]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:  # short, as sockets' paths have to be
        yield Path(name)


def config(folder: Path, **changes: Any) -> RemoteConfig:
    settings = {"connect_timeout_s": 5, "handshake_timeout_s": 5, "response_timeout_s": 5, "backoff_s": 0.01}
    return RemoteConfig(socket_dir=folder, **(settings | changes))


def playing(*script: Callable[[Peer], object]) -> Script:
    """A server that describes itself, then hears a message before each part of the script."""

    def play(peer: Peer) -> None:
        peer.describe()
        for part in script:
            peer.hear()
            part(peer)
        peer.hear_out()

    return play


def reset(peer: Peer) -> None:
    peer.show(7).answer(reset=False)


# The regular course of things


def test_a_session_byte_by_byte(folder: Path) -> None:
    heard = []

    def script(peer: Peer) -> None:
        peer.describe()
        for reply in ({"reset": False}, {"reward": 1.5}, {"reward": -2, "done": True}, {"reset": False}):
            heard.append(peer.hear())
            peer.show(len(heard)).answer(**reply)
        heard.append(peer.hear())

    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        assert env.action_space == spaces.MultiBinary(12)
        assert env.observation_space == spaces.Box(0, 255, (2, 3, 3), np.uint8)
        first, info = env.reset(seed=3)
        second, reward, terminated, truncated, _ = env.step(RIGHT)
        assert (info, reward, terminated, truncated) == ({}, 1.5, False, False)
        _, reward, terminated, truncated, _ = env.step(np.ones(12, bool))
        assert (reward, terminated, truncated) == (-2.0, True, False)
        env.reset()
        assert env.timesteps == 4
        assert env.observation_space.contains(first)
        assert (first == 1).all(), "an observation was overwritten after it was handed out"
        assert (second == 2).all()
        first[:] = 0  # it is the caller's own
    assert heard == [
        {"type": "update", "content": {"reset": True}},
        {"type": "update", "content": {"ac": 128, "reset": False}},
        {"type": "update", "content": {"ac": 4095, "reset": False}},
        {"type": "update", "content": {"reset": True}},
        {"type": "close", "content": {"reason": None}},
    ]


def test_the_time_limit_truncates(folder: Path) -> None:
    def script(peer: Peer) -> None:
        peer.describe()
        for length in (EPISODE_TIMESTEPS, EPISODE_TIMESTEPS - 1):
            peer.hear()
            peer.answer(reset=False)
            for timestep in range(1, length + 1):
                peer.hear()
                peer.answer(done=timestep == length)
        peer.hear_out()

    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        for length, expected in ((EPISODE_TIMESTEPS, (False, True)), (EPISODE_TIMESTEPS - 1, (True, False))):
            env.reset()
            for _ in range(length - 1):
                assert env.step(RIGHT)[2:4] == (False, False)
            assert env.step(RIGHT)[2:4] == expected


def test_work_can_be_done_between_send_and_receive(folder: Path) -> None:
    may_answer = threading.Event()
    script = playing(reset, lambda peer: may_answer.wait(5) and peer.answer(reward=3))
    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        env.reset()
        env.send(RIGHT)
        may_answer.set()  # reached only if send does not wait for the answer
        assert env.receive()[1] == 3


def test_halves_of_a_step_out_of_order_are_refused_and_harm_nothing(folder: Path) -> None:
    with fake_server(folder, playing(reset, Peer.answer, Peer.answer)), RemoteEnv(config(folder)) as env:
        env.reset()
        with pytest.raises(GymRemoteError, match=r"receive\(\) without a send\(\)"):
            env.receive()
        env.send(RIGHT)
        with pytest.raises(GymRemoteError, match="a step while a step waits"):
            env.send(RIGHT)
        with pytest.raises(GymRemoteError, match="a reset while a step waits"):
            env.reset()
        env.receive()
        env.step(RIGHT)
        assert env.timesteps == 3


@pytest.mark.parametrize(
    "action", [3, np.zeros(11, bool), np.zeros((1, 12), bool), np.zeros(12), np.full(12, 2), np.full(12, -1), "right"]
)
def test_an_action_outside_the_space_is_refused_and_nothing_is_sent(folder: Path, action: Any) -> None:
    with fake_server(folder, playing(reset, Peer.answer)), RemoteEnv(config(folder)) as env:
        env.reset()
        with pytest.raises(ValueError, match="wanted 12 zeros and ones"):
            env.step(action)
        env.step(RIGHT)


# ResetError


def test_after_a_reset_error_the_stream_is_in_step_again(folder: Path) -> None:
    script = playing(
        lambda peer: peer.refuse(),  # a step before the first reset
        reset,
        lambda peer: peer.refuse(ob=True, reward=0.0, done=False),  # a reset in mid-episode
        lambda peer: peer.show(8).answer(reward=4, done=True),
        lambda peer: peer.refuse(ob=True, reward=4, done=True),  # a step after the end
        reset,
        lambda peer: peer.refuse(ob=True, reward=0.0, done=False),
        lambda peer: peer.show(9).answer(reward=5),
    )
    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        with pytest.raises(ResetError):
            env.step(RIGHT)
        assert (env.reset()[0] == 7).all()
        with pytest.raises(ResetError):
            env.reset()
        observation, reward, terminated, _, _ = env.step(RIGHT)
        assert ((observation == 8).all(), reward, terminated) == (True, 4, True)
        env.send(RIGHT)
        with pytest.raises(ResetError):
            env.receive()
        env.reset()
        with pytest.raises(ResetError):
            env.reset()
        observation, reward, *_ = env.step(RIGHT)
        assert ((observation == 9).all(), reward) == (True, 5)
        assert env.timesteps == 4, "a refusal costs no timestep"


def test_a_close_in_the_place_of_the_update_after_a_reset_error(folder: Path) -> None:
    refusal = message("exception", {"reason": None, "exception": 5})
    with (
        fake_server(folder, playing(lambda peer: peer.say(refusal).close(1))),
        RemoteEnv(config(folder)) as env,
        pytest.raises(TimestepTimeoutError),
    ):
        env.reset()


def test_an_exception_that_is_no_reset_error_ends_the_connection(folder: Path) -> None:
    trouble = message("exception", {"reason": "out of memory", "exception": 0})
    with fake_server(folder, playing(lambda peer: peer.say(trouble))), RemoteEnv(config(folder)) as env:
        for _ in range(2):
            with pytest.raises(GymRemoteError, match="reported an error: out of memory"):
                env.reset()


# Ends


@pytest.mark.parametrize("id_", range(5))
def test_a_close_raises_the_contests_error_by_its_id_then_and_ever_after(folder: Path, id_: int) -> None:
    with fake_server(folder, playing(reset, lambda peer: peer.close(id_, "so it is"))):
        env = RemoteEnv(config(folder))
        env.reset()
        for act in (env.reset, lambda: env.step(RIGHT), env.receive):
            with pytest.raises(GymRemoteError, match="so it is") as caught:
                act()
            assert type(caught.value) is BY_ID[id_]
            assert isinstance(caught.value, RunEnd) is (id_ in (1, 2))
        env.close()
        env.close()


def test_a_close_without_an_id_is_a_regular_end(folder: Path) -> None:
    with fake_server(folder, playing(Peer.close)), RemoteEnv(config(folder)) as env:
        with pytest.raises(ServerClosedError) as caught:
            env.reset()
        assert isinstance(caught.value, RunEnd)


def test_the_close_that_follows_the_last_answer_is_found_at_the_next_step(folder: Path) -> None:
    last = ANSWER + message("close", {"reason": None, "exception": 1})

    def script(peer: Peer) -> None:
        peer.describe()
        peer.hear()
        peer.say(last)  # and the connection is gone before the client sends again

    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        assert env.reset()[0].shape == (2, 3, 3)
        with pytest.raises(TimestepTimeoutError):
            env.step(RIGHT)


def test_a_close_is_found_though_the_request_cannot_be_sent(folder: Path) -> None:
    def script(peer: Peer) -> None:
        peer.describe()
        peer.hear()
        peer.answer()
        time.sleep(0.1)
        peer.close(2)

    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        env.reset()
        time.sleep(0.3)
        with pytest.raises(WallClockTimeoutError):
            env.step(RIGHT)


def test_a_closed_environment_says_so(folder: Path) -> None:
    with fake_server(folder, playing()):
        env = RemoteEnv(config(folder))
        env.close()
        with pytest.raises(GymRemoteError, match="closed"):
            env.step(RIGHT)


DESCRIPTION_BYTES = message("description", DESCRIPTION)


def test_death_at_any_byte_of_the_description(folder: Path) -> None:
    lengths = iter(range(len(DESCRIPTION_BYTES)))
    with fake_server(folder, lambda peer: peer.say(DESCRIPTION_BYTES[: next(lengths)])):
        for _ in DESCRIPTION_BYTES:
            with pytest.raises(ServerDisconnectError):
                RemoteEnv(config(folder))
    assert next(lengths, None) is None


@pytest.mark.parametrize("answer", [ANSWER, message("exception", {"reason": None, "exception": 5}) + ANSWER])
def test_death_at_any_byte_of_an_answer(folder: Path, answer: bytes) -> None:
    lengths = iter(range(len(answer)))

    def script(peer: Peer) -> None:
        peer.describe()
        peer.hear()
        peer.answer()
        peer.hear()
        peer.say(answer[: next(lengths)])

    with fake_server(folder, script):
        for _ in answer:
            env = RemoteEnv(config(folder))
            env.reset()
            with pytest.raises(ServerDisconnectError):
                env.step(RIGHT)


def test_no_answer_ends_in_an_error_not_in_a_hang(folder: Path) -> None:
    with (
        fake_server(folder, playing()),
        RemoteEnv(config(folder, response_timeout_s=0.2)) as env,
        pytest.raises(ResponseTimeoutError, match=r"after 0\.2 s"),
    ):
        env.reset()


def test_an_answer_that_only_drips_ends_in_an_error_too(folder: Path) -> None:
    drip = playing(lambda peer: peer.say(*[b" "] * 100, pause_s=0.05))
    with fake_server(folder, drip), RemoteEnv(config(folder, response_timeout_s=0.3)) as env:
        began_at = time.monotonic()
        with pytest.raises(ResponseTimeoutError):
            env.reset()
        assert time.monotonic() - began_at < 2


# Messages in pieces, and messages that are none

LAST = ANSWER + message("close", {"reason": "ü", "exception": 1})


def split(data: bytes, cuts: set[int]) -> list[bytes]:
    edges = sorted({0, *cuts, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(
    first=st.sets(st.integers(1, len(DESCRIPTION_BYTES) - 1), max_size=30),
    last=st.sets(st.integers(1, len(LAST) - 1), max_size=20),
)
def test_messages_may_come_split_and_merged(first: set[int], last: set[int]) -> None:
    def script(peer: Peer) -> None:
        peer.say(*split(DESCRIPTION_BYTES, first))
        peer.hear()
        peer.say(*split(LAST, last))
        peer.hear_out()

    with tempfile.TemporaryDirectory() as name, fake_server(Path(name), script):
        env = RemoteEnv(config(Path(name)))
        assert env.reset()[0].shape == (2, 3, 3)
        with pytest.raises(TimestepTimeoutError, match="ü"):
            env.step(RIGHT)


def update(**content: Any) -> bytes:
    return message("update", {"ob": True, "reward": 0.0, "done": False} | content)


GARBAGE = {
    "no JSON": b"hello\f",
    "an empty message": b"\f",
    "no UTF-8": b'{"type": "update", "content": {"\xff\xfe": 1}}\f',
    "null": b"null\f",
    "an empty object": b"{}\f",
    "a list": b"[1, 2]\f",
    "deep nesting": b"[" * 100_000 + b"\f",
    "an endless number": b'{"type": "update", "content": {"reward": ' + b"9" * 5000 + b"}}\f",
    "an unknown type": message("shutdown", {}),
    "a type that is no string": b'{"type": ["update"], "content": {}}\f',
    "one key more": b'{"type": "update", "content": {}, "more": 1}\f',
    "content that is no object": message("update", [1]),
    "two descriptions": message("description", DESCRIPTION),
    "an empty update": message("update", {}),
    "no observation": message("update", {"reward": 0.0, "done": False}),
    "no reward": message("update", {"ob": True, "done": False}),
    "no done": message("update", {"ob": True, "reward": 0.0}),
    "an unknown channel": update(lives=3),
    "an observation of its own": update(ob=[0] * SCREEN_BYTES),
    "an observation that did not change": update(ob=False),
    "1 for true": update(ob=1),
    "a reward NaN": b'{"type": "update", "content": {"ob": true, "reward": NaN, "done": false}}\f',
    "a reward Infinity": b'{"type": "update", "content": {"ob": true, "reward": -Infinity, "done": false}}\f',
    "a reward beyond floats": b'{"type": "update", "content": {"ob": true, "reward": 1e999, "done": false}}\f',
    "a reward beyond floats as an integer": update(reward=10**400),
    "a reward as text": update(reward="1.5"),
    "a reward null": update(reward=None),
    "a reward true": update(reward=True),
    "done as a number": update(done=0),
    "done as null": update(done=None),
    "reset still asked for": update(reset=True),
    "a close without a reason": message("close", {}),
    "a close with an unknown id": message("close", {"reason": None, "exception": 6}),
    "a close with a negative id": message("close", {"reason": None, "exception": -1}),
    "a close with an id null": message("close", {"reason": None, "exception": None}),
    "a close with an id true": message("close", {"reason": None, "exception": True}),
    "a close with a reason that is no text": message("close", {"reason": 3}),
    "a close with more": message("close", {"reason": None, "code": 3}),
    "an exception without an id": message("exception", {"reason": None}),
    "after a ResetError, another": message("exception", {"reason": None, "exception": 5}) * 2,
    "after a ResetError, an unknown channel": message("exception", {"reason": None, "exception": 5})
    + message("update", {"lives": 3}),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("pieces", [1, 3])
def test_garbage_is_refused_by_name(folder: Path, garbage: bytes, pieces: int) -> None:
    step = -(-len(garbage) // pieces)
    script = playing(
        reset, lambda peer: peer.say(*[garbage[i : i + step] for i in range(0, len(garbage), step)], pause_s=0.002)
    )
    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        env.reset()
        with pytest.raises(ProtocolError, match=r"not the contest's wire: wanted .*, got ") as caught:
            env.step(RIGHT)
        assert str(caught.value).isprintable(), "an error is one line"
        assert len(str(caught.value)) < 600


@given(data=st.binary(max_size=200))
def test_no_bytes_make_anything_but_the_wires_errors(data: bytes) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        fake_server(Path(name), lambda peer: peer.say(data + b"\f")),
        pytest.raises(GymRemoteError),
    ):
        RemoteEnv(config(Path(name)))


def test_a_reset_answered_with_the_end_of_the_episode_is_refused(folder: Path) -> None:
    with (
        fake_server(folder, playing(lambda peer: peer.answer(done=True))),
        RemoteEnv(config(folder)) as env,
        pytest.raises(ProtocolError, match="wanted an answer to a reset"),
    ):
        env.reset()


def test_a_message_out_of_turn_is_refused(folder: Path) -> None:
    with fake_server(folder, playing(lambda peer: peer.say(ANSWER + ANSWER))), RemoteEnv(config(folder)) as env:
        env.reset()
        with pytest.raises(ProtocolError, match=r"wanted nothing, got .*update"):
            env.step(RIGHT)


@pytest.mark.parametrize("has_end", [False, True])
def test_a_huge_message_is_refused_before_memory_is_full(folder: Path, has_end: bool) -> None:
    huge = b'{"type": "update", "content": {"' + b"x" * 4000 + (b'": 1}}\f' if has_end else b"")
    script = playing(lambda peer: peer.say(*([huge] if has_end else [huge] * 1000)))
    with (
        fake_server(folder, script),
        RemoteEnv(config(folder, message_bytes_max=1024)) as env,
        pytest.raises(ProtocolError, match="wanted messages of at most 1024 bytes, got more"),
    ):
        env.reset()


def test_a_reason_cannot_reach_the_terminal_raw(folder: Path) -> None:
    reason = "\x1b[2J\n\ud800" + "x" * 100_000
    with fake_server(folder, playing(lambda peer: peer.close(0, reason))), RemoteEnv(config(folder)) as env:
        with pytest.raises(GymRemoteError) as caught:
            env.reset()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400


# The description

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
        pytest.raises(ProtocolError, match=r"wanted 18 bytes in .*ob, got 4"),
    ):
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


# Connecting


def test_a_server_may_come_late_even_with_its_folder(folder: Path) -> None:
    said: list[str] = []
    late = folder / "late"
    with fake_server(late, playing(), late_s=0.4), RemoteEnv(config(late), on_wait=said.append) as env:
        assert env.timesteps == 0
    assert len(said) == 1, "one line as long as nothing changes"
    assert "there is no socket yet" in said[0]


def test_a_socket_nobody_listens_on_is_waited_for_as_well(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "sock"))
    said: list[str] = []
    with fake_server(folder, playing(), late_s=0.4), RemoteEnv(config(folder), on_wait=said.append):
        pass
    assert "nobody listens on the socket yet" in said[0]


@pytest.mark.parametrize("is_stale", [False, True])
def test_waiting_for_a_server_ends(folder: Path, is_stale: bool) -> None:
    if is_stale:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(folder / "sock"))
    began_at = time.monotonic()
    with pytest.raises(ConnectError, match=r"sock: .* yet, after 0\.3 s; is the server running\?"):
        RemoteEnv(config(folder, connect_timeout_s=0.3))
    assert 0.3 <= time.monotonic() - began_at < 2


def test_what_waiting_cannot_mend_is_said_at_once(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(ConnectError, match="Not a directory"):
        RemoteEnv(config(folder / "file", connect_timeout_s=60))


def test_later_clients_learn_that_the_server_is_taken(folder: Path) -> None:
    with fake_server(folder, playing(reset)), RemoteEnv(config(folder)) as first:
        said: list[str] = []
        with pytest.raises(ConnectError, match=r"another client seems to hold the server, after 0\.3 s"):
            RemoteEnv(config(folder, handshake_timeout_s=0.3), on_wait=said.append)
        assert "another client" in said[0]
        first.reset()  # which is not disturbed


def test_when_the_servers_queue_is_full_there_is_an_end_too(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "sock"))
        listener.listen(1)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for client in waiting:
            client.connect(str(folder / "sock"))
        with pytest.raises(ConnectError, match="other clients wait for the server already"):
            RemoteEnv(config(folder, connect_timeout_s=0.2))
        for client in waiting:
            client.close()


def test_a_folder_with_a_long_name_can_be_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = folder / ("x" * 120)
    long.mkdir()
    (long / "ob").write_bytes(bytes(SCREEN_BYTES))
    monkeypatch.chdir(long)
    with fake_server(Path(), playing(reset)), RemoteEnv(config(long)) as env:
        env.reset()


def test_a_failed_connection_leaves_no_open_files(folder: Path) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with fake_server(folder, lambda peer: peer.describe(reward=["int", None, {}]).hear_out()):
        with pytest.raises(ProtocolError):
            RemoteEnv(config(folder))
        before = count()
        for _ in range(5):
            with pytest.raises(ProtocolError):
                RemoteEnv(config(folder))
        assert count() <= before + 1  # the fake server's own end may not be gone yet


def test_the_request_is_the_very_bytes_of_the_contest(folder: Path) -> None:
    data = bytearray()

    def script(peer: Peer) -> None:
        peer.describe()
        while piece := peer.connection.recv(4096):
            data.extend(piece)
            if piece.endswith(b"\f") and b"close" not in piece:
                peer.answer()

    with fake_server(folder, script), RemoteEnv(config(folder)) as env:
        env.reset()
        env.step(RIGHT)
    assert bytes(data) == (
        b'{"type": "update", "content": {"reset": true}}\x0c'
        b'{"type": "update", "content": {"ac": 128, "reset": false}}\x0c'
        b'{"type": "close", "content": {"reason": null}}\x0c'
    )
    assert json.loads(data.split(b"\f")[0])
