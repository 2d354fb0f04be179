"""The demo: the agent plays two episodes through the remote environment, and the better one becomes a video."""

import csv
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Annotated

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from tyro.conf import arg

from agent.rules import EPISODE_TIMESTEPS, LEVEL_REWARD
from common.terminal import plural
from contest.remote import games
from contest.remote.monitor import Record
from contest.report.video import make_video
from contest.scoring.claim import claimed
from contest.scoring.command import read_command
from contest.scoring.trial import AGENT_FOLDER, RECORD_FILE, Outcome, Trial, play

FILMED = ("Fernway-Genesis-v0", "AmberQuarry.Act5")
"""The game and the level that the demo plays where it is not told otherwise. With seed 0 the bundled network finishes this
validation level, which it has never seen, in the first episode."""


class DemoError(Exception):
    """There is nothing to play; the message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Lets an agent play a few episodes, prints the score and makes a video of the best."""

    game: Annotated[str, arg(metavar="GAME")] = FILMED[0]
    """Name of the game; any that `list games --playable` names."""

    state: Annotated[str | None, arg(metavar="STATE")] = None
    """A state's name or the path of a .state file; None is AmberQuarry.Act5 of Fernway, and another game's default."""

    agent: Annotated[str, arg(metavar="COMMAND")] = "{python} -m agent --seed {seed} --out out"
    """The agent's command; it runs in a folder of its own with tmp/sock in it."""

    episodes: Annotated[int, arg(metavar="N")] = 2
    """Episodes to play."""

    seed: Annotated[int, arg(metavar="N")] = 0
    """Of the server's delays and the agent."""

    results: Annotated[Path, arg(metavar="DIR")] = Path("results/demo")
    """Folder for monitor.csv, episodes.csv and best.mp4; `run` in it holds everything else."""


def demo(options: Demo, console: Console) -> Path:
    """Plays, prints the score and makes the video.

    Returns:
        The video.

    Raises:
        GameError, TrialError, VideoError: If a part of it fails.
        ClaimError: If another demo writes to the same folder.
        DemoError: If there is nothing to play.
    """
    if options.episodes < 1:
        raise DemoError(f"wanted at least 1 episode, got {options.episodes}")
    state = FILMED[1] if options.state is None and options.game == FILMED[0] else options.state
    level = games.find(options.game, state)
    folder = options.results.absolute() / "run"
    trial = Trial(
        game=level.game,
        state=level.state,
        agent=read_command(options.agent, options.seed).words,
        seed=options.seed,
        server=("--episodes", str(options.episodes), "-b", "bk2"),
        folder=folder,
    )
    with claimed(options.results, "demo"):
        kind = " (a validation level: no training shows it)" if (level.game, level.state) == FILMED else ""
        what = f"{level.game} {level.state or ''}{kind}, seed {options.seed}"
        told = f"{what}: {plural(options.episodes, 'episode')} by `{options.agent}`"
        console.print(told, highlight=False, soft_wrap=True)
        outcome = _play(trial, options.episodes, console)
        return _present(options.results, folder, outcome.record, console, pays_progress=level.pays_progress)


def how_far(episode_return: float) -> str:
    """Says how far an episode got whose reward is the contest's."""
    if episode_return >= LEVEL_REWARD:
        return "the level is finished"
    return f"the level is not finished, {int(100 * max(episode_return, 0) / LEVEL_REWARD)} % of the way"


def _present(results: Path, folder: Path, record: Record, console: Console, *, pays_progress: bool) -> Path:
    """Prints the score of what was played in a folder, keeps the records and makes the video, which is returned."""
    episodes = record.scored()
    for number, (value, length) in enumerate(episodes, start=1):
        far = f": {how_far(value)}" if pays_progress else ""
        console.print(f"episode {number}: return {value:.1f} in {plural(length, 'timestep')}{far}", highlight=False)
    returns = [value for value, _ in episodes]
    pace = record.timesteps / max(record.seconds, 1e-9)
    console.print(f"[bold]score {fmean(returns):.1f}[/], {pace:.0f} timesteps/s")
    shutil.copy(folder / "monitor.csv", results / "monitor.csv")
    _keep_episodes(folder, results / "episodes.csv", episodes)
    best = returns.index(max(returns))
    recordings = sorted((folder / "bk2").glob("*.bk2"))
    video = make_video(recordings[best], results / "best.mp4", console, expected_return=returns[best])
    console.print(
        f"episode {best + 1} is in {video}; monitor.csv and episodes.csv lie beside it", highlight=False, soft_wrap=True
    )
    return video


def _keep_episodes(folder: Path, out: Path, episodes: list[tuple[float, int]]) -> None:
    """Keeps the agent's own episodes.csv, or writes the server's view where the agent wrote none."""
    theirs = folder / AGENT_FOLDER / "out" / "episodes.csv"
    if theirs.is_file():
        shutil.copy(theirs, out)
        return
    with out.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("return", "timesteps"), *episodes])


def _play(trial: Trial, episodes: int, console: Console) -> Outcome:
    """Plays with a progress bar."""
    stop = threading.Event()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("playing", total=episodes * EPISODE_TIMESTEPS, note="")
        watcher = threading.Thread(target=_watch, args=(trial, progress, bar, episodes, stop), daemon=True)
        watcher.start()
        try:
            return play(trial, stop)
        finally:
            stop.set()
            watcher.join()


def _watch(trial: Trial, progress: Progress, bar: TaskID, episodes: int, stop: threading.Event) -> None:
    """Keeps the bar up to date."""
    while not stop.wait(0.5):
        try:
            record = Record.load(trial.folder / RECORD_FILE)
        except (OSError, ValueError):
            continue
        length = record.unfinished[1] if record.unfinished else 0
        done = len(record.episodes) * EPISODE_TIMESTEPS + length
        note = f"episode {min(len(record.episodes) + 1, episodes)} of {episodes}, timestep {record.timesteps}"
        progress.update(bar, completed=done, note=note)
