"""The page in a real browser: the network plays by the same graph as the image, people play, links lead to levels."""

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import page
import pytest
from browser import Browser

from agent.config import RunConfig
from agent.network.card import Card
from agent.network.policy import Policy
from agent.rules import ACTION_TABLE, buttons, pack
from fernway.levels import ZONES, Level, by_name
from fernway.rules import STICK_PROBABILITY

pytestmark = pytest.mark.slow

WEIGHTS = page.ROOT / "weights" / "qjerk.safetensors"
RUNNING = "globalThis.fernway?.network && fernway.state === 'running'"
LEFT, RIGHT = pack(buttons("LEFT")), pack(buttons("RIGHT"))
DICE = """
    (() => { let state = 1; return () => (state = (state * 16807) % 2147483647) / 2147483647; })()
"""
"""Chance that is the same each time. Source: Park and Miller 1988."""


@pytest.fixture
def tab(chromium: Browser, site: str) -> Iterator[Browser]:
    """The browser; whatever a test did, it loaded nothing from elsewhere, and nothing went wrong."""
    chromium.requests.clear()
    chromium.problems.clear()
    yield chromium
    assert [url for url in chromium.requests if not url.startswith((site, "about:"))] == []
    assert chromium.problems == []


def visit(tab: Browser, address: str, **how: Any) -> None:
    """Opens an address of the page and waits for the game."""
    tab.open(address, **how)
    tab.wait("globalThis.fernway")


def replayed(tab: Browser, course: int, level: Level) -> page.Played:
    """What the host makes of a course's frames so far; they are the page's own."""
    frames, score = tab.value(f"[fernway.courses[{course}].frames, fernway.courses[{course}].score]")
    played = page.on_host(level, frames)
    assert sum(played.rewards) == pytest.approx(score, abs=1e-9)
    assert len(played.rewards) == len(frames)
    return played


def test_the_graph_is_the_one_that_the_image_plays_by(site_folder: Path, tab: Browser, site: str) -> None:
    graph = (site_folder / "network.onnx").read_bytes()
    assert hashlib.sha256(graph).hexdigest() == Card.read(WEIGHTS).graph_sha256
    visit(tab, site)
    assert tab.value("fernway.rules") == {
        "epsilon": RunConfig().epsilon,
        "temperature": RunConfig().temperature,
        "stick": STICK_PROBABILITY,
    }
    assert tab.value("fernway.courses[0].table") == [pack(buttons(*names)) for names in ACTION_TABLE]


def test_q_values_are_those_of_onnx_runtime(tab: Browser, site: str) -> None:
    policy, observations = Policy.load(WEIGHTS), []
    for zone in range(len(ZONES)):
        lane = page.HostLane(Level(zone, 1, 7))
        for timestep in range(40):
            if timestep % 13 == 0:
                observations.append(lane.observation.copy())
            for _ in range(4):
                lane.frame(RIGHT | (timestep >> 2 & 1), False)
    visit(tab, site)
    assert tab.value("fernway.fetchNetwork()")
    data = base64.b64encode(np.stack(observations).tobytes()).decode()
    found = tab.value(f"""(async () => {{
        const all = Uint8Array.from(atob({json.dumps(data)}), (letter) => letter.charCodeAt(0));
        const size = fernway.network.size, found = [];
        for (let i = 0; i < all.length; i += size) found.push(await fernway.network.qValues(all.subarray(i, i + size)));
        return found;
    }})()""")
    wanted = np.stack([policy.q_values(observation) for observation in observations])
    assert wanted.std(0).min() > 0.1, "the observations differ"
    assert np.abs(np.array(found) - wanted).max() < 1e-4


