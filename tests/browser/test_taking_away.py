"""Results taken away from a page in a real browser, and the questions that lead to them."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect
from publishing import Published

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
    page.get_by_role("radio", name="Every row").wait_for()
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
    start, end = page.evaluate("['startDate', 'endDate'].map(name => new URLSearchParams(location.search).get(name))")
    assert start == end != "2026-01-05"


def test_one_click_confines_a_query_that_reads_everything(visitor: Callable[..., Any]):
    """The warning names the cheaper days; a click writes them into the SQL, where they can be read and edited."""
    page = visitor().open("/sql?sql=SELECT+*+FROM+contacts+--+everything")
    page.get_by_text("This reads every day.").wait_for()
    page.get_by_role("button", name="2 Feb 2026 alone").click()
    editor = page.get_by_label("SQL", exact=True)
    expect(editor).to_have_value("SELECT * FROM contacts\nWHERE year = 2026 AND month BETWEEN 1 AND 2 AND "
        "(day BETWEEN 1 AND 2 OR day BETWEEN 27 AND 31) AND ((year = 2026 AND month = 1 AND day BETWEEN 27 AND 31) OR "
        "(year = 2026 AND month = 2 AND day BETWEEN 1 AND 2)) -- everything")  # fmt: skip
    page.get_by_text("from 7 of 45 days").wait_for()
