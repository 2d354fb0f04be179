import dataclasses
from typing import Any

import numpy as np
import pytest
from moves import LEVELS, Always, moves
from worlds import RIGHT

from fernway import FernwayError
from fernway.levels import UNSEEN_ZONES
from fernway.looks import LOOK, LaneLooks, Looks, draw_look
from fernway.native import GAME_FIELDS, STATE_SIZE, Game
from fernway.observation import Observation
from fernway.paint import BACKGROUND, TERRAIN, background_shades, surface_shades
from fernway.textures import TEXTURE
from fernway.vector import LANE_STATE_SIZE, FernwayVectorEnv, fresh_level

SETTINGS = [field.name for field in dataclasses.fields(Looks) if field.name != "zones"]
NOTHING: dict[str, Any] = dict.fromkeys(SETTINGS, 0.0)
STRENGTHS = {"terrain_strength", "background_strength", "noise_strength", "own", "least_contrast"}
LEVELS_OF_GRAY = {"jitter", "contrast", "brightness", "gamma"}
FULL = Observation(crop_top=0, height=224, width=320, stack=1)


def played(looks: Looks | None, timesteps: int, lanes: int = len(LEVELS)) -> np.ndarray:
    """What committed levels show at every timestep: uint8 [T, lanes, height, width]."""
    levels = iter(LEVELS * 100)
    env = FernwayVectorEnv(lanes, lambda _: next(levels), observation=Observation(), looks=looks)
    rng = np.random.default_rng(0)
    shown = [env.reset(seed=1)[0][:, -1]]
    shown += [env.step(moves(rng, lanes))[0][:, -1] for _ in range(timesteps)]
    return np.stack(shown)


def test_off_and_own_looks_are_the_games_own() -> None:
    own = played(None, 30)
    assert (played(Looks(own=1), 30) == own).all()
    assert (played(Looks(**NOTHING), 30) == own).all()  # drawn the other way, turning colours among it


@pytest.mark.parametrize("kind", [name for name in SETTINGS if name not in STRENGTHS])
def test_each_kind_changes_the_picture(kind: str) -> None:
    strengths = {"terrain_strength": 40.0, "background_strength": 30.0, "noise_strength": 6.0}
    looks = Looks(**NOTHING | strengths | {kind: getattr(Looks(), kind) if kind in LEVELS_OF_GRAY else 1.0})
    off = np.abs(played(looks, 2).astype(int) - played(None, 2))
    changed = (off > 0).mean((0, 2, 3))  # [lanes]
    assert (changed > 0).mean() > 0.5
    if kind == "noise":
        assert off.max() <= 6
        assert changed.min() > 0.3
    if kind == "other_shades":
        assert changed.max() < 0.06  # a hero of 40 x 40 pixels


def test_a_title_card_is_gone_in_the_end() -> None:
    covered = played(Looks(**NOTHING | {"title_card": 1.0}), 125, lanes=12) != played(None, 125, lanes=12)
    lanes = covered.any((2, 3)).mean(1)  # [T], the share of games that have something over the screen
    assert lanes[:10].min() == 1
    assert lanes.min() < 0.5  # those that have not begun a new episode meanwhile


