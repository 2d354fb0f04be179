"""`python -m fernway web`: what it serves, and what it says when it cannot."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from fernway import FernwayError, website, webtool
from fernway import __main__ as cli


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page that is built."""
    (tmp_path / "build" / "web").mkdir(parents=True)
    (tmp_path / "build" / "web" / "index.html").write_text("<p>Fernway")
    for name in ("page.js", "ort.mjs", "game.wasm"):
        (tmp_path / "build" / "web" / name).write_text("x")
    monkeypatch.setattr(website, "FOLDER", tmp_path)
    monkeypatch.setattr(website, "SITE", tmp_path / "build" / "web")
    return tmp_path


def test_serves_this_machine_alone_until_it_is_interrupted(folder: Path) -> None:
    script = f"""
import pathlib, sys
from fernway import website
website.SITE = pathlib.Path({str(website.SITE)!r})
sys.argv = ["fernway", "web", "--port", "0"]
from fernway.__main__ import main
sys.exit(main())
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        address = process.stdout.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        kinds = {
            "": "text/html",
            "page.js": "text/javascript",
            "ort.mjs": "text/javascript",
            "game.wasm": "application/wasm",
        }
        for name, kind in kinds.items():
            with urllib.request.urlopen(address + name) as answer:
                assert answer.headers["Content-Type"] == kind
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    finally:
        process.kill()
    assert err == "fernway: interrupted\n"
    assert process.returncode == 130


def test_an_installation_without_the_pages_sources_says_so(folder: Path) -> None:
    assert website.build() == website.SITE  # what is built is served
    (folder / "build" / "web" / "index.html").unlink()
    with pytest.raises(FernwayError, match="is built in a checkout"):
        website.build()


@pytest.mark.usefixtures("folder")
def test_a_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["fernway", "web", "--port", str(port)])
        assert cli.main() == 1
    assert capsys.readouterr().err == f"fernway: port {port} is taken: name another one, such as --port {port + 1}\n"


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist(folder: Path, port: int) -> None:
    with pytest.raises(FernwayError, match=r"0\.\.65535"):
        website.server(port, folder)


def test_what_is_missing_for_the_build_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (website.SITE / "index.html").unlink()
    with pytest.raises(FernwayError, match="in a checkout"):
        website.build()
    (folder / "web").mkdir()
    (folder / "web" / "index.html").touch()
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(FernwayError, match="make emscripten npm"):
        website.build()


def test_a_build_that_fails_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (website.SITE / "index.html").unlink()
    (folder / "web").mkdir()
    (folder / "web" / "index.html").touch()
    tools = folder / "tools"
    tools.mkdir()
    for name in website.PROGRAMS:
        (tools / name).write_text("#!/bin/sh\necho a >&2\necho 'emcc: no space left' >&2\nexit 2\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    with pytest.raises(FernwayError, match="emcc: no space left"):
        website.build()


def test_a_graph_that_its_card_does_not_speak_of_is_no_part_of_a_page(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"other")
    (tmp_path / "net.json").write_text('{"graph_sha256": "00"}', encoding="utf-8")
    with pytest.raises(SystemExit, match="wanted sha256 00"):
        webtool.put_together(tmp_path / "net", tmp_path)
