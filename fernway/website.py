"""`python -m fernway web`: serves the page of the game to this machine, and builds it where that has not been done."""

import errno
import shutil
import subprocess
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fernway import FOLDER, FernwayError

SITE = FOLDER / "build" / "web"
"""The page's folder."""

HOST = "127.0.0.1"

PROGRAMS = {"make": "make", "emcc": "emscripten", "npm": "npm"}
"""What the build needs -> Debian's package of it."""


class _Handler(SimpleHTTPRequestHandler):
    """Files with the types that browsers insist on, whatever the machine takes them for."""

    extensions_map = {  # noqa: RUF012 - as http.server declares it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing of every file."""


def build() -> Path:
    """Builds what of the page is older than what it is made from; returns its folder.

    Where that cannot be done, a page that is there is good enough.

    Raises:
        FernwayError: If it cannot be built.
    """
    is_there = (SITE / "index.html").is_file()
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    has_sources = (FOLDER / "web" / "index.html").is_file()
    if is_there and (missing or not has_sources):
        return SITE
    if not has_sources:
        raise FernwayError("the page is built in a checkout of the project, and this installation has no sources of it")
    if missing:
        raise FernwayError(f"the page is not built, and that needs {' '.join(missing)} (Debian: apt-get install them)")
    made = subprocess.run(["make", "-s", "-C", FOLDER, "web"], capture_output=True, text=True, check=False)
    if made.returncode:
        last = (made.stderr.strip() or "no word from make").splitlines()[-1]
        raise FernwayError(f"`make -C {FOLDER} web` failed: {last}")
    return SITE


def server(port: int, folder: Path) -> ThreadingHTTPServer:
    """Binds a server of a folder's files; port 0 is any free one.

    Raises:
        FernwayError: If the port does not exist or is taken.
    """
    if not 0 <= port <= 65535:
        raise FernwayError(f"wanted --port within 0..65535, got {port}")

    def handler(*args: Any) -> _Handler:
        return _Handler(*args, directory=str(folder))

    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise FernwayError(f"port {port} is taken: name another one, such as --port {port + 1}") from error
        raise FernwayError(f"port {port} cannot be served: {error.strerror}") from error
