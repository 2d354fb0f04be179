import re
from dataclasses import dataclass
from typing import Annotated

import pytest

from agent.config import RunConfig
from agent.ranges import Checked, above, at_least, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Checked):
    count: Annotated[int, at_least(2)] = 2
    seconds: Annotated[float, above(0)] = 0.5
    share: Annotated[float, within(0, 0.5)] = 0.5
    word: str = ""


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("count", 1, "wanted count of at least 2, got 1"),
        ("seconds", 0.0, "wanted seconds above 0, got 0.0"),
        ("seconds", float("nan"), "wanted seconds above 0, got nan"),
        ("share", -0.1, "wanted share within 0..0.5, got -0.1"),
        ("share", 0.6, "wanted share within 0..0.5, got 0.6"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(name: str, value: float, wanted: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wanted)):
        Settings(**{name: value})  # type: ignore[arg-type]


def test_the_ends_of_a_range_belong_to_it_as_stated() -> None:
    Settings(count=2, seconds=1e-9, share=0.0)
    Settings(share=0.5, word="anything")


def test_a_blind_agents_settings_leave_out_all_that_needs_screens() -> None:
    config = RunConfig(seed=3).blind()
    assert config.seed == 3
    assert (config.replay.pace_speed, config.replay.slack) == (0.0, RunConfig().replay.slack)
