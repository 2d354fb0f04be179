import numpy as np
import pytest

from agent.actions import ACTION_TABLE, action_buttons
from fernway.native import Game
from fernway.route import Effort, Route

ACTIONS = action_buttons()
RIGHT = ACTION_TABLE.index(("RIGHT",))
LEFT = ACTION_TABLE.index(("LEFT",))
WAIT = ACTION_TABLE.index(())


@pytest.fixture(scope="module")
def mapped() -> tuple[Game, Route, int]:
    game, route = Game(zone=0, act=1, seed=5), Route()
    togo = route.build(game)
    assert togo is not None
    return game, route, togo


def test_the_way_to_the_goal_is_about_as_long_as_a_fast_run(mapped: tuple[Game, Route, int]) -> None:
    game, route, togo = mapped
    distance = game.end_x - game.start_x
    assert distance / 12 < togo < distance / 2  # pixels a frame: a spin dash all the way; a walk
    assert 5_000 < route.places < 1 << 16


def test_costs_tell_right_from_left_and_leave_the_game_alone(mapped: tuple[Game, Route, int]) -> None:
    game, route, togo = mapped
    before = game.get_state()
    costs = np.mean([route.costs(game, ACTIONS, Effort(), seed) for seed in range(10)], axis=0)
    assert game.get_state() == before
    assert costs.dtype == np.float32
    assert costs.shape == (len(ACTIONS),)
    assert abs(costs[RIGHT] - togo) < 0.2 * togo
    assert costs[LEFT] > costs[RIGHT] + 8, "a timestep to the left costs more than the two that make up for it"


def test_a_state_that_nothing_saves_from_costs_the_same_life_whatever_is_held(mapped: tuple[Game, Route, int]) -> None:
    game, route, _ = mapped
    fallen = Game(game.zone, game.act, game.seed)
    fallen.poke("py", 780 << 16)
    fallen.poke("y", 780)
    fallen.poke("grounded", 0)
    fallen.poke("vy", 8 << 16)
    costs = route.costs(fallen, ACTIONS, Effort(death=500), 0)
    assert costs.min() > 400
    assert np.ptp(costs) <= 1


def test_the_same_seed_on_a_fresh_map_gives_the_same_costs() -> None:
    costs = []
    for _ in range(2):
        game, route = Game(zone=3, act=2, seed=9), Route()
        route.build(game)
        costs.append([route.costs(game, ACTIONS, Effort(), seed) for seed in range(3)])
    assert np.array_equal(costs[0], costs[1])


def test_a_map_that_is_full_still_values_actions() -> None:
    game, route = Game(zone=0, act=1, seed=5), Route(places=50)
    assert route.build(game) is None
    assert route.places == 50
    assert np.isfinite(route.costs(game, ACTIONS, Effort(), 0)).all()


def test_bad_input_is_refused(mapped: tuple[Game, Route, int]) -> None:
    _, route, _ = mapped
    with pytest.raises(ValueError, match="build the map first"):
        route.costs(Game(zone=1, act=1, seed=5), ACTIONS, Effort(), 0)
    with pytest.raises(ValueError, match=r"places must be 1\.\."):
        Route(places=0)
    with pytest.raises(ValueError, match=r"horizon must be 1\.\."):
        Effort(horizon=0)
    with pytest.raises(ValueError, match=r"1\.\.64 actions"):
        route.costs(Game(zone=0, act=1, seed=5), ACTIONS[:0], Effort(), 0)
