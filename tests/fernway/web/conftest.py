"""The page in a browser."""

import threading
from collections.abc import Iterator
from pathlib import Path

import page
import pytest
from browser import Browser, browser

from fernway import website


@pytest.fixture(scope="session")
def site_folder() -> Path:
    """The page's folder, built."""
    return page.built()


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Iterator[str]:
    """The address that the page is served at."""
    with website.server(0, site_folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for a module's tests."""
    with browser() as found:
        yield found
