"""The theme as part of the address: shared by copying it, never forced on a visitor with another choice."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.themes import THEMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def wait_for_theme(page: Page, name: str) -> None:
    """Wait until page and picker show a theme."""
    red, green, blue = (int(THEMES[name].page[place : place + 2], 16) for place in (1, 3, 5))
    page.wait_for_function(
        "colour => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === colour",
        arg=f"rgb({red}, {green}, {blue})",
    )
    expect(page.get_by_role("radio", name=name)).to_have_attribute("aria-checked", "true")


def chosen_before(page: Page) -> list[str]:
    return [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "dashboard_theme"]


@pytest.mark.parametrize("path", ["/", "/explore", "/sql", "/exports"])
def test_a_copied_address_shows_the_same_theme(visitor: Callable[..., Any], path: str):
    """The address names a theme as soon as one is chosen, and opening it shows that theme."""
    page = visitor().open(path)
    assert "theme=" not in page.url
    page.get_by_role("radio", name="Ocean").click()
    page.wait_for_url("**theme=Ocean")
    page.wait_for_timeout(1000)
    other = visitor(theme="Sunset").open(page.url.removeprefix(page.evaluate("location.origin")))
    wait_for_theme(other, "Ocean")
    assert chosen_before(other) == ["Sunset"]
    other.goto(other.evaluate("location.origin") + "/exports")
    wait_for_theme(other, "Sunset")


def test_the_theme_stays_in_the_address_from_page_to_page(visitor: Callable[..., Any]):
    """Filters, questions and changes of page rewrite the address, and none of them drops the theme."""
    page = visitor().open("/?theme=Sunset")
    wait_for_theme(page, "Sunset")
    page.wait_for_function("() => location.search.includes('from=')")
    assert page.url.endswith("theme=Sunset")
    for name, part in (("Explore", "query=all_records"), ("SQL", "sql=SELECT"), ("Exports", "exports")):
        page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
        page.wait_for_function("part => location.href.includes(part)", arg=part)
        assert page.url.endswith("theme=Sunset")
    page.get_by_role("radio", name="Dark").click()
    page.go_back()
    page.wait_for_url("**/sql**theme=Dark")
    wait_for_theme(page, "Dark")
