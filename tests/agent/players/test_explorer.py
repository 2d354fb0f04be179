import numpy as np
import pytest
from toys import Corridor, moment

from agent.config import RunConfig
from agent.level.level_model import LevelModelConfig
from agent.players.explorer import OPTIONS, POLICY_TIMESTEPS, RIGHTWARD, Explorer
from agent.players.moment import Moment
from agent.rules import Buttons, buttons
from agent.vision import FrameStack, VisionConfig

CONFIG = RunConfig()
VISION = VisionConfig()


class Policy:
    """Stands where the learned policy stands; always jumps to the right."""

    name = "learned"

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:
        return buttons("RIGHT", "B")


def explorer(policy: Policy | None = None, seed: int = 0, config: RunConfig = CONFIG) -> Explorer:
    return Explorer(config, VISION, policy, np.random.default_rng(seed))


def play_episode(player: Explorer, env: Corridor) -> float:
    stack = FrameStack(VISION)
    screen, _ = env.reset()
    stack.reset(screen.copy())
    here = Moment(stack=stack, timestep=0, episode_return=0.0, reward=0.0)
    player.begin(here)
    over = terminated = False
    while not over:
        screen, reward, terminated, truncated, _ = env.step(player.act(here))
        stack.push(screen.copy())
        here = Moment(
            stack=stack, timestep=here.timestep + 1, episode_return=here.episode_return + reward, reward=reward
        )
        over = terminated or truncated
    player.finish(here, terminated=terminated)
    return here.episode_return


def test_the_options_hold_no_opposites_and_the_first_lead_to_the_right() -> None:
    for number, option in enumerate(OPTIONS):
        for held in option.held:
            assert not {"LEFT", "RIGHT"} <= set(held)
        assert number >= RIGHTWARD or any("RIGHT" in held for held in option.held)


def test_an_option_is_held_to_its_end_and_noted_with_what_it_led_to() -> None:
    player = explorer()
    player.begin(moment())
    first = player.act(moment())
    option = next(option for option in OPTIONS if (buttons(*option.held[0]) == first).all())
    assert len(player.model) == 0
    for timestep in range(1, 20):
        player.act(moment(10.0 * timestep, timestep, 10.0))
        if len(player.model):
            break
    assert timestep in {len(option.held) for option in OPTIONS}
    assert option.held


def test_it_learns_a_level_that_chance_does_not_pass() -> None:
    # The corridor pays 1,200 where a level pays 9,000: so must be the optimism.
    player = explorer(config=RunConfig(level_model=LevelModelConfig(bonus=13.0)))
    returns = [play_episode(player, Corridor(length=120, wall=60, limit=160)) for _ in range(40)]
    assert np.mean(returns[-10:]) > 1.5 * np.mean(returns[:3])
    assert np.mean(returns[-10:]) > 1000, "of 1,200 with a wall at 600"


def test_at_a_new_place_the_learned_policy_comes_first() -> None:
    player = explorer(Policy())
    player.begin(moment())
    for timestep in range(POLICY_TIMESTEPS):
        assert player.act(moment(float(timestep), timestep)).tolist() == buttons("RIGHT", "B").tolist()
        assert player.name == "learned"


def test_a_retired_policy_plays_no_more_even_in_the_middle_of_its_option() -> None:
    player = explorer(Policy())
    player.begin(moment())
    player.act(moment())
    player.retire_policy()
    for timestep in range(50):
        player.act(moment(float(timestep), timestep))
        assert player.name == "explorer"


def test_the_same_seed_plays_the_same() -> None:
    runs = [[play_episode(player, Corridor()) for _ in range(5)] for player in (explorer(seed=3), explorer(seed=3))]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("terminated", [True, False])
def test_leaving_in_the_middle_of_an_option_is_noted(terminated: bool) -> None:
    player = explorer()
    player.begin(moment())
    player.act(moment())
    player.finish(moment(5.0, 1, 5.0), terminated=terminated)
    assert len(player.model) == 1
    player.finish(moment(5.0, 1, 5.0), terminated=terminated)
    assert len(player.model) == 1


def test_what_the_learned_policy_does_by_itself_is_noted_as_its_option() -> None:
    player = explorer(Policy())
    for timestep in range(2 * POLICY_TIMESTEPS + 3):
        player.watch(moment(10.0 * timestep, timestep, 10.0))
    assert len(player.model) == 2
    player.finish(moment(500.0, 2 * POLICY_TIMESTEPS + 3, 10.0), terminated=True)
    known = player.model.arrays()
    assert known["option"].tolist() == [len(OPTIONS)] * 3
    assert known["reward"].tolist() == [10.0 * POLICY_TIMESTEPS] * 2 + [500.0 - 20.0 * POLICY_TIMESTEPS]
    assert known["discount"][2] == 0.0
