"""What a learner by reward may rely on of the twin's lanes: where episodes end, and where the next ones begin."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import Level
from fernway.looks import Looks
from fernway.vector import fresh_level
from training.play.lanes import FINISHED, Ending
from training.play.twin import PracticeConfig, TwinLanes, observation_of

VISION = VisionConfig(height=32, width=40, stack=2)
NO_PRACTICE = PracticeConfig(tries=0)
NOTHING, RIGHT = ACTION_TABLE.index(()), ACTION_TABLE.index(("RIGHT",))
LANES = 4

Step = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_], list[Ending]]


def lanes(practice: PracticeConfig = NO_PRACTICE, seed: tuple[int, ...] = (3,), **options: object) -> TwinLanes:
    return TwinLanes(LANES, VISION, practice, seed, **options)  # type: ignore[arg-type]


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
    practice = PracticeConfig(stall_timesteps=30)
    first = play(lanes(practice, looks=looks), 200)
    assert sum(len(endings) for *_, endings in first) >= 5
    assert_equal(first, play(lanes(practice, looks=looks, threads=3), 200))
    other = play(lanes(practice, (4,), looks=looks), 200)
    assert not np.array_equal(first[50][0], other[50][0])


def test_an_episode_that_brings_no_new_best_return_ends() -> None:
    found = lanes(PracticeConfig(stall_timesteps=25, tries=0))
    for timestep in range(1, 51):
        reward, ended, endings = found.step(np.full(LANES, NOTHING))
        assert not reward.any(), "standing still pays nothing"
        assert ended.all() == ended.any() == (timestep % 25 == 0)
        assert [(end.lane, end.timesteps, end.is_stalled, end.is_practice) for end in endings] == [
            (lane, 25, True, False) for lane in range(LANES) if ended.any()
        ]
    found.close()


def test_without_a_limit_nobody_stalls() -> None:
    found = lanes(PracticeConfig(stall_timesteps=0, tries=0))
    assert not any(found.step(np.full(LANES, NOTHING))[1].any() for _ in range(300))
    found.close()


def first_screen(level: Level) -> NDArray[np.uint8]:
    """What a new episode on a level shows."""
    alone = TwinLanes(1, VISION, NO_PRACTICE, (0,), draw=lambda rng: level)
    screen: NDArray[np.uint8] = alone.obs[0].copy()
    alone.close()
    return screen


def test_the_observation_after_an_end_is_the_next_episodes_first() -> None:
    drawn: list[Level] = []

    def draw(rng: np.random.Generator) -> Level:
        drawn.append(fresh_level(rng))
        return drawn[-1]

    found = lanes(PracticeConfig(stall_timesteps=15, tries=0), draw=draw)
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


def walk_to_practice(
    practice: PracticeConfig, looks: Looks | None, check: Callable[[int, list[int], int], None]
) -> int:
    """Plays, keeps what the lanes may go back to, and hands each going back to the check; returns how often."""
    found = lanes(practice, looks=looks)
    rng = np.random.default_rng(1)
    saves: list[list[tuple[float, bytes]]] = [[] for _ in range(LANES)]
    returns, age, tries = np.zeros(LANES), np.zeros(LANES, int), np.zeros(LANES, int)
    times = 0
    for _ in range(900):
        for lane in np.flatnonzero(age % practice.save_period == 0).tolist():
            saves[lane].append((float(returns[lane]), found.obs[lane].tobytes()))
        reward, _, endings = found.step(running(rng))
        returns += reward
        age += 1
        for end in endings:
            lane = end.lane
            assert end.episode_return == pytest.approx(returns[lane], abs=0.01), (
                "it counts on from where it went back to"
            )
            assert end.timesteps == age[lane]
            assert end.is_practice == bool(tries[lane])
            going_back = end.episode_return < FINISHED and tries[lane] < practice.tries
            if going_back and len(saves[lane]) > practice.saves_back[0]:
                back = [
                    back for back, (_, obs) in enumerate(reversed(saves[lane]), 1) if obs == found.obs[lane].tobytes()
                ]
                check(lane, back, len(saves[lane]))
                chosen = next(b for b in back if b >= min(practice.saves_back[0], len(saves[lane])))
                returns[lane] = saves[lane][-chosen][0]
                del saves[lane][-chosen:]
                tries[lane] += 1
                times += 1
            else:
                saves[lane].clear()
                returns[lane] = tries[lane] = 0
            age[lane] = 0
    found.close()
    return times


@pytest.mark.parametrize("looks", [None, Looks()], ids=["plain", "looks"])
@pytest.mark.parametrize("saves_back", [(2, 5), (1, 1)])
def test_practice_goes_back_by_some_saves_and_counts_on_from_that_return(
    saves_back: tuple[int, int], looks: Looks | None
) -> None:
    low, high = saves_back

    def check(lane: int, back: list[int], saves: int) -> None:
        assert any(low <= one <= high for one in back), f"lane {lane} went back by {back} of {saves} saves"

    practice = PracticeConfig(stall_timesteps=40, save_period=8, saves_back=saves_back)
    assert walk_to_practice(practice, looks, check) >= 15


def test_a_level_is_left_after_so_many_tries() -> None:
    found = lanes(PracticeConfig(stall_timesteps=20, tries=2, save_period=4))
    rng = np.random.default_rng(0)
    in_a_row = np.zeros(LANES, int)
    most = 0
    for _ in range(600):
        for end in found.step(running(rng))[2]:
            in_a_row[end.lane] = in_a_row[end.lane] + 1 if end.is_practice else 0
            most = max(most, int(in_a_row[end.lane]))
    found.close()
    assert most == 2


@pytest.mark.parametrize(
    "setting",
    [{"stall_timesteps": -1}, {"tries": -1}, {"save_period": 0}, {"saves_back": (0, 2)}, {"saves_back": (3, 2)}],
)
def test_settings_out_of_range_are_named(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"--practice.{next(iter(setting)).replace('_', '-')}"):
        dataclasses.replace(NO_PRACTICE, **setting)  # type: ignore[arg-type]


def test_colours_and_edges_are_not_the_twins() -> None:
    with pytest.raises(ValueError, match="gray"):
        observation_of(dataclasses.replace(VISION, pixels="edges"))
