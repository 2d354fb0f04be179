"""The page's clock: 60 frames a second on any screen."""

import json
import subprocess
from pathlib import Path

import pytest
from needs import require_program

CLOCK = Path(__file__).parents[3] / "fernway" / "web" / "clock.js"


def frames(times: list[float], speed: str = "1") -> list[int]:
    """The frames due at each time, ms."""
    require_program("node", "nodejs")
    script = f"""
        import {{ Clock }} from {json.dumps(CLOCK.as_uri())};
        const clock = new Clock();
        console.log(JSON.stringify({json.dumps(times)}.map((time) => Math.min(clock.due(time, {speed}), 1e9))));
    """
    done = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("hertz", [30, 59.94, 60, 75, 120, 144])
def test_any_screen_plays_60_frames_a_second(hertz: float) -> None:
    due = frames([i * 1000 / hertz for i in range(int(10 * hertz) + 1)])
    assert abs(sum(due) - 600) <= 2
    assert max(due) <= max(1, -(-60 // hertz))


def test_a_60_hertz_screen_that_trembles_gets_one_frame_a_picture() -> None:
    assert set(frames([i * 1000 / 60 + (i % 3 - 1) * 0.1 for i in range(1, 600)])[1:]) == {1}


def test_a_machine_that_hangs_is_not_made_up_for() -> None:
    assert frames([0, 17, 5000, 5017]) == [0, 1, 4, 1]


def test_slow_motion_and_haste() -> None:
    times = [i * 1000 / 60 for i in range(81)]
    assert sum(frames(times, "0.125")) == 10
    assert sum(frames(times, "4")) == 320
    assert frames(times[:2], "Infinity") == [1e9, 1e9]
