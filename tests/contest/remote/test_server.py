"""The environment's end of the wire, on a real socket: against bytes written down from the contest's own server, and
against clients that misbehave."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from fake_server import PATIENCE_S, config
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from properties import examples
from rewarding import Client, Rewarding
from serving import Clock, serving

import contest.remote.server
from agent.wire.client import (
    GymRemoteError,
    RemoteEnv,
    ResetError,
    ServerClosedError,
    ServerDisconnectError,
    WallClockTimeoutError,
)
from contest.remote.server import Cause, End, Server


def update(content: str) -> bytes:
    return b'{"type": "update", "content": ' + content.encode() + b"}\x0c"


DESCRIPTION = (
    b'{"type": "description", "content": {"ac": ["int_fold", "[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2],", '
    b'{"n": "12", "type": "MultiBinary"}], "ob": ["np", "(2, 3, 3), dtype(\\"|u1\\")", '
    b'{"type": "Box", "shape": "(2, 3, 3)"}], "reward": ["float", null, {}], "done": ["bool", null, {}], '
    b'"reset": ["bool", null, {}]}}\x0c'
)
REFUSED = b'{"type": "exception", "content": {"reason": null, "exception": 5}}\x0c'
RESET = update('{"reset": true}')
STEP = update('{"ac": 129, "reset": false}')
AFTER_RESET = update('{"ob": true, "reward": 0.0, "done": false, "reset": false}')


# The same bytes as the contest's server: each reply was written down from it


@pytest.mark.parametrize("ends_with", ["limit", "close"])
def test_a_session_byte_by_byte(folder: Path, ends_with: str) -> None:
    session = [
        (update('{"ac": 0, "reset": false}'), REFUSED + update("{}")),  # a step before the first reset
        (RESET, AFTER_RESET),
        (RESET, REFUSED + update('{"ob": true, "reward": 0.0, "done": false}')),  # a reset in mid-episode
        (update('{"ac": 5}'), REFUSED + update('{"ob": true, "reward": 0.0, "done": false}')),  # "reset" still stands
        (STEP, update('{"ob": true, "reward": 1.0, "done": false}')),
        (update('{"ac": 128, "reset": false}'), update('{"ob": true, "reward": 0.5, "done": false}')),
        (update('{"ac": 4095, "reset": false}'), update('{"ob": true, "reward": 1e-07, "done": false}')),
        (update('{"reset": false}'), update('{"ob": true, "reward": -3.25, "done": true}')),  # "ac" stands as well
        (STEP, REFUSED + update('{"ob": true, "reward": -3.25, "done": true}')),  # a step after the end
        (RESET, AFTER_RESET),
    ]
    env = Rewarding()
    with serving(env, folder, timesteps=6 if ends_with == "limit" else None) as run, Client(folder) as client:
        assert client.hear() == DESCRIPTION
        assert (folder / "ob").stat().st_size == 18
        for asked, replied in session:
            client.ask(asked)
            assert client.hear(replied.count(b"\f")) == replied
        if ends_with == "limit":
            assert client.hear_out() == b'{"type": "close", "content": {"reason": null, "exception": 1}}\x0c'
        else:
            client.ask(b'{"type": "close", "content": {"reason": null}}\x0c')
            assert client.hear_out() == b'{"type": "close", "content": {"reason": null}}\x0c'
    cause = Cause.TIMESTEPS if ends_with == "limit" else Cause.CLIENT_CLOSED
    assert run.end == End(timesteps=6, cause=cause)
    assert [list(np.flatnonzero(action)) for action in env.actions] == [[0, 7], [7], [*range(12)], [*range(12)]]
    assert all(action.dtype == np.uint8 for action in env.actions)
    assert env.seeds == [0, None], "the seed is for the first episode alone"
    assert list(folder.iterdir()) == []


def test_resets_may_be_left_to_the_client(folder: Path) -> None:
    session = [
        (update('{"ac": 0, "reset": false}'), update('{"ob": true, "reward": 1.0, "done": false}')),
        (RESET, AFTER_RESET),
        (RESET, AFTER_RESET),
        (update('{"ac": 1}'), update('{"ob": true, "reward": 1.0, "done": false, "reset": false}')),
    ]
    with serving(Rewarding(), folder, ignore_reset=False) as run, Client(folder) as client:
        client.hear()
        for asked, replied in session:
            client.ask(asked)
            assert client.hear() == replied
    assert run.end == End(timesteps=4, cause=Cause.CLIENT_GONE)


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (spaces.Discrete(5), '["int", null, {"n": "5", "type": "Discrete"}]'),
        (spaces.MultiDiscrete([2, 3]), '["np", "(2,), dtype(\\"<i8\\")", {"shape": "2", "type": "MultiDiscrete"}]'),
        (spaces.Box(0, 1, (2,), np.float32), '["np", "(2,), dtype(\\"<f4\\")", {"type": "Box", "shape": "(2,)"}]'),
        (spaces.MultiBinary(70), '["np", "(70,), dtype(\\"|u1\\")", {"n": "70", "type": "MultiBinary"}]'),
    ],
)
def test_the_description_of_every_kind_of_space(folder: Path, space: spaces.Space[Any], said: str) -> None:
    with serving(Rewarding(space), folder), Client(folder) as client:
        assert client.hear().startswith(b'{"type": "description", "content": {"ac": ' + said.encode() + b', "ob": [')


def test_the_files_are_as_open_to_the_other_container_as_the_contests(folder: Path) -> None:
    mask = os.umask(0o022)
    try:
        with Server(Rewarding(spaces.MultiDiscrete([2, 3])), folder):
            modes = {path.name: oct(path.stat().st_mode) for path in folder.iterdir()}
    finally:
        os.umask(mask)
    assert modes == {"sock": "0o140755", "ob": "0o100644", "ac": "0o100644"}


# Spaces of every kind, there and back


class Echo(gym.Env[Any, Any]):
    """Shows the same observation for ever and remembers the last action."""

    def __init__(self, action_space: spaces.Space[Any], observation: Any, observation_space: spaces.Space[Any]) -> None:
        self.action_space, self.observation_space = action_space, observation_space
        self.observation = observation
        self.action: Any = None

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return self.observation, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.action = action
        return self.observation, 0.0, False, False, {}


def boxes() -> st.SearchStrategy[spaces.Space[Any]]:
    def box(dtype: Any, shape: tuple[int, ...]) -> spaces.Space[Any]:
        limits = (-np.inf, np.inf) if np.dtype(dtype).kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        return spaces.Box(limits[0], limits[1], shape, dtype)

    types = [np.uint8, np.int8, np.uint16, np.int32, np.int64, np.uint64, np.float16, np.float32, np.float64]
    return st.builds(box, st.sampled_from(types), array_shapes(min_dims=0, max_side=5))


SPACES = st.one_of(
    st.integers(1, 80).map(spaces.MultiBinary),
    st.integers(1, 10_000).map(spaces.Discrete),
    st.lists(st.integers(1, 1000), min_size=1, max_size=6).map(spaces.MultiDiscrete),
    boxes(),
)


@examples()
@given(action_space=SPACES, observation_space=SPACES, seed=st.integers(0, 2**31))
def test_every_kind_of_space_there_and_back(
    action_space: spaces.Space[Any], observation_space: spaces.Space[Any], seed: int
) -> None:
    action_space.seed(seed)
    observation_space.seed(seed)
    action, observation = (  # a Box without dimensions samples numbers, but wants to contain arrays
        np.asarray(space.sample()) if isinstance(space, spaces.Box) else space.sample()
        for space in (action_space, observation_space)
    )
    env = Echo(action_space, observation, observation_space)
    with tempfile.TemporaryDirectory() as name, serving(env, Path(name)), RemoteEnv(config(Path(name))) as remote:
        first, _ = remote.reset()
        second = remote.step(action)[0]
        assert np.array_equal(env.action, action)
        assert action_space.contains(env.action)
        assert remote.action_space.contains(action)
        for received in (first, second):
            assert np.array_equal(received, observation)
            assert observation_space.contains(received)
            assert remote.observation_space.contains(received)
        if not isinstance(action_space, spaces.MultiDiscrete):  # how many values each has is not on the wire
            assert remote.action_space == action_space


@pytest.mark.parametrize("space", [spaces.Text(3), spaces.Discrete(3, start=1), spaces.MultiBinary([2, 3])])
def test_a_space_that_the_wire_does_not_have_is_refused(folder: Path, space: spaces.Space[Any]) -> None:
    with pytest.raises(ValueError, match=r"wanted a flat .*, got"):
        Server(Rewarding(space), folder)
    assert list(folder.iterdir()) == []


# Ends


class Ageing(Rewarding):
    """Takes its time over a reset: so much passes on the server's clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self._clock.skip(self._seconds)
        return super().reset()


