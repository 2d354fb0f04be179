r"""The wire's messages, for both of its ends: JSON objects on a Unix stream socket, each ended by a form feed.

    {"type": "update", "content": {"ac": 129, "reset": false}}\f

Source: openai/retro-contest, support/gym_remote/bridge.py and exceptions.py. What comes from the other end is taken
apart strictly: it is parsed, never evaluated, and what is not of the known form is refused by name.
"""

import json
import reprlib
import socket
import time
from typing import Any, Literal, NamedTuple, NoReturn, cast, get_args

MESSAGE_BYTES_MAX = 1 << 20
"""Longest message accepted where nothing else is said, bytes; real ones take a few hundred."""

_MESSAGE_END = b"\f"
_READ_BYTES = 4096

MessageType = Literal["description", "update", "close", "exception"]


class GymRemoteError(RuntimeError):
    """An error that the server reported; also the base of everything that can go wrong on the wire.

    Args:
        reason: What the other end, or this one, had to say about it.
    """

    meaning = "the remote environment reported an error"

    def __init__(self, reason: str | None = None) -> None:
        """Makes one line of the class's meaning and the reason."""
        self.reason = reason
        super().__init__(self.meaning if reason is None else f"{self.meaning}: {reason}")


class RunEnd(GymRemoteError):  # noqa: N818 - an end, not an error: base of those by which a run ends as it should
    """The run is over, as it should be."""


class TimestepTimeoutError(RunEnd):
    """The run has used up its timesteps."""

    meaning = "the run's timesteps are used up"


class WallClockTimeoutError(RunEnd):
    """The run has used up its time."""

    meaning = "the run's wall-clock time is used up"


class ClientDisconnectError(GymRemoteError):
    """The server takes the client for gone."""

    meaning = "the server took this client for gone"


class ServerDisconnectError(GymRemoteError):
    """The server is gone without having closed the connection."""

    meaning = "the server is gone without a close"


class ResetError(GymRemoteError):
    """A reset while the episode runs, or a step when none does. The connection goes on."""

    meaning = "the server refused: a reset while the episode runs, or a step when none does"


class ServerClosedError(RunEnd):
    """The server closed the connection and named no error."""

    meaning = "the server closed the connection"


class ProtocolError(GymRemoteError):
    """The other end sent what is not of the known form."""

    meaning = "not the contest's wire"


class ConnectError(GymRemoteError):
    """No connection came about in time."""

    meaning = "no connection to the remote environment"


class ResponseTimeoutError(GymRemoteError):
    """The server did not answer in time."""

    meaning = "no answer from the remote environment"


ERRORS_BY_ID: tuple[type[GymRemoteError], ...] = (
    GymRemoteError,
    TimestepTimeoutError,
    WallClockTimeoutError,
    ClientDisconnectError,
    ServerDisconnectError,
    ResetError,
)
"""What an exception's id on the wire stands for. Source: gym_remote/exceptions.py, in order of definition."""


class Message(NamedTuple):
    """One message, its outer form checked."""

    type: MessageType
    content: dict[str, Any]

    def error(self) -> GymRemoteError:
        """Returns the error that a `close` or an `exception` stands for."""
        error = ERRORS_BY_ID[self.content["exception"]] if "exception" in self.content else ServerClosedError
        return error(self.content["reason"])


def show(value: object) -> str:
    """Returns something that came from the wire in a form short and plain enough for an error's line."""
    return _SHORT.repr(value)


def encode(type_: MessageType, content: dict[str, Any]) -> bytes:
    """Returns a message's bytes, the very ones the contest's tooling sends."""
    return json.dumps({"type": type_, "content": content}).encode() + _MESSAGE_END


def decode(data: bytes) -> Message:
    """Takes one message apart and checks its outer form.

    Args:
        data: A message without its form feed.

    Raises:
        ProtocolError: If it is not of the known form.
    """
    try:
        message = _DECODER.decode(data.decode())
    except (ValueError, RecursionError) as error:  # bad UTF-8 and bad JSON are both ValueErrors
        raise ProtocolError(f"wanted a JSON message, got {show(data)} ({error})") from None
    if not (isinstance(message, dict) and message.keys() == {"type", "content"}):
        raise ProtocolError(f"wanted a message with a type and a content, got {show(message)}")
    type_, content = message["type"], message["content"]
    if type_ not in _TYPES or not isinstance(content, dict):
        raise ProtocolError(f"wanted one of {', '.join(_TYPES)} with an object as its content, got {show(message)}")
    if type_ in ("close", "exception"):
        _check_error(content, id_needed=type_ == "exception")
    return Message(cast("MessageType", type_), content)


