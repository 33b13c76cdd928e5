"""Figures as people read them."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.model import formats
from dashboard.model.exact_numbers import Number
from dashboard.model.selection.filters import Days

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
def test_numbers_keep_their_digits(value: Number | None, text: str):
    """Integers and decimals are shown whole, however large; a missing figure is a dash."""
    assert formats.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345, "12,345"),
        (9_007_199_254_740_993, "9.0072 \N{MULTIPLICATION SIGN} 10¹⁵"),
        (999_999_999_999_999, "999,999,999,999,999"),
        (0.09419514359426984, "0.0942"),
        (412.3333333333333, "412.33"),
        (2.5, "2.5"),
        (Decimal("1234567.1234567890"), "1,234,567.12"),
        (Decimal("12345678901234567890.1234567890"), "1.2346 \N{MULTIPLICATION SIGN} 10¹⁹"),
        (Decimal("0.05"), "0.05"),
        (Decimal("12.50"), "12.50"),
        (Decimal("-0.0000000042"), "-0.00000000420"),
        (Decimal("0E-10"), "0"),
        (None, "\N{EN DASH}"),
    ],
)
def test_figures_fit_a_card(value: Number | None, text: str):
    """At most 19 characters up to 10^15, two places, three digits of a small share; larger ones as a power of ten."""
    assert formats.short(value) == text
    assert len(text) <= 19


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.09419514359426984, "0.09419514359426984"),
        (1234567.891, "1,234,567.891"),
        (1e-7, "0.0000001"),
        (1e300, "1e+300"),
        (Decimal("1E+3"), "1,000"),
        (Decimal("1234567.1234567890"), "1,234,567.1234567890"),
    ],
)
def test_the_exact_figure_has_every_digit(value: Number, text: str):
    """What a card shortens is shown under the pointer without rounding."""
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
        (0.19419514359426984, 0.1, True, "+0.0942"),
        (2.25, 1.5, True, "+0.75"),
        (1.5, 2.25, True, "-0.75"),
        (0.30000000000000004, 0.3, True, 0),
        (Decimal("0.0000000001"), Decimal(0), True, "+0.000000000100"),
    ],
)
def test_change_against_the_previous_period(
    value: Number | None, previous: Number | None, absolute: bool, text: str | int | None
):
    """A change is signed, no change is a plain zero, and nothing is compared with nothing."""
    assert formats.change(value, previous, absolute=absolute) == text


def test_durations_and_lists():
    """Short durations to a tenth; long lists say how much they leave out."""
    assert [formats.seconds(value) for value in (0.44, 12.4, 185.2)] == ["0.4 s", "12 s", "3 min 05 s"]
    assert formats.listed("abcde") == "a, b, c and 2 more"
    assert formats.plural(1, "query", "queries") == "1 query"
