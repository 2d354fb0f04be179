"""Random actions without end: `python tests/fuzz/fuzz_fernway.py [ACTIONS] [EMULATED] [SEED]`; prints what it found.

An action is any of the 4,096 combinations of buttons, or one of those that get somewhere, held for 1 to 16 timesteps of
four frames. Half of the levels are committed ones, entered in the middle of their solution, so that the random part
begins everywhere in a level; half are drawn. Three kinds of play:

- episodes under the contest's rules (`Fernway-Native`), with a screen drawn for every action,
- games without resets: every life, the game over, the next acts,
- the ROM on the emulator, beside the twin, compared after every action.

A broken rule ends it with the level, the action and the seed that show it.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
from emulated import EmulatedGame, differences
from rich.progress import track

from fernway import check, levels, native
from fernway.environment import NativeEnv
from fernway.levels import Level
from fernway.rules import FRAME_SKIP, PROGRESS_REWARD, TIME_BONUS
from fernway.search import decode, frames_of, start_level

ACTIONS, EMULATED = 1_000_000, 50_000
PER_LEVEL = 2_500  # actions
ROUNDING = 0.01
"""By how much an episode's return may be off, contest units: a pixel pays about 1, and the rewards of 10,000 frames of at
most 10 each come in single precision."""
UP, DOWN, LEFT, RIGHT, B = (1 << native.BUTTONS.index(name) for name in ("UP", "DOWN", "LEFT", "RIGHT", "B"))
USEFUL = (RIGHT, RIGHT, RIGHT | B, RIGHT | B, RIGHT | DOWN, DOWN, DOWN | B, LEFT, LEFT | B, LEFT | DOWN, B, UP, 0)


def random_actions(draw: random.Random, count: int) -> Iterator[int]:
    """So many actions, bits of a Gym action."""
    held, left = 0, 0
    for _ in range(count):
        if left == 0:
            held = draw.choice(USEFUL) if draw.random() < 0.7 else draw.randrange(4096)
            left = draw.choice((1, 1, 2, 4, 8, 16))
        left -= 1
        yield held


def levels_and_ways(draw: random.Random, count: int) -> Iterator[tuple[Level, list[int]]]:
    """Levels, and the timesteps that lead somewhere into each: a part of a solution, or none."""
    committed = list(levels.committed().values())
    for number in range(count):
        if number % 2:
            yield check.random_levels(1, draw.randrange(2**32))[0], []
        else:
            one = draw.choice(committed)
            timesteps = frames_of(decode(one.solution))[::FRAME_SKIP].tolist()
            yield one.level, timesteps[: draw.randrange(len(timesteps))]


class Rules:
    """What must hold for a game after every action."""

    def __init__(self, game: native.Game) -> None:
        """Takes down how it is now."""
        self.game = game
        self.seen: Counter[str] = Counter()
        self.begin()

    def begin(self) -> None:
        """Forgets what was before."""
        game = self.game
        self.before = (game.frame_count, game.lives, game.rings, game.score, game.dead, game.level_end)

    def hold(self) -> None:
        """Checks them.

        Raises:
            AssertionError: If one is broken.
        """
        game, seen = self.game, self.seen
        frame, lives, rings, score, dead, ended = self.before
        width = int(game.level["cols"]) * 16
        assert 0 < game.x < width, f"x {game.x} of {width}"
        assert game.px >> 16 == game.x
        assert -1500 < game.y < 1500, f"y {game.y}"
        assert 0 <= game.screen_x <= width - native.SCREEN_WIDTH, f"screen_x {game.screen_x}"
        assert 0 <= game.screen_y <= native.LEVEL_ROWS * 16 - native.SCREEN_HEIGHT, f"screen_y {game.screen_y}"
        if not game.dead and not game.level_end:  # the camera is never stuck
            assert -48 < game.x - game.screen_x < native.SCREEN_WIDTH + 48, f"x {game.x}, screen_x {game.screen_x}"
        assert 0 <= game.rings <= 999
        begun_again = (dead and not game.dead) or (ended and not game.level_end)
        if begun_again:
            seen["restarts" if dead else "next levels"] += 1
            assert game.frame_count <= FRAME_SKIP, f"frame {game.frame_count} after a new start"
            assert game.lives == (lives or 3), f"{game.lives} lives after {lives}"
            seen["games over"] += dead and lives == 0
        else:
            assert game.frame_count == (frame + FRAME_SKIP) & 0xFFFF, f"frame {game.frame_count} after {frame}"
            died = bool(game.dead and not dead)
            assert game.lives == lives - died, f"{game.lives} lives after {lives}, dead {game.dead}"
            assert not died or not rings or game.y > native.LEVEL_ROWS * 16 - 64, "a life was lost in spite of rings"
            seen["deaths"] += died
            seen["hits that cost rings"] += game.rings < rings
            assert game.score >= score
        assert bool(game.level_end) >= (game.x >= game.end_x and not game.dead), "beyond the end"
        self.begin()


def episodes(draw: random.Random, level: Level, way: list[int], count: int) -> Counter[str]:
    """Episodes of the contest: rewards add up to what they are for."""
    env = NativeEnv(level, seed=draw.randrange(2**32))
    game = env._game
    total, over = 0.0, True
    rules = Rules(game)
    actions = [*way, *random_actions(draw, count)]
    for bits in actions[:count]:
        if over:
            _, total, over = env.reset(), 0.0, False
            rules.begin()
        at_frame = game.frame_count
        screen, reward, over, _, _ = env.step(native.bits_to_buttons(bits))
        total += reward
        progress = min(max((game.x - game.start_x) / (game.end_x - game.start_x), 0.0), 1.0)
        bonus = total - PROGRESS_REWARD * progress
        assert screen.any()
        most = TIME_BONUS if progress >= 1 else 0.0
        assert -ROUNDING <= bonus <= most + ROUNDING, f"return {total} at {progress}"
        assert over == (game.lives < 3 or progress >= 1)
        if not over or game.frame_count == at_frame + FRAME_SKIP:  # the end of an episode cuts the timestep short
            rules.hold()
        rules.seen["episodes"] += over
        rules.seen["goals"] += progress >= 1
    return rules.seen


def without_resets(draw: random.Random, level: Level, way: list[int], count: int) -> Counter[str]:
    """One game after another as a person plays: deaths, games over, next acts."""
    game = native.Game()
    start_level(game, level)
    rules = Rules(game)
    for bits in [*way, *random_actions(draw, count)][:count]:
        game.frames(np.full(FRAME_SKIP, bits, np.uint16), stop=False)
        rules.hold()
    return rules.seen


def emulated(console: EmulatedGame, draw: random.Random, level: Level, way: list[int], count: int) -> Counter[str]:
    """The ROM beside the twin."""
    game = native.Game(level.zone, level.act, level.seed)
    console.load(level.zone, level.act, level.seed)
    rules = Rules(game)
    for number, bits in enumerate([*way, *random_actions(draw, count)][:count]):
        for _ in range(FRAME_SKIP):
            console.frame(bits)
            game.frame(bits)
        rules.hold()
        assert not (found := differences(console, game)), found
        if number % 16 == 0:
            assert (console.screen() == game.screen()).all(), "other screens"
        if game.level_end:  # making the next level takes the ROM some frames
            rules.seen["goals"] += 1
            console.load(level.zone, level.act, level.seed)
            game.load(level.zone, level.act, level.seed)
            rules.begin()
    return rules.seen


def main() -> None:
    count, on_emulator, seed = (*map(int, sys.argv[1:]), *(ACTIONS, EMULATED, 1)[len(sys.argv) - 1 :])
    draw = random.Random(seed)
    with EmulatedGame() as console:
        parts = {
            "episodes of the contest": (episodes, (count - on_emulator) * 3 // 5),
            "games without resets": (without_resets, (count - on_emulator) * 2 // 5),
            "ROM beside the twin": (lambda *task: emulated(console, *task), on_emulator),
        }
        for title, (play, actions) in parts.items():
            began, seen = time.monotonic(), Counter[str]()
            todo = -(-actions // PER_LEVEL)
            for level, way in track(levels_and_ways(draw, todo), title, todo):
                try:
                    seen += play(draw, level, way, PER_LEVEL)
                except AssertionError as error:
                    raise AssertionError(f"{title}, {level}, seed {seed}: {error}") from error
            what = ", ".join(f"{number:,} {name}" for name, number in sorted(seen.items()))
            print(
                f"{title}: {todo * PER_LEVEL:,} actions on {todo} levels in {time.monotonic() - began:.0f} s; {what}",
                flush=True,
            )


if __name__ == "__main__":
    main()
