"""How fast the page is in headless Chromium: `python tests/bench/bench_web.py [SECONDS]`.

Prints pictures a second while somebody plays and while the network plays, the milliseconds of a decision, and how many frames
the game and the network make as fast as they can. A headless browser draws on the processor: a graphics card is quicker.
"""

import sys
import threading
import time
from pathlib import Path

from fernway import website

sys.path.append(str(Path(__file__).parents[1] / "support"))  # as pytest has it

from browser import Browser, browser

COUNTS = "[fernway.turns, (fernway.past ?? 0) + fernway.courses[0].frames.length, fernway.network?.answers ?? 0, fernway.network?.spentMs ?? 0]"
ON_AND_ON = """
    void (fernway.end = () => {
        fernway.past = (fernway.past ?? 0) + fernway.courses[0].frames.length;
        fernway.begin(fernway.mode, true);
    })
"""
"""Begins again where an episode ends."""


def measure(page: Browser, seconds: float) -> tuple[float, float, float]:
    """Pictures and frames a second, and milliseconds a decision."""
    began, before = time.perf_counter(), page.value(COUNTS)
    time.sleep(seconds)
    turns, frames, answers, spent = (b - a for a, b in zip(before, page.value(COUNTS), strict=True))
    passed = time.perf_counter() - began
    return turns / passed, frames / passed, spent / max(answers, 1)


def main() -> None:
    """Measures and prints."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with website.server(0, website.build()) as server, browser() as page:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for mode, speed in (("play", "1"), ("watch", "1"), ("watch", "Infinity")):
            page.open(f"http://127.0.0.1:{server.server_port}/#zone=FernHollow&act=1", width=1280, height=800)
            page.wait("globalThis.fernway")
            page.value(f"(async () => {{ fernway.speed = {speed}; await fernway.start('{mode}'); }})()")
            page.wait("fernway.courses[0].frames.length > 30")
            page.value(ON_AND_ON)
            pictures, frames, decision = measure(page, seconds)
            what = {"1": f"{mode} at the console's speed", "Infinity": f"{mode} as fast as it can"}[speed]
            line = f"{what:30} {pictures:6.1f} pictures a second {frames:8.1f} frames a second"
            print(line + (f" {decision:6.2f} ms a decision" if mode == "watch" else ""))
        server.shutdown()


if __name__ == "__main__":
    main()
