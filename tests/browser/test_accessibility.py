"""What keeps people out, looked for by axe on every page in every theme; and the charts without a mouse."""

from collections.abc import Callable
from typing import Any

import pytest
from barriers import violations, violations_by_theme
from publishing import Published

from dashboard.themes import THEMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

JANUARY = "/?from=2026-01-01&to=2026-01-31&channel=VOICE"
READY = {
    JANUARY: ".board .picture",
    "/explore": ".st-key-run button",
    "/boards": ".st-key-new_board button",
    "/dictionary": ".dash-dictionary",
    "/sql": ".paint .keyword",
    "/exports": "[data-testid=stDataFrame]",
}


@pytest.mark.parametrize("path", READY)
def test_every_page_is_accessible(visitor: Callable[..., Any], path: str):
    """In no theme has any page a serious or critical fault: names, roles, contrast, order."""
    page = visitor().open(path)
    page.wait_for_selector(READY[path])
    page.wait_for_timeout(1200)
    assert violations_by_theme(page) == {}


@pytest.mark.parametrize("theme", ["Light", "Ocean"])
def test_a_pivot_table_is_accessible(visitor: Callable[..., Any], theme: str, published: Published):
    """With inputs for values and bounds above it; on a phone it scrolls within itself, and the keyboard reaches it."""
    question = "/explore?query=group_by&by=channel&by=month&f.channel=VOICE&f.channel=CHAT&f.queue_duration.from=0"
    page = visitor(theme=theme, width=390, height=844).open(question)
    page.locator(".st-key-run button").click()
    table = page.get_by_role("region", name="Contacts by Channel / Month")
    table.wait_for()
    page.wait_for_timeout(800)
    assert violations(page) == []
    rows = [row for row in published.rows if row["channel"] in {"VOICE", "CHAT"}]
    assert table.locator("tfoot td").last.inner_text() == f"{len(rows):,}"
    assert table.get_attribute("tabindex") == "0"
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("theme", THEMES)
def test_the_docs_of_the_api_are_accessible(visitor: Callable[..., Any], theme: str):
    """They are in the theme as the pages are, and no wider than a phone; nothing that they ask for is missing."""
    watched = visitor(theme=theme, width=390, height=844)
    page = watched.page
    page.goto(f"{watched.url}/api/docs")
    page.get_by_role("heading", name="POST /api/query").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shown = page.evaluate("getComputedStyle(document.querySelector('section')).backgroundColor")
    card = THEMES[theme].card
    assert shown == f"rgb({int(card[1:3], 16)}, {int(card[3:5], 16)}, {int(card[5:7], 16)})"


def test_a_chart_filters_without_a_mouse(visitor: Callable[..., Any], published: Published):
    """Its menu lists the values as buttons; chosen and applied by keys, they filter as a click on the chart does."""
    page = visitor().open("/?from=2026-01-01&to=2026-01-31")
    page.wait_for_selector(READY[JANUARY])
    page.get_by_role("button", name="Menu of Channels").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Filter by value", exact=True).wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("CHAT", exact=False).wait_for()
    page.locator("[role=dialog] button", has_text="CHAT").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="channel: CHAT").wait_for()
    rows = [row for row in published.rows if row["day"].isoformat()[:7] == "2026-01" and row["channel"] == "CHAT"]
    page.wait_for_function("text => document.querySelector('.board .value')?.innerText === text", arg=f"{len(rows):,}")
