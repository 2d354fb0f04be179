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
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from needs import unavailable
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
    "--disable-quic",
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

    def open(self, page: Path | str, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Opens a file or an address, as on a screen of that size and taste, and waits until it is loaded.

        A screen less than 600 pixels wide is a phone's, which has twice as many dots and is touched.
        """
        is_phone = width < 600
        size = {"width": width, "height": height, "deviceScaleFactor": 1 + is_phone, "mobile": is_phone}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        self._call("Emulation.setTouchEmulationEnabled", enabled=is_phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        for url in ("about:blank", page if isinstance(page, str) else page.absolute().as_uri()):
            self._call("Page.navigate", url=url)  # from one part of a page to another would be no load
            while (event := self._next()).get("method") != "Page.loadEventFired":
                self._note(event)

    def wait(self, expression: str) -> Any:
        """Waits until an expression is true; its value."""
        end = time.monotonic() + TIMEOUT_S
        while not (found := self.value(expression)):
            assert time.monotonic() < end, f"after {TIMEOUT_S} s not yet: {expression}; {self.problems}"
            time.sleep(0.05)
        return found

    def key(self, code: str, *, down: bool = True) -> None:
        """Presses a key, or lets go of it."""
        self._call("Input.dispatchKeyEvent", type="rawKeyDown" if down else "keyUp", code=code, key=code)

    def _middle(self, selector: str) -> dict[str, float]:
        box = f"document.querySelector('{selector}').getBoundingClientRect().toJSON()"
        found: dict[str, float] = self.value(box)
        return {"x": found["x"] + found["width"] / 2, "y": found["y"] + found["height"] / 2}

    def click(self, selector: str) -> None:
        """Clicks into the middle of an element, as a mouse does: it must be in view."""
        place = self._middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def touch(self, selector: str, *, down: bool = True) -> None:
        """Puts a finger into the middle of an element, or lifts it."""
        place = self._middle(selector)
        points = [place] if down else []
        self._call("Input.dispatchTouchEvent", type="touchStart" if down else "touchEnd", touchPoints=points)

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
    """A browser that reaches this machine alone; skips the test where there is none, but not in CI."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        unavailable("no Chromium or Chrome is installed (Debian: apt-get install chromium)")
    to_it, write = os.pipe()
    read, from_it = os.pipe()
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_it, from_it)]  # clear of 3 and 4, where it expects them
    for end in (to_it, from_it):
        os.close(end)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [*FLAGS, f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
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