def test_the_wallclock_limit_ends_an_idle_run(folder: Path, clock: Clock) -> None:
    began_at = clock.monotonic()
    with serving(Ageing(clock, 999.0), folder, wallclock_s=1000.0) as run, Client(folder) as client:
        client.ask(RESET)
        client.hear(2)
        assert client.hear_out() == b'{"type": "close", "content": {"reason": null, "exception": 2}}\x0c'
        assert clock.monotonic() - began_at >= 1000.0
    assert run.end == End(timesteps=1, cause=Cause.WALLCLOCK)


def test_the_wallclock_limit_ends_a_busy_run(folder: Path, clock: Clock) -> None:
    with serving(Ageing(clock, 100.0), folder, wallclock_s=1000.0) as run, RemoteEnv(config(folder)) as env:

        def play() -> None:
            while True:
                env.reset()
                while not env.step(np.zeros(12, bool))[2]:
                    pass

        with pytest.raises(WallClockTimeoutError):
            play()
        run.thread.join(PATIENCE_S)
        assert run.end == End(timesteps=env.timesteps, cause=Cause.WALLCLOCK)


def test_the_wallclock_limit_ends_a_run_whose_client_never_lets_the_server_wait(folder: Path, clock: Clock) -> None:
    class Slow(Ageing):
        def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
            is_emulating.set()
            assert is_asked_again.wait(PATIENCE_S)
            return super().reset()

    is_emulating, is_asked_again = threading.Event(), threading.Event()
    env = Slow(clock, 1000.0)
    with serving(env, folder, wallclock_s=1000.0, ignore_reset=False) as run, Client(folder) as client:
        client.ask(RESET)
        assert is_emulating.wait(PATIENCE_S)
        client.ask(RESET)  # is there to be read when the time is up
        is_asked_again.set()
        assert client.hear_out() == (
            DESCRIPTION + AFTER_RESET + b'{"type": "close", "content": {"reason": null, "exception": 2}}\x0c'
        )
    assert run.end == End(timesteps=1, cause=Cause.WALLCLOCK)


