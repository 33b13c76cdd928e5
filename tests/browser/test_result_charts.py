"""A result drawn as a chart, in a browser: under the page's policy, in the colours of the theme, down to a phone."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from barriers import rgb, violations

from dashboard.themes import THEMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SQL = "SELECT channel, count(*) AS contacts FROM contacts GROUP BY 1"
CHART = "[data-testid=stVegaLiteChart]"
BARS = f"{CHART} svg .mark-rect path"


@pytest.mark.parametrize(("theme", "width"), [("Light", 1440), ("Dark", 390)])
def test_a_result_is_drawn(visitor: Callable[..., Any], theme: str, width: int):
    """One click on Chart: a bar per row in the theme's first colour, with a text, and no wider than the page.

    axe finds no fault on it. The visitor's console must stay empty: no expression of
    Vega is refused by the Content-Security-Policy.
    """
    page = visitor(theme=theme, width=width, height=844).open(f"/sql?sql={quote(SQL)}")
    page.get_by_label("SQL", exact=True).press("Control+Enter")
    page.get_by_role("radio", name="Chart").click()
    page.wait_for_function("bars => document.querySelectorAll(bars).length === 4", arg=BARS)
    fills = page.locator(BARS).evaluate_all("bars => bars.map(bar => getComputedStyle(bar).fill)")
    assert set(fills) == {rgb(THEMES[theme].categories[0])}
    widths = page.locator(BARS).evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    assert widths == sorted(widths, reverse=True)
    assert min(widths) > 20
    assert page.get_by_label("Bars: contacts by channel. Largest: ").count() >= 1
    below = page.get_by_role("tab", name="Tables").bounding_box()["y"] > page.locator(CHART).bounding_box()["y"]
    assert below is (width < 640)  # On a phone nothing stands between Run and what it finds.
    wide, room = page.locator("[data-testid=stMain]").evaluate("main => [main.scrollWidth, main.clientWidth]")
    assert wide <= room
    assert violations(page) == []
    page.locator(BARS).first.hover()
    page.locator("#vg-tooltip-element").get_by_text("EMAIL").wait_for()


def test_a_chart_follows_the_theme_and_its_choices(visitor: Callable[..., Any]):
    """Another theme recolours it in place; another measure draws other bars."""
    page = visitor(theme="Light").open(f"/sql?sql={quote(SQL)}")
    page.get_by_label("SQL", exact=True).press("Control+Enter")
    page.get_by_role("radio", name="Chart").click()
    page.wait_for_function("bars => document.querySelectorAll(bars).length === 4", arg=BARS)
    page.get_by_role("radio", name="Dark").click()
    page.wait_for_function(
        "([bars, colour]) => getComputedStyle(document.querySelector(bars) ?? document.body).fill === colour",
        arg=[BARS, rgb(THEMES["Dark"].categories[0])],
    )
    page.get_by_role("combobox", name="Measure").click()
    page.get_by_role("option", name="Number of rows").click()
    page.get_by_label("Bars: Number of rows by channel").first.wait_for()
