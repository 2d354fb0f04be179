import numpy as np
import pytest
from moves import Always
from worlds import DOWN, JUMP, LEFT, RIGHT

from fernway import GAME, FernwayError
from fernway.environment import NativeEnv
from fernway.levels import Level, committed
from fernway.native import bits_to_buttons
from fernway.vector import LANE_STATE_SIZE, FernwayVectorEnv, fresh_level

FIRST = Level(0, 1, 10_100)


@pytest.mark.slow
def test_equals_the_contest_environment_on_the_emulator_on_every_zone() -> None:
    from contest.remote.environment import make

    levels = {solved.level.zone: solved.level for solved in committed().values()}
    assert len(levels) == 8
    for zone, level in levels.items():
        rng = np.random.default_rng(zone)
        emulated, native = make(GAME, level.name), FernwayVectorEnv(1, [level])
        try:
            screen, _ = emulated.reset(seed=zone)
            screens, _ = native.reset(seed=zone)
            assert (screen == screens[0]).all()
            for timestep in range(120):
                action = bits_to_buttons(
                    int(rng.choice([RIGHT, RIGHT, RIGHT | JUMP, RIGHT | DOWN, LEFT, JUMP, int(rng.integers(4096))]))
                )
                screen, reward, terminated, truncated, _ = emulated.step(action)
                screens, rewards, *ends, _ = native.step(np.array([action]))
                if timestep == 0:  # from here on both draw their delays from the same numbers
                    native.np_random = np.random.default_rng(zone)
                assert (reward, terminated, truncated) == (rewards[0], *(bool(end[0]) for end in ends)), (
                    level,
                    timestep,
                )
                assert (screen == screens[0]).all(), (level, timestep)
                if terminated:
                    break
        finally:
            emulated.close()
            native.close()


def test_many_games_play_as_one_does() -> None:
    level = committed()["StarAtrium.Act1"].level  # where running to the right is deadly
    one, many = NativeEnv(level, stick_probability=1.0), FernwayVectorEnv(1, lambda _: level)
    many.np_random = Always(0.0)
    rng, over, ends = np.random.default_rng(2), True, 0
    for _ in range(250):
        if over:
            screen, _ = one.reset()
            screens, *_ = many.step(np.zeros(1, np.uint16))
            assert (screen == screens[0]).all()
        action = bits_to_buttons(int(rng.choice([*[RIGHT] * 4, RIGHT | JUMP, int(rng.integers(4096))])))
        screen, *answer, _ = one.step(action)
        screens, rewards, terminated, truncated, _ = many.step(action[None])
        assert (screen == screens[0]).all()
        assert answer == [rewards[0], terminated[0], truncated[0]]
        over = bool(terminated[0])
        ends += over
    assert ends > 1


def test_rewards_add_up_to_the_contests_scale() -> None:
    solved = committed()["FernHollow.Act1"]
    env = FernwayVectorEnv(2, [solved.level])
    env.reset(seed=0)
    total = np.zeros(2)
    for _ in range(300):
        _, rewards, terminated, _, _ = env.step(np.array([RIGHT, LEFT], np.uint16))
        total += rewards
        if terminated.any():
            break
    assert total[0] > 0
    assert total[1] == 0  # progress is never less than none


def test_truncates_after_4500_timesteps_and_begins_anew() -> None:
    env = FernwayVectorEnv(1, [FIRST], copy=False)
    env.reset(seed=0)
    nothing = np.zeros(1, np.uint16)
    ends = [bool(env.step(nothing)[3][0]) for _ in range(4500)]
    assert ends == [False] * 4499 + [True]
    first = env.step(nothing)
    assert (first[1][0], first[2][0], first[3][0]) == (0, False, False)
    assert (first[0] == env.reset()[0]).all()


