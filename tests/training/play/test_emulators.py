"""Emulators as a training ground: what the network sees is what the contest's environment shows, whatever ends whom."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from trained import training

from agent.rules import ACTION_TABLE, action_buttons
from agent.vision import FrameStack, VisionConfig
from contest.remote import environment as contest_env
from training.play.console import Console, EmulatedLevel, Start
from training.play.emulators import EmulatorError, EmulatorLanes, Emulators, read_emulated_levels
from training.run import score
from training.run.checkpoint import load as load_checkpoint
from training.run.score import PlayConfig

if TYPE_CHECKING:
    from sonic import Sonic

ROOT = Path(__file__).parents[3]
GAME = "Fernway-Genesis-v0"
ONE, TWO = EmulatedLevel(GAME, "FernHollow.Act1"), EmulatedLevel(GAME, "AmberQuarry.Act2")
VISION = VisionConfig(height=32, width=40, stack=2)
NOTHING, RIGHT = ACTION_TABLE.index(()), ACTION_TABLE.index(("RIGHT",))
TINY = [
    *("--lanes", "2", "--rollout", "16", "--network.channels", "4", "--network.hidden", "8", "--no-plots"),
    *("--vision.height", "32", "--vision.width", "40", "--ppo.batch-size", "16"),
]


@contextmanager
def emulators(count: int = 1) -> Iterator[Emulators]:
    found = Emulators(count, VISION)
    try:
        yield found
    finally:
        found.close()


def actions(timesteps: int, seed: int = 0) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(timesteps) < 0.7, RIGHT, rng.integers(0, len(ACTION_TABLE), timesteps))


def test_it_sees_and_earns_what_the_contests_environment_gives() -> None:
    with emulators() as found:
        for place, seed in ((ONE, 5), (TWO, 6), (TWO, 7)):  # another level, and the same once more
            env, stack = contest_env.make(place.game, place.state), FrameStack(VISION)
            stack.reset(env.reset(seed=seed)[0])
            found.begin({0: Start(place, seed)})
            assert np.array_equal(found.obs[0], stack.observation())
            for action in actions(60, seed).tolist():
                screen, wanted, terminated, truncated, _ = env.step(action_buttons()[action])
                stack.push(screen)
                reward, over = found.step(np.array([action]))
                assert reward[0] == float(wanted)
                assert over[0] == (terminated or truncated)
                assert np.array_equal(found.obs[0], stack.observation())
                if over[0]:
                    break
            env.close()


def test_lanes_begin_the_next_episode_in_the_same_step() -> None:
    console = Console(VISION, any_rom=False)
    first = {place.name: console.answer(Start(place, 0))[2] for place in (ONE, TWO)}
    console._env.close()  # type: ignore[union-attr]
    played = []
    for _ in range(2):
        lanes = EmulatorLanes(2, [ONE, TWO], VISION, 25, (3,))
        steps = []
        for timestep in range(1, 76):
            reward, ended, endings = lanes.step(np.full(2, NOTHING))
            steps.append((lanes.obs.copy(), reward, ended, endings))
            assert ended.tolist() == [timestep % 25 == 0] * 2, "standing still pays nothing, and is given up"
            for end in endings:
                assert (end.timesteps, end.is_stalled) == (25, True)
                assert end.level in first
                assert lanes.obs[end.lane].tobytes() in first.values()
        lanes.close()
        assert {end.level for *_, endings in steps for end in endings} == set(first)
        played.append(steps)
    for (obs, reward, _, endings), (obs2, reward2, _, endings2) in zip(*played, strict=True):
        assert np.array_equal(obs, obs2)
        assert np.array_equal(reward, reward2)
        assert endings == endings2


def test_an_emulator_that_dies_is_told_in_a_line() -> None:
    with emulators(2) as found:
        found.begin({lane: Start(ONE, 0) for lane in range(2)})
        found._processes[1].send_signal(signal.SIGSEGV)
        found._processes[1].wait()
        with pytest.raises(EmulatorError) as told:
            found.step(np.array([RIGHT, RIGHT]))
    assert str(told.value) == "the emulator of lane 1, on Fernway-Genesis-v0/FernHollow.Act1, ended unasked: SIGSEGV"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (EmulatedLevel(GAME, "Nowhere.Act1"), "no state 'Nowhere.Act1'"),
        (EmulatedLevel("Nothing-Genesis", None), "no game"),
    ],
)
def test_a_level_that_is_not_there_is_told_in_a_line(place: EmulatedLevel, said: str) -> None:
    with pytest.raises(EmulatorError, match=said) as told:
        EmulatorLanes(1, [place], VISION, 0, (0,))
    assert "\n" not in str(told.value)


def is_there(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return False


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 60
    while any(map(is_there, pids)):
        assert time.monotonic() < deadline, f"still there: {[pid for pid in pids if is_there(pid)]}"
        time.sleep(0.05)


HOLDER = """
import sys, time
from agent.vision import VisionConfig
from training.play.console import Console, Start, EmulatedLevel
from training.play.emulators import Emulators
found = Emulators(2, VisionConfig())
if sys.argv[1] == "playing":
    found.begin({lane: Start(EmulatedLevel("Fernway-Genesis-v0", "FernHollow.Act1"), 0) for lane in range(2)})
