import ctypes
import itertools

import numpy as np
import pytest
from moves import LEVELS, Always, moves
from worlds import JUMP, RIGHT

from agent.vision import VisionConfig, look
from fernway import FernwayError
from fernway.levels import Level
from fernway.native import load_library
from fernway.observation import Observation
from fernway.vector import FernwayVectorEnv


@pytest.mark.parametrize(
    ("sizes", "timesteps"),
    [
        ({}, 100),
        ({"height": 84, "width": 84}, 12),
        ({"height": 48, "width": 60, "crop_top": 0, "crop_bottom": 20}, 12),
        ({"height": 43}, 12),  # whole numbers of rows and columns, which OpenCV treats on their own
        ({"height": 86, "width": 160}, 12),
        ({"height": 172, "width": 320}, 12),
    ],
)
def test_equals_the_agents_vision_on_every_level(sizes: dict[str, int], timesteps: int) -> None:
    """The share of pixels that differ is 0 but where OpenCV averages two by two and rounds halves up."""
    vision, levels = VisionConfig(**sizes), [itertools.cycle(LEVELS) for _ in range(2)]  # type: ignore[arg-type]
    seen = FernwayVectorEnv(len(LEVELS), lambda _: next(levels[0]), observation=Observation(**sizes))
    shown = FernwayVectorEnv(len(LEVELS), lambda _: next(levels[1]), copy=False)
    observations, screens = seen.reset(seed=1)[0], shown.reset(seed=1)[0]
    rng = np.random.default_rng(0)
    unequal = []
    for _ in range(timesteps):
        wanted = np.stack([look(screen, vision)[0] for screen in screens])
        off = np.abs(observations[:, -1].astype(int) - wanted)
        assert off.max() <= 1
        unequal.append((off > 0).mean())
        actions = moves(rng, len(LEVELS))
        observations, rewards, *_ = seen.step(actions)
        screens, rewards_too, *_ = shown.step(actions)
        assert (rewards == rewards_too).all()
    assert np.mean(unequal) == 0 or sizes.get("height") == 86


@pytest.mark.parametrize("way", range(3))
def test_every_way_to_look_shades_up_is_right(way: int) -> None:
    rng, shade_by = np.random.default_rng(way), load_library().shade_by
    shade_by.restype = ctypes.c_uint8
    for _ in range(20):
        grays = rng.integers(0, 256, 64).astype(np.uint8)
        pixels, line = rng.integers(0, 256, 320).astype(np.uint8), np.zeros(320, np.uint8)
        if not shade_by(way, *(ctypes.c_void_p(array.ctypes.data) for array in (pixels, grays, line))):
            assert way > 0
            pytest.skip("this processor has no such instructions")
        assert (line == grays[pixels & 63]).all()


def test_the_stack_shows_the_last_screens_and_an_episodes_first_one_fills_it() -> None:
    env = FernwayVectorEnv(len(LEVELS), LEVELS, observation=Observation(stack=3))
    stacks, _ = env.reset(seed=0)
    assert (stacks == stacks[:, :1]).all()
    rng = np.random.default_rng(0)
    begun = 0
    ended = np.zeros(len(LEVELS), bool)
    for _ in range(150):
        observations, _, terminated, _, _ = env.step(moves(rng, len(LEVELS)))
        stacks = np.concatenate([stacks[:, 1:], observations[:, -1:]], 1)
        stacks[ended] = observations[ended, -1:]
        assert (observations == stacks).all()
        begun += int(ended.sum())
        ended = terminated
    assert begun > 5


def test_spaces_tell_the_observations_shape() -> None:
    env = FernwayVectorEnv(2, observation=Observation(height=40, width=50, stack=5))
    assert env.single_observation_space.shape == (5, 40, 50)
    assert env.observation_space.contains(env.reset(seed=0)[0])
    assert env.render()[0].shape == (224, 320, 3)


@pytest.mark.parametrize("threads", [2, 3, 8, 100])
def test_the_number_of_threads_changes_nothing(threads: int) -> None:
    environments = [FernwayVectorEnv(19, observation=Observation(), threads=n) for n in (1, threads)]
    for env in environments:
        env.reset(seed=4)
    rng = np.random.default_rng(0)
    for _ in range(150):
        actions = moves(rng, 19)
        one, other = (env.step(actions) for env in environments)
        for a, b in zip(one[:4], other[:4], strict=True):
            assert (np.asarray(a) == np.asarray(b)).all()
    assert environments[0].levels == environments[1].levels
    for env in environments:
        env.close()


