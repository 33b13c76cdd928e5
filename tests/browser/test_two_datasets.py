"""Two datasets on one dashboard: contacts with a file that says what is shown, and orders without."""

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from playwright.sync_api import Browser, Page, expect
from publishing import contact_rows, publish_rows
from running_dashboard import serving_dashboard

from dashboard.model.selection.filters import Days
from dataset_model import dataset_from_text, load_dataset
from dataset_model.targets.partitions import days_between
from local.server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ORDERS = """
name: orders
title: Shop orders
source:
  table: orders
  index: by-state
  partition_key: State
  partition_values: [NEW, PAID]
  sort_key: PlacedAt
  time_zone: Europe/Berlin
columns:
  - {name: order_id, attribute: OrderId, type: string, role: key, description: Identifies the order.}
  - {name: state, attribute: State, type: string, role: dimension, description: How far it got.}
  - {name: clerk, attribute: Clerk, type: string, role: dimension}
  - {name: amount, attribute: Amount, type: "decimal(12,2)", unit: EUR, role: measure}
target:
  prefix: exports/orders
  table: orders
"""
WINDOW = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 20))
ORDER_ROWS = [
    {
        "day": day,
        "order_id": f"o-{day.toordinal()}-{number}",
        "state": ("NEW", "PAID", "PAID")[number % 3],
        "clerk": ("Ines", "Jo")[number % 2],
        "amount": Decimal(number * 1999) / 100,
    }
    for day in days_between(WINDOW.first, WINDOW.last)
    for number in range(6)
]
CONTACT_ROWS = contact_rows(WINDOW.first, WINDOW.last, 5)


