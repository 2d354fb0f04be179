"""What the game knows of its player's surroundings, as an insider is told."""

import numpy as np
import pytest
from moves import Always
from worlds import JUMP, LEFT, RIGHT

from fernway import FernwayError
from fernway.environment import NativeEnv
from fernway.levels import Level
from fernway.looks import Looks
from fernway.native import bits_to_buttons
from fernway.observation import Observation
from fernway.sections import sections
from fernway.vector import INSIDE, FernwayVectorEnv, fresh_level

FIRST = Level(0, 1, 10_100)
PLAYER = 26
"""Numbers of the player, the last ones."""
VX, VY, FACING, GROUNDED, PROGRESS = -PLAYER, -PLAYER + 1, -PLAYER + 7, -PLAYER + 8, -1
PROFILE = slice(480, 512)
FEET = 480 + 3
"""The ground's height right below the feet."""
PLATFORMS, PLATFORM = 512, 11
"""Where the platforms begin, the nearest first, and numbers of each."""
THERE, X, ACROSS, SHIFT_SOON = 0, 1, 3, 6


def still(lanes: int, levels: list[Level], **options: object) -> FernwayVectorEnv:
    env = FernwayVectorEnv(lanes, levels, **options)  # type: ignore[arg-type]
    env.reset(seed=1)
    env.np_random = Always(1.0)  # no timestep sticks
    return env


def test_at_the_start_the_player_stands_on_flat_ground_and_faces_right() -> None:
    (seen,) = still(1, [FIRST]).inside
    assert seen.shape == (INSIDE,)
    assert (seen[VX], seen[VY], seen[GROUNDED], seen[FACING], seen[PROGRESS]) == (0, 0, 1, 1, 0)
    assert seen[FEET] == 0


def test_speeds_and_progress_are_the_games_own() -> None:
    many, one = still(1, [FIRST]), NativeEnv(FIRST, stick_probability=0.0)
    one.reset()
    for held in [RIGHT] * 20 + [RIGHT | JUMP] * 4 + [LEFT] * 6:
        many.step(np.array([held], np.uint16))
        one.step(bits_to_buttons(held))
        (seen,), game = many.inside, one._game
        assert seen[VX] == pytest.approx(game.vx / 4 / 65536)
        assert seen[VY] == pytest.approx(game.vy / 4 / 65536)
        assert seen[GROUNDED] == game.grounded
        assert seen[PROGRESS] == pytest.approx((game.x - game.start_x) / (game.end_x - game.start_x))


def test_where_a_platform_will_be_is_where_it_comes() -> None:
    rng, checked = np.random.default_rng(3), 0
    while checked < 5:
        level = fresh_level(rng)
        if not any(section.kind == "abyss" and section.first < 120 for section in sections(level)):
            continue
        env = still(1, [level])
        for _ in range(200):
            before = env.inside[0, PLATFORMS : PLATFORMS + PLATFORM]
            grounded = env.inside[0, GROUNDED]
            if before[THERE] and before[ACROSS] and grounded and not env.inside[0, VX]:
                for _ in range(2):
                    env.step(np.zeros(1, np.uint16))
                after = env.inside[0, PLATFORMS : PLATFORMS + PLATFORM]
                assert (after[X] - before[X]) * 64 == pytest.approx(before[SHIFT_SOON] * 16, abs=1.01)
                checked += 1
                break
            env.step(np.array([0 if before[THERE] else RIGHT], np.uint16))


def test_an_environment_of_insiders_hands_out_the_same_and_draws_nothing() -> None:
    levels = [FIRST, Level(3, 2, 9_000_000)]
    shown = FernwayVectorEnv(5, levels, observation=Observation())
    blind = FernwayVectorEnv(5, levels, observation="inside", threads=2)
    shown.reset(seed=4)
    seen, _ = blind.reset(seed=4)
    assert seen.dtype == np.float32
    assert blind.observation_space.contains(seen)
    rng = np.random.default_rng(0)
    for _ in range(150):
        held = rng.choice([RIGHT, RIGHT | JUMP], 5).astype(np.uint16)
        _, reward, *_ = shown.step(held)
        seen, same, *_ = blind.step(held)
        assert (reward == same).all()
        assert (seen == shown.inside).all()


def test_a_state_brings_its_numbers_back() -> None:
    env = still(2, [FIRST], observation="inside", copy=True)
    for _ in range(9):
        env.step(np.full(2, RIGHT, np.uint16))
    state, then = env.get_state(0), env.observations
    env.begin(1, FIRST)
    assert env.observations[1, PROGRESS] == 0
    env.set_state(1, state)
    assert (env.observations[1] == then[0]).all()
    assert (env.inside[1] == then[0]).all()


def test_looks_have_nothing_to_change_there() -> None:
    with pytest.raises(FernwayError, match="want an observation, too, got inside"):
        FernwayVectorEnv(1, observation="inside", looks=Looks())
