"""The agent as a user starts it: a process of its own, a real server, a real socket."""

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
import torch
from serving import serving
from toys import Corridor

from agent.actions import ACTION_TABLE
from agent.config import NetworkConfig, VisionConfig
from agent.network import QNetwork, save

pytestmark = pytest.mark.slow


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def play(folder: Path, *arguments: str, **limits: Any) -> tuple[int, str, str]:
    """Lets the agent play a corridor in `folder`; returns its exit status and what it printed."""
    with serving(Corridor(), folder / "tmp" / "sock", **limits):
        agent = start(folder, *arguments)
        stdout, stderr = agent.communicate(timeout=60)
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


def test_a_run_to_the_servers_wall_clock_limit(tmp_path: Path) -> None:
    status, stdout, stderr = play(tmp_path, "--mode", "random", wallclock_s=4.0)
    assert (status, stderr) == (0, "")
    assert "wall-clock time is used up" in stdout
    assert rows(tmp_path)


def test_a_run_to_its_own_limit(tmp_path: Path) -> None:
    status, stdout, stderr = play(tmp_path, "--mode", "jerk", "--timesteps", "300")
    assert (status, stderr) == (0, "")
    assert "300 timesteps played" in stdout


def test_without_weights_it_says_so_once_and_the_heuristic_plays(tmp_path: Path) -> None:
    status, stdout, stderr = play(tmp_path, "--weights", "none.safetensors", timesteps=400)
    assert (status, stderr) == (0, "")
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
    _, stderr = agent.communicate(timeout=60)
    assert agent.returncode == 1
    assert stderr.count("\n") == 1
    assert "none.safetensors" in stderr


@pytest.mark.parametrize("arguments", [["--epsilon", "2"], ["--timesteps", "0"], ["--wallclock", "-1"]], ids=str)
def test_values_out_of_range_are_an_error_of_one_line(tmp_path: Path, arguments: list[str]) -> None:
    agent = start(tmp_path, *arguments)
    _, stderr = agent.communicate(timeout=60)
    assert agent.returncode == 1
    assert stderr.count("\n") == 1
    assert "wanted" in stderr


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
        stdout, stderr = agent.communicate(timeout=20)
    assert (agent.returncode, stderr) == (0, "")
    assert number.name in stdout
    assert all(None not in row.values() for row in rows(tmp_path))
    _, stdout, _ = play(tmp_path, "--mode", "jerk", timesteps=100)
    assert "knowledge.npz: taken over" in stdout


def test_a_signal_while_waiting_for_the_server_ends_it_too(tmp_path: Path) -> None:
    agent = start(tmp_path, "--mode", "jerk")
    assert agent.stdout is not None
    assert "waiting for the server" in agent.stdout.readline()
    agent.send_signal(signal.SIGTERM)
    _, stderr = agent.communicate(timeout=20)
    assert (agent.returncode, stderr) == (0, "")


def test_a_server_that_vanishes_is_an_error_of_one_line_with_the_record_whole(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from toys import Corridor;"
        "from contest.server import Server; Server(Corridor(), Path('tmp/sock')).serve()"
    )
    server = subprocess.Popen([sys.executable, "-c", program, str(Path(__file__).parent)], cwd=tmp_path)
    agent = start(tmp_path, "--mode", "jerk")
    while not (tmp_path / "out" / "episodes.csv").exists() or len(rows(tmp_path)) < 3:
        time.sleep(0.05)
        assert agent.poll() is None
    server.kill()
    server.wait()
    stdout, stderr = agent.communicate(timeout=20)
    assert agent.returncode == 1, stdout
    assert stderr.count("\n") == 1
    assert "gone without a close" in stderr
    assert rows(tmp_path)[-1]["end"] in {"unfinished", "terminated"}
    assert (tmp_path / "out" / "knowledge.npz").exists()


def test_help_tells_each_flag_and_its_default(tmp_path: Path) -> None:
    agent = start(tmp_path, "--help")
    stdout, _ = agent.communicate(timeout=60)
    assert agent.returncode == 0
    for flag in ("--socket", "--weights", "--mode", "--epsilon", "--seed", "--timesteps", "--wallclock", "--out"):
        assert flag in stdout


def test_a_server_of_other_actions_is_refused_in_one_line(tmp_path: Path) -> None:
    env = Corridor()
    env.action_space = gym.spaces.Discrete(9)  # type: ignore[assignment]
    with serving(env, tmp_path / "tmp" / "sock"):
        agent = start(tmp_path, "--mode", "jerk")
        _, stderr = agent.communicate(timeout=60)
    assert agent.returncode == 1
    assert stderr.count("\n") == 1
    assert "wanted an environment with 12 buttons, got Discrete(9)" in stderr
