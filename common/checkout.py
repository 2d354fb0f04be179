"""Which code gave a result."""

import subprocess
from pathlib import Path

UNKNOWN = "unknown"
"""The commit of a folder that is in no checkout."""


def commit(folder: Path) -> str:
    """Returns the commit of the checkout that a folder is in, with `-dirty` behind it if the checkout's files differ.

    Tables, which results are written to, may differ. Without git, or outside a checkout, it is `UNKNOWN`.
    """
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "diff", "--quiet", "HEAD", "--", ":/", ":(top,exclude,glob)**/*.csv")
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    if head.returncode:
        return UNKNOWN
    return head.stdout.strip() + ("-dirty" if changed.returncode else "")


def _git(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=False, timeout=60)
