"""The agent's end of the wire against a server that misbehaves, on a real socket."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_server import (
    ANSWER,
    DESCRIPTION_BYTES,
    PATIENCE_S,
    RIGHT,
    Peer,
    config,
    fake_server,
    message,
    playing,
    reset,
)
from gymnasium import spaces

from agent.rules import EPISODE_TIMESTEPS
from agent.wire.client import (
    ClientDisconnectError,
    GymRemoteError,
    RemoteEnv,
    ResetError,
    ResponseTimeoutError,
    RunEnd,
    ServerClosedError,
    ServerDisconnectError,
    TimestepTimeoutError,
    WallClockTimeoutError,
)

BY_ID = [GymRemoteError, TimestepTimeoutError, WallClockTimeoutError, ClientDisconnectError, ServerDisconnectError]

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
    script = playing(reset, lambda peer: may_answer.wait(PATIENCE_S) and peer.answer(reward=3))
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
    gave_up = threading.Event()

    def drip(peer: Peer) -> None:
        peer.describe().hear()
        while not gave_up.wait(0.05):
            peer.say(b" ")

    with fake_server(folder, drip), RemoteEnv(config(folder, response_timeout_s=0.3)) as env:
        try:
            with pytest.raises(ResponseTimeoutError):
                env.reset()
        finally:
            gave_up.set()
