"""Downloads of results in a real browser, and the queries that lead to them."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from barriers import violations_by_theme
from playwright.sync_api import Page, expect
from publishing import Published

from dashboard.themes import THEMES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RESULT = "[class*=st-key-result_] [data-testid=stDataFrame]"


def run(page: Page) -> None:
    """Press Run and wait for the rows."""
    page.locator(".st-key-run button").click()
    page.wait_for_selector(RESULT)


def test_athena_writes_chosen_columns_of_every_row(visitor: Callable[..., Any], published: Published, tmp_path: Path):
    """More rows than the page has fetched go from Athena to S3 to the visitor, in the columns that were chosen."""
    page = visitor().open("/explore?query=all_records&limit=10")
    run(page)
    page.get_by_role("heading", name=f"10 of {len(published.rows):,} rows").wait_for()
    page.locator("[class*=st-key-columns_of_] button").first.click()
    page.get_by_role("button", name="big_number").click()
    page.keyboard.press("Escape")
    page.locator("[class*=st-key-more_] button").first.click()
    page.get_by_role("radio", name="All rows").wait_for()
    page.get_by_role("button", name="columns to S3").click()
    page.get_by_text("Written to S3").wait_for()
    link = page.get_by_role("link", name=".parquet").get_attribute("href")
    body = page.request.get(link).body()
    table = pq.read_table(io.BytesIO(body))
    assert table.num_rows == len(published.rows)
    assert "big_number" not in table.column_names
    assert "contact_id" in table.column_names


def test_a_preset_fills_the_days_in_and_the_address_says_so(visitor: Callable[..., Any]):
    """Two clicks ask for the last month, as calendar days."""
    page = visitor().open("/explore?query=by_date&startDate=2026-01-05&endDate=2026-01-06")
    page.get_by_role("button", name="Presets").click()
    page.get_by_role("menuitem", name="Yesterday").click()
    page.get_by_role("button", name="Yesterday").wait_for()
    page.wait_for_function("() => new URLSearchParams(location.search).get('startDate') !== '2026-01-05'")
    start, end = page.evaluate("['startDate', 'endDate'].map(name => new URLSearchParams(location.search).get(name))")
    assert start == end != "2026-01-05"


QUIET = """() => {
    const running = document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'notRunning'
    window.quietSince = running ? Date.now() : (window.quietSince ?? Date.now())
    return Date.now() - window.quietSince > 1000
}"""
"""The page's script has run to its end, and for a second not begun again: a run that draws the form takes the focus."""


def open_by_keyboard(page: Page, name: str) -> None:
    """Open a menu by Enter; load the page again, as a person would, where the menu opens without the focus.

    Streamlit's menu waits with the focus for the transitions of the whole page. It misses the end of one that was
    cancelled together with another on the same element, and then waits until the page is loaded again.
    """
    menu = page.get_by_role("menu", name=name)
    for _ in range(3):
        page.wait_for_function(QUIET)
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        try:
            expect(menu).to_be_focused(timeout=5_000)
        except AssertionError:
            page.reload()
        else:
            return
    raise AssertionError(f"on three loads of the page, Enter did not put the focus into the menu {name}")


def test_days_are_chosen_by_keyboard_alone(visitor: Callable[..., Any]):
    """Dates are typed, a preset is reached with arrows and Enter, and no mouse was there."""
    page = visitor().open("/explore?query=daily_summary")
    days = page.locator(".st-key-inputs_daily_summary [role=spinbutton]").first
    days.focus()
    page.keyboard.type("20260105")
    page.keyboard.press("Tab")
    page.keyboard.type("20260109")
    page.keyboard.press("Escape")
    page.wait_for_url("**startDate=2026-01-05&endDate=2026-01-09**")
    expect(page.get_by_test_id("stDateInputQuickSelect")).to_be_hidden()
    page.get_by_text("from 5 of").wait_for()  # the price of the days typed: they have been taken
    open_by_keyboard(page, "Presets")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Yesterday")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Yesterday").wait_for()


MIXED = """SELECT n, t FROM (VALUES (CAST(9 AS decimal(38,0)), 'a'), (NULL, NULL), (CAST(-5 AS decimal(38,0)), ''),
    (CAST('12345678901234567890123456789012345678' AS decimal(38,0)), 'two "lines"
here')) AS v(n, t) CROSS JOIN (SELECT 1 FROM contacts LIMIT 1)"""
HEADER, ROW = 15, 35
LEFT = 60
"""Inside the first column."""


def click_cell(page: Page, row: int, x: int = LEFT) -> None:
    """Click into a row of the result, the first of which is 1."""
    page.locator(RESULT).click(position={"x": x, "y": HEADER + ROW * row})


def sort(page: Page, first: str) -> None:
    """Click the header of the first column, and wait until this value is the first."""
    page.locator(RESULT).click(position={"x": LEFT, "y": HEADER})
    page.wait_for_function("text => document.querySelector('#glide-cell-0-0')?.textContent === text", arg=first)


