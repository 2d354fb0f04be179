"""Either end of the wire against one that talks at random: `./build.sh fuzz` draws the seeds, tests ask some fixed ones."""

import json
import random
import tempfile
from pathlib import Path
from typing import Any

from fake_server import DESCRIPTION, RIGHT, SCREEN_BYTES, Peer, config, fake_server, message
from gymnasium import spaces
from rewarding import Client, Rewarding
from serving import serving

from agent.wire.client import GymRemoteError, RemoteEnv

STEPS = 4
"""Timesteps of a session: the games of the test end then."""

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.5, 1e308, 2**31, 2**63, -(2**63) - 1, 10**400),
    *("", "\x00", "\x1b[2J", "ü" * 300, "\ud800", "12", "(2, 3, 3)", "int", "np", "float", "MultiBinary", "Box"),
    *([], {}, [[]], [None] * 30, {"type": "Box"}, {"reason": None}),
)
"""What stands in for a value."""


def another(draw: random.Random, value: Any) -> Any:
    """The same JSON value but for one place."""
    if isinstance(value, dict) and value and draw.random() < 0.8:
        key = draw.choice(list(value))
        rest = {name: inner for name, inner in value.items() if name != key}
        match draw.randrange(4):
            case 0:
                return rest
            case 1:
                return rest | {str(draw.choice(VALUES)): value[key]}
            case _:
                return {name: another(draw, inner) if name == key else inner for name, inner in value.items()}
    if isinstance(value, list) and value and draw.random() < 0.8:
        at = draw.randrange(len(value))
        return [*value[:at], another(draw, value[at]), *value[at + draw.choice((0, 1, 1, 1)) :]]
    return draw.choice(VALUES)


def mangled(draw: random.Random, data: bytes) -> bytes:
    """A message that may have been understood otherwise, damaged on its way, or both."""
    if draw.random() < 0.6:
        data = json.dumps(another(draw, json.loads(data[:-1]))).encode() + b"\f"
    for _ in range(draw.choice((0, 0, 1, 1, 2, 8))):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(5):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :]
            case 2:
                data = data[:at] + draw.randbytes(draw.randrange(40)) + data[at:]
            case 3:
                data = data[:at] + data[at : at + draw.randrange(60)] * draw.choice((0, 2, 50)) + data[at:]
            case 4:
                data = data[:at] + draw.choice((b"\f", b"\f\f", b"{}\f", b"\xff", b"\n")) + data[at:]
    return data


def said(draw: random.Random, messages: list[bytes]) -> list[bytes]:
    """Messages with some of them mangled, left out, repeated or in another order."""
    found = [mangled(draw, data) if draw.random() < 0.3 else data for data in messages]
    if draw.random() < 0.2:
        draw.shuffle(found)
    if found and draw.random() < 0.2:
        found.insert(draw.randrange(len(found)), draw.choice(found))
    return found


def fuzz_client(seed: int) -> None:
    """Whatever a server says, the agent's end plays on or says in one line what is wrong."""
    draw = random.Random(seed)
    answers = [message("update", {"ob": True, "reward": 1.5, "done": number == STEPS}) for number in range(STEPS + 1)]
    close = message("close", {"reason": draw.choice((None, "so it is")), "exception": draw.randrange(6)})
    script = said(draw, [message("description", DESCRIPTION), *answers, close])
    damage = draw.choice((None, None, None, None, "cut", "gone", "link"))

    def serve(peer: Peer) -> None:
        peer.say(*script[:1])
        for number, data in enumerate(script[1:]):
            if peer.hear() is None:
                break
            if number == 1:
                spoil(peer.folder / "ob", damage)
            peer.say(data)

    with tempfile.TemporaryDirectory() as name, fake_server(Path(name), serve):
        try:
            with RemoteEnv(config(Path(name), handshake_timeout_s=0.3, response_timeout_s=0.3)) as env:
                env.reset()
                for _ in range(STEPS + 2):
                    env.step(RIGHT)
        except GymRemoteError as error:
            line = str(error)
        except ValueError as error:  # an action that the server, as it describes itself, does not know
            line = str(error)
            assert line.startswith("wanted "), line
        else:
            line = "-"
        assert line.isprintable(), line
        assert len(line) < 1000, line


def spoil(path: Path, damage: str | None) -> None:
    """Does to a file what another process may do to it."""
    match damage:
        case "cut":
            path.write_bytes(bytes(SCREEN_BYTES // 2))
        case "gone":
            path.unlink(missing_ok=True)
        case "link":
            path.unlink(missing_ok=True)
            path.symlink_to("/dev/zero")


def fuzz_server(seed: int) -> None:
    """Whatever a client says, the server ends in order, says how, and leaves no file behind."""
    draw = random.Random(seed)
    action_space = draw.choice((spaces.MultiBinary(12), spaces.Discrete(5), spaces.MultiDiscrete([2, 3])))
    action = True if isinstance(action_space, spaces.MultiDiscrete) else 3
    asked = [
        message("update", {"reset": True}),
        *[message("update", {"ac": action, "reset": False})] * STEPS,
        message("update", {"reset": True}),
        message("close", {"reason": draw.choice((None, "bored"))}),
    ]
    requests = said(draw, asked)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(Rewarding(action_space), folder) as run:
            with Client(folder) as client:
                try:
                    for data in requests:
                        client.ask(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it has heard enough
            run.thread.join(60)
        assert run.end is not None
        assert not list(folder.iterdir())
        assert run.end.detail.isprintable()
        assert len(run.end.detail) < 1000
