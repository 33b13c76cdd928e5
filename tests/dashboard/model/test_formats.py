"""Figures as people read them."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.model import formats
from dashboard.model.filters import Days

NOW = dt.datetime(2026, 2, 3, 12, 0, tzinfo=dt.UTC)


def days(first: str, last: str) -> Days:
    return Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345, "12,345"),
        (9_007_199_254_740_993, "9,007,199,254,740,993"),
        (Decimal("12345678901234567890.10"), "12,345,678,901,234,567,890.10"),
        (2.5, "2.5"),
        (3.0, "3"),
        (None, "\N{EN DASH}"),
    ],
)
def test_numbers_keep_their_digits(value: formats.Number | None, text: str):
    """Integers and decimals are shown whole, however large; a missing figure is a dash."""
    assert formats.number(value) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (1_572_864, "1.5 MB"), (5 * 1024**4, "5 TB")]
)
def test_sizes_count_in_1024(count: int, text: str):
    """Bytes are shown in the units that Athena bills by."""
    assert formats.size(count) == text


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "$0"), ("0.000048", "$0.000048"), ("0.05", "$0.05"), ("1234.5", "$1,234.50")]
)
def test_prices_are_never_rounded_to_nothing(amount: str, text: str):
    """What costs a fraction of a cent shows that fraction."""
    assert formats.dollars(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (days("2026-02-03", "2026-02-09"), "3 \N{EN DASH} 9 Feb 2026"),
        (days("2026-01-28", "2026-02-03"), "28 Jan \N{EN DASH} 3 Feb 2026"),
        (days("2025-12-30", "2026-01-02"), "30 Dec 2025 \N{EN DASH} 2 Jan 2026"),
        (days("2026-02-03", "2026-02-03"), "Tue 3 Feb 2026"),
    ],
)
def test_runs_of_days_are_said_once(run: Days, text: str):
    """What both ends share is written once."""
    assert formats.days(run) == text


def test_an_instant_names_its_zone():
    """Times are in the dataset's zone, and say so."""
    assert formats.instant(NOW, ZoneInfo("Europe/Berlin"), "Europe/Berlin") == "3 Feb 2026, 13:00 Europe/Berlin"


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "just now"), (1, "1 minute ago"), (125, "2 hours ago"), (3 * 24 * 60, "3 days ago")]
)
def test_age_in_its_largest_unit(minutes: int, text: str):
    """Freshness is read at a glance."""
    assert formats.age(NOW - dt.timedelta(minutes=minutes), NOW) == text


@pytest.mark.parametrize(
    ("value", "previous", "absolute", "text"),
    [
        (110, 100, False, "+10.0%"),
        (90, 100, False, "-10.0%"),
        (100, 100, False, 0),
        (5, 3, True, "+2"),
        (3, 3, True, 0),
        (5, 0, False, None),
        (5, None, False, None),
        (None, 5, True, None),
        (Decimal("1.5"), Decimal(1), False, "+50.0%"),
    ],
)
def test_change_against_the_previous_period(
    value: formats.Number | None, previous: formats.Number | None, absolute: bool, text: str | int | None
):
    """A change is signed, no change is a plain zero, and nothing is compared with nothing."""
    assert formats.change(value, previous, absolute=absolute) == text


def test_durations_and_lists():
    """Short durations to a tenth; long lists say how much they leave out."""
    assert [formats.seconds(value) for value in (0.44, 12.4, 185.2)] == ["0.4 s", "12 s", "3 min 05 s"]
    assert formats.listed("abcde") == "a, b, c and 2 more"
    assert formats.plural(1, "query", "queries") == "1 query"
