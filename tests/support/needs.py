"""What tests need of the machine and of one another."""

import os
from collections.abc import Callable

import pytest

Offer = Callable[[str], None]


def unavailable(reason: str) -> None:
    """Skips a test; in CI, where everything has been installed for it, fails it."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
