"""What the commands of `python -m fernway` do."""

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fernway import GAME, INTEGRATION, NATIVE, FernwayError, check, gallery, levels, native, picture, states
from fernway.common.files import require_destination, write_file
from fernway.common.levels import LevelListError, read_levels
from fernway.common.terminal import plural
from fernway.levels import ACTS, ZONES, Level, Solved
from fernway.looks import Looks
from fernway.search import Search, frames_of, start_level
from fernway.vector import fresh_level

SEEDS_TRIED = 20
"""Seeds tried for a committed level before giving up."""


def zone_lines() -> list[str]:
    """Zones: number, name, what they are for."""
    return [
        f"{number} {name}{' (validation only)' if number in levels.UNSEEN_ZONES else ''}"
        for number, name in enumerate(ZONES)
    ]


def level_lines() -> list[str]:
    """Committed levels: name, numbers, split, frames of the solution."""
    return [
        f"{name:20} zone {one.level.zone} act {one.level.act} seed {one.level.seed:<10} "
        f"{'validation' if one.validation else 'training':10} solved in {one.frames} frames"
        for name, one in levels.committed().items()
    ]


def require(out: Path, *endings: str) -> None:
    """Makes sure that a file can be written before the work is done for it.

    Raises:
        FernwayError: If its name ends otherwise, or it cannot be written.
    """
    try:
        require_destination(out, *endings)
    except OSError as error:
        raise FernwayError(f"--out {out}: cannot be written: {error.strerror}") from error
    except ValueError as error:
        raise FernwayError(f"--out {error}") from error


def _at_least(flag: str, value: int, least: int) -> None:
    """Checks a number of the command line.

    Raises:
        FernwayError: If it is smaller.
    """
    if value < least:
        raise FernwayError(f"wanted {flag} of at least {least}, got {value}")


def committed_level(name: str) -> Solved:
    """A committed level whose state is there.

    Raises:
        FernwayError: If there is none, or its state is not one of the present ROM.
    """
    solved = levels.by_name(name)
    states.read_state(INTEGRATION / f"{name}.state")
    return solved


def read_list(path: Path) -> list[Level | Solved]:
    """Reads a list of levels: committed ones by name, others by their states' files.

    Raises:
        FernwayError: If the list or a level in it is no good.
    """

    def find(game: str, state: str | None) -> tuple[Hashable, Level | Solved]:
        name = next((name for name in (GAME, NATIVE) if game in (name, name.removesuffix("-v0"), f"{name}-v0")), None)
        if name is None:
            raise FernwayError(f"wanted levels of {GAME}, got game {game[:80]!r}")
        if state is not None and state.endswith(".state"):
            return (name, state), states.level_of(states.read_state(Path(state)))
        solved = committed_level(state or next(iter(levels.committed())))
        return (name, solved.level.name), solved

    try:
        return [row.level for row in read_levels(path, find)]
    except LevelListError as error:
        raise FernwayError(str(error)) from error


def _shown(results: Iterable[Any], total: int, console: Console, title: str) -> list[Any]:
    """Collects results and shows how far they are."""
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    found: list[Any] = []
    failed = 0
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total, note="")
        for result in results:
            found.append(result)
            if isinstance(result, check.Report) and result.problems:
                failed += 1
            progress.update(task, advance=1, note=f"{failed} failed" if failed else "")
    return found


def make_state(level: Level, out: Path) -> str:
    """Writes the start state of a level that can be solved.

    Raises:
        FernwayError: If it cannot be solved, or the file cannot be written.
    """
    require(out, ".state")
    if Search().solve(level) is None:
        raise FernwayError(f"no way through {level.name} with seed {level.seed} was found: take seed {level.seed + 1}")
    states.write_state(out, states.make_state(level))
    return f"{out}: {level.name}, seed {level.seed}"


def make_fresh(out: Path, count: int, seed: int, console: Console) -> str:
    """Writes start states of fresh levels, those that can be solved of the ones drawn, and `levels.csv`.

    Raises:
        FernwayError: If a file cannot be written, the count is not at least 1, or the seed is negative.
    """
    _at_least("--count", count, 1)
    _at_least("--seed", seed, 0)
    require(out / "levels.csv")
    rng = np.random.default_rng(seed)

    def draw_solved() -> Iterable[Level]:
        for _ in range(count):
            level = fresh_level(rng)
            while Search().solve(level) is None:
                level = fresh_level(rng)
            yield level

    names = []
    for level in _shown(draw_solved(), count, console, "levels"):
        names.append(f"{level.name}.{level.seed}.state")
        states.write_state(out / names[-1], states.make_state(level))
    try:
        write_file(out / "levels.csv", levels.list_of_levels(names))
    except OSError as error:
        raise FernwayError(f"{out}: {error.strerror}") from error
    return f"{out / 'levels.csv'}: {plural(count, 'level')}"


