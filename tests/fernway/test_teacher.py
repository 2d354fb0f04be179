"""The teacher on real games: a plan that is kept, and what every other action loses."""

import numpy as np
import pytest

from agent.rules import ACTION_TABLE, action_buttons
from fernway.levels import ACTS, UNSEEN_ZONES, VALIDATION_ACTS, Level, first_seed
from fernway.native import Game, buttons_to_bits
from fernway.teacher import ACTIONS, HORIZON, RIGHT, Teacher

BITS = [buttons_to_bits(held.tolist()) for held in action_buttons()]
TIMESTEP = 4
AHEAD = 20
"""Timesteps before a death at which the planner takes over."""


def held_out_levels() -> list[Level]:
    acts = [*VALIDATION_ACTS.items(), *((zone, act) for zone in UNSEEN_ZONES for act in range(1, ACTS[zone] + 1))]
    return [Level(zone, act, first_seed(zone, act)) for zone, act in acts]


def hold(game: Game, action: int) -> bool:
    """Plays a timestep without sticky frames; returns whether it was deadly."""
    return game.hold(BITS[action], TIMESTEP).dead


def play_on(game: Game, teacher: Teacher, timesteps: int) -> int:
    """Lets the teacher play; returns the timesteps until it died, or all of them."""
    teacher.drop()
    for timestep in range(timesteps):
        action = int(teacher.plan(game)[0])
        if hold(game, action):
            return timestep
        teacher.played(action)
    return timesteps


def test_the_table_of_actions_is_the_agents() -> None:
    assert len(ACTION_TABLE) == ACTIONS
    assert ACTION_TABLE[RIGHT] == ("RIGHT",)


def test_a_plan_leaves_the_game_as_it_is() -> None:
    game, teacher = Game(0, 1, 5), Teacher()
    before = game.get_state()
    plan = teacher.plan(game)
    assert game.get_state() == before
    assert plan.dtype == np.uint8
    assert plan.shape == (HORIZON,)
    assert plan.max() < ACTIONS


@pytest.mark.parametrize("number", [7, 8])
def test_it_gets_past_what_is_deadly_for_who_runs_on(number: int) -> None:
    level = held_out_levels()[number]
    game, states = Game(level.zone, level.act, level.seed), list[bytes]()
    while not states or not hold(game, RIGHT):
        states.append(game.get_state())
    game.set_state(states[-AHEAD])
    assert play_on(game, Teacher(), 2 * AHEAD) == 2 * AHEAD


def test_a_plan_goes_on_when_it_was_followed() -> None:
    game, teacher = Game(0, 1, 5), Teacher()
    kept = 0
    before = teacher.plan(game)
    for _ in range(40):
        hold(game, int(before[0]))
        teacher.played(int(before[0]))
        plan = teacher.plan(game)
        kept += bool((plan[:-1] == before[1:]).all())
        before = plan
    assert kept > 20


def test_the_same_seed_gives_the_same_plans() -> None:
    game = Game(3, 2, 9)
    one, two = Teacher(seed=4), Teacher(seed=4)
    for _ in range(3):
        np.testing.assert_array_equal(one.plan(game), two.plan(game))
