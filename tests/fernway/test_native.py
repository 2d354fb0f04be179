import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from worlds import (
    BREAKABLE,
    DOWN,
    EMPTY,
    FILL,
    FLOOR,
    FLOOR_ROW,
    FLYER,
    GOAL,
    HOPPER,
    JUMP,
    LEDGE,
    LEFT,
    PLATFORM_ACROSS,
    PLATFORM_FALLING,
    PLATFORM_UPDOWN,
    RIGHT,
    RING,
    SPIKES,
    SPITTER,
    SPRING_LEFT,
    SPRING_LEFT_UP,
    SPRING_RIGHT,
    SPRING_RIGHT_UP,
    SPRING_UP,
    START,
    UP,
    UP_14,
    UP_27,
    UP_45,
    WALKER,
    place,
    slope,
    world,
)

from fernway import FernwayError
from fernway.native import BUTTONS, STATE_SIZE, Game, buttons_to_bits

ENEMIES = [WALKER, FLYER, HOPPER, SPITTER]


def speed(game: Game) -> float:
    return game.speed / 65536


# The published constants, pixels and frames.


def test_runs_up_to_top_speed_at_the_published_acceleration() -> None:
    game = world()
    game.frame(RIGHT)
    assert speed(game) == 0.046875
    game.hold(RIGHT, 126)
    assert speed(game) == pytest.approx(127 * 0.046875)
    game.hold(RIGHT, 40)
    assert speed(game) == 6


def test_friction_and_deceleration() -> None:
    game = world()
    game.poke("speed", 6 << 16)
    game.frame()
    assert speed(game) == 6 - 0.046875
    game.poke("speed", 6 << 16)
    game.frame(LEFT)
    assert speed(game) == 5.5


@pytest.mark.parametrize(("held", "height"), [(60, 100), (1, 39)])
def test_jump_height_depends_on_how_long_the_button_is_held(held: int, height: int) -> None:
    game = world()
    highest = min(game.frame(JUMP if i < held else 0).y for i in range(80))
    assert FLOOR - highest == pytest.approx(height, abs=1)
    assert game.grounded


def test_holding_the_button_does_not_jump_again() -> None:
    game = world()
    game.hold(JUMP, 100)
    assert all(game.frame(JUMP).grounded for _ in range(10))


@pytest.mark.parametrize("button", ["B", "A", "C"])
def test_three_buttons_jump_and_start_does_nothing(button: str) -> None:
    game = world()
    game.frame([name == button for name in BUTTONS])
    assert game.vy == int(-6.5 * 65536)
    other = world()
    before = other.frame_count
    other.hold(1 << BUTTONS.index("START"), 5)
    assert (other.frame_count, other.grounded, other.x) == (before + 5, 1, START)


def test_air_acceleration_and_gravity() -> None:
    game = world()
    game.frame(JUMP)
    game.frame(JUMP | RIGHT)
    vx, vy = game.vx, game.vy
    game.frame(JUMP | RIGHT)
    assert game.vx - vx == int(0.09375 * 65536)
    assert game.vy - vy == int(0.21875 * 65536)


def test_rolls_with_less_friction_and_stops() -> None:
    game = world()
    game.poke("speed", 5 << 16)
    game.frame(DOWN)
    assert game.rolling
    assert speed(game) == 5 - 0.0234375
    game.hold(DOWN, 400)
    assert not game.rolling
    assert game.ducking


def test_spin_dash_gets_faster_with_every_press() -> None:
    speeds = []
    for presses in range(1, 5):
        game = world()
        game.hold(DOWN, 3)
        for _ in range(presses):
            game.frame(DOWN | JUMP)
            game.frame(DOWN)
        assert game.charging
        game.frame()
        assert game.rolling
        speeds.append(speed(game))
    assert speeds == sorted(speeds)
    assert 7.9 < speeds[0] < speeds[-1] <= 12


def test_down_and_jump_in_the_same_frame_jump_as_in_sonic_2() -> None:
    game = world()
    game.hold(DOWN | JUMP, 1)
    assert game.jumping
    assert not game.charging


def test_who_has_no_spin_dash_jumps_from_ducking_as_in_sonic_1() -> None:
    game = world()
    game.poke("is_dashless", 1)
    game.hold(DOWN, 3)
    game.frame(DOWN | JUMP)
    assert game.jumping
    assert not game.charging
    game.load(0, 1, 10_100)
    assert not game.is_dashless, "another level knows nothing of it"


