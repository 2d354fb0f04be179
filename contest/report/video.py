"""Videos of episodes: a bk2 recording holds the buttons, and the emulator plays them again."""

import contextlib
import math
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from contest.remote.recording import VideoError, read_recording
from contest.report.film import FRAME_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a video looks, and so how big it is."""

    scale: int = 2
    """Side of a screen's pixel in the video."""

    crf: int = 20
    """The encoder's constant rate factor: 0 loses nothing, 51 is the smallest."""

    fps: int = 60
    """Screens a second; the emulator draws 60."""


def make_video(
    bk2: Path,
    out: Path,
    console: Console,
    *,
    expected_return: float | None = None,
    any_rom: bool = False,
    quality: Quality = Quality(),
) -> Path:
    """Makes a video of a recording.

    Args:
        bk2: A recording that `contest.remote.environment` made.
        out: The file to write, .mp4 or .webp; it appears when it is whole.
        console: Where to show progress.
        expected_return: Return of the episode as it was played, to make sure that this is what the video shows.
        any_rom: Whether to go on with a ROM that the game's integration was not made for.
        quality: Of the video.

    Returns:
        The file.

    Raises:
        VideoError: If the recording cannot be read or turns out otherwise than it was played.
        GameError: If its game is not there.
    """
    recording = read_recording(bk2, any_rom=any_rom)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}{out.suffix}")
    try:
        lines = track(
            _filmed(bk2, draft, quality, any_rom=any_rom),
            "video",
            recording.frames + 1,
            console=console,
            transient=True,
        )
        (told,) = deque(lines, maxlen=1) or ("",)
        word, _, words = told.partition(" ")
        if word != "return":
            words = words or "nothing came of playing it again"
            raise VideoError(words if str(bk2) in words else f"{bk2}: {words}")
        total = float(words)
        if expected_return is not None and not math.isclose(total, expected_return, rel_tol=1e-6, abs_tol=1e-3):
            raise VideoError(f"{bk2}: played again, the return is {total}, not {expected_return}")
        return draft.replace(out)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


def _filmed(bk2: Path, draft: Path, quality: Quality, *, any_rom: bool) -> Iterator[str]:
    """Films in a process of its own; however this ends, that process and its encoder are gone.

    Yields:
        What it tells, line by line: see contest/report/film.py.
    """
    words = [sys.executable, "-m", "contest.report.film", str(bk2), str(draft), str(quality.scale), str(quality.crf)]
    words += [str(quality.fps)]
    words += ["any-rom"] if any_rom else []
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,  # a group of its own: to be ended with its encoder
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                yield line.rstrip("\n")
            status = process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if status == -signal.SIGALRM:
        yield f"refused playing it again came to a stop for {FRAME_S} s: it seems to be damaged"
    elif status < 0:
        yield f"refused the emulator was ended by {signal.Signals(-status).name}"