def test_the_network_plays_a_level_to_its_end_as_on_the_host(tab: Browser, site: str) -> None:
    level = by_name("FernHollow.Act1").level
    visit(tab, site)
    tab.value(f"""(async () => {{
        Object.assign(fernway.rules, {{ epsilon: 0, temperature: 0 }});
        fernway.courses[0].chance = {DICE};
        fernway.speed = Infinity;
        await fernway.start("watch");
    }})()""")
    tab.wait("fernway.state === 'over'")
    ending, title = tab.value("[fernway.courses[0].ending, document.getElementById('title').textContent]")
    assert title == {"finished": "Finished", "died": "A life is lost", "late": "Time is up"}[ending]
    played = replayed(tab, 0, level)
    assert any(played.endings[-1])
    assert not any(map(any, played.endings[:-1]))
    assert (sum(played.rewards) > 9000) == (ending == "finished")
    # The same decisions: on the host the network wants what the page did, up to actions of equal value.
    frames, policy, lane = tab.value("fernway.courses[0].frames"), Policy.load(WEIGHTS), page.HostLane(level)
    table = [pack(buttons(*names)) for names in ACTION_TABLE]
    sticks = 0
    for number, (held, sticky) in enumerate(frames):
        if number % 4 == 0:
            q = policy.q_values(lane.observation)
            assert q[table.index(held)] >= q.max() - 2e-4, f"timestep {number // 4}"
            sticks += sticky
        lane.frame(held, sticky)
    assert sticks / (len(frames) / 4) == pytest.approx(STICK_PROBABILITY, abs=0.1)


def test_taking_over_and_handing_back(tab: Browser, site: str) -> None:
    visit(tab, f"{site}#zone=TideHarbor&act=2&mode=watch")
    tab.wait(f"{RUNNING} && fernway.courses[0].frames.length > 20")
    tab.key("ArrowLeft")
    since = tab.value("fernway.courses[0].frames.length")
    assert not tab.value("fernway.courses[0].byNetwork")
    assert tab.value("document.getElementById('who').textContent") == "You"
    tab.wait(f"fernway.courses[0].frames.length > {since + 12}")
    mine = tab.value(f"fernway.courses[0].frames.slice({since + 2}, {since + 12})")
    assert mine == [[LEFT, False]] * 10
    assert tab.value("fernway.courses[0].thought") is not None, "the network goes on thinking"
    tab.key("ArrowLeft", down=False)
    tab.key("KeyT")
    tab.key("KeyT", down=False)
    back = tab.value("fernway.courses[0].frames.length")
    assert tab.value("fernway.courses[0].byNetwork")
    tab.wait(f"fernway.courses[0].frames.length > {back + 40} || fernway.state === 'over'")
    assert {who["byNetwork"] for who in tab.value("fernway.courses[0].path")} == {True, False}
    tab.key("KeyP")
    tab.wait("fernway.state !== 'running'")
    replayed(tab, 0, by_name("TideHarbor.Act2").level)


