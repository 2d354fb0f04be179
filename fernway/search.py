"""Finds a way through a level: best-first search over save states of the twin.

The search plays macros (run, jump, roll, spin dash, wait) from states it has kept, always from the most promising one:
far to the right, in a part of the level that it has not visited much yet. Where going right does not pay, visits pile
up there and states further left get their turn, which is how it finds the spring behind it. Every macro lasts a
multiple of four frames, so that a solution is also a sequence of contest timesteps.
"""

import dataclasses
import heapq
import itertools
import re
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from fernway import native
from fernway.levels import Level
from fernway.rules import FRAME_LIMIT

BUTTONS = {
    letter: 1 << native.BUTTONS.index(name)
    for letter, name in zip("UDLRB", ("UP", "DOWN", "LEFT", "RIGHT", "B"), strict=True)
}
"""Letters of a written solution, and their bits in a Gym action."""

Runs = list[tuple[int, int]]
"""Buttons (bits of a Gym action), and for how many frames they are held."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SearchConfig:
    """How far the search goes."""

    expansions: int = 60_000
    """States expanded before a level counts as unsolvable."""
    visit_cost: int = 24
    """Pixels of progress that one more visit of the same part of the level outweighs."""
    frame_cost: float = 0.5
    """Pixels of progress that one frame outweighs, so that quick ways come first."""


def encode(runs: Runs) -> str:
    """Writes buttons frame by frame as text: `40R 24RB 8` is 40 frames right, 24 right and jump, 8 without buttons."""
    merged: Runs = []
    for pad, frames in runs:
        if merged and merged[-1][0] == pad:
            merged[-1] = (pad, merged[-1][1] + frames)
        else:
            merged.append((pad, frames))
    return " ".join(f"{frames}{''.join(name for name, bit in BUTTONS.items() if pad & bit)}" for pad, frames in merged)


def decode(text: str) -> Runs:
    """Reads what `encode` writes.

    Raises:
        ValueError: If the text is something else.
    """
    runs = []
    for word in text.split():
        found = re.fullmatch(r"(\d+)([UDLRB]*)", word)
        if not found:
            raise ValueError(f"{word[:80]!r} in a solution: want a number of frames and letters of {''.join(BUTTONS)}")
        runs.append((sum(BUTTONS[letter] for letter in found[2]), int(found[1])))
    return runs


def frames_of(runs: Runs) -> NDArray[np.uint16]:
    """Spreads runs out: uint16 [frames], a Gym action's bits for every frame."""
    return np.repeat(np.array([pad for pad, _ in runs], np.uint16), [frames for _, frames in runs])


def _macro(text: str) -> tuple[Runs, NDArray[np.uint16]]:
    runs = decode(text)
    return runs, frames_of(runs)


_IN_AIR = [_macro(text) for text in ("8R", "8L", "8")]
_ON_GROUND = [_macro(text) for text in ("8R", "20RB 4R", "4RB 4R", "8L", "20LB 4L", "20B 4", "12")]
_RUNNING = [_macro(text) for text in ("12RD",)]
_STANDING = [_macro("8D 4DB 4D 4DB 4D 4DB 4D 4DB 8R")]
_STILL = 0.5  # pixels a frame: slower is standing, and DOWN ducks instead of rolling
_PLATFORMS = (11, 12)  # kinds in level.h that swing: where they are depends on the time


@dataclasses.dataclass(frozen=True, slots=True)
class _Node:
    state: bytes
    parent: "_Node | None"
    runs: Runs
    outcome: native.Outcome
    frames: int


def _path(node: _Node) -> Runs:
    parts = []
    step: _Node | None = node
    while step:
        parts.append(step.runs)
        step = step.parent
    return list(itertools.chain.from_iterable(reversed(parts)))


def _macros(at: native.Outcome) -> list[tuple[Runs, NDArray[np.uint16]]]:
    if not at.grounded:
        return _IN_AIR
    return _ON_GROUND + (_STANDING if abs(at.vx) < _STILL else _RUNNING)


def start_level(game: native.Game, level: Level) -> None:
    """Brings a game where an episode begins: a reset loads the state and plays one frame without buttons."""
    game.load(level.zone, level.act, level.seed)
    game.frame(0)


class Search:
    """The search, one level after the other, in one game of the twin."""

    def __init__(self, config: SearchConfig | None = None) -> None:
        """Makes the game."""
        self._config = config or SearchConfig()
        self._game = native.Game()
        self.expanded = 0
        """States expanded by the latest `solve`."""
        self.furthest = 0
        """How far to the right it got, pixels."""

    def solve(self, level: Level) -> Runs | None:
        """Returns buttons that lead from the level's start to its end, or None if no way was found."""
        game, config = self._game, self._config
        start_level(game, level)
        swinging = sorted(int(spawn["x"]) for spawn in game.spawns if spawn["kind"] in _PLATFORMS)
        near_swinging = np.zeros(native.LEVEL_COLS, np.bool_)
        for x in swinging:
            near_swinging[max(0, x // 16 - 10) : x // 16 + 11] = True

        def cell(at: native.Outcome, frames: int) -> tuple[int, ...]:
            phase = (frames >> 4) & 15 if near_swinging[at.x >> 4] else 0
            return at.x >> 4, at.y >> 4, int(at.vx) >> 1, int(at.vy) >> 2, at.grounded, at.rolling, phase

        visits: Counter[tuple[int, int]] = Counter()

        def cost(node: _Node) -> float:
            at = node.outcome
            return config.visit_cost * visits[at.x >> 6, at.y >> 6] - at.x + config.frame_cost * node.frames

        start = _Node(game.get_state(), None, [], game.hold(0, 0), 0)
        seen = {cell(start.outcome, 0)}
        order = itertools.count()
        heap = [(cost(start), next(order), start)]
        self.expanded = self.furthest = 0
        while heap and self.expanded < config.expansions:
            before, _, node = heapq.heappop(heap)
            now = cost(node)
            if now > before:  # more visits since it was put in
                heapq.heappush(heap, (now, next(order), node))
                continue
            self.expanded += 1
            visits[node.outcome.x >> 6, node.outcome.y >> 6] += 1
            for runs, buttons in _macros(node.outcome):
                game.set_state(node.state)
                outcome = game.frames(buttons)
                frames = node.frames + outcome.frames
                if outcome.dead or frames > FRAME_LIMIT:
                    continue
                if outcome.level_end:
                    return _path(_Node(b"", node, runs, outcome, frames))
                self.furthest = max(self.furthest, outcome.x)
                key = cell(outcome, frames)
                if key not in seen:
                    seen.add(key)
                    child = _Node(game.get_state(), node, runs, outcome, frames)
                    heapq.heappush(heap, (cost(child), next(order), child))
        return None
