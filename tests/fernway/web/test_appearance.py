"""What the page looks like on a desk and on a phone, light and dark: nothing empty, nothing cut off."""

from collections.abc import Iterator

import numpy as np
import pytest
from browser import Browser
from numpy.typing import NDArray

pytestmark = pytest.mark.slow

DESK, PHONE = (1280, 800), (390, 844)

BOXES = """
    [...document.querySelectorAll('h1, h2, p, button, select, input, canvas, dt, dd, li, progress')]
        .filter((each) => each.checkVisibility() && !each.closest('#map, #card'))
        .map((each) => [each.id || each.tagName + ' ' + each.textContent.trim().slice(0, 20), each.getBoundingClientRect().toJSON(),
                        each.scrollWidth - each.clientWidth, each.scrollHeight - each.clientHeight, getComputedStyle(each).display])
"""


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def dark(request: pytest.FixtureRequest) -> bool:
    found: bool = request.param
    return found


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    found: tuple[int, int] = request.param
    return found


@pytest.fixture
def watched(chromium: Browser, site: str, size: tuple[int, int], dark: bool) -> Iterator[Browser]:
    """The page a while after the network has begun, standing still."""
    chromium.problems.clear()
    chromium.open(f"{site}#zone=TideHarbor&act=2&mode=watch", width=size[0], height=size[1], dark=dark)
    chromium.wait("globalThis.fernway?.courses[0].frames.length > 120")
    chromium.key("KeyP")
    chromium.wait("fernway.state !== 'running'")
    yield chromium
    assert chromium.problems == []


def part(page: Browser, picture: NDArray[np.uint8], selector: str) -> NDArray[np.uint8]:
    """An element's part of a screenshot."""
    box = page.value(f"document.querySelector('{selector}').getBoundingClientRect().toJSON()")
    dots = page.value("devicePixelRatio")
    rows, columns = ([int(box[name] * dots) for name in names] for names in (("top", "bottom"), ("left", "right")))
    return picture[rows[0] + 4 : rows[1] - 4, columns[0] + 4 : columns[1] - 4]


def test_nothing_is_cut_off_or_empty(watched: Browser, size: tuple[int, int], dark: bool) -> None:
    assert watched.value("document.documentElement.scrollWidth") <= size[0]
    boxes = watched.value(BOXES)
    assert len(boxes) > 25
    for name, box, wide, high, display in boxes:
        assert box["left"] >= 0, name
        assert box["right"] <= size[0] + 0.5, name
        assert box["width"] > 0, name
        assert box["height"] > 0, name
        if display != "inline" and not name.startswith("SELECT"):
            assert wide <= 1, name
            assert high <= 2, name
    picture = watched.screenshot()
    assert (picture[2, 2].mean() < 80) == dark
    screen = part(watched, picture, "#screen")
    assert len(np.unique(screen.reshape(-1, 3), axis=0)) > 12, "a colourful game"
    scale = watched.value("parseFloat(document.getElementById('screen').style.width) / 320 * devicePixelRatio")
    assert scale == int(scale), "the console's pixels are whole ones"
    seen = part(watched, picture, ".pictures .now")
    assert len(np.unique(seen)) > 20
    assert np.ptp(seen.astype(int), axis=2).max() == 0, "gray"
    watched.value("document.getElementById('map').scrollIntoView({ block: 'end' })")
    level = part(watched, watched.screenshot(), "#map")
    assert len(np.unique(level.reshape(-1, 3), axis=0)) > 8
    if size == DESK:
        assert watched.value("document.documentElement.scrollHeight") <= size[1], "all of it is seen without scrolling"


def test_the_map_shows_who_went_where(watched: Browser) -> None:
    """The path is drawn in the network's colour from the start to where the hero is."""
    drawn = watched.value("""(() => {
        const { canvas } = fernway.plan.paths, { data } = fernway.plan.paths.getImageData(0, 0, canvas.width, canvas.height);
        const columns = new Set();
        for (let i = 3; i < data.length; i += 4) if (data[i] > 60) columns.add(((i - 3) / 4) % canvas.width);
        const xs = [...columns];
        return [Math.min(...xs) * 8, Math.max(...xs) * 8, fernway.courses[0].path.map((place) => place.x)];
    })()""")
    first, last, places = drawn
    assert abs(first - min(places)) <= 24
    assert abs(last - max(places)) <= 24


def test_bars_are_as_long_as_q_values_say(watched: Browser) -> None:
    """A bar is gone at 10 temperatures of the policy, 2.5, below the best."""
    watched.value(
        "void (fernway.courses[0].thought = { q: [9, 10, 9.5, 5, 9.75, 9, 9, 9, 7.6], action: 4, isPlayed: true })"
    )
    turns = watched.value("(fernway.dress(), fernway.turns)")
    watched.wait(f"fernway.turns > {turns + 2}")
    lengths = watched.value("[...document.querySelectorAll('#bars i')].map((bar) => bar.getBoundingClientRect().width)")
    assert np.array(lengths) / lengths[1] == pytest.approx([0.6, 1, 0.8, 0.01, 0.9, 0.6, 0.6, 0.6, 0.04], abs=0.005)
    assert lengths[1] > 100
    chosen, number = watched.value(
        "[...document.querySelector('#bars .chosen').children].map((part) => part.textContent)"
    )[::2]
    assert (chosen, number) == ("jump ←", "975")
