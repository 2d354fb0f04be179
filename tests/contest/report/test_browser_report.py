"""The report in a real browser: phone and screen, light and dark, without network."""

import re
from pathlib import Path

import numpy as np
import pytest
from browser import Browser
from finished import finish, players
from numpy.typing import NDArray
from rich.console import Console

from contest.report.page import style, write_plot, write_report
from contest.scoring.compare import compare
from contest.scoring.results import read_result
from contest.scoring.scores import Failure

EVIL = "<img src=x onerror=\"document.title='pwned'\"></title><script>document.title='pwned'</script>&amp;"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on two agents on the toy game, one of which has words in it that mean something to a browser."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    results = []
    for number, (name, level) in enumerate({"jerk": 2000.0, EVIL: 5000.0}.items()):
        runs = {
            (state, seed): [(float(rng.normal(level, 900)), 19) for _ in range(48)]
            for state in ("short", "long-" * 9)
            for seed in (0, 1)
        }
        missing = [Failure(game="Toy-Native", state="gone", seed=0, reason=EVIL)]
        made = finish(folder / str(number), runs, command=f"play {EVIL}", missing=missing)
        for run in made.glob("*-*"):
            players(run, "episode,timesteps,learned,idle\n0,10,0.25,0.75\n")
        results.append(read_result(made, name))
    path = folder / "out" / "report.html"
    comparison = compare(results)
    write_report(comparison, path, Console(quiet=True))
    assert write_plot(comparison, path.with_name("plot.svg"))
    return path


def colour(name: str, *, dark: bool) -> NDArray[np.uint8]:
    """A colour of the style sheet, RGB."""
    hexadecimal = re.findall(rf"--{name}: #(\w{{6}})", style())[int(dark)]
    return np.frombuffer(bytes.fromhex(hexadecimal), np.uint8)


def pixels(image: NDArray[np.uint8], rgb: NDArray[np.uint8]) -> int:
    """How many pixels are of that colour."""
    return int((image == rgb).all(-1).sum())


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1200])
def test_page_is_readable(chromium: Browser, page: Path, width: int, dark: bool) -> None:
    chromium.open(page, width=width, dark=dark)
    assert chromium.value("document.documentElement.scrollWidth") <= width, "the page itself is not moved sideways"
    assert chromium.value("document.documentElement.clientWidth") == width
    shown = chromium.value(
        "[...document.querySelectorAll('svg.chart text')].filter(t => getComputedStyle(t).display != 'none')"
        ".map(t => t.getBoundingClientRect().height)"
    )
    assert len(shown) > 50
    assert min(shown) >= 11, "letters in charts are as high as a phone needs, in CSS pixels"
    image = chromium.screenshot()
    assert pixels(image, colour("page", dark=dark)) > image.shape[0] * image.shape[1] / 10
    for agent in ("a0", "a1"):
        assert pixels(image, colour(agent, dark=dark)) > 50
    assert pixels(image, colour("page", dark=not dark)) == 0


def test_charts_stay_in_their_frames(chromium: Browser, page: Path) -> None:
    for width in (360, 1200):
        chromium.open(page, width=width)
        outside = chromium.value(
            "[...document.querySelectorAll('svg.chart')].flatMap(svg => [...svg.querySelectorAll('text, path, circle')]"
            ".filter(part => getComputedStyle(part).display != 'none')"
            ".filter(part => { const a = svg.getBoundingClientRect(), b = part.getBoundingClientRect();"
            " return b.left < a.left - 1 || b.right > a.right + 1 || b.top < a.top - 1 || b.bottom > a.bottom + 1 })"
            ".map(part => part.outerHTML.slice(0, 200)))"
        )
        assert outside == [], width
        overlapping = chromium.value(
            "[...document.querySelectorAll('svg.chart g')].filter(group => {"
            " const [a, b] = ['.name', '.value'].map(what => group.querySelector(what)?.getBoundingClientRect());"
            " return a && b && a.right > b.left }).map(group => group.textContent)"
        )
        assert overlapping == [], width


def test_nothing_is_loaded_and_nothing_runs(chromium: Browser, page: Path) -> None:
    chromium.problems.clear()
    chromium.requests.clear()
    chromium.open(page)
    assert chromium.problems == []
    assert [address for address in chromium.requests if not address.startswith("data:")] == [page.as_uri()[:80]]
    assert chromium.value("document.title") == f"Scores of jerk, {EVIL}"
    assert chromium.value("document.querySelectorAll('script, iframe, object, link').length") == 0
    assert chromium.value("document.querySelectorAll('img').length") == 0
    chips = chromium.value("[...document.querySelectorAll('nav .chip')].map(chip => chip.textContent)")
    assert chips == ["jerk", EVIL]
    assert chromium.value("document.querySelector('table.wrap td:last-child').textContent") == EVIL
    assert chromium.value("document.querySelectorAll('code')[1].textContent") == f"play {EVIL}"


def test_it_says_what_it_should(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    headings = chromium.value("[...document.querySelectorAll('h2')].map(h => h.textContent)")
    assert headings == [
        "Scores", "Over the run", "Level by level", "Levels", "Who held the controls", "Runs without a score"
    ]  # fmt: skip
    assert chromium.value("document.querySelectorAll('article').length") == 2
    assert chromium.value("document.querySelectorAll('article svg.chart').length") == 4
    assert chromium.value("document.querySelectorAll('svg.share').length") == 2 * (1 + 2)
    widths = "[...document.querySelector('svg.share').children].map(bar => bar.getBBox().width)"
    learned, idle = chromium.value(widths)
    assert idle / learned == pytest.approx(3, rel=1e-3)


def test_boxes_show_and_hide_an_agent(chromium: Browser, page: Path) -> None:
    chromium.open(page)
    shown = (
        "[0, 1].map(n => [...document.querySelectorAll('.series.n' + n)].filter(g => g.getClientRects().length).length)"
    )
    assert chromium.value(shown) == [4, 4], "score, learning, and learning on either level"
    chromium.value("document.getElementById('show1').click()")
    assert chromium.value(shown) == [4, 0]
    chromium.value("document.getElementById('show1').click()")
    assert chromium.value(shown) == [4, 4]


def test_plot_is_a_picture_of_its_own(chromium: Browser, page: Path) -> None:
    chromium.problems.clear()
    chromium.open(page.with_name("plot.svg"))
    assert chromium.problems == []
    assert chromium.value("document.documentElement.namespaceURI") == "http://www.w3.org/2000/svg"
    assert chromium.value("[...document.querySelectorAll('text.name')].at(-1).textContent").startswith("<img src=x")
    image = chromium.screenshot()
    assert pixels(image, colour("a0", dark=False)) > 200
    assert pixels(image, colour("a1", dark=False)) > 200
