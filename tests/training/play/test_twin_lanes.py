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
from training.play.twin import PracticeConfig, TwinLanes, observation_of

VISION = VisionConfig(height=32, width=40, stack=2)
NO_PRACTICE = PracticeConfig(share=0)
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
    found = lanes(PracticeConfig(stall_timesteps=25, share=0))
    for timestep in range(1, 51):
        reward, ended, endings = found.step(np.full(LANES, NOTHING))
        assert not reward.any(), "standing still pays nothing"
        assert ended.all() == ended.any() == (timestep % 25 == 0)
        assert [(end.lane, end.timesteps, end.is_stalled, end.is_practice) for end in endings] == [
            (lane, 25, True, False) for lane in range(LANES) if ended.any()
        ]
    found.close()


def test_without_a_limit_nobody_stalls() -> None:
    found = lanes(PracticeConfig(stall_timesteps=0, share=0))
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

    found = lanes(PracticeConfig(stall_timesteps=15, share=0), draw=draw)
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


@dataclasses.dataclass
class Walk:
    """What came of lanes that ran and practised."""

    began: list[tuple[int, set[int]]] = dataclasses.field(default_factory=list)
    """Of each practice its lane, and which failures, counted from the first, it may be the place of."""
    failures: list[int] = dataclasses.field(default_factory=list)
    """How many there had been when it began."""
    cuts: list[tuple[Ending, float]] = dataclasses.field(default_factory=list)
    """Practice that got past its place, with the return that it began from."""
    backs: set[int] = dataclasses.field(default_factory=set)
    """By how many saves it went back, where that is certain."""


def walk(practice: PracticeConfig, looks: Looks | None = None, timesteps: int = 1500) -> Walk:
    """Runs in all lanes, keeps what practice may begin from, and checks what each episode begins with."""
    found, walked = lanes(practice, looks=looks), Walk()
    rng = np.random.default_rng(1)
    saves: list[list[tuple[bytes, float]]] = [[] for _ in range(LANES)]
    places: list[dict[bytes, tuple[float, int]]] = []  # of each failure: what is seen there -> return, saves back
    returns, began_from, age = np.zeros(LANES), np.zeros(LANES), np.zeros(LANES, int)
    practises = np.zeros(LANES, bool)
    low, high = practice.saves_back
    for _ in range(timesteps):
        for lane in np.flatnonzero(age % practice.save_period == 0).tolist():
            saves[lane].append((found.obs[lane].tobytes(), float(returns[lane])))
        reward, _, endings = found.step(running(rng))
        returns += reward
        age += 1
        for end in endings:
            lane = end.lane
            assert end.episode_return == pytest.approx(returns[lane], abs=0.01)
            assert (end.timesteps, end.is_practice) == (age[lane], practises[lane])
            if end.cut_obs is not None:
                walked.cuts.append((end, float(began_from[lane])))
            elif not (end.is_practice or end.is_stalled or end.is_finished):
                kept = saves[lane][-high:]
                kept = kept[: max(1, len(kept) - low + 1)]
                places.append(
                    {obs: (kept_return, len(kept) + low - 1 - at) for at, (obs, kept_return) in enumerate(kept)}
                )
            seen = found.obs[lane].tobytes()
            matching = {number for number, place in enumerate(places) if seen in place}
            practises[lane] = bool(matching)
            returns[lane] = 0
            if matching:
                walked.began.append((lane, matching))
                walked.failures.append(len(places))
                returns[lane], back = places[max(matching)][seen]
                walked.backs.add(back)
            began_from[lane] = returns[lane]
            saves[lane].clear()
            age[lane] = 0
    found.close()
    return walked


@pytest.mark.parametrize("looks", [None, Looks()], ids=["plain", "looks"])
def test_practice_begins_shortly_before_a_fall_and_counts_on_from_that_return(looks: Looks | None) -> None:
    walked = walk(PracticeConfig(stall_timesteps=40, share=0.5, saves_back=(2, 3), held=0, stalls=0), looks)
    assert len(walked.began) >= 15
    assert {lane for lane, _ in walked.began} == {0, 1}, "half of the lanes practise"
    assert walked.backs == {2, 3}


def test_practice_ends_where_it_is_past_the_place_and_says_what_is_seen_then() -> None:
    walked = walk(PracticeConfig(stall_timesteps=40, share=0.5, past=20.0, held=0, stalls=0))
    assert len(walked.cuts) >= 3
    for end, began_from in walked.cuts:
        assert end.is_practice
        assert not end.is_stalled
        assert not end.is_finished
        assert end.episode_return > began_from + 20
        assert end.cut_obs is not None
        assert end.cut_obs.shape == VISION.obs_shape
        assert end.cut_obs.any()


def test_practice_begins_where_holding_an_action_leads_and_counts_on_from_there() -> None:
    """A return is the way so far: it and the player's place say the same, wherever an episode began."""
    found = lanes(PracticeConfig(stall_timesteps=40, share=0.5, held=12, stalls=1))
    rng = np.random.default_rng(1)
    starts = found._env.places[:, 0].astype(float)
    practises = np.zeros(LANES, bool)
    ways: dict[Level, tuple[float, float]] = {}  # of each level where it begins, and what a pixel pays
    practised = 0
    for _ in range(800):
        _, _, endings = found.step(running(rng))
        place, returns = found._env.places[:, 0], found._records.returns
        for end in endings:
            practises[end.lane] = found._practising[end.lane] is not None
            starts[end.lane] = place[end.lane]
        for lane, level in enumerate(found._levels):
            way = place[lane] - starts[lane]
            if not practises[lane] and way > 300:
                ways[level] = starts[lane], returns[lane] / way
            if practises[lane] and level in ways:
                start, pays = ways[level]
                assert returns[lane] == pytest.approx((place[lane] - start) * pays, abs=25)
                practised += 1
    found.close()
    assert practised >= 200


def test_the_latest_places_are_kept() -> None:
    walked = walk(PracticeConfig(stall_timesteps=40, share=0.5, places=2, held=0, stalls=0), timesteps=2500)
    assert walked.failures[-1] >= 5
    for (_, matching), failures in zip(walked.began, walked.failures, strict=True):
        assert max(matching) >= failures - 2


@pytest.mark.parametrize(
    "setting",
    [
        *({"stall_timesteps": -1}, {"share": -0.1}, {"share": 1.1}, {"past": -1.0}, {"places": 0}),
        *({"held": -1}, {"stalls": -0.1}, {"stalls": 2.0}),
        *({"save_period": 0}, {"saves_back": (0, 2)}, {"saves_back": (3, 2)}),
    ],
)
def test_settings_out_of_range_are_named(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"--practice.{next(iter(setting)).replace('_', '-')}"):
        dataclasses.replace(NO_PRACTICE, **setting)  # type: ignore[arg-type]


def test_colours_and_edges_are_not_the_twins() -> None:
    with pytest.raises(ValueError, match="gray"):
        observation_of(dataclasses.replace(VISION, pixels="edges"))
