import numpy as np
import pytest
from toys import moment

from agent.vision import FrameStack, Observation


def test_what_takes_time_is_worked_out_when_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    observe = FrameStack.observation

    def observation(stack: FrameStack) -> Observation:
        asked.append("observation")
        return observe(stack)

    monkeypatch.setattr(FrameStack, "observation", observation)
    here = moment()
    assert asked == []
    for _ in range(2):
        assert here.observation.shape == (4, 64, 80)
    assert asked == ["observation"]


def test_a_moment_shows_the_newest_screen() -> None:
    here = moment()
    here.stack.push(np.full((224, 320, 3), 80, np.uint8))
    assert here.observation[:, 0, 0].tolist() == [0, 0, 0, 80]