class Stream:
    """Messages over one connected socket.

    Args:
        connection: The socket; the stream closes it.
        message_bytes_max: Longest message accepted, bytes.
    """

    def __init__(self, connection: socket.socket, *, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        """Starts with nothing read."""
        self._socket = connection
        self._message_bytes_max = message_bytes_max
        self._buffer = bytearray()
        self._timeout_s: float | None = connection.gettimeout()
        self._searched = 0  # bytes of the buffer known to hold no end of a message

    @property
    def pending(self) -> bool:
        """Whether something has been read that no one has asked for yet."""
        return bool(self._buffer)

    def send(self, type_: MessageType, content: dict[str, Any], *, timeout_s: float) -> None:
        """Sends one message.

        Raises:
            EOFError: If the other end is gone; what it sent before can still be received.
            TimeoutError: If the other end does not take it in time.
        """
        self._set_timeout(timeout_s)
        try:
            self._socket.sendall(encode(type_, content))
        except (BrokenPipeError, ConnectionResetError):
            raise EOFError from None

    def receive(self, *, timeout_s: float | None) -> Message:
        """Waits for one message, at most `timeout_s` seconds for the whole of it.

        Raises:
            EOFError: If the other end is gone.
            TimeoutError: If no whole message came in time. What came is kept: the next call goes on from there.
            ProtocolError: If what came is not a message of the known form.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        if not self._buffer:
            data = self._read(timeout_s)
            if data.find(_MESSAGE_END) == len(data) - 1 <= self._message_bytes_max:
                return decode(data[:-1])  # one message and no more, as nearly always
            self._buffer += data
        while (end := self._buffer.find(_MESSAGE_END, self._searched)) < 0:
            self._searched = len(self._buffer)
            self._check_length(self._searched)
            left_s = None if deadline is None else deadline - time.monotonic()
            self._buffer += self._read(left_s)
        self._check_length(end)
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return decode(message)

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def _read(self, timeout_s: float | None) -> bytes:
        """Reads what has come, and waits for it if nothing has."""
        self._set_timeout(timeout_s)
        try:
            data = self._socket.recv(_READ_BYTES)
        except ConnectionResetError:
            raise EOFError from None
        if not data:
            raise EOFError
        return data

    def _set_timeout(self, timeout_s: float | None) -> None:
        if timeout_s != self._timeout_s:
            if timeout_s is not None and timeout_s <= 0:
                raise TimeoutError
            self._socket.settimeout(timeout_s)
            self._timeout_s = timeout_s

    def _check_length(self, length: int) -> None:
        if length > self._message_bytes_max:
            start = show(bytes(self._buffer[:100]))
            raise ProtocolError(f"wanted messages of at most {self._message_bytes_max} bytes, got more: {start}")


def _check_error(content: dict[str, Any], *, id_needed: bool) -> None:
    """Checks the content of a `close` or an `exception`.

    Raises:
        ProtocolError: If it is not of the known form.
    """
    reason, id_ = content.get("reason", ...), content.get("exception", None if id_needed else 0)
    known = type(id_) is int and 0 <= id_ < len(ERRORS_BY_ID)
    if not (known and (reason is None or isinstance(reason, str)) and content.keys() <= {"reason", "exception"}):
        wanted = f"a reason and an exception id within 0..{len(ERRORS_BY_ID) - 1}"
        raise ProtocolError(f"wanted {wanted}, got {show(content)}")
    if reason is not None and not (len(reason) <= _SHORT.maxstring and reason.isprintable()):
        content["reason"] = show(reason)  # it ends up in a line on somebody's terminal


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


_TYPES = get_args(MessageType)
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 200
_SHORT.maxdict = _SHORT.maxlist = 8
_SHORT.maxlevel = 4
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
