"""The agent as a user starts it: a process of its own, a real server, a real socket."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import gymnasium as gym
import pytest
import torch
from serving import Clock, serving
from toys import Corridor

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from training.network.model import NetworkConfig, QNetwork
from training.network.weights import save

pytestmark = pytest.mark.slow

PATIENCE_S = 300.0
"""Seconds that a process may take at most, on a machine with much else to do."""


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments],
        cwd=folder,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def play(folder: Path, *arguments: str, **limits: Any) -> tuple[int, str, str]:
    """Lets the agent play a corridor in `folder`; returns its exit status and what it printed."""
    with serving(Corridor(), folder / "tmp" / "sock", **limits):
        agent = start(folder, *arguments)
        stdout, stderr = agent.communicate(timeout=PATIENCE_S)
    return agent.returncode, stdout, stderr


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "out" / "episodes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "net.safetensors"
    torch.manual_seed(0)
    vision, config = VisionConfig(), NetworkConfig()
    save(path, QNetwork(vision, config, len(ACTION_TABLE)), vision, config)
    return path


def test_a_run_to_the_servers_timestep_limit(tmp_path: Path) -> None:
    status, stdout, stderr = play(tmp_path, "--mode", "jerk", timesteps=600)
    assert (status, stderr) == (0, "")
    played = rows(tmp_path)
    assert sum(int(row["timesteps"]) + 1 for row in played) == 600
    assert played[-1]["end"] == "unfinished"
    assert {row["end"] for row in played[:-1]} <= {"terminated", "truncated"}
    assert float(played[0]["jerk"]) == 1.0
    assert any(float(row["replay"]) > 0 for row in played)
    assert (tmp_path / "out" / "knowledge.npz").exists()
    assert "timesteps are used up" in stdout


class Ageing(Corridor):
    """Takes its time over a timestep: so much passes on the server's clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    def step(self, action: Any) -> Any:
        self._clock.skip(self._seconds)
        return super().step(action)


def test_a_run_to_the_servers_wall_clock_limit(tmp_path: Path, clock: Clock) -> None:
    env = Ageing(clock, 10.0)
    with serving(env, tmp_path / "tmp" / "sock", wallclock_s=1000.0):
        agent = start(tmp_path, "--mode", "random")
        stdout, stderr = agent.communicate(timeout=PATIENCE_S)
    assert (agent.returncode, stderr) == (0, "")
    assert "wall-clock time is used up" in stdout
    assert rows(tmp_path)


def test_a_run_to_its_own_limit(tmp_path: Path) -> None:
    status, stdout, stderr = play(tmp_path, "--mode", "jerk", "--timesteps", "300")
    assert (status, stderr) == (0, "")
    assert "300 timesteps played" in stdout


