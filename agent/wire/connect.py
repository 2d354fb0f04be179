"""Reaches the remote environment's server, which may come up late or be taken."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.ranges import require
from agent.wire.messages import ConnectError, ProtocolError, ServerDisconnectError, Stream, show


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteConfig:
    """How to reach the remote environment."""

    socket_dir: Path = Path("tmp/sock")
    """Folder with the server's socket and its memory-mapped arrays. Source: retro-contest."""

    connect_timeout_s: float = 300.0
    """Seconds to wait for a server that starts late; the contest's may take tens of seconds."""

    handshake_timeout_s: float = 60.0
    """Seconds to wait for the description once connected; longer means that another client holds the server."""

    response_timeout_s: float = 600.0
    """Seconds to wait for one answer before the server is taken for dead; emulation takes milliseconds."""

    backoff_s: float = 0.1
    """First pause between two tries to connect, seconds; doubles up to backoff_max_s."""

    backoff_max_s: float = 2.0
    """Longest pause between two tries to connect, seconds."""

    message_bytes_max: int = 1 << 20
    """Longest message accepted, bytes; real ones take a few hundred."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("connect_timeout_s", "handshake_timeout_s", "response_timeout_s", "backoff_s"):
            require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        require(self.backoff_max_s >= self.backoff_s, "backoff_max_s of at least backoff_s", self.backoff_max_s)
        require(self.message_bytes_max >= 1024, "message_bytes_max of at least 1024", self.message_bytes_max)


SOCKET_NAME = "sock"
"""The socket's file name in the wire's folder. Source: gym_remote, Bridge.listen."""

HINT = "is the server running? `python -m contest serve GAME` starts one"
"""What to do about a server that is not there."""

_SOCKET_PATH_BYTES_MAX = 107  # what fits into the kernel's sockaddr_un
_ANNOUNCE_PERIOD_S = 10.0
_LATE = {
    FileNotFoundError: "there is no socket yet",
    ConnectionRefusedError: "nobody listens on the socket yet",
    BlockingIOError: "other clients wait for the server already",
}


@contextmanager
def socket_address(folder: Path) -> Iterator[str]:
    """Gives the address of the wire's socket, also where its path is longer than the 107 bytes the kernel takes.

    Raises:
        OSError: If the folder cannot be opened.
    """
    path = str(folder / SOCKET_NAME)
    if len(os.fsencode(path)) <= _SOCKET_PATH_BYTES_MAX:
        yield path
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


def connect(config: RemoteConfig, *, on_wait: Callable[[str], None]) -> Stream:
    """Connects to the server, trying again while it has not come up.

    Args:
        config: Where it is and how long to wait.
        on_wait: Called with one line when waiting begins, when its cause changes, and now and then.

    Raises:
        ConnectError: If it does not come up in time, or cannot be reached at all.
    """
    began_at = announced_at = time.monotonic()
    announced, backoff_s = "", config.backoff_s
    while True:
        try:
            return Stream(_connect_once(config), message_bytes_max=config.message_bytes_max)
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError) as error:
            trouble = f"{config.socket_dir / SOCKET_NAME}: {_LATE[type(error)]}"
        except OSError as error:
            raise ConnectError(f"{config.socket_dir / SOCKET_NAME}: {error.strerror or error}") from None
        now = time.monotonic()
        left_s = config.connect_timeout_s - (now - began_at)
        if left_s <= 0:
            raise ConnectError(f"{trouble}, after {config.connect_timeout_s:g} s; {HINT}")
        if trouble != announced or now - announced_at >= _ANNOUNCE_PERIOD_S:
            hint = "" if announced else f"; {HINT}"
            on_wait(f"waiting for the server, at most {left_s:.0f} s more; {trouble}{hint}")
            announced, announced_at = trouble, now
        time.sleep(min(backoff_s, left_s))
        backoff_s = min(2 * backoff_s, config.backoff_max_s)


def receive_description(stream: Stream, config: RemoteConfig, *, on_wait: Callable[[str], None]) -> dict[str, Any]:
    """Waits for the server to turn to this client: it serves one, and leaves others connected but unheard.

    Args:
        stream: Connected to the server.
        config: How long to wait.
        on_wait: Called with one line if it takes longer than a server that is free needs.

    Returns:
        The description, `{channel: [kind, shape, annotations]}`, as it came.

    Raises:
        ConnectError: If the server does not turn to this client in time.
        ServerDisconnectError: If it goes away.
        GymRemoteError: If it closes the connection.
        ProtocolError: If it says something else first.
    """
    timeout_s = config.handshake_timeout_s
    patience_s = min(config.backoff_max_s, timeout_s / 2)
    busy = f"{config.socket_dir / SOCKET_NAME}: connected but not attended to; another client seems to hold the server"
    try:
        try:
            message = stream.receive(timeout_s=patience_s)
        except TimeoutError:
            on_wait(f"waiting for the server, at most {timeout_s - patience_s:.0f} s more; {busy}")
            message = stream.receive(timeout_s=timeout_s - patience_s)
    except TimeoutError:
        raise ConnectError(f"{busy}, after {timeout_s:g} s") from None
    except EOFError:
        raise ServerDisconnectError("before it described its channels") from None
    if message.type == "close":
        raise message.error()
    if message.type != "description":
        raise ProtocolError(f"wanted the description first, got {show(message._asdict())}")
    return message.content


def _connect_once(config: RemoteConfig) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(config.connect_timeout_s)
        with socket_address(config.socket_dir) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection
