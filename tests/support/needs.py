"""What tests need of the machine and of one another."""

import os
import shutil
from collections.abc import Callable
from typing import NoReturn

import pytest

Offer = Callable[[str], None]


def unavailable(reason: str) -> NoReturn:
    """Skips a test; in CI, where everything has been installed for it, fails it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def require_program(name: str, package: str) -> None:
    """Skips a test without a program, or fails it in CI."""
    if shutil.which(name) is None:
        unavailable(f"{name} is missing (Debian: apt-get install {package})")
