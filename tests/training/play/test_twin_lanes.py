"""What a learner by reward may rely on of the twin's lanes: where episodes end, and where the next ones begin."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import Level
from fernway.looks import Looks
from fernway.vector import fresh_level
from training.play.lanes import Ending
from training.play.twin import TwinLanes, observation_of

VISION = VisionConfig(height=32, width=40, stack=2)
NOTHING, RIGHT = ACTION_TABLE.index(()), ACTION_TABLE.index(("RIGHT",))
LANES = 4

Step = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_], list[Ending]]


def lanes(stall_timesteps: int = 150, seed: tuple[int, ...] = (3,), **options: object) -> TwinLanes:
    return TwinLanes(LANES, VISION, stall_timesteps, seed, **options)  # type: ignore[arg-type]


def running(rng: np.random.Generator) -> NDArray[np.int64]:
    """Mostly to the right, as a network does that has learned a little."""
    return np.where(rng.random(LANES) < 0.7, RIGHT, rng.integers(0, len(ACTION_TABLE), LANES))


def play(found: TwinLanes, timesteps: int, seed: int = 0) -> list[Step]:
    rng = np.random.default_rng(seed)
    steps = []
    for _ in range(timesteps):
        reward, ended, endings = found.step(running(rng))
        steps.append((found.obs.copy(), reward, ended, endings))
    found.close()
    return steps


def assert_equal(one: list[Step], other: list[Step]) -> None:
    for (obs, reward, ended, endings), (obs2, reward2, ended2, endings2) in zip(one, other, strict=True):
        assert np.array_equal(obs, obs2)
        assert np.array_equal(reward, reward2)
        assert np.array_equal(ended, ended2)
        assert endings == endings2


@pytest.mark.parametrize("looks", [None, Looks()], ids=["plain", "looks"])
def test_everything_follows_from_the_seed_and_nothing_from_the_threads(looks: Looks | None) -> None:
    first = play(lanes(30, looks=looks), 200)
    assert sum(len(endings) for *_, endings in first) >= 5
    assert_equal(first, play(lanes(30, looks=looks, threads=3), 200))
    other = play(lanes(30, (4,), looks=looks), 200)
    assert not np.array_equal(first[50][0], other[50][0])


def test_an_episode_that_brings_no_new_best_return_ends() -> None:
    found = lanes(25)
    for timestep in range(1, 51):
        reward, ended, endings = found.step(np.full(LANES, NOTHING))
        assert not reward.any(), "standing still pays nothing"
        assert ended.all() == ended.any() == (timestep % 25 == 0)
        assert [(end.lane, end.timesteps, end.is_stalled) for end in endings] == [
            (lane, 25, True) for lane in range(LANES) if ended.any()
        ]
    found.close()


def test_without_a_limit_nobody_stalls() -> None:
    found = lanes(0)
    assert not any(found.step(np.full(LANES, NOTHING))[1].any() for _ in range(300))
    found.close()


def first_screen(level: Level) -> NDArray[np.uint8]:
    """What a new episode on a level shows."""
    alone = TwinLanes(1, VISION, 0, (0,), draw=lambda rng: level)
    screen: NDArray[np.uint8] = alone.obs[0].copy()
    alone.close()
    return screen


def test_the_observation_after_an_end_is_the_next_episodes_first() -> None:
    drawn: list[Level] = []

    def draw(rng: np.random.Generator) -> Level:
        drawn.append(fresh_level(rng))
        return drawn[-1]

    found = lanes(15, draw=draw)
    rng = np.random.default_rng(0)
    assert all(np.array_equal(found.obs[lane], first_screen(drawn[lane])) for lane in range(LANES))
    seen = 0
    for _ in range(200):
        before = len(drawn)
        _, ended, endings = found.step(running(rng))
        assert len(drawn) - before == len(endings) == ended.sum()
        for end, level in zip(endings, drawn[before:], strict=True):
            assert np.array_equal(found.obs[end.lane], first_screen(level))
            seen += 1
    assert seen >= 5
    found.close()


def test_colours_and_edges_are_not_the_twins() -> None:
    with pytest.raises(ValueError, match="gray"):
        observation_of(dataclasses.replace(VISION, pixels="edges"))
