"""What the commands of `python -m fernway` do."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fernway import GAME, INTEGRATION, FernwayError, check, gallery, levels, native, picture, states
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
    if Search().solve(level) is None:
        raise FernwayError(f"no way through {level.name} with seed {level.seed} was found: take seed {level.seed + 1}")
    states.write_state(out, states.make_state(level))
    return f"{out}: {level.name}, seed {level.seed}"


def make_fresh(out: Path, count: int, seed: int, console: Console) -> str:
    """Writes start states of fresh levels, those that can be solved of the ones drawn, and `levels.csv`.

    Raises:
        FernwayError: If a file cannot be written, the count is not at least 1, or the seed is negative.
    """
    if count < 1:
        raise FernwayError(f"wanted a count of at least 1, got {count}")
    if seed < 0:
        raise FernwayError(f"want a seed from 0, got {seed}")
    rng = np.random.default_rng(seed)

    def draw_solved() -> Iterable[Level]:
        for _ in range(count):
            level = fresh_level(rng)
            while Search().solve(level) is None:
                level = fresh_level(rng)
            yield level

    try:
        out.mkdir(parents=True, exist_ok=True)
        rows = ["game,state"]
        for level in _shown(draw_solved(), count, console, "levels"):
            name = f"{level.name}.{level.seed}.state"
            states.write_state(out / name, states.make_state(level))
            rows.append(f"{GAME},{name}")
        (out / "levels.csv").write_text("\n".join(rows) + "\n")
    except OSError as error:
        raise FernwayError(f"{out}: {error.strerror}") from error
    return f"{out / 'levels.csv'}: {count} levels"


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
    wanted: Sequence[Level | Solved]
    if random:
        wanted = check.random_levels(random, seed)
    else:
        known = levels.read_csv(file) if file else list(levels.committed().values())
        for one in known:
            states.read_state(INTEGRATION / f"{one.level.name}.state")
        wanted = known
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
        f"{len(found) - len(failed)} of {len(found)} levels sound and solved on the emulator; solutions take "
        f"{frames[0]} .. {frames[-1]} frames, median {frames[len(frames) // 2]}"
        + (f"; searches up to {seconds[-1]:.1f} s, median {seconds[len(seconds) // 2]:.2f} s" if random else "")
    )
    return lines, bool(failed)


def draw(level: Level, out: Path, paths: Sequence[Path], frame: int | None = None) -> str:
    """Writes a level's map, or the screen after some frames of a solution.

    Raises:
        FernwayError: If a file cannot be read or written, or the solution is shorter.
    """
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
    if timestep < 0:
        raise FernwayError(f"want a timestep from 0, got {timestep}")
    image = gallery.draw_gallery(Looks(), seed, timestep)
    picture.save(out, image)
    return f"{out}: 40 looks, seed {seed}, timestep {timestep}"
