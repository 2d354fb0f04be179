"""The agent's end of the wire: the contest's remote environment as a Gymnasium environment.

Source: openai/retro-contest, support/gym_remote/client.py; the same bytes, with what that one lets pass checked.
"""

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any, Never

import gymnasium as gym
from numpy.typing import NDArray

from agent.rules import EPISODE_TIMESTEPS
from agent.wire.channels import Channel
from agent.wire.connect import RemoteConfig, connect, receive_description
from agent.wire.description import ChannelForm
from agent.wire.messages import (
    ClientDisconnectError,
    ConnectError,
    GymRemoteError,
    Message,
    ProtocolError,
    ResetError,
    ResponseTimeoutError,
    RunEnd,
    ServerClosedError,
    ServerDisconnectError,
    TimestepTimeoutError,
    WallClockTimeoutError,
    show,
)

__all__ = [
    "ClientDisconnectError",
    "ConnectError",
    "GymRemoteError",
    "ProtocolError",
    "RemoteEnv",
    "ResetError",
    "ResponseTimeoutError",
    "RunEnd",
    "ServerClosedError",
    "ServerDisconnectError",
    "TimestepTimeoutError",
    "WallClockTimeoutError",
]

_CLOSE_TIMEOUT_S = 1.0  # for a word of farewell that nothing depends on
_CHANNEL_KINDS = {"ac": None, "ob": None, "reward": "float", "done": "bool", "reset": "bool"}
_ANSWER = {"ob", "reward", "done"}
_NEWS = _ANSWER | {"reset"}


class _Asked(Enum):
    """What the server has been asked for and has not answered yet."""

    NOTHING = "nothing"
    STEP = "a step"
    RESET = "a reset"


