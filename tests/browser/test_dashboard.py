"""The dashboard in a browser, as a person walks through it."""

import csv
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from barriers import rgb
from drawn import point_on
from playwright.sync_api import Page, expect
from publishing import Published

from dashboard.themes import THEMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHARTS = ".board .picture"
JANUARY = "/?from=2026-01-01&to=2026-01-31"
PAGES = ("/", "/explore", "/dictionary", "/sql", "/exports")


def cards(page: Page) -> dict[str, str]:
    page.wait_for_selector(CHARTS)
    found = page.locator(".board .card").all()
    return {card.locator(".label").inner_text(): card.locator(".value").inner_text() for card in found}


def in_january(published: Published) -> list[dict[str, Any]]:
    return [row for row in published.rows if row["day"].isoformat().startswith("2026-01")]


def wait_for_total(page: Page, total: int) -> None:
    page.wait_for_function("text => document.querySelector('.board .value')?.innerText === text", arg=f"{total:,}")


def test_a_visitor_reads_four_cards_and_sees_four_charts(visitor: Callable[..., Any], published: Published):
    """The cards say what was published, and each chart has marks."""
    page = visitor().open(JANUARY)
    rows = in_january(published)
    assert cards(page) == {
        "Total rows": f"{len(rows):,}",
        "Unique contacts": f"{len({row['contact_id'] for row in rows}):,}",
        "Channels": "4",
        "Agents": str(len({row["agent_name"] for row in rows} - {None})),
    }
    page.wait_for_function("selector => document.querySelectorAll(selector).length === 4", arg=CHARTS)
    drawn = [page.locator(CHARTS).nth(place).locator(".role-mark:not(.band_marks) path") for place in range(4)]
    for marks in drawn:
        expect(marks.nth(3)).to_be_attached()


def test_a_csv_holds_the_rows_of_the_query(visitor: Callable[..., Any], published: Published, tmp_path: Path):
    """What is downloaded on Explore are the query's rows, every one."""
    page = visitor().open("/explore")
    page.get_by_text("By date", exact=True).click()
    page.wait_for_selector(".st-key-inputs_by_date")
    page.locator(".st-key-run button").click()
    page.wait_for_selector("[class*=st-key-result_]")
    with page.expect_download() as started:
        page.locator("[class*=st-key-csv_] button").click()
    started.value.save_as(tmp_path / "rows.csv")
    found = list(csv.DictReader(io.StringIO((tmp_path / "rows.csv").read_text(encoding="utf-8-sig"), newline="")))
    expected = [row for row in published.rows if row["day"] in published.days[-7:]]
    assert sorted(row["contact_id"] for row in found) == sorted(row["contact_id"] for row in expected)
    assert {row["big_number"] for row in found} == {"12345678901234567890123456789012345678"}


def test_a_click_on_a_slice_filters_everything(visitor: Callable[..., Any], published: Published):
    """Cards follow a click within two seconds, the address shares it, a chip shows it, and one click clears it."""
    page = visitor().open(JANUARY)
    page.wait_for_selector(CHARTS)
    rows = in_january(published)
    voice = sum(row["channel"] == "VOICE" for row in rows)
    page.mouse.click(*point_on(page, "VOICE"))
    wait_for_total(page, voice)
    assert "channel=VOICE" in page.url
    assert page.get_by_role("button", name="channel: VOICE").is_visible()
    ring = page.locator(CHARTS).filter(has=page.locator(".total_marks"))
    assert ring.locator(".total_marks text").text_content() == f"{voice:,}"
    assert ring.locator(".noun_marks text").text_content() == f"of {len(rows):,} contacts"
    page.get_by_role("button", name="Clear all").click()
    wait_for_total(page, len(rows))
    assert "channel" not in page.url


def test_back_leads_to_the_page_before_however_often_was_clicked(visitor: Callable[..., Any], published: Published):
    """Filters are shared by the address and are no steps of their way: one press leaves."""
    page = visitor().open("/explore")
    page.goto(page.evaluate("location.origin") + JANUARY)
    page.wait_for_selector(CHARTS)
    rows = in_january(published)
    page.mouse.click(*point_on(page, "VOICE"))
    wait_for_total(page, sum(row["channel"] == "VOICE" for row in rows))
    page.get_by_role("button", name="Clear all").click()
    wait_for_total(page, len(rows))
    page.go_back()
    page.wait_for_url("**/explore**")


