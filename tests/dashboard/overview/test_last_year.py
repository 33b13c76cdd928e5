"""Figures against the same days of last year, each over its own rows."""

import datetime as dt
import os

import boto3
import pytest
from publishing import contact_rows, publish_rows

from dashboard.model.selection.filters import Days, Filters
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dataset_model import load_dataset

NOW, THEN = Days(dt.date(2026, 1, 5), dt.date(2026, 1, 11)), Days(dt.date(2025, 1, 5), dt.date(2025, 1, 11))
BETWEEN = Days(dt.date(2025, 6, 1), dt.date(2025, 6, 2))
"""Days that are on neither side."""
HOLE = dt.date(2025, 1, 7)


@pytest.fixture(scope="module")
def years(standin_url):
    """A service over a week of two years, a day missing in the first, and its rows."""
    name = f"years-{os.getpid()}-{os.urandom(3).hex()}"
    variables = {
        "DATASET": "contacts",
        "S3_BUCKET": name,
        "ATHENA_DATABASE": name.replace("-", "_"),
        "ATHENA_TABLE": "contacts",
        "ATHENA_RESULTS": f"s3://{name}/results/",
        "AWS_ENDPOINT_URL": standin_url,
    }
    boto3.client("s3", endpoint_url=standin_url).create_bucket(Bucket=name)
    runs = ((THEN, 7), (BETWEEN, 50), (NOW, 9))
    rows = [row for days, count in runs for row in contact_rows(days.first, days.last, count) if row["day"] != HOLE]
    publish_rows(standin_url, name, load_dataset("contacts", variables), rows, Days(THEN.first, NOW.last))
    service = Service(settings_from_environment(variables))
    yield service, rows
    service.close()


@pytest.mark.parametrize("picks", [(), (("channel", ("VOICE",)),)])
def test_changes_are_against_the_same_days_of_last_year(years, picks):
    """Rows and different contacts of six days of either year: a day that is missing in one is left out of both."""
    service, rows = years
    overview = service.overview("contacts", Filters(NOW, picks, comparison="last_year"))
    kept = [row for row in rows if not picks or row["channel"] == "VOICE"]
    then = [row for row in kept if row["day"] in THEN]
    now = [row for row in kept if row["day"] in NOW]
    same = [row for row in now if row["day"] != HOLE.replace(year=2026)]
    assert overview.total_rows == len(now)
    cards = {card.label: card for card in overview.cards}
    assert (cards["Total rows"].compared, cards["Total rows"].previous) == (len(same), len(then))
    unique = cards["Unique contacts"]
    assert (unique.compared, unique.previous) == tuple(
        len({row["contact_id"] for row in each}) for each in (same, then)
    )
    assert (overview.previous_days, overview.period.compared_days) == (THEN, 6)
    assert overview.differences == ()


def test_the_days_between_are_not_read(years):
    """Two runs of days: no row of the year between is counted, or paid for."""
    service, _ = years
    overview = service.overview("contacts", Filters(NOW, comparison="last_year"))
    whole = service.overview("contacts", Filters(Days(THEN.first, NOW.last)))
    assert overview.bytes_scanned < whole.bytes_scanned * 0.9
