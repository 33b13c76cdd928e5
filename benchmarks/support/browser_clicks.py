"""How soon a click in a real browser has updated the first card and the ring of the board."""

import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from support.large_result import chromium
from support.pages import Server

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "browser"))

from drawn import point_on

CLICKS, FIRST = 40, 8
"""The first ones ask Athena and are left out."""

CHANNELS = ("VOICE", "CHAT", "EMAIL", "TASK")

_LOOK = """() => {
    window.taken = null
    const parts = ['.board .value', '.board .total_marks text']
    const shown = () => parts.map(path => document.querySelector(path).textContent)
    const before = shown()
    document.addEventListener('pointerdown', () => {
        const began = performance.now()
        const look = () => {
            if (shown().every((text, place) => text !== before[place])) window.taken = performance.now() - began
            else requestAnimationFrame(look)
        }
        look()
    }, {once: true, capture: true})
}"""


def browser_clicks(server: Server) -> dict[str, float]:
    """Click each channel and click it away, in turns; return milliseconds from the press to other figures."""
    taken: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"http://127.0.0.1:{server.port}/")
        for number in range(CLICKS):
            place = point_on(page, CHANNELS[number // 2 % len(CHANNELS)])
            page.wait_for_timeout(500)
            page.evaluate(_LOOK)
            page.mouse.click(*place)
            taken.append(page.wait_for_function("() => window.taken").json_value())
        browser.close()
    kept = sorted(taken[FIRST:])
    return {"median_ms": statistics.median(kept), "p90_ms": kept[len(kept) * 9 // 10], "most_ms": kept[-1]}
