"""The pages without a mouse: everything is reached by Tab, and what has the focus is seen to have it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from publishing import Published

pytestmark = [pytest.mark.browser, pytest.mark.slow]

JANUARY = "/?from=2026-01-01&to=2026-01-31"
DRAWN = "() => document.querySelectorAll('.board .picture .mark').length > 40"
STOP = """async () => {
    // A part that draws its own focus does so in the next frame.
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
    const look = at => {
        const styles = []
        for (let each = at, step = 0; each && step < 10; each = each.parentElement ?? each.getRootNode().host, step++) {
            const { outline, boxShadow, borderColor, backgroundColor } = getComputedStyle(each)
            styles.push(outline, boxShadow, borderColor, backgroundColor)
        }
        return styles.join() + (at.closest(".picture")?.querySelector(".drawn").innerHTML ?? "")
    }
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
    // Parts of one input have its frame in turn.
    const isWithin = window.reached?.at.closest("[role=group]")?.contains(at)
    const left = window.reached && (isWithin || look(window.reached.at) !== window.reached.focused)
    if (!at || at === document.body) return { left }
    window.reached = { at, focused: look(at) }
    const picture = at.closest(".picture")
    const name = (picture ?? at).getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || at.tagName
    return { left, html: at.outerHTML.slice(0, 300), name: name.trim().split("\\n").pop(), mark: Boolean(picture) }
}"""
"""The stop that Tab has reached, and whether the one before it looked different while it had the focus."""


def stops(page: Page, most: int = 90) -> list[dict[str, Any]]:
    """Press Tab until the page is left, and return every stop: its name, and whether it was seen to have the focus."""
    page.add_style_tag(content="*, *::before, *::after { transition: none !important; animation: none !important }")
    found: list[dict[str, Any]] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if found:
            found[-1]["seen"] = stop["left"]
        if "name" not in stop:
            return found
        found.append(stop)
    raise AssertionError(f"Tab never left the page: {[stop['name'] for stop in found[-9:]]}")


def test_every_part_of_the_overview_is_reached_by_tab(visitor: Callable[..., Any]):
    """Pages, theme, period, the menu of each card and chart, and one stop for the values of each chart."""
    page = visitor().open(JANUARY)
    page.wait_for_function(DRAWN)
    found = stops(page)
    names = [stop["name"] for stop in found]
    cards = ("Total rows", "Unique contacts", "Channels", "Agents")
    charts = ("Contacts per day", "Channels", "Agents", "Initiation methods")
    for name in (*(f"Menu of the card {each}" for each in cards), *(f"Menu of {each}" for each in charts)):
        assert names.count(name) == 1, name
    marks = [stop["name"].partition(":")[0].partition(",")[0] for stop in found if stop["mark"]]
    assert marks == list(charts)
    assert {"Overview", "Explore", "Boards"} <= {name.rpartition(" ")[2] for name in names}
    assert [stop["html"] for stop in found if not stop["seen"]] == []


@pytest.mark.parametrize(
    ("path", "ready", "reached"),
    [
        ("/explore?query=group_by&by=channel", ".st-key-run button", {"Measure", "By", "Order", "Totals"}),
        ("/boards", ".st-key-new_board button", {"New board", "Import board.yaml"}),
    ],
    ids=["explore", "boards"],
)
def test_every_input_is_reached_by_tab(visitor: Callable[..., Any], path: str, ready: str, reached: set[str]):
    """Each once, and seen to have the focus."""
    page = visitor().open(path)
    page.wait_for_selector(ready)
    page.wait_for_timeout(600)
    found = stops(page)
    names = " | ".join(stop["name"] for stop in found)
    assert [each for each in reached if each not in names] == [], names
    assert [stop["html"] for stop in found if not stop["seen"]] == []


def test_a_value_of_each_chart_filters_by_enter(visitor: Callable[..., Any], published: Published):
    """Arrow keys move, Enter picks, the focus stays on the value while the figures change, Enter gives it up."""
    rows = [row for row in published.rows if row["day"].isoformat()[:7] == "2026-01"]
    page = visitor().open(JANUARY)
    page.wait_for_function(DRAWN)
    for place, column in enumerate(("day", "channel", "agent_name", "initiation_method")):
        marks = page.locator(".board .picture").nth(place).locator(".mark")
        marks.first.focus()
        page.keyboard.press("ArrowRight")
        key = page.evaluate("document.activeElement.dataset.key")
        page.keyboard.press("Enter")
        picked = sum((row[column].isoformat() if column == "day" else row[column] or "~") == key for row in rows)
        expect(page.locator(".board .value").first).to_have_text(f"{picked:,}")
        expect(page.locator(f".board .picture >> nth={place} >> .mark[data-key='{key}']")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".board .value").first).to_have_text(f"{len(rows):,}")


def test_escape_leaves_a_dialog_and_gives_the_focus_back(visitor: Callable[..., Any]):
    """Of a new board: opened by Enter, its name has the focus or the next Tab does, and Escape leads back."""
    page = visitor().open("/boards")
    button = page.locator(".st-key-new_board button")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
