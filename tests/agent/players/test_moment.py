import numpy as np
import pytest
from toys import moment

from agent.level.landmarks import PATCHES
from agent.players import moment as module
from agent.vision import FrameStack


def test_what_takes_time_is_worked_out_when_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    observe, look = FrameStack.observation, module.landmark
    monkeypatch.setattr(FrameStack, "observation", lambda stack: asked.append("observation") or observe(stack))
    monkeypatch.setattr(module, "landmark", lambda *args: asked.append("landmark") or look(*args))
    here = moment()
    assert asked == []
    for _ in range(2):
        assert here.observation.shape == (4, 64, 80)
        assert here.landmark.shape == (PATCHES,)
    assert asked == ["observation", "landmark"]
    assert np.array_equal(here.landmark, np.zeros(PATCHES))