def commit_level(zone: int, act: int) -> tuple[Solved, bytes]:
    """Finds an act's seed and solution, proves them on the emulator, and makes the state.

    The seed is the first one from `levels.first_seed` up whose level is sound and solved.

    Raises:
        FernwayError: If none of `SEEDS_TRIED` seeds will do.
    """
    first = levels.first_seed(zone, act)
    for seed in range(first, first + SEEDS_TRIED):
        level = Level(zone, act, seed)
        report, state = check.prove(level)
        if not report.problems:
            return Solved(level, report.frames, report.solution), state
    raise FernwayError(f"{ZONES[zone]}.Act{act}: no sound level with a seed of {first} .. {first + SEEDS_TRIED - 1}")


def make_states(jobs: int, console: Console) -> str:
    """Makes all committed states, `solutions.json`, `train.csv` and `validation.csv`.

    Raises:
        FernwayError: If an act has no sound level, or the ROM was rebuilt meanwhile; then nothing is written.
    """
    _at_least("--jobs", jobs, 1)
    tasks = [(commit_level, (zone, act)) for zone, acts in enumerate(ACTS) for act in range(1, acts + 1)]
    made = _shown(check.spread(tasks, jobs), len(tasks), console, "states")
    if any(states.build_of(state) != states.rom_build() for _, state in made):
        raise FernwayError("the ROM was rebuilt meanwhile: nothing is written, run `python -m fernway states` again")
    for old in INTEGRATION.glob("*.state"):
        old.unlink()
    for solved, state in made:
        states.write_state(INTEGRATION / f"{solved.level.name}.state", state)
    levels.write_solutions([solved for solved, _ in made])
    levels.write_split()
    frames = [solved.frames for solved, _ in made]
    return f"{INTEGRATION}: {len(made)} states; solutions take {min(frames)} .. {max(frames)} frames"


def check_levels(file: Path | None, random: int, seed: int, jobs: int, console: Console) -> tuple[list[str], bool]:
    """Checks levels; the lines to print and whether anything is wrong.

    Raises:
        FernwayError: If the list of levels cannot be read.
    """
    _at_least("--random", random, 0)
    _at_least("--seed", seed, 0)
    _at_least("--jobs", jobs, 1)
    wanted: Sequence[Level | Solved]
    if random and file:
        raise FernwayError("wanted --levels or --random, got both")
    if random:
        wanted = check.random_levels(random, seed)
    elif file:
        wanted = read_list(file)
    else:
        wanted = [committed_level(name) for name in levels.committed()]
    found: list[check.Report] = _shown(check.spread(check.tasks(wanted), jobs), len(wanted), console, "levels")
    failed = [report for report in found if report.problems]
    lines = [
        f"{report.level.name} (zone {report.level.zone}, seed {report.level.seed}): {problem}"
        for report in failed
        for problem in report.problems
    ]
    frames = sorted(report.frames for report in found if report.frames) or [0]
    seconds = sorted(report.seconds for report in found)
    lines.append(
        f"{len(found) - len(failed)} of {plural(len(found), 'level')} sound and solved on the emulator; solutions take "
        f"{frames[0]} .. {frames[-1]} frames, median {frames[len(frames) // 2]}"
        + (f"; searches up to {seconds[-1]:.1f} s, median {seconds[len(seconds) // 2]:.2f} s" if random else "")
    )
    return lines, bool(failed)


def draw(level: Level, out: Path, paths: Sequence[Path], frame: int | None = None) -> str:
    """Writes a level's map, or the screen after some frames of a solution.

    Raises:
        FernwayError: If a file cannot be read or written, or the solution is shorter.
    """
    require(out, *picture.ENDINGS)
    image = picture.level_map(level, paths) if frame is None else _screen(level, frame)
    picture.save(out, image)
    return f"{out}: {level.name}, seed {level.seed}, {image.shape[1]} x {image.shape[0]} pixels"


def _screen(level: Level, frame: int) -> picture.RGB:
    runs = Search().solve(level)
    buttons = frames_of(runs or [])
    if not 0 <= frame <= len(buttons):
        raise FernwayError(f"frame {frame}: the solution of {level.name}, seed {level.seed}, has {len(buttons)} frames")
    game = native.Game()
    start_level(game, level)
    game.frames(buttons[:frame])
    return game.screen()


def draw_looks(out: Path, seed: int, timestep: int) -> str:
    """Writes a picture of 40 looks.

    Raises:
        FernwayError: If it cannot be written, or the timestep is negative.
    """
    _at_least("--seed", seed, 0)
    _at_least("--timestep", timestep, 0)
    require(out, *picture.ENDINGS)
    image = gallery.draw_gallery(Looks(), seed, timestep)
    picture.save(out, image)
    return f"{out}: 40 looks, seed {seed}, timestep {timestep}"
