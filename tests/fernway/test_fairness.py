"""Whoever sees only the screen can react to everything deadly."""

import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from properties import examples
from worlds import DOWN, FLYER, HOPPER, JUMP, LEFT, RIGHT, SPIKES, SPITTER, WALKER

from fernway import check, levels, native
from fernway.search import decode, frames_of, start_level

TOP_SPEED, FALL_FREE = 6 << 16, 7 << 16  # physics.h, camera.c
AHEAD = 320 // 2 + 72  # pixels the camera shows in front of who runs at top speed: camera.c
REACTION, MEMORY = 30, 120  # frames: half a second to react, two seconds to remember
OBJECT = np.dtype(
    [("x", "i4"), ("y", "i4"), ("vx", "i4"), ("vy", "i4"), ("home", "i2", 2), ("spawn", "u2"), ("kind", "u1"), ("_", "V5")]
)  # fmt: skip
OBJECTS_AT, OBJECTS = 0x64 + 2 * (native.LEVEL_SPAWNS // 8) + 2 * 192, 40  # game.h
RUNS = (RIGHT, RIGHT, RIGHT, RIGHT | JUMP, RIGHT | JUMP, RIGHT | DOWN, LEFT, LEFT | JUMP)
ENEMIES = (WALKER, FLYER, HOPPER, SPITTER)


@examples(60)
@given(st.integers(0, 7), st.integers(1, 99), st.integers(0, 2**32 - 1))
def test_no_leap_leads_into_the_unseen(zone: int, act: int, seed: int) -> None:
    game = native.Game(zone, act, seed)
    blocks = game.blocks[: int(game.level["cols"])]
    ledges = (blocks >= check.FIRST_LEDGE) & (blocks <= check.LAST_LEDGE)
    foothold = np.repeat(((check.solid(blocks) & (blocks != SPIKES)) | ledges).any(1), 16)  # a pixel column each
    for spawn in game.spawns:
        if spawn["kind"] in check.PLATFORMS:
            foothold[int(spawn["x"]) - 24 : int(spawn["x"]) + 24] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[True], foothold, [True]])))
    assert (edges[1::2] - edges[::2]).max(initial=0) < AHEAD


@dataclass(frozen=True, slots=True)
class Moment:
    """What mattered in one frame."""

    camera: tuple[int, int]
    player: tuple[int, int]
    objects: NDArray[np.void]


def moment(game: native.Game) -> Moment:
    objects = np.frombuffer(game.get_state(), OBJECT, OBJECTS, OBJECTS_AT)
    return Moment((game.screen_x, game.screen_y), (game.x, game.y), objects)


def frames_seen(history: list[Moment]) -> int | None:
    """Frames of the last two seconds in which what hit the player was on the screen; None if it was shot."""
    now = history[-1]
    enemies = np.flatnonzero(np.isin(now.objects["kind"], ENEMIES))
    far = [
        np.hypot((now.objects[i]["x"] >> 16) - now.player[0], (now.objects[i]["y"] >> 16) - now.player[1])
        for i in enemies
    ]
    if (now.objects["kind"] == 15).any() and min(far, default=99) > 40:
        return None  # a shot, or spikes while one flies: the spitter is an enemy like the others
    hit = enemies[np.argmin(far)] if min(far, default=99) <= 40 else None
    seen = 0
    for past in reversed(history[-MEMORY:]):
        if hit is not None and past.objects[hit]["kind"] != now.objects[hit]["kind"]:
            break  # it was not awake yet
        x, y = now.player if hit is None else (past.objects[hit]["x"] >> 16, past.objects[hit]["y"] >> 16)
        seen += 0 <= x - past.camera[0] < 320 and 8 <= y - past.camera[1] < 224
    return seen


@pytest.mark.slow
def test_who_runs_no_faster_than_top_speed_has_seen_what_hits() -> None:
    draw = random.Random(3)
    game = native.Game()
    found = []
    for one in list(levels.committed().values()) * 2:
        way = frames_of(decode(one.solution))
        start_level(game, one.level)
        game.frames(way[: draw.randrange(len(way) // 4 * 4)])
        history: list[Moment] = []
        held, left, slow = RIGHT, 0, 0
        for _ in range(400):
            if left == 0:
                held, left = draw.choice(RUNS), draw.choice((8, 16, 24))
            left -= 1
            rings, lives = game.rings, game.lives
            slow = 0 if abs(game.vx) > TOP_SPEED or abs(game.vy) > FALL_FREE else slow + 1
            game.frame(held)
            history.append(moment(game))
            if (game.rings < rings or game.lives < lives) and game.y < native.LEVEL_ROWS * 16 - 64:
                seen = frames_seen(history)
                if seen is not None and min(slow, len(history)) > REACTION:
                    found.append((seen, one.level, game.x))
            if game.dead or game.level_end:
                break
    assert len(found) >= 15
    assert min(found)[0] >= REACTION, min(found)
