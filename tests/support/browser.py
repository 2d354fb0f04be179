"""A headless Chromium for tests, spoken to over its own pipe in the DevTools protocol: nothing to install but it."""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

FLAGS = (
    "--headless",
    "--no-sandbox",  # root in a container has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

TIMEOUT_S = 60
"""Seconds without a word from the browser after which it is taken for dead."""


class Browser:
    """One page of a running browser.

    Attributes:
        problems: What the browser complained about: blocked or failed loads, errors on the console.
        requests: Addresses of everything that was loaded, with long data cut.
    """

    def __init__(self, write: int, read: int) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._write, self._read = os.fdopen(write, "wb"), os.fdopen(read, "rb", buffering=0)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")

    def close(self) -> None:
        """Closes the pipe."""
        self._read.close()
        with suppress(BrokenPipeError):
            self._write.close()

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        self._write.flush()
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, answer
        return cast(dict[str, Any], answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], TIMEOUT_S)
            assert ready, f"no word from the browser for {TIMEOUT_S} s"
            some = os.read(self._read.fileno(), 1 << 20)
            assert some, "the browser is gone"
            self._buffer += some
        message, _, self._buffer = self._buffer.partition(b"\0")
        return cast(dict[str, Any], json.loads(message))

    def _note(self, event: dict[str, Any]) -> None:
        content = event.get("params", {})
        match event["method"]:
            case "Network.requestWillBeSent":
                self.requests.append(content["request"]["url"][:80])
            case "Network.loadingFailed":
                self.problems.append(f"not loaded: {content}")
            case "Log.entryAdded":
                self.problems.append(content["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.problems.append(json.dumps(content)[:300])

    def open(self, path: Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Opens a file, as on a screen of that size and taste, and waits until it is loaded."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Page.navigate", url=path.absolute().as_uri())
        while (event := self._next()).get("method") != "Page.loadEventFired":
            self._note(event)

    def value(self, expression: str) -> Any:
        """What JavaScript makes of an expression; a promise is waited for."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self) -> NDArray[np.uint8]:
        """The part of the page in view, RGB uint8 [H, W, 3]."""
        data = base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        return np.asarray(image[..., ::-1], np.uint8)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without network; skips the test where there is none, but not in CI."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: .ci/run installs it")
        pytest.skip("no Chromium or Chrome is installed (Debian: apt-get install chromium)")
    to_it, write = os.pipe()
    read, from_it = os.pipe()
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_it, from_it)]  # clear of 3 and 4, where it expects them
    for end in (to_it, from_it):
        os.close(end)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [*FLAGS, f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND"]
        script = f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}'
        process = subprocess.Popen(
            ["bash", "-c", script, "browser", program, *flags],
            pass_fds=ends,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for end in ends:
            os.close(end)
        page = None
        try:
            page = Browser(write, read)
            yield page
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if page is not None:
                page.close()
