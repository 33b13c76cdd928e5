"""The whole dashboard in a browser behind an edge that refuses WebSockets and cuts requests."""

import time
from collections.abc import Iterator

import pytest
from edge import Edge, edge_before
from playwright.sync_api import Browser, Page, Route
from publishing import Published

pytestmark = [pytest.mark.browser, pytest.mark.slow]

JANUARY = "/?from=2026-01-01&to=2026-01-31"
CUT_SECONDS = 3.0
EDGES_OWN_DOING = (
    "Unexpected response code: 403",
    "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
    "status of 504 (Gateway Timeout)",
)
"""What Chromium itself says of a refused upgrade and of requests that were cut."""


@pytest.fixture
def edge(dashboard: str) -> Iterator[Edge]:
    """An edge before the dashboard that cuts after a few seconds."""
    with edge_before(dashboard, CUT_SECONDS) as started:
        yield started


@pytest.fixture
def faults() -> list[str]:
    """What went wrong on the page, except for what the edge did."""
    return []


@pytest.fixture
def page(browser: Browser, faults: list[str]) -> Iterator[Page]:
    """A page of a new visitor, with its faults recorded."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    made = context.new_page()
    made.on("pageerror", lambda error: faults.append(f"error: {error}"))
    made.on(
        "console",
        lambda line: (
            faults.append(line.text) if line.type == "error" and not line.text.endswith(EDGES_OWN_DOING) else None
        ),
    )
    yield made
    context.close()


def pick(page: Page, published: Published, channels: set[str], clicked: str) -> None:
    """Click a channel's bar and wait until the figures are those of `channels` in January."""
    page.locator(f".board .mark[data-key='{clicked}']").dispatch_event("click")
    rows = [row for row in published.rows if row["day"].isoformat().startswith("2026-01")]
    total = sum(row["channel"] in channels for row in rows)
    page.wait_for_function("text => document.querySelector('.board .value')?.innerText === text", arg=f"{total:,}")


def wait_for_cuts(page: Page, edge: Edge, cuts: int) -> None:
    """Wait until the edge has cut so many more requests."""
    end, wanted = time.monotonic() + 10 * CUT_SECONDS, edge.cut + cuts
    while edge.cut < wanted:
        assert time.monotonic() < end, "nothing was cut"
        page.wait_for_timeout(100)


def test_figures_follow_and_queries_run_without_websockets(
    page: Page, edge: Edge, published: Published, faults: list[str]
):
    """Clicks on the Overview and a query on Explore answer over plain HTTP, before and after requests were cut."""
    page.goto(edge.url + JANUARY)
    page.wait_for_selector(".board .picture", timeout=60_000)
    pick(page, published, {"VOICE"}, "VOICE")
    wait_for_cuts(page, edge, 2)
    pick(page, published, {"VOICE", "CHAT"}, "CHAT")

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Explore").click()
    page.get_by_text("By date", exact=True).click()
    page.wait_for_selector(".st-key-inputs_by_date")
    wait_for_cuts(page, edge, 1)
    page.locator(".st-key-run button").click()
    page.wait_for_selector("[class*=st-key-result_] [data-testid=stDataFrame]", timeout=60_000)
    rows = len(published.on(*published.days[-7:]))
    page.get_by_role("heading", name=f"{rows:,} rows").wait_for()
    assert (page.evaluate("window.__httpStream.transport"), edge.refused >= 1) == ("http", True)
    assert faults == []


def test_charts_are_drawn_though_their_script_was_cut(page: Page, dashboard: str, faults: list[str]):
    """An edge that answers 504 for the drawings and for Vega once leaves no page without charts."""
    cut: list[str] = []

    def once(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        if "?" in name:
            route.continue_()
        else:
            cut.append(name)
            route.fulfill(status=504)

    page.route("**/board/made/*", once)
    page.goto(dashboard + JANUARY)
    page.locator(".board .drawn svg").nth(3).wait_for()
    assert sorted(cut) == ["drawings.json", "vega.js"]
    assert faults == []
