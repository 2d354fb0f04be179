"""A training run as its user meets it: stopped, gone on with, lengthened, killed, refused; on the twin, tiny."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import torch
from runs import column, config, make_quick, timesteps
from trained import training

from training.learning.ppo import PPOConfig
from training.network import weights as networks
from training.network.model import NetworkConfig
from training.run import train
from training.run.checkpoint import CheckpointError
from training.run.checkpoint import load as load_checkpoint
from training.run.config import TrainConfig, settled
from training.run.signals import Stopped
from training.run.train import BEST, CHECKPOINT, CURVE, NEWEST, SCORES
from training.run.trainer import Iteration, Trainer

ROLLOUT = 32
"""Timesteps between two updates: four lanes, eight each."""

TINY = [
    *("--lanes", "4", "--rollout", "8", "--network.channels", "4", "--network.hidden", "8", "--ppo.batch-size", "16"),
    *("--vision.height", "32", "--vision.width", "40", "--no-plots", "--score-period", "0"),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_quick(monkeypatch)


@contextmanager
def asked_to_stop(monkeypatch: pytest.MonkeyPatch, at: int, number: signal.Signals = signal.SIGTERM) -> Iterator[None]:
    """Sends this process a signal in the iteration that comes to so many timesteps."""
    note = train._Run._note

    def noting(run: train._Run, iteration: Iteration) -> str:
        if iteration.timesteps == at:
            os.kill(os.getpid(), number)
        return note(run, iteration)

    with monkeypatch.context() as patch:
        patch.setattr(train._Run, "_note", noting)
        with pytest.raises(Stopped) as stopped:
            yield
    assert stopped.value.status == 128 + number


def test_a_run_that_was_stopped_scores_and_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, halves = (config(tmp_path / name, score_period=600, timesteps=1300) for name in ("whole", "halves"))
    train.train(whole)
    with asked_to_stop(monkeypatch, at=736):
        train.train(halves)
    assert timesteps(halves.out) == 736
    with asked_to_stop(monkeypatch, at=1216):  # a score is due just then, and is made up for
        train.train(halves)
    assert column(halves.out / SCORES) == [608]
    train.train(halves)
    scored, end = [608, 1216, 1312], 1312
    for out in (whole.out, halves.out):
        assert column(out / SCORES) == scored
        assert column(out / CURVE) == list(range(ROLLOUT, end + 1, ROLLOUT))
        assert timesteps(out) == end
        assert {BEST, NEWEST, CHECKPOINT} <= {path.name for path in out.iterdir()}
        assert not list(out.glob("*.part"))


def test_the_learning_is_the_same_whether_a_score_comes_between_or_not(tmp_path: Path) -> None:
    found = []
    for name, period in (("scored", 100), ("not", 0)):
        train.train(config(tmp_path / name, timesteps=300, score_period=period))
        found.append(load_checkpoint(tmp_path / name / CHECKPOINT)["learner"]["network"])
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_a_run_can_be_lengthened(tmp_path: Path) -> None:
    run = config(tmp_path, timesteps=320)
    train.train(run)
    before = load_checkpoint(tmp_path / CHECKPOINT)
    train.train(run)
    assert timesteps(tmp_path) == 320, "there was nothing left to do"
    train.train(dataclasses.replace(run, timesteps=640))
    after = load_checkpoint(tmp_path / CHECKPOINT)
    assert after["timesteps"] == 640
    moments = [state["learner"]["optimiser"]["0"]["step"].item() for state in (before, after)]
    assert moments[1] == 2 * moments[0] > 0, "the optimiser goes on, too"


def points(out: Path) -> dict[str, list[tuple[int, float]]]:
    """TensorBoard's points, as TensorBoard reads them."""
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulators.EventAccumulator(str(out / "tensorboard"))
    found.Reload()
    return {tag: [(one.step, one.value) for one in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


@pytest.mark.parametrize("at", [416, 640])
def test_tensorboard_has_each_point_once_and_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    run = config(tmp_path, score_period=300)
    with asked_to_stop(monkeypatch, at):
        train.train(run)
    time.sleep(1.01)  # TensorBoard reads its files in the order of their names, which tell the second
    train.train(run)
    found = points(tmp_path)
    for path, name in ((CURVE, "entropy"), (CURVE, "learning_rate"), (SCORES, "unseen_mean")):
        wanted = zip(column(tmp_path / path), column(tmp_path / path, name), strict=True)
        steps, values = zip(*wanted, strict=True)
        assert [step for step, _ in found[name]] == list(steps), name
        assert [value for _, value in found[name]] == pytest.approx(values, rel=1e-4, abs=1e-6), name


def command(out: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "training", "train", "--out", str(out), *TINY, *words]


@contextmanager
def started(out: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A run of its own; killed at last."""
    process = subprocess.Popen(command(out, *words), stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


ENDLESS = ("--timesteps", "100000000", "--checkpoint-period", "64")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_before_the_run_ends(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, "--timesteps", "100000000", "--checkpoint-period", "100000000") as process:
        wait_for(tmp_path / "tensorboard", process)
        wait_for(tmp_path / CURVE, process)
        while len((tmp_path / CURVE).read_text().splitlines()) < 2:  # it plays
            process.poll()
        process.send_signal(number)
        _, words = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert words.splitlines()[-1] == f"training: stopped by {number.name}; the same command goes on"
    assert "Traceback" not in words
    assert timesteps(tmp_path) > 0


def test_whoever_asks_twice_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_twice(trainer: Trainer, lanes: object) -> list[object]:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the rollout went on")

    monkeypatch.setattr(Trainer, "_play", ask_twice)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train.train(config(tmp_path))
    assert not (tmp_path / CHECKPOINT).exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_that_is_killed_leaves_a_whole_checkpoint_and_goes_on_from_it(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with started(tmp_path, *ENDLESS) as process:
            wait_for(tmp_path / CHECKPOINT, process)
            now = (tmp_path / CHECKPOINT).stat().st_mtime_ns
            while (tmp_path / CHECKPOINT).stat().st_mtime_ns == now:
                assert process.poll() is None
            process.kill()
        seen.append(timesteps(tmp_path))
    assert 0 < seen[0] < seen[1]
    curve = column(tmp_path / CURVE)
    assert curve == sorted(set(curve))


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The only line that a command says before it ends with status 1."""
    capsys.readouterr()
    assert training("train", *arguments) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("training: ")
    return lines[0]


def test_a_damaged_checkpoint_is_refused_with_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    train.train(config(out, timesteps=64))
    good = (out / CHECKPOINT).read_bytes()
    flipped = bytearray(good)
    flipped[-3] ^= 0x40  # in the middle of a weight: what a disk's error looks like
    for damage in (good[:-20], good[:5], b"", bytes(flipped), good.replace(b'"tree"', b'"twig"')):
        (out / CHECKPOINT).write_bytes(damage)
        line = refused(["--out", str(out), *TINY], capsys)
        assert f"move {out / CHECKPOINT} away" in line
        assert f"--weights {out / NEWEST}" in line
    (out / CHECKPOINT).rename(tmp_path / "away")  # as it says
    train.train(config(out, timesteps=64, weights=out / NEWEST))
    assert timesteps(out) == 64


def test_every_damaged_byte_of_a_header_is_noticed(tmp_path: Path) -> None:
    train.train(config(tmp_path, timesteps=32))
    good = (tmp_path / CHECKPOINT).read_bytes()
    length = int.from_bytes(good[:8], "little")
    for at in [*range(0, 8 + length, 41), *range(8 + length, len(good), 997)]:
        damaged = bytearray(good)
        damaged[at] ^= 0x04
        (tmp_path / CHECKPOINT).write_bytes(damaged)
        with pytest.raises(CheckpointError):
            load_checkpoint(tmp_path / CHECKPOINT)


@pytest.mark.parametrize("hidden", ["4", "16"])
def test_a_checkpoint_of_another_network_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hidden: str
) -> None:
    train.train(config(tmp_path, timesteps=32))
    line = refused(["--out", str(tmp_path), *TINY, "--network.hidden", hidden], capsys)
    assert "another network" in line
    assert f"hidden={hidden}" in line
    assert "away to begin anew" in line


def test_a_checkpoint_that_looked_at_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train.train(config(tmp_path, timesteps=32))
    line = refused(["--out", str(tmp_path), *TINY, "--vision.crop-top", "20"], capsys)
    assert "crop_top=20" in line


def test_a_network_goes_on_from_weights_with_the_weights_own_sizes(tmp_path: Path) -> None:
    train.train(config(tmp_path / "small", timesteps=64))
    weights = tmp_path / "small" / NEWEST
    # The weights' own sizes hold, whatever the settings say.
    wider = config(tmp_path / "on", timesteps=32, weights=weights, network=NetworkConfig(channels=(8,), hidden=16))
    train.train(wider)
    assert networks.load(tmp_path / "on" / NEWEST)[2] == NetworkConfig(channels=(4,), hidden=8)


def test_a_network_that_knows_something_is_scored_first_and_learns_in_smaller_steps(tmp_path: Path) -> None:
    fresh = config(tmp_path / "fresh", timesteps=64, ppo=PPOConfig(batch_size=16))
    train.train(fresh)
    on = dataclasses.replace(fresh, out=tmp_path / "on", weights=fresh.out / NEWEST, score_period=1_000_000)
    train.train(on)
    assert column(on.out / SCORES) == [0, 64]
    assert column(fresh.out / CURVE, "learning_rate")[0] == 5e-4
    assert column(on.out / CURVE, "learning_rate")[0] == 2e-4


def test_an_out_that_cannot_be_written_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    for out in (file, file / "below", Path("/dev/full")):
        assert str(out) in refused(["--out", str(out), *TINY], capsys)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system that is soon full; who may not mount one skips the test."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if (
        os.getuid()
        or shutil.which("mount") is None
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("cannot mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leaves no byte."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)
    return ballast


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # TensorBoard's thread ends by it
def test_a_full_disk_does_not_end_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show = train._Run._show

    with small_disk(tmp_path / "disk", "400k") as disk:

        def showing(run: train._Run, row: object, table: object) -> None:
            match run._trainer.timesteps:
                case 64:
                    fill(disk)
                case 320:
                    (disk / "ballast").unlink(missing_ok=True)
            show(run, row, table)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(train._Run, "_show", showing)
            train.train(config(disk, timesteps=480, checkpoint_period=160, score_period=160))
        said = " ".join(capsys.readouterr().err.split())
        assert "No space left" in said
        assert "the run goes on" in said
        assert timesteps(disk) == 480
        assert column(disk / CURVE) == list(range(ROLLOUT, 481, ROLLOUT)), "what could not be written was made up for"
        assert column(disk / SCORES) == [160, 320, 480]


def test_a_disk_that_stays_full_is_the_runs_last_word(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "400k") as disk:
        train.train(config(disk, timesteps=64))
        fill(disk)
        (disk / NEWEST).write_bytes(b"")  # some room for the tables, and too little for a checkpoint
        with pytest.raises(CheckpointError, match="cannot write the checkpoint"):
            train.train(config(disk, timesteps=128))
        assert timesteps(disk) == 64, "the one before is whole"


def test_pictures_without_matplotlib_are_refused_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    words = [word for word in TINY if word != "--no-plots"]
    assert "--no-plots" in refused(["--out", str(tmp_path / "run"), *words], capsys)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        *(("--timesteps", "0"), ("--rollout", "-1"), ("--lanes", "-2"), ("--threads", "0"), ("--seed", "-1")),
        *(("--minutes", "-1"), ("--checkpoint-period", "0"), ("--score-period", "-5"), ("--score-episodes", "0")),
        *(("--ppo.gamma", "1.5"), ("--ppo.batch-size", "0"), ("--ppo.learning-rate", "0"), ("--ppo.clip", "-1")),
        *(("--stall-timesteps", "-1"), ("--network.hidden", "0")),
        *(("--ppo.warm-up-timesteps", "-1"), ("--looks.title-card", "2"), ("--vision.crop-top", "-1")),
        *(("--network.temperature", "0"), ("--vision.stack", "0")),
    ],
)
def test_settings_out_of_range_name_the_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str
) -> None:
    assert training("train", "--out", tmp_path / "run", flag, value) in (1, 2)
    said = capsys.readouterr().err
    # A network's and its observation's settings stand in a card, too, and are called there as here.
    assert (flag.removeprefix("--") if flag.startswith(("--network.", "--vision.")) else flag) in said
    assert "Traceback" not in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--weights", "nowhere.safetensors"], "nowhere"),
        (["--levels", "nowhere.csv"], "nowhere.csv"),
        (["--held-out", "contest/levels/sonic-validation.csv"], "--levels"),
        (["--score-period", "1", "--score-levels", "0", "0"], "--score-levels"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert training("train", "--out", tmp_path / "run", *TINY, *words) in (1, 2)
    assert said in capsys.readouterr().err


def test_the_machine_and_the_game_settle_what_the_user_leaves_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = settled(TrainConfig(out=tmp_path))
    assert (twin.lanes, twin.rollout) == (64, 128)
    monkeypatch.setattr("training.run.config.cores", lambda: 8)
    games = settled(TrainConfig(out=tmp_path, levels=Path("a.csv")))
    assert (games.lanes, games.rollout) == (8, 512)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    games = settled(TrainConfig(out=tmp_path, levels=Path("a.csv")))
    assert (games.lanes, games.rollout) == (4, 512)
    assert settled(games) == games
    assert settled(TrainConfig(out=tmp_path, lanes=3, rollout=7)).lanes == 3
