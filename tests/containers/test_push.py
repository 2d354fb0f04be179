"""`./build.sh push`: to a real registry on loopback and back, and what it says when it cannot."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import docker
from needs import unavailable

BUILD = Path(__file__).parents[2] / "build.sh"

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def push(target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BUILD), "push", target], capture_output=True, text=True, check=False)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Debian's docker-registry; its address."""
    if shutil.which("docker-registry") is None:
        unavailable("docker-registry is missing")
    address = f"127.0.0.1:{free_port()}"
    settings = tmp_path / "registry.yml"
    settings.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path / 'store'}}}}}\nhttp: {{addr: '{address}'}}\n"
    )
    with (tmp_path / "registry.log").open("w") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(settings)], stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://{address}/v2/").close()
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "registry.log").read_text()
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def test_what_is_pushed_comes_back_the_same(image: str, registry: str) -> None:
    target = f"{registry}/somebody/qjerk:v1"
    try:
        done = push(target)
        assert done.returncode == 0, done.stderr
        request = urllib.request.Request(
            f"http://{registry}/v2/somebody/qjerk/manifests/v1",
            headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
        )
        with urllib.request.urlopen(request) as response:
            digest = response.headers["Docker-Content-Digest"]
            manifest = json.load(response)
        assert f"digest: {digest}" in done.stdout

        pushed = json.loads(docker("image", "inspect", image))[0]
        assert manifest["config"]["digest"] == pushed["Id"]
        assert len(manifest["layers"]) == len(pushed["RootFS"]["Layers"])

        docker("rmi", target)
        docker("pull", "--quiet", f"{registry}/somebody/qjerk@{digest}")
        pulled = json.loads(docker("image", "inspect", f"{registry}/somebody/qjerk@{digest}"))[0]
        assert pulled["Id"] == pushed["Id"]
        assert pulled["RootFS"] == pushed["RootFS"]
    finally:
        for name in (target, f"{registry}/somebody/qjerk@{digest}"):
            subprocess.run(["docker", "rmi", name], capture_output=True, check=False)


def test_a_registry_that_is_not_there(image: str) -> None:
    target = f"127.0.0.1:{free_port()}/somebody/qjerk:v1"
    try:
        done = push(target)
    finally:
        docker("rmi", target)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"build.sh: the push to {target.split('/', maxsplit=1)[0]} failed: ")
    assert "connection refused" in line