def test_textures_scroll_with_the_level() -> None:
    """A place of the terrain has the same shade wherever the camera is."""
    looks = Looks(**NOTHING | {"terrain_texture": 1.0, "terrain_strength": 40.0})
    env = FernwayVectorEnv(1, [LEVELS[0]], observation=FULL, looks=looks)
    env.reset(seed=0)
    game = Game(*dataclasses.astuple(LEVELS[0]))
    rows, cols = np.mgrid[:224, :320]
    places = []
    for button, timesteps in ((0, 40), (RIGHT, 6), (0, 40)):
        for _ in range(timesteps):
            screen = env.step(np.array([button], np.uint16))[0][0, 0]
        if button == 0:  # the camera has come to rest
            at = np.frombuffer(env.get_state(0)[LANE_STATE_SIZE - STATE_SIZE :][: GAME_FIELDS.itemsize], GAME_FIELDS)[0]
            y, x = rows + at["screen_y"], cols + at["screen_x"]
            solid = np.isin(game.blocks[x // 16, y // 16], (1, 2))  # B_FILL, B_FILL_ALT of src/blocks.h
            places.append(dict(zip(zip(x[solid], y[solid], strict=True), screen[solid], strict=True)))
    both = places[0].keys() & places[1].keys()
    assert 5_000 < len(both) < len(places[0])
    assert np.mean([places[0][place] == places[1][place] for place in both]) > 0.97  # but for the HUD
    assert len({places[0][place] for place in both}) > 16  # more than the colours of a line


def test_the_ground_stands_out_in_thousands_of_looks() -> None:
    looks, own = Looks(own=0), 0
    for number in range(3_000):
        look = draw_look(looks, Observation(), number % 6, number)
        own += not look["is_on"]
        if not look["is_on"]:
            continue
        assert not {int(look["block_zone"]), int(look["background_zone"])} & set(UNSEEN_ZONES)
        shades = look["shades"].astype(float)
        surface = surface_shades(int(look["block_zone"])) @ shades[TERRAIN]
        behind = background_shades(int(look["background_zone"])) @ shades[BACKGROUND]
        assert np.abs(surface - behind).min() >= looks.least_contrast
        for line, texture in ((TERRAIN, look["textures"][0]), (BACKGROUND, look["textures"][1])):
            assert (texture[:, :TEXTURE] == texture[:, TEXTURE:]).all()
            added = texture.view(np.int8).astype(int)
            assert shades[line].min() + added.min() >= 0  # nothing wraps around from black to white
            assert shades[line].max() + added.max() <= 255
    assert own < 30


def test_the_ground_stands_out_on_the_screen() -> None:
    rng = np.random.default_rng(0)
    env = FernwayVectorEnv(1, observation=FULL, looks=Looks(own=0, title_card=0, counters=0))
    env.reset(seed=0)
    contrasts = []
    rows, cols = np.mgrid[:224, :320]
    for _ in range(400):
        level = fresh_level(rng)
        env.begin(0, level)
        game = Game(level.zone, level.act, level.seed)
        y, x = rows + game.screen_y, cols + game.screen_x
        blocks, above = game.blocks[x // 16, y // 16], game.blocks[x // 16, y // 16 - 1]
        surface = np.isin(blocks, (3, 4, 7, 8)) & (above == 0) & (y % 16 < 5)  # B_TOP and its like, src/blocks.h
        screen = env.observations[0, 0].astype(float)
        contrasts.append(abs(screen[surface].mean() - screen[(blocks == 0) & (rows > 52)].mean()))
    assert np.median(contrasts) > 40
    assert np.mean(np.array(contrasts) > 15) > 0.9


def test_looks_change_nothing_but_the_picture_and_are_the_same_from_the_same_seed() -> None:
    def run(looks: Looks | None, seed: int, threads: int = 1) -> tuple[list[np.ndarray], list[np.ndarray]]:
        env = FernwayVectorEnv(9, observation=Observation(), looks=looks, threads=threads)
        rng = np.random.default_rng(0)
        steps = [(env.reset(seed=seed)[0], np.zeros(9))]
        steps += [env.step(moves(rng, 9))[:2] for _ in range(150)]
        return [step[0] for step in steps], [step[1] for step in steps]

    (plain, rewards), (shown, rewards_too), (again, _) = run(None, 3), run(Looks(), 3), run(Looks(), 3, threads=4)
    assert np.array_equal(rewards, rewards_too)
    assert np.array_equal(shown, again)
    assert not np.array_equal(shown, plain)
    assert not np.array_equal(shown[0], run(Looks(), 4)[0][0])


def test_each_episode_has_another_look() -> None:
    env = FernwayVectorEnv(2, [LEVELS[0]], observation=Observation(), looks=Looks(own=0))
    first = env.reset(seed=0)[0]
    looks = {first[0].tobytes(), first[1].tobytes()}
    looks |= {screen.tobytes() for screen in env.reset()[0]}
    for _ in range(6):
        env.begin(0, LEVELS[0])
        looks.add(env.observations[0].tobytes())
    assert len(looks) == 10


def test_a_state_gives_back_its_look_in_any_lane() -> None:
    environments = [FernwayVectorEnv(2, observation=Observation(), looks=Looks(own=0)) for _ in range(2)]
    for number, env in enumerate(environments):
        env.reset(seed=number)
    first = environments[0]
    for _ in range(20):
        first.step(np.full(2, RIGHT, np.uint16))
    state, then = first.get_state(0), first.observations[0]
    assert len(state) == first.state_size
    first.begin(0, LEVELS[5])
    for env in environments:
        env.np_random = Always(0.9)
        env.set_state(1, state)
        assert (env.observations[1] == then).all()
    for action in moves(np.random.default_rng(0), 60):
        one, other = (env.step(np.full(2, action))[0] for env in environments)
        assert (one[1] == other[1]).all()


def test_the_records_are_those_of_c() -> None:
    """A record's size is that of `Look`: what C reads of the last lane is what was drawn for it."""
    assert LOOK.itemsize == 8 + 64 + 16 + 12 * 22 + 2 * 64 * 128
    env = FernwayVectorEnv(3, [LEVELS[0]], observation=Observation(), looks=Looks(own=0))
    env.reset(seed=0)
    alone = FernwayVectorEnv(1, [LEVELS[0]], observation=Observation(), looks=Looks(own=0))
    alone.reset(seed=9)
    alone.set_state(0, env.get_state(2))
    last, lone = (e.step(np.full(e.num_envs, 0, np.uint16))[0][-1] for e in (env, alone))
    assert (last == lone).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"zones": ()}, "zones of 0 .. 7"),
        ({"zones": (8,)}, "zones of 0 .. 7"),
        ({"own": 1.5}, "own within 0 .. 1,"),
        ({"noise": -0.1}, "noise within 0 .. 1,"),
        ({"terrain_strength": 101}, "terrain-strength within 0 .. 100"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(FernwayError, match=message):
        Looks(**wrong)


def test_looks_without_observations_and_states_of_other_settings_are_refused() -> None:
    with pytest.raises(FernwayError, match="want an observation"):
        FernwayVectorEnv(1, looks=Looks())
    plain, env = (FernwayVectorEnv(1, observation=Observation(), looks=looks) for looks in (None, Looks()))
    plain.reset(seed=0)
    with pytest.raises(FernwayError, match="bytes"):
        env.set_state(0, plain.get_state(0))
    assert env.state_size == LANE_STATE_SIZE + LaneLooks.STATE_SIZE + 4 * 64 * 80
