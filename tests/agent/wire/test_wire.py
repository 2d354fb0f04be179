"""Messages in pieces, and messages that are none, from a server on a real socket."""

import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from fake_server import (
    ANSWER,
    DESCRIPTION,
    DESCRIPTION_BYTES,
    RIGHT,
    SCREEN_BYTES,
    Peer,
    config,
    fake_server,
    message,
    playing,
    reset,
)
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from agent.wire.client import GymRemoteError, ProtocolError, RemoteEnv, TimestepTimeoutError

LAST = ANSWER + message("close", {"reason": "ü", "exception": 1})


def split(data: bytes, cuts: set[int]) -> list[bytes]:
    edges = sorted({0, *cuts, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@examples()
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
    "reset as a number": update(reset=0),
    "an action in an answer": update(ac=3),
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


@examples()
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