def test_a_state_gives_back_the_very_observation() -> None:
    env = FernwayVectorEnv(3, observation=Observation(), copy=False)
    env.reset(seed=5)
    rng = np.random.default_rng(0)
    for _ in range(20):
        env.step(moves(rng, 3))
    state, then = env.get_state(0), env.observations[0].copy()
    assert len(state) == env.state_size
    for _ in range(30):
        env.step(moves(rng, 3))
    env.set_state(2, state)
    assert (env.observations[2] == then).all()
    env.set_state(0, state)
    env.np_random = Always(0.9)
    for action in moves(rng, 60):
        observations, rewards, *_ = env.step(np.full(3, action))
        assert (observations[0] == observations[2]).all()
        assert rewards[0] == rewards[2]


def test_begin_starts_an_episode_without_a_step() -> None:
    level = Level(3, 2, 77)
    env = FernwayVectorEnv(2, observation=Observation())
    env.reset(seed=0)
    for _ in range(30):
        env.step(np.array([RIGHT, RIGHT | JUMP], np.uint16))
    before = env.observations
    env.begin(1, level)
    assert env.levels[1] == level
    assert (env.observations[0] == before[0]).all()
    fresh = FernwayVectorEnv(1, [level], observation=Observation())
    assert (env.observations[1] == fresh.reset(seed=0)[0][0]).all()
    for _ in range(30):  # the same action all the time: a delay makes no difference
        step, step_too = env.step(np.full(2, RIGHT, np.uint16)), fresh.step(np.array([RIGHT], np.uint16))
        assert (step[0][1] == step_too[0][0]).all()
        assert step[1][1] == step_too[1][0]


def test_begin_ends_an_episode_that_is_over_or_has_not_begun() -> None:
    level = Level(0, 1, 10_100)
    env = FernwayVectorEnv(1, [Level(1, 1, 20_100)])
    env.begin(0, level)
    first = env.observations[0]
    env.step(np.array([RIGHT], np.uint16))
    assert env.levels == [level]
    nothing = np.zeros(1, np.uint16)
    while not env.step(nothing)[3][0]:
        pass
    env.begin(0, level)
    assert (env.observations[0] == first).all()
    env.step(np.array([RIGHT], np.uint16))
    assert env.levels == [level]


def test_observations_are_the_callers_own_unless_told_otherwise() -> None:
    for copy in (True, False):
        env = FernwayVectorEnv(1, [Level(0, 1, 10_100)], copy=copy, observation=Observation())
        first, _ = env.reset(seed=0)
        kept = first.copy()
        for _ in range(30):
            env.step(np.array([RIGHT], np.uint16))
        assert (first == kept).all() is np.bool_(copy)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"crop_top": -1}, "crops of at least 0 rows"),
        ({"crop_top": 200, "crop_bottom": 30}, "which the crops leave"),
        ({"height": 173}, "8 .. 172 rows"),
        ({"height": 7}, "8 .. 172 rows"),
        ({"width": 321}, "8 .. 320 columns"),
        ({"stack": 0}, "1 .. 16 screens"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(FernwayError, match=message):
        Observation(**wrong)


def test_bad_input_is_refused() -> None:
    with pytest.raises(FernwayError, match="at least 1 thread"):
        FernwayVectorEnv(1, threads=0)
    env = FernwayVectorEnv(1, observation=Observation())
    for seed in (-1, [3, -2]):
        with pytest.raises(FernwayError, match="seed from 0"):
            env.reset(seed=seed)
    env.reset(seed=[3, 4])
    with pytest.raises(FernwayError, match="lane must be"):
        env.begin(1, Level(0, 1, 1))
    with pytest.raises(FernwayError, match=f"{env.state_size} bytes"):
        env.set_state(0, FernwayVectorEnv(1).get_state(0))
    env.close()
    with pytest.raises(FernwayError, match="closed"):
        env.step(np.zeros(1, np.uint16))
