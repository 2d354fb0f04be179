"""The teacher on real games: a plan that is kept, and what every other action loses."""

import numpy as np
import pytest

from agent.actions import ACTION_TABLE, action_buttons
from fernway.levels import ACTS, UNSEEN_ZONES, VALIDATION_ACTS, Level, first_seed
from fernway.native import Game, buttons_to_bits
from fernway.teacher import ACTIONS, HORIZON, RIGHT, Care, Teacher

BITS = [buttons_to_bits(held.tolist()) for held in action_buttons()]
TIMESTEP = 4
FATAL = 120
"""Frames lost that only dying explains here."""


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


def last_chance(level: Level) -> tuple[Game, Teacher]:
    """Runs right until that is deadly; returns the last state in which it is and something else is not."""
    game, teacher, states = Game(level.zone, level.act, level.seed), Teacher(), list[bytes]()
    while not states or not hold(game, RIGHT):
        states.append(game.get_state())
    for state in reversed(states):
        game.set_state(state)
        teacher.drop()
        teacher.plan(game)
        if teacher.costs[RIGHT] > teacher.costs.min() + FATAL:
            return game, teacher
    pytest.fail("running right was never a mistake")


def test_the_table_of_actions_is_the_agents() -> None:
    assert len(ACTION_TABLE) == ACTIONS
    assert ACTION_TABLE[RIGHT] == ("RIGHT",)


def test_every_action_has_a_cost_and_the_plan_a_low_one() -> None:
    game, teacher = Game(0, 1, 5), Teacher()
    excess = []
    for _ in range(60):
        before = game.get_state()
        plan = teacher.plan(game)
        assert game.get_state() == before
        assert plan.shape == (HORIZON,)
        assert teacher.costs.shape == (ACTIONS,)
        assert (teacher.costs > 0).all()
        assert (teacher.costs < 3000).all(), "no action is left without a plan, nor is any deadly here"
        excess.append(teacher.costs[plan[0]] - teacher.costs.min())
        hold(game, int(plan[0]))
        teacher.played(int(plan[0]))
    care = Care()
    kept = care.keep + care.plain
    assert max(excess) < kept + care.death / (care.samples + 1), (
        "kept for so much at most; noise kills one copy of four"
    )
    assert np.quantile(excess, 0.9) < kept
    assert np.median(excess) < 1


@pytest.mark.parametrize("number", [7, 8])
def test_a_deadly_action_costs_far_more_than_the_plan_which_survives(number: int) -> None:
    game, teacher = last_chance(held_out_levels()[number])
    state = game.get_state()
    planned = int(teacher.costs.argmin())
    hold(game, RIGHT)
    assert play_on(game, teacher, 40) < 40, "not even the teacher gets out of it"
    game.set_state(state)
    hold(game, planned)
    assert play_on(game, teacher, 40) == 40


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


def test_the_same_seed_gives_the_same_plans_and_costs_whatever_was_before() -> None:
    game = Game(3, 2, 9)
    one, two = Teacher(seed=4), Teacher(seed=77)
    two.plan(Game(0, 1, 5))
    two.restart(4)
    for _ in range(3):
        np.testing.assert_array_equal(one.plan(game), two.plan(game))
        np.testing.assert_array_equal(one.costs, two.costs)


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match=r"samples must be 0\.\.10000"):
        Care(samples=-1)
