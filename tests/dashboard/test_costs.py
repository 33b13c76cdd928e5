"""What a query may cost, told before it runs."""

import datetime as dt
from decimal import Decimal

import pytest

from dashboard.costs import MINIMUM_BYTES, dollars_for, estimate_from, suggested_days
from dashboard.filters import Days, Filters
from dashboard.queries import daily_statement, rows_statement
from dashboard.query_types import request_from

D = dt.date


def test_a_query_is_billed_ten_megabytes_at_least():
    """Ten megabytes at five dollars a terabyte, and a terabyte is five dollars."""
    assert dollars_for(0) == dollars_for(MINIMUM_BYTES) == Decimal(5 * 10 * 1024**2) / 1024**4
    assert dollars_for(1024**4) == 5


def test_days_and_columns_bound_the_bytes(service, published):
    """One day of all columns is that day's columns; counting rows per day reads no column at all."""
    shape, manifest = service.shape("contacts"), published.manifest
    one = estimate_from(rows_statement(shape, Filters(Days(D(2026, 1, 1), D(2026, 1, 1))), 10), manifest)
    assert one.bytes == sum(manifest.days[D(2026, 1, 1)].column_bytes.values())
    assert (one.days, one.all_days, one.reads_everything) == (1, 45, False)
    every = estimate_from(daily_statement(shape, None), manifest)
    assert (every.bytes, every.days, every.reads_everything) == (0, 45, True)
    assert every.billed_bytes == MINIMUM_BYTES


@pytest.mark.parametrize(
    ("sql", "days"),
    [
        ("SELECT * FROM contacts", 45),
        ("SELECT * FROM contacts WHERE year = 2026 AND month = 1 AND day = 15", 1),
        ("SELECT * FROM contacts WHERE year = 2026 AND month = 2", 2),
        ("SELECT * FROM contacts WHERE (year = 2025 AND month = 12) OR (year = 2026 AND month = 2)", 14),
        ("SELECT * FROM contacts WHERE year * 10000 + month * 100 + day >= 20260201", 2),
        ("SELECT * FROM contacts WHERE day BETWEEN 1 AND 2 AND month IN (1, 2)", 4),
        ("SELECT * FROM contacts WHERE report_date >= DATE '2026-02-01'", 2),
        ("SELECT * FROM contacts c WHERE c.year = 2025 AND c.channel = 'VOICE'", 12),
        ("SELECT * FROM contacts WHERE NOT year = 2026", 12),
        ("SELECT * FROM contacts WHERE year = 2025 OR channel = 'VOICE'", 45),
        ("SELECT * FROM contacts WHERE year = '2026'", 45),
        ("SELECT * FROM contacts WHERE year = (SELECT max(year) FROM contacts WHERE month = 1)", 45),
        ("SELECT * FROM contacts a JOIN contacts b ON a.day = b.day WHERE a.year = 2025 AND b.year = 2025", 12),
        ("SELECT * FROM contacts a JOIN contacts b ON a.day = b.day WHERE a.year = 2025", 45),
        ("WITH x AS (SELECT * FROM contacts WHERE month = 2) SELECT * FROM x WHERE year = 2025", 2),
        ("SELECT 1 FROM contacts WHERE month = 2 UNION ALL SELECT 2 FROM contacts WHERE month = 12", 14),
    ],
)
def test_custom_sql_is_bounded_by_its_own_conditions(service, sql, days):
    """Days that conditions on year, month, day or the date rule out cost nothing; what is unclear counts."""
    request = request_from({"query": "custom_sql", "sql": sql}, service.shape("contacts"), 100)
    estimate = service.estimate("contacts", service.prepare("contacts", request))
    assert (estimate.days, estimate.reads_everything) == (days, days == 45)


def test_an_estimate_is_never_below_what_athena_scans(service):
    """The bound holds for built-in and custom queries, measured."""
    shape = service.shape("contacts")
    asked = [
        {"query": "all_records", "limit": 5},
        {"query": "by_date", "startDate": "2026-01-31", "endDate": "2026-02-01"},
        {"query": "channel_summary", "startDate": "2026-01-01", "endDate": "2026-01-07"},
        {"query": "custom_sql", "sql": "SELECT channel, count(*) FROM contacts WHERE month = 2 GROUP BY channel"},
    ]
    for values in asked:
        statement = service.prepare("contacts", request_from(values, shape, 100))
        bound = service.estimate("contacts", statement)
        assert service.athena.run(statement).statistics.bytes_scanned <= bound.billed_bytes


def test_sql_that_reads_no_table_costs_nothing_to_estimate(service):
    """`SELECT 1` has no bound to speak of."""
    request = request_from({"query": "custom_sql", "sql": "SELECT 1"}, service.shape("contacts"), 100)
    assert service.estimate("contacts", service.prepare("contacts", request)) is None


def test_the_last_week_is_suggested(published):
    """Where a query would read everything, seven published days are worth suggesting."""
    assert suggested_days(published.manifest) == Days(D(2026, 1, 27), D(2026, 2, 2))