def test_a_drag_over_days_filters_everything(visitor: Callable[..., Any], published: Published):
    """The brush takes the days under it, and the cards count exactly those."""
    page = visitor().open(JANUARY)
    page.wait_for_selector(CHARTS)
    days = page.locator(CHARTS).first.locator(".band_marks path")
    first, last = (days.nth(place).bounding_box() for place in (7, 11))
    height = first["y"] + 120
    page.mouse.move(first["x"] + 2, height)
    page.mouse.down()
    page.mouse.move(last["x"] + 2, height, steps=8)
    page.mouse.up()
    brushed = {f"2026-01-{number:02}" for number in range(8, 13)}
    wait_for_total(page, sum(row["day"].isoformat() in brushed for row in published.rows))
    assert "from=2026-01-08&to=2026-01-12" in page.url


COLOURS = """() => {
    if (!document.querySelector('.board .bar_marks path')) return null
    const style = (selector, name) => getComputedStyle(document.querySelector(selector))[name]
    return {
        page: style('[data-testid=stApp]', 'backgroundColor'),
        card: style('.board .card', 'backgroundColor'),
        text: style('.board .value', 'color'),
        sidebar: style('[data-testid=stSidebar]', 'backgroundColor'),
        bar: style('.board .bar_marks path', 'fill'),
        slice: style('.board .slice_marks path[fill*=series-1]', 'fill'),
        line: style('.board .sparkline .line_marks path', 'stroke'),
    }
}"""


def wait_for_colours(page: Page, name: str) -> None:
    """Wait until the page is in a theme, all of it; fail with what it looks like where it never is."""
    for _ in range(200):
        if page.evaluate(COLOURS) == colours_of(name):
            return
        page.wait_for_timeout(100)
    assert page.evaluate(COLOURS) == colours_of(name)


def colours_of(name: str) -> dict[str, str]:
    theme = THEMES[name]
    painted = {"page": theme.page, "card": theme.card, "text": theme.text, "sidebar": theme.sidebar}
    series = {"bar": theme.categories[0], "slice": theme.categories[1], "line": theme.categories[0]}
    return {part: rgb(colour) for part, colour in {**painted, **series}.items()}


@pytest.mark.parametrize("before", [None, "Light", "Dark"])
def test_each_theme_paints_everything_within_a_second(visitor: Callable[..., Any], before: str | None):
    """Page, cards, text, sidebar and charts take the chosen theme's colours in under a second, without a reload.

    This holds for any theme of an earlier visit.
    """
    page = visitor(theme=before).open(JANUARY)
    page.wait_for_selector(CHARTS)
    for name in ("Dark", "Ocean", "Sunset", "Light"):
        page.get_by_role("radio", name=name).click()
        wait_for_colours(page, name)
        assert page.get_by_role("radio", name=name).get_attribute("aria-checked") == "true"


@pytest.mark.parametrize("name", THEMES)
def test_a_chosen_theme_is_there_from_the_first_paint(visitor: Callable[..., Any], name: str):
    """The browser's next visit begins in the theme, before any script of the page has run, and stays in it."""
    watched = visitor(theme=name)
    page = watched.page
    page.route("**/static/js/*", lambda route: route.abort())
    page.goto(watched.url, wait_until="commit")
    page.wait_for_function("() => document.body !== null")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == rgb(THEMES[name].page)
    page.wait_for_load_state()
    page.unroute_all()
    page.goto("about:blank")  # after which the page before has said of every script that it did not get
    watched.faults.clear()
    watched.open(JANUARY).wait_for_selector(CHARTS)
    wait_for_colours(page, name)


