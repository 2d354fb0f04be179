"""A server of the contest's wire that misbehaves as it is told, on a real Unix socket.

It shares no code with the agent's end, so that an error there does not cancel out here.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from agent.wire.connect import RemoteConfig

SCREEN_BYTES = 2 * 3 * 3

PATIENCE_S = 60.0
"""Seconds that either side waits for what is to come at once, on a machine with much else to do."""

DESCRIPTION: dict[str, Any] = {
    "ac": ["int_fold", "[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2],", {"n": "12", "type": "MultiBinary"}],
    "ob": ["np", '(2, 3, 3), dtype("|u1")', {"type": "Box", "shape": "(2, 3, 3)"}],
    "reward": ["float", None, {}],
    "done": ["bool", None, {}],
    "reset": ["bool", None, {}],
}
"""What the contest's server says of the contest's environment, but for a screen of 2 x 3 pixels."""


def message(type_: str, content: Any) -> bytes:
    """Returns a message's bytes."""
    return json.dumps({"type": type_, "content": content}).encode() + b"\f"


ANSWER = message("update", {"ob": True, "reward": 1.5, "done": False})
"""An answer to a step."""

DESCRIPTION_BYTES = message("description", DESCRIPTION)

RIGHT = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], np.int8)
"""An action of the contest: the button RIGHT."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, folder: Path, connection: socket.socket) -> None:
        self.folder = folder
        self.connection = connection
        self.heard = b""

    def say(self, *data: bytes, pause_s: float = 0.0) -> Self:
        """Sends bytes, each argument by itself."""
        for piece in data:
            self.connection.sendall(piece)
            time.sleep(pause_s)
        return self

    def describe(self, **changes: Any) -> Self:
        """Describes the channels."""
        return self.say(message("description", DESCRIPTION | changes))

    def show(self, pixel: int) -> Self:
        """Fills the screen, in place as the contest's server does."""
        with (self.folder / "ob").open("r+b") as file:
            file.write(bytes([pixel]) * SCREEN_BYTES)
        return self

    def answer(self, reward: Any = 0.0, done: Any = False, **more: Any) -> Self:
        """Answers a step or a reset."""
        return self.say(message("update", {"ob": True, "reward": reward, "done": done} | more))

    def refuse(self, **update: Any) -> Self:
        """Sends a ResetError and the update that the contest's server lets follow."""
        return self.say(message("exception", {"reason": None, "exception": 5}), message("update", update))

    def close(self, exception: int | None = None, reason: str | None = None) -> Self:
        """Closes the connection as the contest's server does."""
        content = {"reason": reason} if exception is None else {"reason": reason, "exception": exception}
        return self.say(message("close", content))

    def hear(self) -> dict[str, Any] | None:
        """Waits for a message; returns none if the client has gone."""
        while b"\f" not in self.heard:
            try:
                data = self.connection.recv(4096)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.heard += data
        data, self.heard = self.heard.split(b"\f", 1)
        heard: dict[str, Any] = json.loads(data)
        return heard

    def hear_out(self) -> None:
        """Listens until the client goes."""
        while self.hear():
            pass


Script = Callable[[Peer], object]


@contextmanager
def fake_server(folder: Path, script: Script, *, after: threading.Event | None = None) -> Iterator[Path]:
    """Runs a script against each client that connects, one after the other; closes the connection after it.

    Args:
        folder: Where the socket and the screen's file go.
        script: What the server does with a client. An error in it fails the test, unless the client is gone.
        after: What the socket waits for before it comes up.

    Yields:
        The folder.
    """
    folder.mkdir(exist_ok=True)
    (folder / "ob").write_bytes(bytes(SCREEN_BYTES))
    listener = socket.socket(socket.AF_UNIX)
    errors: list[Exception] = []

    def serve() -> None:
        if after is not None:
            after.wait(PATIENCE_S)
        (folder / "sock").unlink(missing_ok=True)
        listener.bind(str(folder / "sock"))
        listener.listen(1)
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the test is over
            connection.settimeout(PATIENCE_S)
            with connection:
                try:
                    script(Peer(folder, connection))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client has gone in the middle of it
                except Exception as error:  # noqa: BLE001 - raised where the test can see it
                    errors.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield folder
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(2 * PATIENCE_S)
        listener.close()
    assert not thread.is_alive(), "the script still runs"
    if errors:
        raise errors[0]


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
    """Answers a reset."""
    peer.show(7).answer(reset=False)


def config(folder: Path, **changes: Any) -> RemoteConfig:
    """Settings for a client in a test: it waits, but not for ever."""
    limits = ("connect_timeout_s", "handshake_timeout_s", "response_timeout_s")
    settings = dict.fromkeys(limits, PATIENCE_S) | {"backoff_s": 0.01}
    return RemoteConfig(socket_dir=folder, **(settings | changes))
