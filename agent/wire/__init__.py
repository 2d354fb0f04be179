"""The contest's wire: the protocol's messages and arrays, and the agent's end of it.

What is named here is for both ends; the server's is `contest.remote.server`.
"""

from agent.wire.channels import Channel
from agent.wire.connect import SOCKET_NAME, socket_address
from agent.wire.description import FOLDED_BITS_MAX, ChannelForm
from agent.wire.messages import (
    ERRORS_BY_ID,
    ClientDisconnectError,
    GymRemoteError,
    MessageType,
    ProtocolError,
    ResetError,
    Stream,
    TimestepTimeoutError,
    WallClockTimeoutError,
    show,
)

__all__ = [
    "ERRORS_BY_ID",
    "FOLDED_BITS_MAX",
    "SOCKET_NAME",
    "Channel",
    "ChannelForm",
    "ClientDisconnectError",
    "GymRemoteError",
    "MessageType",
    "ProtocolError",
    "ResetError",
    "Stream",
    "TimestepTimeoutError",
    "WallClockTimeoutError",
    "show",
    "socket_address",
]