@pytest.mark.parametrize(("system", "name"), [("light", "Light"), ("dark", "Dark")])
def test_a_first_visit_follows_the_system(visitor: Callable[..., Any], system: str, name: str):
    """Before anyone has chosen, the system's preference decides."""
    page = visitor(system=system).open(JANUARY)
    page.wait_for_selector(CHARTS)
    wait_for_colours(page, name)
    assert page.get_by_role("radio", name=name).get_attribute("aria-checked") == "true"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_scrolls_sideways(visitor: Callable[..., Any], path: str, width: int):
    """On a phone and on a desk, no page is wider than its window."""
    page = visitor(width=width, height=844).open(path)
    page.wait_for_timeout(1500)
    widths = page.evaluate(
        "['html', '[data-testid=stMain]'].map(selector => document.querySelector(selector))"
        ".map(element => [element.scrollWidth, element.clientWidth])"
    )
    assert all(content <= window for content, window in widths), widths


def lines_in_a_card(page: Any, text: str) -> int:
    """Return the lines that a text takes in place of a card's figure; ask again where the card is drawn meanwhile."""
    for _ in range(100):
        lines: int = page.locator(".board .card .value").first.evaluate(
            """(value, text) => { value.textContent = text; value.classList.toggle("long", text.length > 11)
                const shown = document.createRange(); shown.selectNodeContents(value)
                return new Set([...shown.getClientRects()].map(line => Math.round(line.top))).size }""",
            text,
        )
        if lines:
            return lines
    return 0


def test_a_phone_shows_the_four_cards_at_once(visitor: Callable[..., Any], published: Published):
    """At 390 by 844 the first screen holds all four figures, an amount is on one line, and a menu opens in it."""
    page = visitor(width=390, height=844).open(JANUARY)
    page.wait_for_selector(CHARTS)
    bottoms = [box["y"] + box["height"] for box in (card.bounding_box() for card in page.locator(".board .card").all())]
    assert len(bottoms) == 4
    assert max(bottoms) <= 844
    for width, text in ((390, "€119,768.24"), (360, "€119,768.24"), (360, "€3,051,599.12")):
        page.set_viewport_size({"width": width, "height": 844})
        assert lines_in_a_card(page, text) == 1, (width, text)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Menu of the card Total rows").click()
    assert page.get_by_role("menu").bounding_box()["x"] >= 0
    page.get_by_role("menuitem", name="Show the rows").click()
    page.get_by_text(f"200 of {len(in_january(published)):,} rows").wait_for()


def test_badges_look_alike_on_every_page(visitor: Callable[..., Any]):
    """The Overview draws its own; they have the height, edges and letters of Streamlit's, and name the zone once."""
    watched = visitor()
    read = """all => all.filter(each => each.offsetHeight).map(each => {
        const style = getComputedStyle(each)
        return [style.padding, style.borderRadius, style.fontSize, each.offsetHeight].join(" ")
    })"""
    found = {}
    for path, selector in {"/": ".board .badge", "/explore": ".stMarkdownBadge"}.items():
        badges = watched.open(path).locator(selector)
        badges.nth(1).wait_for(state="attached")
        found[path] = set(badges.evaluate_all(read))
        title = watched.page.locator(".st-key-page_title").inner_text()
        # What only a screen reader hears is in an element of its own.
        own = "all => all.map(each => [...each.childNodes].map(part => part.nodeType === 3 ? part.data : '').join(''))"
        seen = [text for text in badges.evaluate_all(own) if "As of" in text or "Verified" in text]
        assert f"{title} {seen[0]} {seen[-1]}".count("UTC") == 1
    assert len(found["/"]) == 1
    assert found["/"] == found["/explore"]


def test_the_keyboard_reaches_the_theme(visitor: Callable[..., Any]):
    """Arrow keys move through the themes and choose; Tab leaves the group."""
    page = visitor(theme="Light").open("/exports")
    page.get_by_role("radio", name="Light").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "colour => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === colour",
        arg=rgb(THEMES["Dark"].page),
    )
    assert page.evaluate("document.cookie").count("dashboard_theme=Dark") == 1


def start_a_long_query(page: Page) -> None:
    editor = page.get_by_label("SQL", exact=True)
    sources = ", ".join(f"contacts {name}" for name in "abcd")
    editor.fill(
        f"SELECT count(*) AS n FROM {sources} WHERE a.queue_duration + b.queue_duration + d.queue_duration > 70"
    )
    editor.press("Control+Enter")
    page.get_by_text("Running in Athena").wait_for()


