"""What keeps people out of a page, as axe finds it."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from dashboard.themes import THEMES

PAINTED = "colour => getComputedStyle(document.querySelector('[data-testid=stSidebar]')).backgroundColor === colour"


def violations(page: Page) -> list[str]:
    """Serious and critical violations, each with the elements that it is about."""
    options = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def violations_by_theme(page: Page, prepare: Callable[[], object] = lambda: None) -> dict[str, list[str]]:
    """Violations of an open page in each theme that has any; `prepare` opens what the choice of a theme closes."""
    found = {}
    for name, theme in THEMES.items():
        page.get_by_role("radio", name=name, exact=True).click()
        page.wait_for_function(PAINTED, arg=rgb(theme.sidebar))
        prepare()
        page.wait_for_timeout(300)  # transitions of colours
        if faults := violations(page):
            found[name] = faults
    return found


def rgb(colour: str) -> str:
    """Return a colour such as #0f172a as browsers compute it."""
    return f"rgb({int(colour[1:3], 16)}, {int(colour[3:5], 16)}, {int(colour[5:7], 16)})"