def test_pausing_and_stepping(tab: Browser, site: str) -> None:
    visit(tab, site)
    tab.key("Digit1")
    tab.key("Digit1", down=False)
    tab.wait("fernway.state === 'running' && fernway.courses[0].frames.length > 5")
    tab.value("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    tab.value("void document.dispatchEvent(new Event('visibilitychange'))")
    assert tab.value("fernway.state") == "paused", "nobody looks"
    tab.value("delete document.hidden")
    turns, frames = tab.value("[fernway.turns, fernway.courses[0].frames.length]")
    tab.wait(f"fernway.turns > {turns + 10}")
    assert tab.value("fernway.courses[0].frames.length") <= frames + 1
    frames = tab.value("fernway.courses[0].frames.length")
    for _ in range(3):
        tab.click("#step")
    tab.wait(f"fernway.courses[0].frames.length === {frames + 3}")
    tab.click("#pause")
    tab.wait(f"fernway.courses[0].frames.length > {frames + 20}")


def test_an_address_leads_to_its_level(tab: Browser, site: str) -> None:
    level = Level(6, 2, 4_000_000_123)
    visit(tab, f"{site}#zone=GlassDunes&act=2&seed=4000000123")
    assert tab.value("['zone', 'act', 'seed'].map((id) => Number(document.getElementById(id).value))") == [
        6,
        2,
        level.seed,
    ]
    assert "Glass Dunes, act 2" in tab.value("document.body.innerText")
    sum_of_memory = "crypto.subtle.digest('SHA-1', fernway.courses[0].lane.memory())"
    digest = tab.value(f"{sum_of_memory}.then((sum) => Array.from(new Uint8Array(sum)))")
    assert bytes(digest) == hashlib.sha1(page.HostLane(level).memory()).digest()
    tab.value("void (navigator.clipboard.writeText = async (text) => { globalThis.copied = text; })")
    tab.click("#random")
    tab.click("#share")
    copied = tab.wait("globalThis.copied")
    wanted = tab.value("fernway.level")
    assert wanted != {"zone": level.zone, "act": level.act, "seed": level.seed}
    visit(tab, copied)
    assert tab.value("fernway.level") == wanted
    assert tab.value("document.getElementById('notice').hidden")


def test_an_address_of_no_level_is_told_so(tab: Browser, site: str) -> None:
    visit(tab, f"{site}#zone=Nowhere")
    for wrong in ("zone=Nowhere", "zone=8", "act=0", "act=100", "seed=-1", "seed=4294967296", "seed=1e3"):
        tab.value(f"void (location.hash = {json.dumps(wrong)})")
        tab.wait(f"document.getElementById('notice').innerText.includes({json.dumps(wrong.split('=')[1])})")
        assert tab.value("fernway.level.act") >= 1
    tab.click("#choices button")
    tab.wait("fernway.courses[0].frames.length > 3")
    tab.value("void (location.hash = 'zone=StarAtrium&act=3')")
    tab.wait("fernway.level.zone === 7 && fernway.level.act === 3 && fernway.state === 'ready'")
    assert tab.value("document.getElementById('notice').hidden")


def test_a_race_to_both_ends(tab: Browser, site: str) -> None:
    level = Level(0, 1, 5)
    visit(tab, f"{site}#zone=0&act=1&seed=5")
    tab.value("void (fernway.speed = Infinity)")
    tab.key("Digit3")
    tab.key("Digit3", down=False)
    tab.wait(RUNNING)
    turns = tab.value("fernway.turns")
    tab.wait(f"fernway.turns > {turns + 5}")
    assert tab.value("fernway.courses.map((course) => course.frames.length)") == [0, 0], "it waits for a key"
    tab.key("ArrowRight")
    tab.wait("fernway.courses.every((course) => course.frames.length > 8)")
    tab.value("fernway.courses[0].ending = 'died'")  # whatever it was: the ghost goes on alone
    tab.wait("fernway.courses[1].ending")
    tab.key("ArrowRight", down=False)
    mine, its = tab.value("fernway.courses.map((course) => Math.round(course.score).toLocaleString('en-US'))")
    text = tab.wait("fernway.state === 'over' && document.getElementById('card').innerText")
    assert f"{mine} points" in text
    assert f"The network: {its} points" in text
    replayed(tab, 0, level)
    replayed(tab, 1, level)


def test_the_ghost_is_seen(tab: Browser, site: str) -> None:
    visit(tab, f"{site}#zone=0&act=1&seed=5")
    differing = tab.value("""(() => {
        const [mine, its] = fernway.courses;
        for (let i = 0; i < 40; i++) its.lane.frame(1 << 7);
        const alone = new Uint8Array(mine.lane.picture());
        const both = new Uint8Array(mine.lane.picture(its.lane));
        return [...both.keys()].filter((i) => alone[i] !== both[i]).map((i) => [Math.floor(i / 4) % 320, Math.floor(i / 1280)]);
    })()""")
    places = np.array(differing)
    assert 300 < len(places) < 6000, "a hero, and nothing else of the other's picture"
    assert (np.ptp(places, 0) < 60).all()


def test_a_touch_screen_plays(tab: Browser, site: str) -> None:
    visit(tab, site, width=390, height=844)
    tab.touch("#choices button")
    tab.touch("#choices button", down=False)
    tab.wait("fernway.state === 'running'")
    tab.touch("#pad [data-button=RIGHT]")
    tab.wait("fernway.courses[0].status.x > fernway.courses[0].status.startX + 40")
    tab.touch("#pad [data-button=RIGHT]", down=False)
    tab.wait("fernway.courses[0].frames.at(-1)[0] === 0")


def test_without_the_runtime_one_can_still_play(chromium: Browser, site_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(site_folder, tmp_path / "site", ignore=shutil.ignore_patterns("ort"))
    with page.served(tmp_path / "site") as address:
        visit(chromium, f"{address}#mode=watch")
        chromium.wait("document.getElementById('title').textContent === 'No network'")
        chromium.click("#choices button")
        chromium.wait("fernway.courses[0].frames.length > 3")
    chromium.problems.clear()  # what the server lacks


def test_a_page_that_is_opened_as_a_file_says_what_it_wants(chromium: Browser, site_folder: Path) -> None:
    chromium.open(site_folder / "index.html")
    assert "python -m http.server" in chromium.value("document.getElementById('notice').innerText")
    chromium.problems.clear()