def state_in_athena(published: Published, wanted: str) -> str:
    """Return the latest execution's state, waiting a while for the wanted one."""
    athena = boto3.client("athena", endpoint_url=published.url)
    end = time.monotonic() + 30
    while True:
        latest = athena.list_query_executions(MaxResults=1)["QueryExecutionIds"][0]
        state = athena.get_query_execution(QueryExecutionId=latest)["QueryExecution"]["Status"]["State"]
        if state == wanted or time.monotonic() > end:
            return state
        time.sleep(0.3)


def test_cancel_stops_the_query_in_athena(visitor: Callable[..., Any], published: Published):
    """A running query shows its time and a way out, and that way out ends it in Athena too."""
    page = visitor().open("/sql")
    start_a_long_query(page)
    page.locator("[class*=st-key-cancel_] button").click()
    page.get_by_text("The query was stopped", exact=True).wait_for(timeout=60_000)
    assert state_in_athena(published, "CANCELLED") == "CANCELLED"


def test_leaving_the_page_stops_the_query_in_athena(visitor: Callable[..., Any], published: Published):
    """A query is stopped when its reader goes to another page."""
    page = visitor().open("/sql")
    start_a_long_query(page)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Exports").click()
    page.get_by_text("Published rows").wait_for()
    assert state_in_athena(published, "CANCELLED") == "CANCELLED"


def copied(page: Page, part: str) -> str:
    """Return the path and query of the address, once it says what is asked."""
    page.wait_for_function("part => location.search.includes(part)", arg=part)
    return page.evaluate("location.pathname + location.search")


def test_a_copied_address_of_explore_opens_the_same_question(visitor: Callable[..., Any], published: Published):
    """Query type, dates and agent are filled in by the link, and one click runs them."""
    page = visitor().open("/explore")
    page.get_by_text("By agent", exact=True).click()
    page.wait_for_selector(".st-key-inputs_by_agent")
    page.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name="Dewi").click()
    address = copied(page, "agentName=Dewi")
    other = visitor().open(address)
    other.wait_for_selector(".st-key-inputs_by_agent")
    other.locator(".st-key-run button").click()
    rows = sum(row["agent_name"] == "Dewi" for row in published.rows)
    other.get_by_role("heading", name=f"{rows:,} rows").wait_for()


def test_a_copied_address_of_sql_opens_the_same_text(visitor: Callable[..., Any]):
    """The link puts the statement into the editor, letter for letter, and does not run by itself."""
    page = visitor().open("/sql")
    sql = "SELECT count(*) AS \"a b\"\nFROM contacts\nWHERE channel <> '50% & more?' -- Ünï"
    page.get_by_label("SQL", exact=True).fill(sql)
    other = visitor().open(copied(page, "%C3%9Cn%C3%AF"))
    other.get_by_role("heading", name="No query yet").wait_for()
    expect(other.get_by_label("SQL", exact=True)).to_have_value(sql, timeout=30_000)


def test_a_click_copies_a_cell(visitor: Callable[..., Any]):
    """The value under the click is in the clipboard completely, and the page says so."""
    page = visitor().open("/sql?sql=SELECT+big_number+FROM+contacts+LIMIT+1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("SQL", exact=True).press("Control+Enter")
    grid = page.locator("[class*=st-key-result_] [data-testid=stDataFrame]")
    grid.wait_for()
    page.wait_for_timeout(500)
    grid.click(position={"x": 80, "y": 52})
    page.get_by_text("Copied 12345678901234567890123456789012345678").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "12345678901234567890123456789012345678"


def test_an_excel_file_is_made_on_a_click(visitor: Callable[..., Any], tmp_path: Path):
    """The download is a workbook with the query's columns."""
    page = visitor().open("/sql?sql=SELECT+big_number+FROM+contacts+LIMIT+1")
    page.get_by_label("SQL", exact=True).press("Control+Enter")
    page.locator("[class*=st-key-more_] button").first.click()
    with page.expect_download() as started:
        page.locator("[class*=st-key-excel_] button").click()
    started.value.save_as(tmp_path / "rows.xlsx")
    sheet = zipfile.ZipFile(tmp_path / "rows.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "<t>12345678901234567890123456789012345678</t>" in sheet