@pytest.mark.parametrize(("block", "run"), [(UP_14, 4), (UP_27, 2), (UP_45, 1)])
def test_slopes_slow_down_who_goes_up_and_carry_the_feet(block: int, run: int) -> None:
    game = world()
    slope(game, START // 16 + 4, block, run, 5)
    game.poke("speed", 6 << 16)
    game.hold(RIGHT, 16 if run == 1 else 20)
    assert game.grounded
    assert game.angle == {4: 1, 2: 2, 1: 3}[run]
    assert game.y < FLOOR
    before = speed(game)
    game.frame()
    sine = 1 / np.hypot(1, run)
    assert before - speed(game) == pytest.approx(0.125 * sine + 0.046875, abs=0.002)
    game.hold(RIGHT, 120)
    assert game.y == FLOOR - 80


def test_a_steep_slope_needs_a_run_up_or_a_spin_dash() -> None:
    game = world()
    slope(game, 50, UP_45, 1, 6)
    top = FLOOR - 96
    place(game, 50 * 16 - 12)
    game.hold(RIGHT, 400)
    assert game.y > top
    place(game, 50 * 16 - 200)
    game.hold(RIGHT, 200)
    assert game.y == top
    place(game, 50 * 16 - 20)
    game.poke("facing", 1)
    for buttons, frames in ((0, 2), (DOWN, 2), (DOWN | JUMP, 1), (DOWN, 1), (DOWN | JUMP, 1), (0, 60)):
        game.hold(buttons, frames)
    assert game.y == top


# Terrain.


def test_walls_stop_and_ceilings_do() -> None:
    game = world()
    game.blocks[50, FLOOR_ROW - 3 : FLOOR_ROW] = FILL
    assert game.hold(RIGHT, 200).x == 50 * 16 - 11
    assert speed(game) == pytest.approx(0, abs=0.05)
    game.blocks[:60, FLOOR_ROW - 5] = FILL
    highest = min(game.frame(JUMP).y for _ in range(40))
    assert highest == FLOOR - 64 + 28  # the ball below the ceiling


def test_ledges_hold_from_above_only() -> None:
    game = world()
    game.blocks[36:44, FLOOR_ROW - 4] = LEDGE
    ys = [game.frame(JUMP).y for _ in range(80)]
    assert min(ys) < FLOOR - 64
    assert ys[-1] == FLOOR - 64


def test_spikes_take_rings_and_then_a_life() -> None:
    game = world()
    game.blocks[START // 16 + 3 : START // 16 + 5, FLOOR_ROW - 1] = SPIKES
    game.poke("rings", 5)
    outcome = game.hold(RIGHT, 60)
    assert (game.rings, outcome.lives, outcome.dead) == (0, 3, False)
    assert game.hurt or game.invulnerable
    outcome = game.hold(RIGHT, 400)
    assert outcome.dead
    assert outcome.lives == 2


def test_spikes_hurt_from_above() -> None:
    game = world()
    game.blocks[START // 16 - 2 : START // 16 + 3, FLOOR_ROW - 1] = SPIKES
    place(game, START, FLOOR - 60)
    game.poke("grounded", 0)
    assert game.hold(0, 60).dead


@pytest.mark.parametrize("rolling", [False, True])
def test_breakable_walls_break_for_a_fast_ball_only(rolling: bool) -> None:
    game = world()
    col = START // 16 + 5
    game.blocks[col, FLOOR_ROW - 6 : FLOOR_ROW] = BREAKABLE
    game.poke("speed", 8 << 16)
    game.hold(DOWN if rolling else 0, 40)
    assert (game.blocks[col, FLOOR_ROW - 6 : FLOOR_ROW] == (EMPTY if rolling else BREAKABLE)).all()
    assert (game.x > col * 16) is rolling


def test_broken_walls_are_part_of_the_state() -> None:
    game = world()
    col = START // 16 + 5
    game.blocks[col, FLOOR_ROW - 6 : FLOOR_ROW] = BREAKABLE
    before = game.get_state()
    game.poke("speed", 8 << 16)
    game.hold(DOWN, 40)
    after = game.get_state()
    game.set_state(before)
    assert (game.blocks[col, FLOOR_ROW - 6 : FLOOR_ROW] == BREAKABLE).all()
    game.set_state(after)
    assert (game.blocks[col, FLOOR_ROW - 6 : FLOOR_ROW] == EMPTY).all()


def test_a_pit_costs_a_life_and_the_level_begins_again() -> None:
    game = world()
    game.blocks[START // 16 + 4 :, :] = EMPTY
    outcome = game.hold(RIGHT, 300)
    assert (outcome.dead, outcome.lives) == (True, 2)
    game.hold(0, 80, stop=False)
    assert not game.dead
    assert (game.x, game.lives) == (game.start_x, 2)


# Objects.


def test_rings_are_taken_once() -> None:
    game = world([(START + 40 + 24 * i, FLOOR, RING, 0) for i in range(5)])
    assert game.hold(RIGHT, 120).rings == 5
    assert game.hold(LEFT, 200).rings == 5


@pytest.mark.parametrize("kind", ENEMIES)
@pytest.mark.parametrize("way", ["walk", "roll", "jump"])
def test_enemies_hurt_walkers_and_die_of_balls(kind: int, way: str) -> None:
    game = world([(START + 80, FLOOR, kind, 8 if kind in (WALKER, FLYER) else 250)])  # the others keep still
    game.poke("rings", 3)
    if way == "jump":
        place(game, START + 80, FLOOR - 60)
        game.poke("grounded", 0)
        game.poke("rolling", 1)
        game.poke("jumping", 1)
    else:
        game.poke("speed", 5 << 16)
    highest = FLOOR
    for _ in range(60):
        outcome = game.frame({"walk": RIGHT, "roll": DOWN, "jump": 0}[way])
        highest = min(highest, outcome.y)
        if outcome.rings == 0 or game.score >= 100:
            break
    assert (game.rings == 0) is (way == "walk")
    assert (game.score >= 100) is (way != "walk")
    if way == "jump":
        assert game.vy < 0  # bounces off


def test_a_hit_scatters_rings_that_can_be_taken_again() -> None:
    game = world([(START + 60, FLOOR, WALKER, 0)])
    game.poke("rings", 20)
    game.poke("speed", 3 << 16)
    game.hold(RIGHT, 30)
    assert game.rings == 0
    found = max(game.frame(buttons).rings for buttons in [LEFT] * 60 + [RIGHT] * 100)
    assert 0 < found <= 8


@pytest.mark.parametrize("strong", [0, 1])
def test_springs_throw(strong: int) -> None:
    straight, diagonal = (16, 11.3137) if strong else (10, 7.0711)
    for kind, vx, vy in (
        (SPRING_UP, None, -straight), (SPRING_RIGHT_UP, diagonal, -diagonal), (SPRING_LEFT_UP, -diagonal, -diagonal),
        (SPRING_RIGHT, straight, 0), (SPRING_LEFT, -straight, 0),
    ):  # fmt: skip
        game = world([(START + 60, FLOOR, kind, strong)])
        thrown = (0.0, 0.0)
        for _ in range(60):
            game.frame(RIGHT)
            thrown = (speed(game), 0.0) if game.grounded else (game.vx / 65536, game.vy / 65536)
            if not game.grounded or abs(thrown[0]) > 6:
                break
        assert thrown[1] == pytest.approx(vy, abs=0.01)
        assert vx is None or thrown[0] == pytest.approx(vx, abs=0.3)


@pytest.mark.parametrize("kind", [PLATFORM_ACROSS, PLATFORM_UPDOWN])
def test_platforms_carry(kind: int) -> None:
    game = world([(START, FLOOR - 64, kind, 20)])
    place(game, START, FLOOR - 140)
    game.poke("grounded", 0)
    for _ in range(120):
        game.frame()
    assert game.grounded
    assert game.riding
    places = [(game.frame().x, game.y) for _ in range(256)]
    xs, ys = zip(*places, strict=True)
    spread = (max(xs) - min(xs), max(ys) - min(ys))
    assert spread[kind == PLATFORM_UPDOWN] == pytest.approx(40, abs=2)
    assert spread[kind == PLATFORM_ACROSS] == 0
    game.hold(RIGHT, 90)
    assert not game.riding


def test_falling_platform_falls_after_a_moment() -> None:
    game = world([(START, FLOOR - 200, PLATFORM_FALLING, 0)])
    place(game, START, FLOOR - 230)
    game.poke("grounded", 0)
    while not game.riding:
        game.frame()
    assert game.hold(0, 20).y == FLOOR - 200
    assert game.hold(0, 60).y > FLOOR - 200


def test_a_spitter_shoots_at_who_is_near() -> None:
    game = world([(START + 120, FLOOR, SPITTER, 30)])
    assert game.hold(0, 300).dead


def test_the_goal_ends_the_level_and_the_next_one_begins() -> None:
    game = world([(START + 100, FLOOR, GOAL, 0)])
    game.poke("end_x", START + 100)
    outcome = game.hold(RIGHT, 300)
    assert outcome.level_end
    assert outcome.x >= START + 100
    act, seed = game.act, game.seed
    game.hold(0, 260, stop=False)
    assert (game.act, game.seed, game.level_end, game.lives) == (act + 1, seed + 1, 0, 3)


def test_camera_leads_the_way_and_stays_inside() -> None:
    game = world()
    game.hold(RIGHT, 250)
    assert game.x - game.screen_x < 110
    game.hold(LEFT, 220)
    assert game.x - game.screen_x > 210
    game.hold(LEFT, 600)
    assert (game.screen_x, game.x) == (0, 12)


# States, levels, input.


@pytest.mark.parametrize("zone", range(8))
def test_states_go_on_exactly(zone: int) -> None:
    rng = np.random.default_rng(zone)
    game, other = Game(zone, 5, 1234 + zone), Game(0, 1, 1)
    play = rng.choice([RIGHT, RIGHT | JUMP, RIGHT | DOWN, LEFT, 0], 400).astype(np.uint16)
    game.frames(play[:200].repeat(4), stop=False)
    other.set_state(game.get_state())
    assert (other.blocks == game.blocks).all()
    for one in (game, other):
        one.frames(play[200:].repeat(4), stop=False)
    assert game.get_state() == other.get_state()
    assert (game.screen() == other.screen()).all()


def test_drawing_changes_nothing() -> None:
    game = Game(2, 3, 99)
    game.hold(RIGHT | JUMP, 200)
    before, screen = game.get_state(), game.screen()
    assert (game.screen() == screen).all()
    assert game.get_state() == before


@examples(25)
@given(zone=st.integers(0, 7), act=st.integers(1, 99), seed=st.integers(0, 2**32 - 1), random=st.integers(0, 2**32 - 1))
def test_random_play_keeps_everything_in_bounds(zone: int, act: int, seed: int, random: int) -> None:
    game = Game(zone, act, seed)
    width = int(game.level["cols"]) * 16
    lives = 3
    for bits in np.random.default_rng(random).integers(0, 1 << 12, 150):
        outcome = game.hold(int(bits) | (RIGHT if bits % 3 else 0), 8)
        assert 0 <= outcome.x < width
        assert outcome.y <= 48 * 16 + 60
        assert 0 <= game.screen_x <= width - 320
        assert 0 <= game.screen_y <= 48 * 16 - 224
        assert outcome.rings <= 999
        assert outcome.lives == lives - outcome.dead
        if outcome.dead or outcome.level_end:
            break


@pytest.mark.parametrize(
    ("zone", "act", "seed"), [(8, 1, 1), (-1, 1, 1), (0, 0, 1), (0, 100, 1), (0, 1, -1), (0, 1, 2**32)]
)
def test_levels_that_do_not_exist_are_refused(zone: int, act: int, seed: int) -> None:
    with pytest.raises(FernwayError, match=r"must be"):
        Game(zone, act, seed)


def test_bad_input_is_refused() -> None:
    game = Game()
    with pytest.raises(FernwayError, match=f"{STATE_SIZE} bytes, got 3"):
        game.set_state(b"abc")
    with pytest.raises(FernwayError, match="zone must be"):
        game.set_state(bytes([255]) * STATE_SIZE)
    with pytest.raises(FernwayError, match="12 truth values"):
        game.frame([True, False])
    with pytest.raises(FernwayError, match="12 truth values"):
        game.frame(1 << 12)
    with pytest.raises(AttributeError, match="no field 'wings'"):
        game.poke("wings", 1)
    assert buttons_to_bits([True] + [False] * 10 + [True]) == 1 | 1 << 11
    assert 1 << BUTTONS.index("UP") == UP
