import numpy as np
import pytest
from numpy.typing import NDArray
from toys import moment

from agent.level.landmarks import PATCHES, landmark
from agent.vision import FrameStack, Observation, Screen, VisionConfig


def test_what_takes_time_is_worked_out_when_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    observe = FrameStack.observation

    def observation(stack: FrameStack) -> Observation:
        asked.append("observation")
        return observe(stack)

    def look(screen: Screen, vision: VisionConfig) -> NDArray[np.uint8]:
        asked.append("landmark")
        return landmark(screen, vision)

    monkeypatch.setattr(FrameStack, "observation", observation)
    monkeypatch.setattr("agent.players.moment.landmark", look)
    here = moment()
    assert asked == []
    for _ in range(2):
        assert here.observation.shape == (4, 64, 80)
        assert here.landmark.shape == (PATCHES,)
    assert asked == ["observation", "landmark"]
    assert np.array_equal(here.landmark, np.zeros(PATCHES))


def test_a_moment_shows_the_newest_screen() -> None:
    here = moment()
    here.stack.push(np.full((224, 320, 3), 80, np.uint8))
    assert here.landmark.tolist() == [80] * PATCHES
    assert here.observation[:, 0, 0].tolist() == [0, 0, 0, 80]