@pytest.fixture(scope="module")
def dashboard(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that serves both."""
    folder = tmp_path_factory.mktemp("two")
    orders = folder / "orders.yaml"
    orders.write_text(ORDERS, encoding="utf-8")
    bucket = f"two-{os.getpid()}"
    with serve(port=0) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        boto3.client("s3").create_bucket(Bucket=bucket)
        publish_rows(server.url, bucket, load_dataset("contacts", {}), CONTACT_ROWS, WINDOW)
        publish_rows(server.url, bucket, dataset_from_text(ORDERS, "orders.yaml"), ORDER_ROWS, WINDOW)
        environment = {
            "DATASET": f"contacts,{orders}",
            "S3_BUCKET": bucket,
            "ATHENA_RESULTS": f"s3://{bucket}/results/",
            "AWS_ENDPOINT_URL": server.url,
        }
        with serving_dashboard(environment, repository, folder) as url:
            yield url


@pytest.fixture
def page(browser: Browser, dashboard: str) -> Iterator[Page]:
    """A visitor, with no error on any page by the end."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(dashboard)
    opened.get_by_role("combobox", name="Dataset").wait_for(timeout=30_000)
    yield opened
    assert opened.get_by_text("Something unexpected happened").count() == 0
    context.close()
    assert faults == []


def pick(page: Page, title: str) -> None:
    """Choose a dataset in the sidebar."""
    page.get_by_role("combobox", name="Dataset").click()
    page.get_by_role("option", name=title).click()
    page.get_by_text(title, exact=False).first.wait_for()


def go(page: Page, name: str) -> None:
    """Go to a page by the sidebar."""
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()


def run(page: Page) -> None:
    page.locator(".st-key-run button").click()
    page.wait_for_selector("[class*=st-key-result_] [data-testid=stDataFrame]")


def test_a_dataset_that_says_nothing_gets_cards_and_charts(page: Page):
    """Rows, unique orders and distinct values of its dimensions; a chart per day and one per dimension."""
    pick(page, "Shop orders")
    for text in ("Total rows", "Unique orders", "States", "Clerks", "Orders per day"):
        page.get_by_text(text, exact=True).first.wait_for()
    page.get_by_text(str(len(ORDER_ROWS)), exact=True).first.wait_for()
    # Nothing on the page speaks of what another dataset holds.
    expect(page.locator(".board")).not_to_contain_text("contacts", ignore_case=True)
    page.wait_for_function("() => location.search.includes('dataset=orders')")


def test_query_types_speak_of_the_datasets_own_columns(page: Page):
    """Orders are asked for by clerk, with the clerks to choose from; contacts by agent, as before."""
    go(page, "Explore")
    page.get_by_text("By agent", exact=True).wait_for()
    pick(page, "Shop orders")
    page.get_by_text("By clerk", exact=True).click()
    page.get_by_role("combobox", name="Clerk").click()
    page.get_by_role("option", name="Ines").click()
    run(page)
    rows = Counter(row["clerk"] for row in ORDER_ROWS)["Ines"]
    page.get_by_role("heading", name=f"{rows} rows").wait_for()
    page.wait_for_function("() => location.search.includes('agentName=Ines')")
    pick(page, "Contact centre")
    page.get_by_text("By agent", exact=True).wait_for()
    expect(page.get_by_text("By clerk", exact=True)).to_have_count(0)


def test_a_link_to_a_question_names_its_dataset(page: Page, dashboard: str):
    """The link opens that dataset with that query, and another dataset starts empty."""
    page.goto(f"{dashboard}/explore?dataset=orders&query=by_agent&agentName=Jo&limit=50")
    page.get_by_text("By clerk", exact=True).wait_for(timeout=30_000)
    run(page)
    page.get_by_role("heading", name="50 rows").or_(page.get_by_role("heading", name="First 50 rows")).wait_for()
    page.goto(f"{dashboard}/sql?dataset=orders&sql=SELECT+clerk+FROM+orders")
    expect(page.get_by_label("SQL", exact=True)).to_have_value("SELECT clerk FROM orders", timeout=30_000)
    pick(page, "Contact centre")
    # By its role: the other dataset's editor is hidden, and may not be gone yet.
    expect(page.get_by_role("textbox", name="SQL", exact=True)).to_have_value(
        "SELECT channel, count(*) AS contacts\nFROM gsi_export\nWHERE year = 2026 AND month = 1\nGROUP BY channel\n"
        "ORDER BY contacts DESC"
    )


def test_sql_reads_both_and_says_what_each_costs(page: Page, dashboard: str):
    """One statement joins the two tables, its bound counts both, and the browser of tables shows both."""
    page.goto(f"{dashboard}/sql?sql=SELECT+count(*)+AS+n+FROM+orders+o+JOIN+gsi_export+c+ON+o.day+%3D+c.day")
    page.get_by_text("from 40 of 40 days").wait_for(timeout=30_000)
    page.get_by_label("Columns of orders").wait_for()
    page.get_by_label("Columns of gsi_export").wait_for()
    run(page)


def test_sql_shows_the_tables_of_the_chosen_dataset_first(page: Page, dashboard: str):
    """The columns of the chosen dataset come before those of others, and the result is right below the editor."""
    page.goto(f"{dashboard}/sql?dataset=orders&sql=SELECT+clerk,+amount+/+3+AS+third+FROM+orders")
    page.get_by_label("Columns of orders").wait_for(timeout=30_000)
    tables = page.locator("ul.dash-columns")
    assert [tables.nth(place).get_attribute("aria-label") for place in range(2)] == [
        "Columns of orders",
        "Columns of gsi_export",
    ]
    run(page)
    question, result = (
        page.locator(".st-key-question").bounding_box(),
        page.locator("[class*=st-key-result_]").bounding_box(),
    )
    assert question
    assert result
    assert 0 <= result["y"] - question["y"] - question["height"] < 40


def test_exports_tell_of_the_dataset_that_was_picked(page: Page):
    """Rows, days and the time zone are those of the orders."""
    go(page, "Exports")
    pick(page, "Shop orders")
    page.get_by_text("Shop orders · published days").wait_for()
    page.get_by_text("Europe/Berlin").first.wait_for()
    page.get_by_text(str(len(ORDER_ROWS)), exact=True).first.wait_for()
