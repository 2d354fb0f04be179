"""Learning in several processes together, as torchrun starts them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from trained import training

from training.network import weights as networks
from training.run.checkpoint import load
from training.run.processes import interface_to

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
TINY = [
    *("--lanes", "4", "--rollout", "8", "--network.channels", "4", "--network.hidden", "8", "--ppo.batch-size", "16"),
    *("--vision.height", "32", "--vision.width", "40", "--no-plots", "--score-period", "0"),
]


@contextmanager
def torchrun(*words: str, processes: int = 2) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [*command, *words], stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    try:
        yield process
    finally:
        for pid in children(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.kill()
        process.communicate()


def children(pid: int) -> list[int]:
    """Processes that this one started and that are there."""
    with suppress(FileNotFoundError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    return []


def is_there(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return False


def tensors(node: Any, name: str = "") -> dict[str, torch.Tensor]:
    if isinstance(node, torch.Tensor):
        return {name: node}
    if not isinstance(node, dict):
        return {}
    return {key: value for child in node for key, value in tensors(node[child], f"{name}/{child}").items()}


def test_processes_stay_alike_and_their_number_may_change(tmp_path: Path) -> None:
    words = ["train", "--out", str(tmp_path), *TINY]
    with torchrun(str(ROOT / "tests" / "support" / "ranks.py"), *words, "--timesteps", "320") as process:
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    one, other = (load(tmp_path / f"rank{rank}.safetensors") for rank in (0, 1))
    found, same = tensors(one), tensors(other)
    assert len(found) > 20
    assert found.keys() == same.keys()
    assert all(torch.equal(found[name], same[name]) for name in found)
    assert one["timesteps"] == 320, "five rollouts of two processes"
    assert load(tmp_path / "checkpoint.safetensors")["timesteps"] == 320
    assert networks.about(tmp_path / "newest.safetensors")["command"].startswith("torchrun --nproc-per-node 2 ")
    assert training(*words, "--timesteps", "384") == 0, "one process alone goes on"
    assert load(tmp_path / "checkpoint.safetensors")["timesteps"] == 384
    alone = tensors(load(tmp_path / "checkpoint.safetensors"))
    assert not torch.equal(alone["/learner/network/value.2.weight"], found["/learner/network/value.2.weight"])
    with torchrun(str(ROOT / "tests" / "support" / "ranks.py"), *words, "--timesteps", "512") as process:
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert "goes on" in said
    one, other = (tensors(load(tmp_path / f"rank{rank}.safetensors")) for rank in (0, 1))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_ends_torchrun_ends_the_run_with_a_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.safetensors"
    words = ["-m", "training", "train", "--out", str(tmp_path), *TINY]
    seen = [0]
    for number in (signal.SIGTERM, signal.SIGKILL):
        with torchrun(*words, "--timesteps", "100000000", "--checkpoint-period", "100000000") as process:
            before = len((tmp_path / "curve.csv").read_text(encoding="utf-8").splitlines()) if seen[-1] else 1
            while not (tmp_path / "curve.csv").exists() or not _has_rows(tmp_path / "curve.csv", before):
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.1)
            ranks = children(process.pid)
            assert len(ranks) == 2
            process.send_signal(number)
            while any(map(is_there, ranks)):
                time.sleep(0.1)
        seen.append(int(load(checkpoint)["timesteps"]))
    assert 0 < seen[1] < seen[2]


def _has_rows(curve: Path, before: int) -> bool:
    with suppress(FileNotFoundError):
        return len(curve.read_text(encoding="utf-8").splitlines()) > before
    return False


def test_the_interface_is_the_one_that_leads_to_the_other_machine() -> None:
    assert interface_to("127.0.0.1") == "lo"
    assert interface_to("nowhere.invalid") is None


@pytest.fixture
def machines() -> Iterator[list[list[str]]]:
    """Two network namespaces that a cable joins: what runs a command in each, at 10.77.0.1 and 10.77.0.2."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("network namespaces need root and iproute2")
    names = [f"q{os.getpid()}{end}" for end in "ab"]
    try:
        for name in names:
            if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
                pytest.skip("this machine allows no network namespaces")
        ends = [["name", name, "netns", name] for name in names]
        subprocess.run(["ip", "link", "add", *ends[0], "type", "veth", "peer", *ends[1]], check=True)
        for number, name in enumerate(names, 1):
            subprocess.run(["ip", "-n", name, "address", "add", f"10.77.0.{number}/24", "dev", name], check=True)
            for interface in ("lo", name):
                subprocess.run(["ip", "-n", name, "link", "set", interface, "up"], check=True)
        yield [
            ["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", f'hostname {name}; "$@"', "sh"]
            for name in names
        ]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def test_two_machines_learn_together_though_neither_can_look_up_its_own_name(
    tmp_path: Path, machines: list[list[str]]
) -> None:
    words = ["-m", "training", "train", "--out", str(tmp_path), *TINY, "--timesteps", "320"]
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--master-addr", "10.77.0.1"]
    both = [
        subprocess.Popen(
            [*machine, *command, "--node-rank", str(rank), *words], stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        for rank, machine in enumerate(machines)
    ]
    try:
        said = [process.communicate(timeout=300)[1] for process in both]
    finally:
        for process in both:
            process.kill()
    assert [process.returncode for process in both] == [0, 0], said
    assert load(tmp_path / "checkpoint.safetensors")["timesteps"] == 320
