"""Serves any Gymnasium environment over the contest's wire, to one client, as the contest's own server does.

Source: openai/retro-contest, support/gym_remote/server.py and bridge.py: the same bytes in the same order, the same
count of timesteps. Where that one ends in a traceback, this one ends the run and says why.
"""

import errno
import socket
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import gymnasium as gym

from agent.wire import (
    ERRORS_BY_ID,
    SOCKET_NAME,
    Channel,
    ChannelForm,
    ClientDisconnectError,
    GymRemoteError,
    MessageType,
    ProtocolError,
    ResetError,
    Stream,
    TimestepTimeoutError,
    WallClockTimeoutError,
    show,
    socket_address,
)
from contest.remote.describe import entry, form_of

SEND_TIMEOUT_S = 60.0
"""Seconds a client may leave its answers unread, once the kernel holds no more of them, before it counts as gone."""

BUSY = "another agent plays here already: a server serves one, so start another server in another folder"
"""The reason given to a client that comes while another one is served."""

_CLOSE_TIMEOUT_S = 1.0  # for a word of farewell that nothing depends on


class Cause(StrEnum):
    """Why a run ended."""

    TIMESTEPS = "timesteps used up"
    WALLCLOCK = "time used up"
    NO_CLIENT = "time used up before a client came"
    CLIENT_CLOSED = "client closed the connection"
    CLIENT_GONE = "client gone without a close"
    CLIENT_ERROR = "client sent what is not of the wire"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ended."""

    timesteps: int
    """Steps and resets answered."""

    cause: Cause
    """Why it ended."""

    detail: str = ""
    """More about the cause, in one line."""


class _Over(Exception):  # noqa: N818 - an end, not an error
    """The run is over; carries the cause, and the error to close the connection with."""

    def __init__(self, cause: Cause, error: GymRemoteError | None = None, detail: str = "") -> None:
        super().__init__(cause)
        self.cause, self.error, self.detail = cause, error, detail


class Server:
    """One environment behind one socket.

    Listens from the start, so that a client can connect before `serve` is called. A context manager: leaving it
    closes the connection and removes the socket and the arrays' files, whatever happened.

    Args:
        env: The environment; stays the caller's to close.
        folder: Where the socket and the arrays' files go; made if missing. What a dead server left there is replaced.
        seed: Seeds the environment at its first reset.

    Raises:
        FileExistsError: If another server is alive in the folder.
        ValueError: If a space of the environment cannot be sent.
    """

    def __init__(self, env: gym.Env[Any, Any], folder: Path, *, seed: int | None = None) -> None:
        """Makes the files and listens; see the class."""
        self._env = env
        self._seed = seed
        self._stream: Stream | None = None
        self._channels: dict[str, Channel] = {}
        self._action: Any = None
        self._is_reset_asked = False
        self._is_over = True
        self._answered = 0
        self._deadline: float | None = None
        self._news: dict[str, object] = {}  # what the next update will say; the contest's repeats what has not changed
        self._forms = {
            "ac": form_of(env.action_space),
            "ob": form_of(env.observation_space),
            "reward": ChannelForm(kind="float", annotations={}),
            "done": ChannelForm(kind="bool", annotations={}),
            "reset": ChannelForm(kind="bool", annotations={}),
        }
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        with ExitStack() as files:
            for name, form in self._forms.items():
                self._channels[name] = form.open(folder / name, create=True)
                files.callback(self._channels[name].close)
                files.callback((folder / name).unlink, missing_ok=True)
            self._socket = files.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            with socket_address(folder) as address:
                self._socket.bind(address)
            files.callback((folder / SOCKET_NAME).unlink, missing_ok=True)
            self._socket.listen(1)
            self._files = files.pop_all()

    def __enter__(self) -> Self:
        """Returns the server itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes."""
        self.close()

    def close(self) -> None:
        """Closes the connection if there is one, and removes the files. May be called twice."""
        self._say_close(None)
        with suppress(OSError):  # closed before
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for further clients
        self._files.close()

    def serve(
        self, *, timesteps: int | None = None, wallclock_s: float | None = None, ignore_reset: bool = True
    ) -> End:
        """Serves the first client that comes, to the end of the run, and closes.

        Args:
            timesteps: Steps and resets to answer; without it, any number.
            wallclock_s: Seconds, the wait for a client among them; without it, for ever.
            ignore_reset: Whether to refuse a reset while the episode runs and a step when none does, as the contest
                does, rather than to do what the client asks.

        Returns:
            How the run ended. An error of the environment itself is told to the client and raised.
        """
        self._deadline = None if wallclock_s is None else time.monotonic() + wallclock_s
        try:
            self._accept()
            while timesteps is None or self._answered < timesteps:
                self._take(self._receive())
                self._answer(ignore_reset)
            raise _Over(Cause.TIMESTEPS, TimestepTimeoutError())
        except _Over as over:
            self._say_close(over.error)
            return End(timesteps=self._answered, cause=over.cause, detail=over.detail)
        except Exception as error:
            self._say_close(GymRemoteError(f"the environment failed: {show(error)}"))
            raise
        finally:
            self.close()

    def _accept(self) -> None:
        """Waits for the client and describes the channels to it."""
        left_s = self._time_left()
        self._socket.settimeout(None if left_s is None else max(left_s, 1e-3))
        try:
            connection, _ = self._socket.accept()
        except TimeoutError:
            raise _Over(Cause.NO_CLIENT) from None
        self._stream = Stream(connection)
        self._socket.settimeout(None)
        threading.Thread(target=self._turn_away, daemon=True).start()
        self._send("description", {name: entry(form) for name, form in self._forms.items()})

    def _turn_away(self) -> None:
        """Tells further clients at once that they come too late; the contest's server lets them wait for ever."""
        content = {"reason": BUSY, "exception": ERRORS_BY_ID.index(GymRemoteError)}
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # the server has closed
                return
            other = Stream(connection)
            with suppress(EOFError, OSError):
                other.send("close", content, timeout_s=_CLOSE_TIMEOUT_S)
            other.close()

    def _receive(self) -> dict[str, Any]:
        """Waits for the client's next update; returns its content."""
        assert self._stream
        try:
            left_s = self._time_left()
            if left_s is not None and left_s <= 0:  # even if the client's next message is there already
                raise TimeoutError
            message = self._stream.receive(timeout_s=left_s)
        except TimeoutError:
            raise _Over(Cause.WALLCLOCK, WallClockTimeoutError()) from None
        except EOFError:
            raise _Over(Cause.CLIENT_GONE, ClientDisconnectError()) from None
        except ProtocolError as error:
            raise _client_error(error) from None
        match message.type:
            case "update":
                return message.content
            case "close":
                raise _Over(Cause.CLIENT_CLOSED, detail=message.content["reason"] or "")
            case _:
                raise _client_error(ProtocolError(f"wanted an update, got {show(message._asdict())}"))

    def _take(self, update: dict[str, Any]) -> None:
        """Notes what the client asks for; what an update does not mention stays as it was, as with the contest's server."""
        try:
            if not update.keys() <= {"ac", "reset"}:
                raise ProtocolError(f"wanted an update of ac or reset, got {show(update)}")
            if "ac" in update:
                self._action = self._channels["ac"].take(update["ac"])
            if "reset" in update:
                self._is_reset_asked = self._channels["reset"].take(update["reset"])
                self._news.pop("reset", None)
        except ProtocolError as error:
            raise _client_error(error) from None

    def _answer(self, ignore_reset: bool) -> None:
        """Does what the client asks for, or refuses it, and answers."""
        if ignore_reset and self._is_reset_asked is not self._is_over:
            self._send("exception", {"reason": None, "exception": ERRORS_BY_ID.index(ResetError)})
            self._send("update", self._news)
            return
        if self._is_reset_asked:
            observation, _ = self._env.reset(seed=self._seed)
            self._seed = None
            self._is_reset_asked = self._is_over = False
            self._note(observation, 0.0)
            self._news["reset"] = False
        else:
            if self._action is None:
                raise _client_error(ProtocolError("wanted an action, got a step without one"))
            observation, reward, terminated, truncated, _ = self._env.step(self._action)
            self._is_over = bool(terminated or truncated)
            self._note(observation, reward)
        self._send("update", self._news)
        self._answered += 1

    def _note(self, observation: Any, reward: Any) -> None:
        """Writes what the environment returned where the client reads it."""
        for name, value in (("ob", observation), ("reward", reward), ("done", self._is_over)):
            try:
                self._news[name] = self._channels[name].put(value)
            except ValueError as error:
                raise ValueError(f"the environment's {name}: {error}") from None
            except ProtocolError as error:
                raise _client_error(error) from None

    def _send(self, type_: MessageType, content: dict[str, Any]) -> None:
        assert self._stream
        try:
            self._stream.send(type_, content, timeout_s=SEND_TIMEOUT_S)
        except EOFError:
            while True:  # why it has gone may still be there to be read
                self._receive()
        except TimeoutError:
            raise _Over(Cause.CLIENT_GONE, detail=f"its answers lay unread for {SEND_TIMEOUT_S:g} s") from None

    def _time_left(self) -> float | None:
        """Seconds to the wall-clock limit; none if there is no limit."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    def _say_close(self, error: GymRemoteError | None) -> None:
        """Closes the connection, with an error for the client or as a regular end."""
        if self._stream is None:
            return
        content: dict[str, object] = {"reason": error.reason if error else None}
        if error:
            content["exception"] = ERRORS_BY_ID.index(type(error))
        with suppress(EOFError, OSError):  # the client may have gone first
            self._stream.send("close", content, timeout_s=_CLOSE_TIMEOUT_S)
        self._stream.close()
        self._stream = None


def _client_error(error: ProtocolError) -> _Over:
    return _Over(Cause.CLIENT_ERROR, GymRemoteError(str(error)), str(error))


def _clear(folder: Path) -> None:
    """Removes the socket of a dead server.

    Raises:
        FileExistsError: If its server is alive.
    """
    path = folder / SOCKET_NAME
    # A datagram socket cannot connect to the server's, so a live server does not take this for its client.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe, socket_address(folder) as address:
        code = probe.connect_ex(address)
    if code == errno.EPROTOTYPE:
        raise FileExistsError(f"another server is alive on {path}; end it, or serve in another folder")
    if code == errno.ECONNREFUSED and path.is_socket():
        path.unlink()
