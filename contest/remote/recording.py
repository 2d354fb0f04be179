"""Reads bk2 recordings, and checks them first: the emulator's own reader trusts whatever is in them."""

import gzip
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import stable_retro as retro

from common.files import SIZE_MOST, read_file, reason
from contest.remote import games
from contest.remote.environment import Screen
from contest.remote.games import GameError, Level

_MEMBERS = {"Header.txt": 1 << 16, "Input Log.txt": SIZE_MOST, "Core.bin": SIZE_MOST}
"""The files that a recording is made of, and the bytes that each may have."""

_ROW = re.compile(rb"(\|[ -{}~]+)+\|")  # the buttons of a frame


class VideoError(Exception):
    """A recording that cannot be read or played; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording, checked as far as that goes without playing it."""

    path: Path
    """The file."""

    level: Level
    """Its game; where it starts is in the recording itself."""

    frames: int
    """Emulator frames after its reset."""


def read_recording(path: Path, *, any_rom: bool = False) -> Recording:
    """Reads a recording and checks it.

    Args:
        path: The file.
        any_rom: Whether to go on with a ROM that the game's integration was not made for.

    Raises:
        VideoError: If it cannot be read, is damaged, or starts from a state that is damaged or of another build.
        GameError: If its game is not there.
    """
    try:
        content = read_file(path, 2 * SIZE_MOST)
    except FileNotFoundError as error:
        raise VideoError(f"{path}: no such recording") from error
    except OSError as error:
        raise VideoError(f"recording {reason(error)}") from error
    try:
        header, inputs, state = _members(content)
        game = next(line.partition(" ")[2] for line in header.decode().splitlines() if line.startswith("GameName "))
    except Exception as error:  # zipfile and the decoders raise all sorts of things on damaged bytes
        words = " ".join(str(error).split())[:200] or "it names no game"
        raise VideoError(f"{path} is no bk2 recording, or a damaged one: {words}") from error
    begin, *rows = inputs.splitlines() or [b""]
    end = rows.pop() if rows else b""
    if (begin, end) != (b"[Input]", b"[/Input]") or len(rows) < 2 or not all(map(_ROW.fullmatch, rows[1:])):
        raise VideoError(f"{path} is no bk2 recording, or a damaged one: its buttons are not whole")
    _check_start(path, game, state, any_rom=any_rom)
    return Recording(
        path=path, level=games.find(game, any_rom=any_rom), frames=len(rows) - 2
    )  # the reset has a row, too


def replay(recording: Recording) -> Iterator[tuple[Screen, float]]:
    """Plays a recording again, frame by frame; the first frame is the reset's.

    Where the recording is damaged all the same, the emulator's reader may never come back: see contest/report/film.py.

    Args:
        recording: What `read_recording` returned.

    Yields:
        Screen uint8 [H, W, 3] and reward of the frame.

    Raises:
        VideoError: If the emulator takes neither the recording nor its start state.
    """
    path, level = recording.path, recording.level
    try:
        movie = retro.Movie(str(path))
    except RuntimeError as error:
        raise VideoError(f"{path} is no bk2 recording: {error}") from error
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
        wanted, got = len(env.em.get_state()), len(env.initial_state)
        if got != wanted or not env.em.set_state(env.initial_state):
            raise VideoError(f"{path}: its start state is damaged: wanted {wanted} bytes of {level.game}, got {got}")
        yield env.reset()[0], 0.0
        for _ in range(recording.frames):
            if not movie.step():
                raise VideoError(f"{path}: the emulator reads fewer than its {recording.frames} frames")
            screen, reward, *_ = env.step([movie.get_key(button, 0) for button in range(env.num_buttons)])
            yield screen, reward
    finally:
        env.close()


def _members(content: bytes) -> list[bytes]:
    """Unpacks a recording, checksums and all."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for name, most in _MEMBERS.items():
            if (size := file.getinfo(name).file_size) > most:
                raise ValueError(f"{name} comes to {size} bytes")
        return [file.read(name) for name in _MEMBERS]


def _check_start(path: Path, game: str, state: bytes, *, any_rom: bool) -> None:
    """Makes sure that episodes of the game, as it is now, can start where the recording does.

    Raises:
        VideoError: If they cannot.
        GameError: If the game is not there.
    """
    games.find(game, any_rom=any_rom)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "start.state"
        file.write_bytes(gzip.compress(state, 1))
        try:
            games.find(game, str(file), any_rom=any_rom)
        except GameError as error:
            raise VideoError(f"{path}: its start state will not do: {error}".replace(f"{file}: ", "")) from error
