"""The page's game is the host's: the same memory, screens, rewards and observations in every zone."""

import dataclasses
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import page
import pytest
from moves import moves

from fernway.levels import ZONES, Level, Solved, committed
from fernway.search import decode, frames_of


def in_node(site_folder: Path, courses: Sequence[tuple[Level, Sequence[page.Frame]]]) -> list[page.Played]:
    given = [{"level": dataclasses.asdict(level), "frames": frames} for level, frames in courses]
    words = ["node", str(Path(__file__).with_name("replay.mjs")), str(site_folder)]
    done = subprocess.run(words, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [page.Played(**played) for played in json.loads(done.stdout)]


def clumsy(rng: np.random.Generator) -> list[page.Frame]:
    """Moves for many timesteps, each held for four frames, a quarter of them late; most end in a death."""
    return [(int(bits), sticks) for bits in moves(rng, 600) for sticks in [bool(rng.random() < 0.25)] for _ in range(4)]


def solution(solved: Solved) -> list[page.Frame]:
    return [(int(bits), False) for bits in frames_of(decode(solved.solution))]


@pytest.mark.slow
def test_every_zone_plays_the_same_to_its_end(site_folder: Path) -> None:
    rng = np.random.default_rng(0)
    firsts = {solved.level.zone: solved for solved in reversed(committed().values())}
    assert len(firsts) == len(ZONES)
    courses = [(solved.level, solution(solved)) for solved in firsts.values()]
    courses += [(Level(zone, 1 + zone % 9, int(rng.integers(2**32))), clumsy(rng)) for zone in range(len(ZONES))]
    finished = died = 0
    for (level, frames), there in zip(courses, in_node(site_folder, courses), strict=True):
        here = page.on_host(level, frames)
        assert here.rewards == there.rewards, level
        assert here.endings == there.endings, level
        first = next(
            (i for i, pair in enumerate(zip(here.digests, there.digests, strict=True)) if len(set(pair)) > 1), None
        )
        assert first is None, f"{level} differs from timestep {first} on"
        finished += sum(here.rewards) > 9000
        died += here.endings[-1][0] and sum(here.rewards) < 9000
    assert finished >= len(ZONES) - 2, "most of the solutions stand the frame that a reset plays"
    assert died


def test_the_folder_is_small_and_whole(site_folder: Path) -> None:
    files = {path.relative_to(site_folder).as_posix(): path for path in site_folder.rglob("*") if path.is_file()}
    assert {"index.html", "style.css", "game.wasm", "network.onnx", "network.json", "LICENSES.txt"} <= files.keys()
    assert sum(path.stat().st_size for name, path in files.items() if not name.startswith("ort/")) < 8_000_000
