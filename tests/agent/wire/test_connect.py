"""Servers that come up late, never, or for somebody else."""

import socket
import threading
import time
from pathlib import Path

import pytest
from fake_server import (
    SCREEN_BYTES,
    config,
    fake_server,
    playing,
    reset,
)

from agent.wire.client import ConnectError, ProtocolError, RemoteEnv


def test_a_server_may_come_late_even_with_its_folder(folder: Path) -> None:
    said: list[str] = []
    late = folder / "late"
    waits = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    with (
        fake_server(late, playing(), after=waits),
        RemoteEnv(config(late), on_wait=say) as env,
    ):
        assert env.timesteps == 0
    assert len(said) == 1, "one line as long as nothing changes"
    assert "there is no socket yet" in said[0]


def test_a_socket_nobody_listens_on_is_waited_for_as_well(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "sock"))
    said: list[str] = []
    waits = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    with (
        fake_server(folder, playing(), after=waits),
        RemoteEnv(config(folder), on_wait=say),
    ):
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
    assert time.monotonic() - began_at >= 0.3


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
