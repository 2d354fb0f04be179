import numpy as np
import pytest

from agent.actions import ACTION_TABLE
from fernway import GAME
from fernway.levels import Level
from fernway.native import Game
from fernway.route import Effort
from training.emulator_planner import EmulatorEffort
from training.planner import TIE, Planner, choose
from training.search import Task, play

RIGHT, LEFT, WAIT = (ACTION_TABLE.index(names) for names in (("RIGHT",), ("LEFT",), ()))


def test_values_are_minus_frames_to_the_goal() -> None:
    game, planner = Game(0, 1, 5), Planner()
    every = [planner.values(game) for _ in range(10)]
    assert every[0].dtype == np.float32
    values = np.mean(every, axis=0)
    assert values.shape == (len(ACTION_TABLE),)
    assert planner.togo is not None
    assert abs(values.max() + planner.togo) < 0.2 * planner.togo
    assert values[LEFT] < values[RIGHT]


def test_another_level_gets_a_map_of_its_own() -> None:
    planner = Planner()
    planner.values(Game(0, 1, 5))
    first = planner.togo
    planner.values(Game(2, 3, 6))
    assert planner.togo != first


def test_the_action_before_is_kept_when_it_is_as_good_and_right_comes_next() -> None:
    values = np.full(len(ACTION_TABLE), -100, np.float32)
    values[LEFT] = -100 + TIE
    assert choose(values) == RIGHT
    assert choose(values, before=WAIT) == WAIT
    values[LEFT] += TIE
    assert choose(values, before=WAIT) == LEFT


@pytest.mark.slow
@pytest.mark.parametrize("zone", [0, 3, 6])
def test_the_planner_finishes_fresh_levels_under_sticky_frames(zone: int) -> None:
    level = Level(zone, 3, 3_000_000_000 + zone)
    played = play(Task(GAME, level.name, level, 0, 4500, Effort(), EmulatorEffort()))
    assert played.terminated
    assert played.episode_return > 9_500
