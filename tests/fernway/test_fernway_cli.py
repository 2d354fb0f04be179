"""`python -m fernway`: what it prints and writes, and what it says about bad input."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from fernway import FernwayError, check, commands, levels, native, picture, states
from fernway import __main__ as cli
from fernway.art import headers
from fernway.levels import Level


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["fernway", *arguments])
    return cli.main()


def test_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 58
    assert sum("validation" in line for line in lines) == 11
    assert run(monkeypatch, "list", "--zones") == 0
    zones = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in zones] == list(levels.ZONES)


def test_state_of_any_seed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "any.state"
    assert (
        run(monkeypatch, "state", "--zone", "glassdunes", "--seed", "4294967295", "--act", "2", "--out", str(out)) == 0
    )
    assert states.level_of(states.read_state(out)) == Level(6, 2, 2**32 - 1)
    assert "GlassDunes.Act2" in capsys.readouterr().out


def test_fresh_levels_and_their_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for out in (tmp_path / "once", tmp_path / "twice"):
        assert run(monkeypatch, "fresh", "--count", "3", "--seed", "5", "--out", str(out)) == 0
    rows = (out / "levels.csv").read_text(encoding="utf-8").splitlines()
    assert rows == (tmp_path / "once" / "levels.csv").read_text(encoding="utf-8").splitlines(), (
        "the same seed draws the same levels"
    )
    found = [states.level_of(states.read_state(out / row.split(",")[1])) for row in rows[1:]]
    assert len(set(found)) == 3
    assert all(level.zone not in levels.UNSEEN_ZONES for level in found)
    assert not {level.seed for level in found} & {one.level.seed for one in levels.committed().values()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fresh", "--count", "0", "--out", "x"), "count"),
        (("fresh", "--count", "1", "--out", "/dev/null/x"), "/dev/null/x"),
        (("fresh", "--count", "1", "--out", "x", "--seed", "-1"), "--seed of at least 0, got -1"),
        (("looks", "--out", "x.png", "--seed", "-1"), "--seed of at least 0, got -1"),
        (("looks", "--out", "x.png", "--timestep", "-1"), "--timestep of at least 0, got -1"),
        (("looks", "--out", "/dev/null/x.png"), "cannot be written"),
        (("state", "--zone", "Fernholow", "--seed", "1", "--out", "x.state"), "nearest: FernHollow"),
        (("state", "--zone", "9", "--seed", "1", "--out", "x.state"), "0 .. 7"),
        (("state", "--zone", "0", "--seed", "-4", "--out", "x.state"), "seed -4"),
        (("state", "--zone", "0", "--seed", "1", "--act", "0", "--out", "x.state"), "act 0"),
        (("state", "--zone", "0", "--seed", "1", "--out", "x.stat"), "--out x.stat: wanted a name that ends in .state"),
        (("picture", "--zone", "0", "--seed", "1", "--out", "x.pdf"), "--out x.pdf: wanted a name that ends in .png"),
        (("states", "--jobs", "0"), "--jobs of at least 1, got 0"),
        (("check", "--random", "-3"), "--random of at least 0, got -3"),
        (("check", "--random", "3", "--jobs", "-1"), "--jobs of at least 1, got -1"),
        (("check", "--random", "3", "--seed", "-1"), "--seed of at least 0, got -1"),
        (("check", "--random", "3", "--levels", "x.csv"), "--levels or --random, got both"),
        (("state", "--zone", "0", "--seed", "1", "--out", "/dev/null/x.state"), "cannot be written"),
        (("picture", "--zone", "0", "--seed", "1", "--out", "/dev/null/x.png"), "cannot be written"),
        (("picture", "--zone", "0", "--seed", "1", "--out", "x.png", "--paths", "missing.csv"), "missing.csv"),
        (("check", "--levels", "missing.csv"), "missing.csv"),
        (("play", "--state", "missing.state"), "missing.state"),
    ],
)
def test_bad_input_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == 1
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert told.startswith("fernway: ")


def test_level_without_a_way_through_gets_no_state(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("fernway.commands.Search.solve", lambda *_: None)
    out = tmp_path / "hard.state"
    assert run(monkeypatch, "state", "--zone", "2", "--seed", "41", "--out", str(out)) == 1
    assert "no way through TideHarbor.Act1 with seed 41 was found: take seed 42" in capsys.readouterr().err
    assert not out.exists()


def test_committed_level_gets_the_first_seed_that_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def prove(level: Level) -> tuple[check.Report, bytes]:
        tried.append(level.seed)
        problems = () if len(tried) % 30 == 3 else ("no way through was found",)
        return check.Report(level, problems, 8, "8R", 0.1), b"state"

    monkeypatch.setattr(check, "prove", prove)
    solved, state = commands.commit_level(1, 2)
    assert (solved.level, solved.solution, state) == (Level(1, 2, 20_202), "8R", b"state")
    assert tried == [20_200, 20_201, 20_202]
    with pytest.raises(FernwayError, match=r"AmberQuarry\.Act2: no sound level with a seed of 20200 \.\. 20219"):
        commands.commit_level(1, 2)


def children(process: int) -> list[int]:
    return [
        int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    ]


@pytest.mark.slow
def test_interrupted_check_says_so_and_leaves_no_process_behind() -> None:
    command = [sys.executable, "-m", "fernway", "check", "--random", "200", "--jobs", "1"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        deadline = time.monotonic() + 300
        while not any(children(child) for child in children(process.pid)):  # until a level is being checked
            assert time.monotonic() < deadline
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches every process in a terminal's foreground
        _, told = process.communicate(timeout=300)  # ends when the last process has closed the pipe
    finally:
        process.kill()
    assert process.returncode == 130
    assert "fernway: interrupted\n" in told


def test_missing_argument_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, "state", "--zone", "0")
    assert caught.value.code == 2
    assert "--seed" in capsys.readouterr().err


def test_play_without_a_display_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fernway", "play", "--zone", "1"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    root = Path(__file__).parents[2]
    told = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert "needs a display" in told.stderr


def test_check_of_a_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("game,state\nFernway-Genesis-v0,AmberQuarry.Act1\nFernway-Genesis,StarAtrium.Act2\n")
    assert run(monkeypatch, "check", "--levels", str(path), "--jobs", "1") == 0
    assert "2 of 2 levels sound and solved on the emulator" in capsys.readouterr().out


def test_check_fails_when_a_solution_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "one.csv"
    path.write_text("game,state\nFernway-Genesis,AmberQuarry.Act1\n")
    right = levels.by_name("AmberQuarry.Act1")
    wrong = levels.Solved(right.level, 40, "40R")
    monkeypatch.setattr(commands, "read_list", lambda _: [wrong])
    assert run(monkeypatch, "check", "--levels", str(path), "--jobs", "1") == 1
    assert "the solution ends at x" in capsys.readouterr().out


def test_looks_are_drawn_side_by_side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "looks.png"
    assert run(monkeypatch, "looks", "--out", str(out), "--timestep", "3") == 0
    drawn = cv2.imread(str(out))
    assert drawn is not None
    assert drawn.shape == (5 * (64 * 3 + 2) - 2, 8 * (80 * 3 + 2) - 2, 3)
    tiles = {drawn[y : y + 192, x : x + 240].tobytes() for y in range(0, 970, 194) for x in range(0, 1936, 242)}
    assert len(tiles) == 40


def test_picture_with_paths(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    paths, plain, drawn = tmp_path / "runs.csv", tmp_path / "plain.png", tmp_path / "drawn.png"
    rows = [f"{x},{400 - run},{run},{x / 7}" for run in (0, 40) for x in range(100, 900 + run, 50)]
    paths.write_text("\n".join(("x,y,episode,reward", *rows)))
    for out, more in ((plain, ()), (drawn, ("--paths", str(paths)))):
        assert run(monkeypatch, "picture", "--zone", "2", "--seed", "5", "--out", str(out), *more) == 0
    before, after = (cv2.imread(str(path)) for path in (plain, drawn))
    assert before is not None
    assert after is not None
    game = native.Game(2, 1, 5)
    assert before.shape[1] == int(game.level["cols"]) * 16
    assert before.shape == after.shape
    changed = np.flatnonzero((before != after).any((0, 2)))
    assert 80 < changed.min() < 110
    assert 905 < changed.max() < 925


@pytest.mark.parametrize(
    ("text", "message"), [("a,b\n1,2\n", "x,y,episode"), ("x,y,episode\n1,up,0\n", "line 2: x and y")]
)
def test_broken_paths_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(FernwayError, match=message):
        picture.read_paths(path)


def test_map_shows_the_terrain_of_the_game() -> None:
    """The map's ground has the colours of the game's own screen at the start."""
    level = Level(0, 1, 10100)
    game = native.Game(level.zone, level.act, level.seed)
    game.frame(0)
    game.frame(0)
    screen, drawn = game.screen(), picture.draw_level(level)
    below = int(game.level["start_y"]) + 24  # inside the ground, where no sprite is
    top, left = below - game.screen_y, game.screen_x
    assert np.array_equal(screen[top : top + 16], drawn[below : below + 16, left : left + 320])


def test_picture_numbers_are_those_of_the_art() -> None:
    kinds = headers.enum("level.h", "Kind")
    for kind, number in picture.PICTURES.items():
        name = kinds[kind].removeprefix("K_").split("_")[0]
        assert headers.PICTURES[number].removeprefix("P_").startswith(name), kinds[kind]