print(*(process.pid for process in found._processes), flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("number", "when"),
    [
        (signal.SIGKILL, "starting"),
        *((number, "playing") for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL)),
    ],
)
def test_emulators_end_with_who_started_them(number: signal.Signals, when: str, tmp_path: Path) -> None:
    """Whatever a run does nothing about; the two signals that it takes over are below."""
    command = [sys.executable, "-c", HOLDER, when]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        process.send_signal(number)
        process.wait()
    assert len(pids) == 2
    wait_until_gone(pids)


def write_list(path: Path, *states: str, game: str = GAME) -> Path:
    path.write_text("\n".join(["game,state", *(f"{game},{state}" for state in states)]), encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_checkpoint_and_no_process(tmp_path: Path, number: signal.Signals) -> None:
    levels = write_list(tmp_path / "levels.csv", "FernHollow.Act1")
    out = tmp_path / "run"
    command = [sys.executable, "-m", "training", "train", "--out", str(out), "--levels", str(levels), *TINY]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    try:
        curve = out / "curve.csv"
        while not curve.exists() or len(curve.read_text(encoding="utf-8").splitlines()) < 2:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8")
        pids = [int(word) for word in children.split()]
        os.killpg(process.pid, number)  # as a terminal does
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 128 + number
    assert said.splitlines()[-1] == f"training: stopped by {number.name}; the same command goes on"
    assert "Traceback" not in said
    assert len(pids) == 2
    wait_until_gone(pids)
    assert load_checkpoint(out / "checkpoint.safetensors")["timesteps"] > 0


@pytest.fixture
def short_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """An episode that is scored is given up soon."""
    monkeypatch.setattr(score, "PlayConfig", lambda: PlayConfig(stall_timesteps=20))


def train(*words: str) -> int:
    return training("train", *words, *TINY)


def rows(path: Path) -> list[dict[str, str]]:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


@pytest.mark.usefixtures("short_scores")
def test_a_run_on_lists_of_levels_keeps_the_best_and_goes_on(tmp_path: Path) -> None:
    levels = write_list(tmp_path / "levels.csv", "FernHollow.Act1", "AmberQuarry.Act2")
    held_out = write_list(tmp_path / "held_out.csv", "FernHollow.Act3", "GlassDunes.Act1")
    words = ["--out", str(tmp_path / "run"), "--levels", str(levels), "--held-out", str(held_out)]
    words += ["--score-period", "64", "--stall-timesteps", "20"]
    assert train(*words, "--timesteps", "96") == 0
    assert train(*words, "--timesteps", "160") == 0
    scores = rows(tmp_path / "run" / "scores.csv")
    assert [row["timesteps"] for row in scores] == ["64", "96", "128", "160"]
    assert all(row["seen_mean"] == "nan" and float(row["unseen_low"]) <= float(row["unseen_mean"]) for row in scores)
    assert (tmp_path / "run" / "best.safetensors").exists()
    curve = rows(tmp_path / "run" / "curve.csv")
    assert "1" in [row["stalled"] for row in curve]  # in a rollout of 16 timesteps not every episode ends


def test_an_emulator_that_dies_in_a_run_costs_no_learning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = EmulatorLanes.step
    times = itertools.count()

    def stepping(lanes: EmulatorLanes, action: NDArray[np.int64]) -> object:
        if next(times) == 40:  # in the third rollout
            lanes._emulators._processes[0].kill()
        return step(lanes, action)

    monkeypatch.setattr(EmulatorLanes, "step", stepping)
    levels = write_list(tmp_path / "levels.csv", "FernHollow.Act1")
    assert train("--out", str(tmp_path / "run"), "--levels", str(levels)) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(
        "training: the emulator of lane 0, on Fernway-Genesis-v0/FernHollow.Act1, ended unasked: SIGKILL"
    )
    assert "the same command goes on" in line
    assert load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")["timesteps"] == 64


def test_lists_that_share_a_level_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    levels = write_list(tmp_path / "levels.csv", "FernHollow.Act1", "AmberQuarry.Act2")
    held_out = write_list(tmp_path / "held_out.csv", "AmberQuarry.Act2")
    words = ["--out", str(tmp_path / "run"), "--levels", str(levels), "--held-out", str(held_out)]
    assert train(*words) == 1
    assert "Fernway-Genesis-v0/AmberQuarry.Act2 is in" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_list_names_levels_however_they_are_spelled(tmp_path: Path) -> None:
    path = write_list(tmp_path / "levels.csv", "FernHollow.Act1", game="Fernway-Genesis")
    assert read_emulated_levels(path, any_rom=False) == [ONE]


@pytest.mark.slow
@pytest.mark.usefixtures("short_scores")
def test_the_contests_games_are_learned_on(sonic: "Sonic", tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for game, rom in sonic.roms.items():
        if (sonic.folder(game) / "rom.sha").exists():
            sonic.rom(game).write_bytes(rom)
    lists = {}
    for name, count in (("sonic-train", 3), ("sonic-validation", 2)):
        lines = (ROOT / "contest" / "levels" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        step = (len(lines) - 1) // count  # one of each game
        lists[name] = tmp_path / f"{name}.csv"
        lists[name].write_text("\n".join([lines[0], *lines[1::step][:count]]), encoding="utf-8")
    games = {place.game for place in read_emulated_levels(lists["sonic-train"], any_rom=False)}
    assert len(games) == 3
    words = ["--levels", str(lists["sonic-train"]), "--held-out", str(lists["sonic-validation"])]
    words += ["--out", str(tmp_path / "run"), "--stall-timesteps", "20", "--score-period", "320"]
    assert train(*words, "--timesteps", "320") == 0
    (scored,) = rows(tmp_path / "run" / "scores.csv")
    assert float(scored["unseen_mean"]) == 0, "a stand-in goes nowhere"
    last = rows(tmp_path / "run" / "curve.csv")[-1]
    assert (last["return_mean"], last["stalled"]) == ("0", "1")
    sonic.rom(min(games)).write_bytes(b"\0" * 512)
    assert train(*words, "--timesteps", "352") == 1
    assert "is another ROM" in capsys.readouterr().err


def test_rewards_and_ends_of_the_contests_games_come_through(sonic: "Sonic") -> None:
    """A stand-in goes nowhere by itself: the test moves the player in the memory that the reward script reads."""
    from sonic import SONIC, level_end

    sonic.rom(SONIC).write_bytes(sonic.roms[SONIC])
    console = Console(VISION, any_rom=False)
    console.answer(Start(EmulatedLevel(SONIC, "GreenHillZone.Act1"), 0))
    retro = console._env.unwrapped._retro  # type: ignore[union-attr]
    start, end = retro.data.lookup_value("x"), level_end(retro, SONIC)
    answers = [console.answer(NOTHING)]
    for place in ((start + end) // 2, end):
        retro.data.set_value("x", place)
        answers.append(console.answer(NOTHING))
    console._env.close()  # type: ignore[union-attr]
    rewards, overs = zip(*(answer[:2] for answer in answers), strict=True)
    assert rewards == pytest.approx((0, 4500, 5500), abs=15)
    assert overs == (False, False, True)
