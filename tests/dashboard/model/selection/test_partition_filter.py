"""Conditions on the partition columns let through the days asked for, all of them and no others."""

import datetime as dt
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publishing import picking

from dashboard.model.selection.filters import Days, Filters
from dashboard.model.selection.partition_filter import partition_conjuncts, spans_of
from dashboard.model.selection.period import Period
from dashboard.model.statements import Statement, daily_statement, rows_statement
from dashboard.overview.statements import overview_statement
from dataset_model.targets.partitions import days_between

D = dt.date
EVERY_DAY = list(days_between(D(2023, 1, 1), D(2027, 12, 31)))


@pytest.fixture(scope="module")
def calendar():
    """A table of all days of 2023 to 2027, leap year included."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute('CREATE TABLE days ("year" int, "month" int, "day" int)')
    database.executemany("INSERT INTO days VALUES (?, ?, ?)", [(d.year, d.month, d.day) for d in EVERY_DAY])
    yield database
    database.close()


def let_through(calendar, conditions):
    rows = calendar.execute(f"SELECT * FROM days WHERE {' AND '.join(conditions)}")
    return sorted(D(*row) for row in rows)


@settings(max_examples=300)
@given(st.dates(D(2023, 1, 1), D(2027, 12, 31)), st.integers(0, 1500))
def test_the_conditions_hold_for_exactly_the_days_asked_for(calendar, first, length):
    """Over every day of five years, across months, years and a 29 February."""
    last = min(first + dt.timedelta(length), D(2027, 12, 31))
    assert let_through(calendar, partition_conjuncts(Days(first, last))) == list(days_between(first, last))


@given(st.dates(D(1970, 1, 1), D(9000, 1, 1)), st.integers(0, 200_000))
def test_the_spans_are_few_and_hold_exactly_the_days(first, length):
    """However long the window, five spans are enough, so the SQL stays short."""
    days = Days(first, first + dt.timedelta(length))
    spans = spans_of(days)
    assert 1 <= len(spans) <= 5
    assert len(" AND ".join(partition_conjuncts(days))) < 700


@pytest.mark.parametrize(
    ("first", "last", "conjuncts"),
    [
        ("2026-01-15", "2026-01-15", ['"year" = 2026', '"month" = 1', '"day" = 15']),
        ("2025-12-31", "2025-12-31", ['"year" = 2025', '"month" = 12', '"day" = 31']),
        ("2026-01-01", "2026-01-31", ['"year" = 2026', '"month" = 1', '"day" BETWEEN 1 AND 31']),
        (
            "2026-01-31",
            "2026-02-01",
            [
                '"year" = 2026',
                '"month" BETWEEN 1 AND 2',
                '"day" IN (1, 31)',
                '(("year" = 2026 AND "month" = 1 AND "day" = 31) OR ("year" = 2026 AND "month" = 2 AND "day" = 1))',
            ],
        ),
        (
            "2025-12-31",
            "2026-01-01",
            [
                '"year" BETWEEN 2025 AND 2026',
                '"month" IN (1, 12)',
                '"day" IN (1, 31)',
                '(("year" = 2025 AND "month" = 12 AND "day" = 31) OR ("year" = 2026 AND "month" = 1 AND "day" = 1))',
            ],
        ),
    ],
)
def test_each_column_has_a_conjunct_of_its_own(first, last, conjuncts):
    """Year, month and day each; across an end, the exact days too."""
    assert partition_conjuncts(Days(D.fromisoformat(first), D.fromisoformat(last))) == conjuncts


def test_the_same_request_is_the_same_text(service):
    """Result reuse compares texts, so nothing in a statement depends on when or in what order it was asked."""
    model = service.model("contacts")
    days = Days(D(2026, 1, 1), D(2026, 1, 7))
    one = overview_statement(model, picking(days, channel=("VOICE", "CHAT")), Period(days, days.previous))
    two = overview_statement(model, picking(days, channel=("CHAT", "VOICE", "CHAT")), Period(days, days.previous))
    assert one == two
    assert "VOICE" not in one.sql
    assert one.parameters == ("20251225", "20260107", "'CHAT'", "'VOICE'")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-01-15", "2026-01-15"),
        ("2025-12-31", "2025-12-31"),
        ("2026-01-31", "2026-02-01"),
        ("2025-12-31", "2026-01-01"),
    ],
)
def test_athena_scans_the_days_asked_for_and_no_others(service, published, first, last):
    """Bytes scanned are those of the days' own objects, measured by Athena, across month and year ends."""
    days = Days(D.fromisoformat(first), D.fromisoformat(last))
    model = service.model("contacts")
    result = service.athena.run(rows_statement(model, Filters(days), 20_000))
    mine = sum(published.manifest.days[day].bytes for day in days)
    whole = sum(record.bytes for record in published.manifest.days.values())
    assert result.row_count == len(published.on(*days))
    assert 0 < result.statistics.bytes_scanned <= mine * 1.05
    assert result.statistics.bytes_scanned < whole / 15


def test_counting_days_reads_no_column(service):
    """Rows per day come from the files' footers and the partition columns."""
    result = service.athena.run(daily_statement(service.model("contacts"), None))
    assert result.row_count == 45


def test_shown_sql_has_its_values_in_place(service):
    """What a person copies runs as it stands."""
    model = service.model("contacts")
    statement = rows_statement(
        model, picking(Days(D(2026, 1, 1), D(2026, 1, 2)), agent_name=("Chidi O'Neil", None)), 500
    )
    assert "?" not in statement.shown_sql
    assert "\"agent_name\" IN ('Chidi O''Neil')" in statement.shown_sql
    tables = [service.athena.run(asked).table for asked in (Statement(statement.shown_sql), statement)]
    shown, bound = (table.sort_by("contact_id").to_pylist() for table in tables)
    assert shown == bound != []


def test_the_overview_of_two_weeks_scans_two_weeks(service, published):
    """A week and the week before it, across the year's end: those fourteen days of five columns, in one scan."""
    week = Days(D(2026, 1, 5), D(2026, 1, 11))
    statement = overview_statement(service.model("contacts"), Filters(week), Period(week, week.previous))
    scanned = service.athena.run(statement).statistics.bytes_scanned
    both = sum(published.manifest.days[day].bytes for day in Days(week.previous.first, week.last))
    assert 0 < scanned < both
