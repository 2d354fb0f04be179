"""Videos of episodes: a bk2 recording holds the buttons, and the emulator plays them again."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stable_retro as retro
from rich.console import Console
from rich.progress import track

from contest import games
from contest.env import Screen

FPS = 60
"""Screens a second: every one the emulator drew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a video looks, and so how big it is."""

    scale: int = 2
    """Side of a screen's pixel in the video."""

    crf: int = 20
    """The encoder's constant rate factor: 0 loses nothing, 51 is the smallest."""


class VideoError(Exception):
    """The video cannot be made; the message is one line."""


def frames(bk2: Path) -> int:
    """Emulator frames of a recording after its reset.

    Raises:
        VideoError: If it cannot be read.
    """
    movie = _open(bk2)
    movie.step()
    count = 0
    while movie.step():
        count += 1
    return count


def replay(bk2: Path, *, any_rom: bool = False) -> Iterator[tuple[Screen, float]]:
    """Plays a recording again, frame by frame; the first frame is the reset's.

    Args:
        bk2: A recording that `contest.env` made.
        any_rom: Whether to go on with a ROM that the game's integration was not made for.

    Yields:
        Screen uint8 [H, W, 3] and reward of the frame.

    Raises:
        VideoError: If the file cannot be read.
        GameError: If its game is not there.
    """
    movie = _open(bk2)
    level = games.find(movie.get_game(), any_rom=any_rom)
    movie.step()
    env = retro.make(
        level.game,
        retro.State.NONE,
        level.integration,
        scenario="contest" if level.has_contest_scenario else None,
        use_restricted_actions=retro.Actions.ALL,
        render_mode="rgb_array",
    )
    try:
        env.initial_state = movie.get_state()
        yield env.reset()[0], 0.0
        while movie.step():
            screen, reward, *_ = env.step([movie.get_key(button, 0) for button in range(env.num_buttons)])
            yield screen, reward
    finally:
        env.close()


def make_video(
    bk2: Path,
    out: Path,
    console: Console,
    *,
    expected_return: float | None = None,
    any_rom: bool = False,
    quality: Quality = Quality(),
) -> Path:
    """Makes an mp4 of a recording.

    Args:
        bk2: A recording that `contest.env` made.
        out: The file to write; appears when it is whole.
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
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.mp4")
    total = 0.0
    try:
        with _writer(draft, quality) as writer:
            screens = replay(bk2, any_rom=any_rom)
            for screen, reward in track(screens, "video", frames(bk2) + 1, console=console, transient=True):
                writer.append_data(screen)
                total += reward
        if expected_return is not None and not math.isclose(total, expected_return, rel_tol=1e-6, abs_tol=1e-3):
            raise VideoError(f"{bk2}: played again, the return is {total}, not {expected_return}")
        return draft.replace(out)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _writer(path: Path, quality: Quality) -> Any:
    """An encoder for screens of any even size, each pixel drawn as a square."""
    from imageio import v2 as imageio  # a tenth of a second that `serve` need not spend

    scaled = f"scale=iw*{quality.scale}:ih*{quality.scale}:flags=neighbor"
    return imageio.get_writer(
        path,
        fps=FPS,
        codec="libx264",
        macro_block_size=1,  # the encoder copes with any even size: no silent resizing
        ffmpeg_log_level="error",
        output_params=["-vf", scaled, "-preset", "veryfast", "-crf", str(quality.crf), "-movflags", "+faststart"],
    )


def _open(bk2: Path) -> Any:
    """Opens a recording.

    Raises:
        VideoError: If it cannot be read.
    """
    if not bk2.is_file():
        raise VideoError(f"{bk2}: no such recording")
    try:
        return retro.Movie(str(bk2))
    except RuntimeError as error:
        raise VideoError(f"{bk2} is no bk2 recording: {error}") from error
