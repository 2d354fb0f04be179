"""Films a recording in a process of its own, which ends by itself should the emulator never come back.

contest/report/video.py starts `python -m contest.report.film BK2 OUT SCALE CRF FPS [any-rom]`, which reports on stdout: a
line `frame` for each frame, and at last `return` and the sum of the rewards, or `refused` and the reason. OUT ends in .mp4, or
in .webp for a moving picture, which web pages show where they allow no video.
"""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, TextIO

import numpy as np

DRAWN_FPS = 60
"""Screens a second that the emulator draws."""

SPED_UP = 2
"""How many times as fast a moving picture goes as the game was played."""

WEBP_FPS = 15
"""Screens a second of a moving picture: sped up, every second timestep."""

START_S = 60
"""Seconds that loading everything may take on a busy machine."""

FRAME_S = 10
"""Seconds that a frame may take, which is a thousandth of that; then the system ends the process by SIGALRM. The
emulator's reader of recordings loops forever on some that are damaged, and is deaf to all that Python could do."""


def film(bk2: Path, out: Path, scale: int, crf: int, fps: int, told: TextIO, *, any_rom: bool) -> float:
    """Makes the video.

    Args:
        bk2: The recording.
        out: The video.
        scale: Side of a screen's pixel in it.
        crf: The encoder's constant rate factor.
        fps: Screens a second in it.
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
    with ExitStack() as stack:
        encoder = None
        for screen, reward in replay(read_recording(bk2, any_rom=any_rom)):
            if encoder is None:  # only now the screens' size is known
                encoder = stack.enter_context(closing(_encoder(out, screen.shape, scale, crf, fps)))
            encoder.send(np.ascontiguousarray(screen))
            total += reward
            told.write("frame\n")
            signal.alarm(FRAME_S)
    return total


def _encoder(path: Path, shape: tuple[int, ...], scale: int, crf: int, fps: int) -> Generator[None, Any, None]:
    """An encoder that is sent screens, uint8 [H, W, 3] of any even size, and draws each pixel as a square."""
    from imageio_ffmpeg import write_frames  # type: ignore[import-untyped]

    scaled = f"scale=iw*{scale}:ih*{scale}:flags=neighbor"
    if path.suffix.lower() == ".webp":
        # Without loss: a game's few colours come to a third of what the lossy kind makes of them.
        codec, pixels = "libwebp_anim", "bgra"
        parameters = ["-vf", f"setpts=PTS/{SPED_UP},fps={WEBP_FPS},{scaled}", "-lossless", "1", "-loop", "0"]
    else:
        codec, pixels = "libx264", "yuv420p"
        parameters = ["-vf", f"fps={fps},{scaled}", "-preset", "veryfast", "-crf", str(crf), "-movflags", "+faststart"]
    encoder: Generator[None, Any, None] = write_frames(
        str(path),
        shape[1::-1],
        fps=DRAWN_FPS,
        codec=codec,
        pix_fmt_out=pixels,
        quality=None,  # the parameters say it
        macro_block_size=1,  # the encoder copes with any even size: no silent resizing
        ffmpeg_log_level="error",
        output_params=parameters,
    )
    encoder.send(None)
    return encoder


def main(bk2: str, out: str, scale: str, crf: str, fps: str, *any_rom: str) -> None:
    """Films, and tells on stdout how it went."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(START_S)
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # what libraries print is none of the caller's business
    try:
        total = film(Path(bk2), Path(out), int(scale), int(crf), int(fps), told, any_rom=bool(any_rom))
        told.write(f"return {total!r}\n")
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller has to say it in a line
        told.write(f"refused {' '.join(str(error).split()) or type(error).__name__}\n")
    told.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
