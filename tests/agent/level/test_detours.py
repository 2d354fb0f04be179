import numpy as np

from agent.level.detours import DetourConfig, shortened, without_detours
from agent.level.landmarks import PATCHES, LandmarkConfig
from agent.level.trajectories import Trajectory

CONFIG = LandmarkConfig(period=2, distance=5.0, speed=5.0, difference=3.0)

# To a wall at 40, back to 20 and to the wall again, then on. Landmarks before timesteps 0, 2, 4 ...
RETURNS = [10.0, 20.0, 30.0, 40.0, 40.0, 40.0, 30.0, 20.0, 30.0, 40.0, 40.0, 40.0, 50.0, 60.0]
LOOKS = [0, 20, 40, 40, 20, 40, 40]


def walked(returns: list[float], looks: list[int]) -> Trajectory:
    """A trajectory whose actions are numbered, with a landmark of one gray every second timestep."""
    return Trajectory(
        actions=np.arange(len(returns), dtype=np.uint16),
        returns=np.array(returns, np.float32),
        paid=max(returns),
        landmarks=np.repeat(np.array(looks, np.uint8)[:, None], PATCHES, 1),
    )


def test_what_lies_between_two_visits_is_dropped() -> None:
    shorter = without_detours(walked(RETURNS, LOOKS), CONFIG)
    assert shorter.actions.tolist() == [0, 1, 2, 3, 10, 11, 12, 13]
    assert shorter.returns.tolist() == [10.0, 20.0, 30.0, 40.0, 40.0, 40.0, 50.0, 60.0]
    assert shorter.landmarks[:, 0].tolist() == [0, 20, 40, 40]
    assert (shorter.mean, shorter.plays) == (60.0, 1)


def test_places_that_look_different_or_were_passed_at_another_speed_are_not_the_same() -> None:
    assert len(without_detours(walked(RETURNS, [0, 20, 40, 50, 60, 70, 80]), CONFIG)) == len(RETURNS)
    there_and_back = [10.0, 20.0, 30.0, 40.0, 30.0, 20.0, 10.0]
    assert len(without_detours(walked(there_and_back, [0, 0, 0, 0]), CONFIG)) == len(there_and_back)


def test_an_odd_last_timestep_belongs_to_the_last_landmark() -> None:
    assert len(without_detours(walked([10.0, 20.0, 30.0], [0, 1]), CONFIG)) == 3


def test_it_is_worth_a_try_where_the_detours_are_most_of_it() -> None:
    whole = walked(RETURNS, LOOKS)  # 8 of 14 timesteps are left
    assert shortened(whole, CONFIG, DetourConfig(share=8 / 14)) == []
    (shorter,) = shortened(whole, CONFIG, DetourConfig(share=0.6))
    assert len(shorter) == 8
    assert shortened(whole, CONFIG, DetourConfig(share=0.0)) == []