def test_the_wallclock_limit_ends_a_run_without_a_client(folder: Path) -> None:
    with serving(Rewarding(), folder, wallclock_s=0.1) as run:
        pass
    assert run.end == End(timesteps=0, cause=Cause.NO_CLIENT)
    assert list(folder.iterdir()) == []


def test_the_clients_reason_is_kept(folder: Path) -> None:
    with serving(Rewarding(), folder) as run, Client(folder) as client:
        client.ask(b'{"type": "close", "content": {"reason": "bored"}}\f')
    assert run.end == End(timesteps=0, cause=Cause.CLIENT_CLOSED, detail="bored")


def test_death_of_the_client_at_any_byte(folder: Path) -> None:
    request = RESET + STEP
    for length in range(len(request)):
        with serving(Rewarding(), folder) as run, Client(folder) as client:
            client.hear()
            client.ask(request[:length])
        assert run.end is not None
        assert run.end.cause is Cause.CLIENT_GONE
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\f",
        b"{}\f",
        b"\xff\f",
        b"[" * 100_000 + b"\f",
        b"x" * (1 << 21),
        b'{"type": "description", "content": {}}\f',
        b'{"type": "exception", "content": {"reason": null, "exception": 5}}\f',
        update('{"lives": 3}'),
        update('{"ob": true}'),
        update('{"reset": 1}'),
        update('{"reset": null}'),
        update('{"ac": 4096, "reset": false}'),
        update('{"ac": -1, "reset": false}'),
        update('{"ac": true, "reset": false}'),
        update('{"ac": 1.0, "reset": false}'),
        update('{"ac": NaN, "reset": false}'),
        update('{"ac": [0, 1], "reset": false}'),
    ],
)
def test_garbage_closes_the_connection_and_says_why_to_both_ends(folder: Path, garbage: bytes) -> None:
    with serving(Rewarding(), folder) as run, Client(folder) as client:
        client.ask(RESET)
        client.hear(2)
        with suppress(BrokenPipeError):  # the server may have had enough of it
            client.ask(garbage)
        said = client.hear().split(b"\f")[0]
        content = json.loads(said)["content"]
        assert content["exception"] == 0
        assert "not the contest's wire: wanted" in content["reason"]
    assert run.end is not None
    assert (run.end.timesteps, run.end.cause) == (1, Cause.CLIENT_ERROR)
    assert run.end.detail.isprintable()
    assert list(folder.iterdir()) == []