class RemoteEnv(gym.Env[NDArray[Any], NDArray[Any] | int]):
    """The contest's environment, in another process behind a Unix socket.

    The observation handed out is a copy and safe to keep. `info` is always empty, as the wire has none.

    Args:
        config: Where the server is and how long to wait for it.
        on_wait: Called with one line for people whenever connecting takes a while.

    Raises:
        ConnectError: If no connection came about in time.
        ServerDisconnectError: If the server went away before it described itself.
        ProtocolError: If the server described itself in a way that is not the contest's.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - as gymnasium.Env declares it

    def __init__(self, config: RemoteConfig, *, on_wait: Callable[[str], None] | None = None) -> None:
        """Connects; see the class."""
        self._config = config
        self._channels: dict[str, Channel] = {}
        self._closed_by: GymRemoteError | None = None
        self._asked = _Asked.NOTHING
        self._timesteps = 0
        self._episode_timesteps = 0
        tell = on_wait or (lambda _: None)
        self._stream = connect(config, on_wait=tell)
        try:
            self._open_channels(receive_description(self._stream, config, on_wait=tell))
        except BaseException as error:
            self._drop(GymRemoteError("it never came about"))
            if isinstance(error, OSError):
                raise ConnectError(f"{config.socket_dir}: {error}") from None
            raise

    @property
    def timesteps(self) -> int:
        """Steps and resets answered so far: the server's own count, which its limit goes by."""
        return self._timesteps

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002 - the interface's
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Starts the next episode.

        Args:
            seed: Seeds `np_random`; the server's own chance cannot be seeded over the wire.
            options: Nothing the wire could pass on.

        Returns:
            The first observation, and an empty info.

        Raises:
            ResetError: If the episode still runs. Play can go on.
            GymRemoteError: One of the others: the connection is over.
        """
        super().reset(seed=seed)
        self._check_free(_Asked.RESET)
        self._ask(_Asked.RESET, {"reset": True})
        observation, _, _ = self._answer()
        self._episode_timesteps = 0
        return observation, {}

    def step(self, action: NDArray[Any] | int) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Plays one timestep.

        Args:
            action: Of the action space.

        Returns:
            Observation, reward (contest units), terminated, truncated, and an empty info.

        Raises:
            ResetError: If no episode runs. Reset, and play can go on.
            GymRemoteError: One of the others: the connection is over.
            ValueError: If the action is not of the action space. Nothing was sent.
        """
        self.send(action)
        return self.receive()

    def send(self, action: NDArray[Any] | int) -> None:
        """Sends a step's action, and leaves the server to emulate while the caller does something else.

        Raises:
            GymRemoteError: As in `step`, and if the last `send` still waits for its `receive`.
            ValueError: If the action is not of the action space. Nothing was sent.
        """
        self._check_free(_Asked.STEP)
        try:
            said = self._channels["ac"].put(action)
        except ProtocolError as error:
            self._fail(error)
        # Without the "reset", a server that has refused a reset would take every action for another one.
        self._ask(_Asked.STEP, {"ac": said, "reset": False})

    def receive(self) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Waits for the answer to `send`; returns and raises what `step` does."""
        if self._asked is not _Asked.STEP:
            self._check_free(_Asked.STEP)
            raise GymRemoteError("receive() without a send() before it")
        observation, reward, done = self._answer()
        self._episode_timesteps += 1
        is_over_time = self._episode_timesteps >= EPISODE_TIMESTEPS
        return observation, reward, done and not is_over_time, done and is_over_time, {}

    def close(self) -> None:
        """Tells the server, and lets go of everything. May be called twice."""
        if self._closed_by is None:
            with suppress(EOFError, OSError):  # the server may have gone first
                self._stream.send("close", {"reason": None}, timeout_s=_CLOSE_TIMEOUT_S)
            self._drop(GymRemoteError("this environment is closed"))

    def _open_channels(self, description: dict[str, Any]) -> None:
        """Opens what the description tells of, and sets the spaces."""
        if description.keys() != _CHANNEL_KINDS.keys():
            raise ProtocolError(f"wanted the channels {', '.join(_CHANNEL_KINDS)}, got {show(list(description))}")
        forms = {name: ChannelForm.from_wire(said) for name, said in description.items()}
        for name, kind in _CHANNEL_KINDS.items():
            if kind and forms[name].kind != kind:
                raise ProtocolError(f"wanted the channel {name} to be a {kind}, got {show(description[name])}")
        self.action_space = forms["ac"].space()
        self.observation_space = forms["ob"].space()
        for name, form in forms.items():
            self._channels[name] = form.open(self._config.socket_dir / name, write=name == "ac")

    def _check_free(self, asked: _Asked) -> None:
        """Refuses a request that cannot be sent now."""
        if self._closed_by:
            raise type(self._closed_by)(self._closed_by.reason)
        if self._asked is not _Asked.NOTHING:
            raise GymRemoteError(f"{asked.value} while {self._asked.value} waits for its answer: receive() first")
        if self._stream.pending:  # the server spoke out of turn: it has closed, or is out of step
            self._refuse(self._next_message(), "nothing")

    def _ask(self, asked: _Asked, content: dict[str, object]) -> None:
        """Sends a request."""
        try:
            self._stream.send("update", content, timeout_s=self._config.response_timeout_s)
        except EOFError:
            self._refuse(self._next_message(), "a close")  # why it has gone may still be there to be read
        except TimeoutError:
            self._fail(ResponseTimeoutError(f"it takes nothing, after {self._config.response_timeout_s:g} s"))
        self._asked = asked

    def _answer(self) -> tuple[NDArray[Any], float, bool]:
        """Waits for the answer to a request: observation, reward, done."""
        message = self._next_message()
        if message.type == "exception":
            error = message.error()
            if not isinstance(error, ResetError):
                self._fail(error)  # what would follow is known of a ResetError alone
            self._check_update(self._next_message())
            self._asked = _Asked.NOTHING
            raise error
        content = self._check_update(message)
        is_step = self._asked is _Asked.STEP
        if (
            not content.keys() >= _ANSWER
            or content.get("reset", False) is not False
            or (content["done"] is not False and not is_step)
        ):
            self._refuse(message, f"an answer to {self._asked.value}")
        try:
            observation = self._channels["ob"].take(content["ob"])
            reward = self._channels["reward"].take(content["reward"])
            done = self._channels["done"].take(content["done"])
        except ProtocolError as error:
            self._fail(error)
        self._timesteps += 1
        self._asked = _Asked.NOTHING
        return observation, reward, done

    def _next_message(self) -> Message:
        """Waits for a message that is not a close."""
        try:
            message = self._stream.receive(timeout_s=self._config.response_timeout_s)
        except TimeoutError:
            self._fail(ResponseTimeoutError(f"after {self._config.response_timeout_s:g} s"))
        except EOFError:
            self._fail(ServerDisconnectError())
        except ProtocolError as error:
            self._fail(error)
        if message.type == "close":
            self._fail(message.error())
        return message

    def _check_update(self, message: Message) -> dict[str, Any]:
        """Returns the content of what has to be an update of the server's channels."""
        if message.type != "update" or not message.content.keys() <= _NEWS:
            self._refuse(message, "an update")
        return message.content

    def _refuse(self, message: Message, wanted: str) -> Never:
        self._fail(ProtocolError(f"wanted {wanted}, got {show(message._asdict())}"))

    def _fail(self, error: GymRemoteError) -> Never:
        self._drop(error)
        raise error from None

    def _drop(self, error: GymRemoteError) -> None:
        """Lets go of everything; what is asked for later fails with the same error."""
        self._closed_by = error
        self._stream.close()
        for channel in self._channels.values():
            channel.close()
