"""Films a recording in a process of its own, which ends by itself should the emulator never come back.

`python -m contest.report.film BK2 OUT SCALE CRF [any-rom]`, started by contest/report/video.py, reports to it on stdout, in
lines: `frame` for each frame, and at last `return` and the sum of the rewards, or `refused` and the reason. OUT ends in .mp4,
or in .webp for a picture that moves: a web page shows it where it allows no video.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

FPS = 60
"""Screens a second: every one the emulator drew."""

WEBP_FPS = 15
"""Screens a second of a moving picture: the last of each timestep."""

WEBP_QUALITY = 30
"""Of a moving picture, 0 to 100: some 60 KB for a second of Fernway."""

START_S = 60
"""Seconds that loading everything may take on a busy machine."""

FRAME_S = 10
"""Seconds that a frame may take, which is a thousandth of that; then the system ends the process by SIGALRM. The
emulator's reader of recordings loops forever on some that are damaged, and is deaf to all that Python could do."""


def film(bk2: Path, out: Path, scale: int, crf: int, told: TextIO, *, any_rom: bool) -> float:
    """Films.

    Args:
        bk2: The recording.
        out: The video.
        scale: Side of a screen's pixel in it.
        crf: The encoder's constant rate factor.
        told: Where to tell of each frame.
        any_rom: Whether to go on with a ROM that the game's integration was not made for.

    Returns:
        The sum of the rewards.

    Raises:
        VideoError: If the recording cannot be played.
        GameError: If its game is not there.
    """
    from contest.remote.recording import read_recording, replay

    signal.alarm(FRAME_S)
    total = 0.0
    with _writer(out, scale, crf) as writer:
        for screen, reward in replay(read_recording(bk2, any_rom=any_rom)):
            writer.append_data(screen)
            total += reward
            told.write("frame\n")
            signal.alarm(FRAME_S)
    return total


def _writer(path: Path, scale: int, crf: int) -> Any:
    """An encoder for screens of any even size, each pixel drawn as a square."""
    from imageio import v2 as imageio

    scaled = f"scale=iw*{scale}:ih*{scale}:flags=neighbor"
    if path.suffix.lower() == ".webp":
        codec = "libwebp_anim"
        params = ["-vf", f"fps={WEBP_FPS},{scaled}", "-quality", str(WEBP_QUALITY), "-compression_level", "6", "-loop", "0"]
    else:
        codec = "libx264"
        params = ["-vf", scaled, "-preset", "veryfast", "-crf", str(crf), "-movflags", "+faststart"]
    return imageio.get_writer(
        path,
        format="FFMPEG",  # the other writer of .webp keeps all screens in memory
        fps=FPS,
        codec=codec,
        macro_block_size=1,  # the encoder copes with any even size: no silent resizing
        ffmpeg_log_level="error",
        output_params=params,
    )


def main(bk2: str, out: str, scale: str, crf: str, *any_rom: str) -> None:
    """Films, and tells on stdout how it went."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(START_S)
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # what libraries print is none of the caller's business
    try:
        total = film(Path(bk2), Path(out), int(scale), int(crf), told, any_rom=bool(any_rom))
        told.write(f"return {total!r}\n")
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller has to say it in a line
        told.write(f"refused {' '.join(str(error).split()) or type(error).__name__}\n")
    told.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