def test_a_step_without_any_action_is_refused(folder: Path) -> None:
    with serving(Rewarding(), folder) as run, Client(folder) as client:
        client.ask(RESET + update('{"reset": false}'))
        client.hear(3)
    assert run.end is not None
    assert run.end.detail.endswith("wanted an action, got a step without one")


def test_a_client_that_does_not_read_is_taken_for_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest.remote.server, "SEND_TIMEOUT_S", 0.2)
    with serving(Rewarding(), folder, ignore_reset=False) as run, Client(folder) as client:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.ask(RESET * 100_000)
        run.thread.join(PATIENCE_S)
    assert run.end is not None
    assert (run.end.cause, run.end.detail) == (Cause.CLIENT_GONE, "its answers lay unread for 0.2 s")


class Broken(Rewarding):
    """Fails in a way of its own at its first timestep."""

    def __init__(self, failure: Exception | tuple[Any, Any]) -> None:
        super().__init__()
        self.failure = failure

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        if isinstance(self.failure, Exception):
            raise self.failure
        return *self.failure, False, False, {}


@pytest.mark.parametrize("failure", [TimeoutError("emulator"), EOFError("emulator"), RuntimeError("emulator")])
def test_an_error_of_the_environment_is_told_and_raised(folder: Path, failure: Exception) -> None:
    check_failure(folder, failure, type(failure), "emulator")


@pytest.mark.parametrize(
    ("observation", "reward", "wanted"),
    [
        (np.zeros((2, 3, 3), np.uint8), np.nan, "the environment's reward: wanted a finite number, got nan"),
        (np.zeros((2, 3), np.uint8), 0, "the environment's ob: wanted an array of uint8 of shape"),
        (np.full((2, 3, 3), 256), 0, "the environment's ob: wanted an array of uint8 of shape"),
    ],
)
def test_what_the_environment_may_not_return(folder: Path, observation: Any, reward: float, wanted: str) -> None:
    check_failure(folder, (observation, reward), ValueError, wanted)


def check_failure(folder: Path, failure: Any, kind: type[Exception], message: str) -> None:
    caught: list[BaseException] = []

    def serve() -> None:
        try:
            server.serve()
        except Exception as error:  # noqa: BLE001 - handed to the test
            caught.append(error)

    with Server(Broken(failure), folder) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        with RemoteEnv(config(folder)) as env:
            env.reset()
            with pytest.raises(GymRemoteError, match="the environment failed: ") as told:
                env.step(np.zeros(12, bool))
            assert type(told.value) is GymRemoteError, "not an end the agent could take for a regular one"
        thread.join(PATIENCE_S)
    assert [type(error) for error in caught] == [kind]
    assert message in str(caught[0])
    assert list(folder.iterdir()) == []


# The socket and its neighbours

PROCESS = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from contest.remote.server import Server
from rewarding import Rewarding
with Server(Rewarding(), Path(sys.argv[1])) as server:
    print(server.serve(), flush=True)