def test_same_seed_same_run_and_other_seed_other_levels() -> None:
    def run(seed: int) -> tuple[list[Level], float, int]:
        env = FernwayVectorEnv(3)
        env.reset(seed=seed)
        rng = np.random.default_rng(0)
        rewards, checksum = 0.0, 0
        for _ in range(60):
            screens, reward, *_ = env.step(rng.choice([RIGHT, RIGHT | JUMP, LEFT], 3).astype(np.uint16))
            rewards += float(reward.sum())
            checksum += int(screens.sum())
        return env.levels, rewards, checksum

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_states_go_on_exactly_in_another_lane() -> None:
    env = FernwayVectorEnv(2)
    env.reset(seed=5)
    for _ in range(20):
        env.step(np.array([RIGHT | JUMP, RIGHT], np.uint16))
    env.set_state(1, env.get_state(0))
    assert env.levels[0] == env.levels[1]
    for bits in [RIGHT, RIGHT | JUMP, DOWN, LEFT] * 8:
        env.np_random = Always(0.9)
        screens, rewards, terminated, _, _ = env.step(np.array([bits, bits], np.uint16))
        assert (screens[0] == screens[1]).all()
        assert rewards[0] == rewards[1]
        assert terminated[0] == terminated[1]


def test_a_delayed_action_comes_a_frame_late() -> None:
    def x_after(stick: float) -> float:
        env = FernwayVectorEnv(1, [FIRST])
        env.reset(seed=0)
        env.np_random = Always(stick)
        return sum(float(env.step(np.array([bits], np.uint16))[1][0]) for bits in [0, *[RIGHT] * 20])

    assert x_after(0.2) < x_after(0.3)


def test_screens_are_the_callers_own_unless_told_otherwise() -> None:
    for copy in (True, False):
        env = FernwayVectorEnv(1, [FIRST], copy=copy)
        first, _ = env.reset(seed=0)
        kept = first.copy()
        for _ in range(30):
            env.step(np.array([RIGHT], np.uint16))
        assert (first == kept).all() is np.bool_(copy)


def test_fresh_levels_are_of_the_training_zones() -> None:
    rng = np.random.default_rng(0)
    zones = {fresh_level(rng).zone for _ in range(200)}
    assert zones == set(range(6))


@pytest.mark.parametrize(("dashless", "fast"), [(0.0, 40), (1.0, 0), (0.5, None)])
def test_some_episodes_have_no_spin_dash(dashless: float, fast: int | None) -> None:
    env = FernwayVectorEnv(40, [FIRST], observation="inside", dashless=dashless)
    start = env.reset(seed=1)[0]
    for held in (DOWN, DOWN, DOWN | JUMP, DOWN | JUMP, 0, 0):
        inside = env.step(np.full(40, held, np.uint16))[0]
    is_fast = inside[:, -26 + 2] > 1  # the speed in see_player of host/inside.c
    assert is_fast.sum() == fast if fast is not None else 5 < is_fast.sum() < 35
    env.begin(0, FIRST)
    assert (env.observations[0] == start[0]).all()  # nothing that is seen tells which it is
    env.close()


def test_bad_input_is_refused() -> None:
    with pytest.raises(FernwayError, match="at least 1 game"):
        FernwayVectorEnv(0)
    with pytest.raises(FernwayError, match="at least 1 level"):
        FernwayVectorEnv(1, [])
    with pytest.raises(FernwayError, match=r"probability of 0 .. 1 .* got 1.5"):
        FernwayVectorEnv(1, dashless=1.5)
    env = FernwayVectorEnv(2)
    env.reset(seed=0)
    for actions in (np.zeros(3, np.uint16), np.zeros((2, 11)), np.array([0, 4096]), np.zeros(2)):
        with pytest.raises(FernwayError, match="actions must be"):
            env.step(actions)
    with pytest.raises(FernwayError, match=f"{LANE_STATE_SIZE} bytes"):
        env.set_state(0, b"")
    with pytest.raises(FernwayError, match="lane must be"):
        env.get_state(2)