def test_without_weights_it_says_so_once_and_the_heuristic_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that its weights did not come with."""
    source = Path(__file__).parents[2] / "agent"
    shutil.copytree(source, tmp_path / "lib" / "agent", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    status, stdout, stderr = play(tmp_path, timesteps=400)
    assert (status, stderr) == (0, "")
    assert f"there are no weights at {tmp_path}/lib/weights" in stdout
    assert stdout.count("without the Q-network") == 1
    assert sum(float(row["learned"]) for row in rows(tmp_path)) == 0


def test_with_weights_the_network_plays_and_the_heuristic_takes_over_when_it_stalls(
    tmp_path: Path, weights: Path
) -> None:
    status, _, stderr = play(tmp_path, "--weights", str(weights), timesteps=900)
    assert (status, stderr) == (0, "")
    first = rows(tmp_path)[0]
    assert float(first["learned"]) > 0
    assert float(first["learned"]) + float(first["jerk"]) == pytest.approx(1, abs=1e-3)


def test_greedy_without_weights_is_an_error_of_one_line(tmp_path: Path) -> None:
    agent = start(tmp_path, "--mode", "greedy", "--weights", "none.safetensors")
    _, stderr = agent.communicate(timeout=PATIENCE_S)
    assert agent.returncode == 1
    assert stderr.count("\n") == 1
    assert "none.safetensors" in stderr


@pytest.mark.parametrize("arguments", [["--epsilon", "2"], ["--timesteps", "0"], ["--wallclock", "-1"]], ids=str)
def test_values_out_of_range_are_an_error_of_one_line(tmp_path: Path, arguments: list[str]) -> None:
    agent = start(tmp_path, *arguments)
    _, stderr = agent.communicate(timeout=PATIENCE_S)
    assert agent.returncode == 1
    assert stderr.count("\n") == 1
    assert "wanted" in stderr


def test_seed_and_limits_come_from_the_environment_where_the_flags_are_silent(tmp_path: Path) -> None:
    def actions(name: str, *arguments: str, **variables: str) -> tuple[str, list[str]]:
        (tmp_path / name).mkdir()
        with serving(Corridor(), tmp_path / name / "tmp" / "sock", timesteps=300):
            agent = start(tmp_path / name, "--mode", "jerk", *arguments, **variables)
            stdout, stderr = agent.communicate(timeout=PATIENCE_S)
        assert (agent.returncode, stderr) == (0, "")
        return stdout, [row["return"] for row in rows(tmp_path / name)]

    stdout, told = actions("told", QJERK_SEED="5", QJERK_TIMESTEPS="200", QJERK_WALLCLOCK="99.5")
    assert "200 timesteps played" in stdout
    stdout, flags = actions("flags", "--seed", "5", "--timesteps", "200", QJERK_SEED="6", QJERK_TIMESTEPS="word")
    assert "200 timesteps played" in stdout
    assert flags == told
    assert actions("another", "--timesteps", "200", QJERK_SEED="6", QJERK_TIMESTEPS="")[1] != told


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("QJERK_SEED", "1.5", "QJERK_SEED of the environment: wanted a whole number, got '1.5'"),
        ("QJERK_SEED", "-1", "wanted seed of at least 0, got -1"),
        ("QJERK_TIMESTEPS", "many", "QJERK_TIMESTEPS of the environment: wanted a whole number, got 'many'"),
        ("QJERK_TIMESTEPS", "9" * 5000, "QJERK_TIMESTEPS of the environment: wanted a whole number, got '999"),
        ("QJERK_WALLCLOCK", "1h", "QJERK_WALLCLOCK of the environment: wanted a number, got '1h'"),
        ("QJERK_WALLCLOCK", "nan", "wanted wallclock_s above 0, got nan"),
    ],
)
def test_a_malformed_environment_is_an_error_of_one_line(tmp_path: Path, name: str, value: str, wanted: str) -> None:
    agent = start(tmp_path, "--mode", "jerk", **{name: value})
    _, stderr = agent.communicate(timeout=PATIENCE_S)
    assert agent.returncode == 1
    assert stderr.startswith(f"agent: {wanted}")
    assert stderr.count("\n") == 1
    assert len(stderr) < 200


def test_a_folder_that_cannot_be_written_does_not_stop_the_run(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    status, stdout, stderr = play(tmp_path, "--mode", "jerk", timesteps=200)
    assert (status, stderr) == (0, "")
    assert stdout.count("goes on without a record") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_with_its_record_whole_and_the_next_goes_on_from_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(Corridor(), tmp_path / "tmp" / "sock"):
        agent = start(tmp_path, "--mode", "jerk")
        while not (tmp_path / "out" / "episodes.csv").exists() or len(rows(tmp_path)) < 3:
            time.sleep(0.05)
            assert agent.poll() is None
        agent.send_signal(number)
        stdout, stderr = agent.communicate(timeout=PATIENCE_S)
    assert (agent.returncode, stderr) == (0, "")
    assert number.name in stdout
    assert all(None not in row.values() for row in rows(tmp_path))
    _, stdout, _ = play(tmp_path, "--mode", "jerk", timesteps=100)
    assert "knowledge.npz: taken over" in stdout


def takes_over(process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    (caught,) = re.findall(r"^SigCgt:\t(\w+)$", status, re.MULTILINE)
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0, 0.1, 0.3, 0.6, 1, 1.5, 2, 3])
def test_a_signal_while_it_starts_ends_it_in_order_whatever_it_is_at(
    tmp_path: Path, seconds: float, number: signal.Signals
) -> None:
    agent = start(tmp_path)
    # Until Python runs there is nobody to ask, and SIGINT is Python's own at first.
    while not takes_over(agent, signal.SIGTERM) or not takes_over(agent, signal.SIGINT):
        assert agent.poll() is None
        time.sleep(0.001)
    time.sleep(seconds)
    agent.send_signal(number)
    stdout, stderr = agent.communicate(timeout=PATIENCE_S)
    assert (agent.returncode, stderr) == (0, "")
    assert stdout.splitlines()[-1] == f"the run is over before its first episode: {number.name}"


def test_a_signal_while_waiting_for_the_server_ends_it_too(tmp_path: Path) -> None:
    agent = start(tmp_path, "--mode", "jerk")
    assert agent.stdout is not None
    assert "waiting for the server" in agent.stdout.readline()
    agent.send_signal(signal.SIGTERM)
    _, stderr = agent.communicate(timeout=PATIENCE_S)
    assert (agent.returncode, stderr) == (0, "")


def test_a_server_that_vanishes_is_an_error_of_one_line_with_the_record_whole(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from toys import Corridor;"
        "from contest.remote.server import Server; Server(Corridor(), Path('tmp/sock')).serve()"
    )
    server = subprocess.Popen([sys.executable, "-c", program, str(Path(__file__).parents[1] / "support")], cwd=tmp_path)
    agent = start(tmp_path, "--mode", "jerk")
    while not (tmp_path / "out" / "episodes.csv").exists() or len(rows(tmp_path)) < 3:
        time.sleep(0.05)
        assert agent.poll() is None
    server.kill()
    server.wait()
    stdout, stderr = agent.communicate(timeout=PATIENCE_S)
    assert agent.returncode == 1, stdout
    assert stderr.count("\n") == 1
    assert "gone without a close" in stderr
    assert rows(tmp_path)[-1]["end"] in {"unfinished", "terminated"}
    assert (tmp_path / "out" / "knowledge.npz").exists()


def test_the_last_line_tells_the_score_as_the_judge_has_it(tmp_path: Path) -> None:
    """The mean of what is finished; of the unfinished episode only where it is alone."""
    _, stdout, _ = play(tmp_path, "--mode", "jerk", timesteps=600)
    finished = [float(row["return"]) for row in rows(tmp_path) if row["end"] != "unfinished"]
    assert 0 < len(finished) == len(rows(tmp_path)) - 1
    line = f"{len(finished)} episodes, mean return {fmean(finished):.1f}, best {max(finished):.1f}, "
    assert line in stdout.splitlines()[-2]
    _, stdout, _ = play(tmp_path, "--mode", "jerk", timesteps=3)
    (alone,) = rows(tmp_path)
    assert alone["end"] == "unfinished"
    value = float(alone["return"])
    assert f"1 episode, mean return {value:.1f}, best {value:.1f}, " in stdout.splitlines()[-2]
    _, stdout, _ = play(tmp_path, "--mode", "jerk", timesteps=1)
    assert ": 0 episodes, " in stdout.splitlines()[-2]


def test_a_second_agent_leaves_in_one_line_and_leaves_the_firsts_record_alone(tmp_path: Path) -> None:
    with serving(Corridor(), tmp_path / "tmp" / "sock"):
        first = start(tmp_path, "--mode", "jerk")
        while not (tmp_path / "out" / "episodes.csv").exists() or len(rows(tmp_path)) < 3:
            time.sleep(0.05)
            assert first.poll() is None
        second = start(tmp_path, "--mode", "jerk")
        _, stderr = second.communicate(timeout=PATIENCE_S)
        assert second.returncode == 1
        assert "another agent plays here already" in stderr
        assert stderr.count("\n") == 1
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 0
    assert [int(row["episode"]) for row in rows(tmp_path)] == list(range(len(rows(tmp_path))))
    assert len(rows(tmp_path)) >= 3


@pytest.mark.parametrize("mode", ["hybrid", "greedy"])
def test_weights_that_are_named_must_be_there(tmp_path: Path, mode: str) -> None:
    agent = start(tmp_path, "--mode", mode, "--weights", "my/q.safetensors")
    stdout, stderr = agent.communicate(timeout=PATIENCE_S)
    assert (agent.returncode, stdout) == (1, "")
    assert stderr == "agent: there are no weights at my/q.safetensors\n"


@pytest.mark.parametrize("mode", ["hybrid", "greedy"])
def test_weights_of_a_name_that_no_file_can_have_are_refused(tmp_path: Path, mode: str) -> None:
    agent = start(tmp_path, "--mode", mode, "--weights", "q" * 5000)
    stdout, stderr = agent.communicate(timeout=PATIENCE_S)
    assert (agent.returncode, stdout) == (1, "")
    assert stderr == f"agent: there are no weights at {'q' * 200}\n"


def test_help_tells_each_flag_and_its_default(tmp_path: Path) -> None:
    agent = start(tmp_path, "--help")
    stdout, _ = agent.communicate(timeout=PATIENCE_S)
    assert agent.returncode == 0
    for flag in ("--socket", "--weights", "--mode", "--epsilon", "--seed", "--timesteps", "--wallclock", "--out"):
        assert flag in stdout


def test_a_server_of_other_actions_is_refused_in_one_line(tmp_path: Path) -> None:
    env = Corridor()
    env.action_space = gym.spaces.Discrete(9)  # type: ignore[assignment]
    with serving(env, tmp_path / "tmp" / "sock"):
        agent = start(tmp_path, "--mode", "jerk")
        _, stderr = agent.communicate(timeout=PATIENCE_S)
    assert agent.returncode == 1
    assert stderr.count("\n") == 1
    assert "wanted an environment with 12 buttons, got Discrete(9)" in stderr