"""


def start(folder: Path) -> "subprocess.Popen[str]":
    here = Path(__file__).parents[2] / "support"
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", PROCESS, str(folder), str(root), str(here)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_server_is_noticed_and_its_folder_can_be_served_again(folder: Path) -> None:
    process = start(folder)
    with RemoteEnv(config(folder)) as env:
        env.reset()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with pytest.raises(ServerDisconnectError):
            env.step(np.zeros(12, bool))
    assert {path.name for path in folder.iterdir()} == {"sock", "ob"}, "a killed server cannot tidy up"
    with serving(Rewarding(), folder), RemoteEnv(config(folder)) as env:
        env.reset()


def test_ctrl_c_is_a_regular_end_for_the_agent_and_leaves_no_files(folder: Path) -> None:
    process = start(folder)
    with RemoteEnv(config(folder)) as env:
        env.reset()
        process.send_signal(signal.SIGINT)
        with pytest.raises(ServerClosedError):
            env.step(np.zeros(12, bool))
    _, said = process.communicate(timeout=PATIENCE_S)
    assert "KeyboardInterrupt" in said, "whoever called decides what to make of it"
    assert list(folder.iterdir()) == []


def test_a_second_client_is_turned_away_at_once(folder: Path) -> None:
    with serving(Rewarding(), folder, timesteps=3), Client(folder) as first:
        assert first.hear() == DESCRIPTION
        for _ in range(3):
            with pytest.raises(GymRemoteError, match="another agent plays here already") as caught:
                RemoteEnv(config(folder))
            assert type(caught.value) is GymRemoteError, "no regular end of a run"
        with Client(folder) as silent:
            first.ask(update('{"reset": true}'))
            assert b'"done": false' in first.hear(), "the first one is served on"
            assert silent.hear_out().startswith(b'{"type": "close"')


def test_a_live_server_is_not_disturbed_by_a_second_one(folder: Path) -> None:
    with serving(Rewarding(), folder):
        with pytest.raises(FileExistsError, match="another server is alive on"):
            Server(Rewarding(), folder)
        with RemoteEnv(config(folder)) as env:
            env.reset()
            with pytest.raises(FileExistsError, match="another server is alive on"):
                Server(Rewarding(), folder)
            assert (env.step(np.zeros(12, bool))[0] == 1).all()


def test_only_a_socket_is_replaced(folder: Path) -> None:
    (folder / "sock").write_text("somebody's notes")
    with pytest.raises(OSError, match="in use"):
        Server(Rewarding(), folder)
    assert [path.name for path in folder.iterdir()] == ["sock"]
    assert (folder / "sock").read_text() == "somebody's notes"


def test_a_link_in_the_arrays_place_is_replaced_not_followed(folder: Path) -> None:
    notes = folder / "notes"
    notes.write_text("somebody's notes")
    (folder / "ob").symlink_to(notes)
    with Server(Rewarding(), folder):
        assert not (folder / "ob").is_symlink()
    assert notes.read_text() == "somebody's notes"


def test_the_folder_is_made_and_may_have_a_long_name(folder: Path) -> None:
    long = folder / ("x" * 120) / "sock"
    with serving(Rewarding(), long), RemoteEnv(config(long)) as env:
        env.reset()


def test_a_client_that_maps_the_screen_as_the_contests_does_sees_it(folder: Path) -> None:
    with serving(Rewarding(), folder), Client(folder) as client:
        client.hear()
        screen = np.memmap(folder / "ob", mode="w+", dtype=np.uint8, shape=(2, 3, 3))  # which zeroes the file
        for asked, pixel in ((RESET, 7), (STEP, 1), (STEP, 2)):
            client.ask(asked)
            client.hear()
            assert (screen == pixel).all()


def test_refusals_go_both_ways_to_the_agents_own_end(folder: Path) -> None:
    action = np.zeros(12, bool)
    with serving(Rewarding(), folder) as run, RemoteEnv(config(folder)) as env:
        with pytest.raises(ResetError):
            env.step(action)
        for _ in range(2):
            env.reset()
            with pytest.raises(ResetError):
                env.reset()
            assert [env.step(action)[1:3] for _ in range(2)] == [(1, False), (0.5, False)]
            with pytest.raises(ResetError):
                env.reset()
            assert [env.step(action)[1:3] for _ in range(2)] == [(1e-07, False), (-3.25, True)]
            with pytest.raises(ResetError):
                env.step(action)
        assert env.timesteps == 10
    assert run.end == End(timesteps=10, cause=Cause.CLIENT_CLOSED)


@pytest.mark.parametrize("name", ["ob", "ac"])
def test_an_array_cut_short_by_the_client_ends_the_run_not_the_process(folder: Path, name: str) -> None:
    with serving(Rewarding(spaces.MultiDiscrete([2, 3])), folder) as run, Client(folder) as client:
        client.ask(RESET)
        client.hear(2)
        os.truncate(folder / name, 4)
        client.ask(update('{"ac": true, "reset": false}'))
        client.hear_out()
    assert run.end is not None
    assert (run.end.timesteps, run.end.cause) == (1, Cause.CLIENT_ERROR)
    assert f"/{name}, got a file of 4" in run.end.detail