def test_a_cell_is_copied_from_a_sorted_table(visitor: Callable[..., Any]):
    """A header sorts by value and not by text, NULL last; what is copied is the complete cell that was clicked."""
    page = visitor().open(f"/sql?sql={quote(MIXED)}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run(page)
    page.get_by_text("A click on a cell copies its value.").wait_for()
    sort(page, "-5")
    click_cell(page, 3)
    page.get_by_text("Copied 12345678901234567890123456789012345678").wait_for()
    click_cell(page, 2)
    page.get_by_text("Copied 9", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "9"
    click_cell(page, 4)
    page.get_by_text("Copied an empty text").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == ""
    sort(page, "12345678901234567890123456789012345678")
    width = page.evaluate("document.querySelector('[class*=st-key-result_] canvas').getBoundingClientRect().width")
    click_cell(page, 1, int(width) - 60)
    page.get_by_text('Copied two "lines" here').wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == 'two "lines"\nhere'


DRAWN = """{
    window.drawn = []
    const draw = CanvasRenderingContext2D.prototype.fillText
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        window.drawn.push([text, this.fillStyle, this.font.startsWith("italic")])
        return draw.call(this, text, ...place)
    }
}"""


@pytest.mark.parametrize("theme", THEMES)
def test_null_and_an_empty_text_look_different(visitor: Callable[..., Any], theme: str):
    """NULL is an italic word in the theme's muted colour; a text of these letters is upright, an empty one is empty."""
    watched = visitor(theme=theme)
    watched.page.add_init_script(DRAWN)
    page = watched.open(
        "/sql?sql=SELECT+*+FROM+(VALUES+NULL,'NULL','')+AS+v(t)+CROSS+JOIN+(SELECT+1+FROM+contacts+LIMIT+1)"
    )
    run(page)
    page.wait_for_function("() => window.drawn.some(([text]) => text === 'NULL')")
    marks = {(colour, slanted) for text, colour, slanted in page.evaluate("window.drawn") if text == "NULL"}
    assert marks == {(THEMES[theme].muted, True), (THEMES[theme].text, False)}


def test_what_opens_on_a_page_is_accessible(visitor: Callable[..., Any]):
    """Rows, the menu of downloads, links to S3, sample values and the warning: read and reached in every theme."""
    page = visitor().open("/sql?sql=SELECT+channel,+note+FROM+contacts+LIMIT+5")
    page.get_by_text("Samples", exact=True).click()
    page.get_by_text("read from S3").wait_for()
    run(page)
    to_s3 = page.get_by_role("button", name="columns to S3")

    def open_menu() -> None:
        page.locator("[class*=st-key-more_] button").first.click()
        to_s3.wait_for()

    assert violations_by_theme(page, open_menu) == {}
    to_s3.click()
    page.get_by_text("Written to S3").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="History").click()
    page.locator("[data-testid=stCode] .token").first.wait_for()
    page.wait_for_timeout(500)
    assert violations_by_theme(page) == {}


def test_the_grids_own_csv_is_not_offered(visitor: Callable[..., Any]):
    """Streamlit's file is neither safe in spreadsheets nor exact, so that the page's own is the one there is."""
    page = visitor().open("/explore?query=all_records&limit=5")
    run(page)
    page.locator(RESULT).hover()
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
    expect(page.get_by_role("button", name="CSV", exact=True)).to_be_visible()


def test_one_click_confines_a_query_that_reads_everything(visitor: Callable[..., Any]):
    """The warning names the cheaper days; a click writes them into the SQL, where they can be read and edited."""
    page = visitor().open("/sql?sql=SELECT+*+FROM+contacts+--+everything")
    page.get_by_text("This reads every day.").wait_for()
    page.get_by_role("button", name="Read only 27 Jan").click()
    editor = page.get_by_label("SQL", exact=True)
    expect(editor).to_have_value("SELECT * FROM contacts\nWHERE year = 2026 AND month BETWEEN 1 AND 2 AND "
        "(day BETWEEN 1 AND 2 OR day BETWEEN 27 AND 31) AND ((year = 2026 AND month = 1 AND day BETWEEN 27 AND 31) OR "
        "(year = 2026 AND month = 2 AND day BETWEEN 1 AND 2)) -- everything")  # fmt: skip
    page.get_by_text("from 7 of 45 days").wait_for()


def test_a_text_from_the_page_comes_into_the_same_editor(visitor: Callable[..., Any]):
    """There is one editor at any moment: Example replaces the text in place, and typing goes on in it."""
    page = visitor().open("/sql?sql=SELECT+1+AS+typed")
    editor = page.get_by_label("SQL", exact=True)
    expect(editor).to_have_value("SELECT 1 AS typed", timeout=30_000)
    editor.evaluate("area => { area.dataset.first = 'yes' }")
    page.get_by_role("button", name="Example", exact=True).click()
    expect(editor).to_have_value(re.compile("^SELECT channel, count"))
    expect(editor).to_have_attribute("data-first", "yes")
    editor.fill("SELECT 2 AS typed")
    page.get_by_role("button", name="Format", exact=True).click()
    expect(editor).to_have_value("SELECT\n  2 AS typed")
