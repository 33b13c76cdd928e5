"""The upper bound of a query's cost before it runs."""

import datetime as dt
from decimal import Decimal

import pytest
from publishing import picking

from dashboard.errors import RefusedSql
from dashboard.model.query_types import request_from
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.statements import daily_statement, rows_statement
from dashboard.overview.figures import overview_statements
from dashboard.sql.cost.upper_bound import MINIMUM_BYTES, dollars_for, estimate_from, suggested_days

D = dt.date


def test_a_query_is_billed_ten_megabytes_at_least():
    """Ten megabytes at five dollars a terabyte, and a terabyte is five dollars."""
    assert dollars_for(0) == dollars_for(MINIMUM_BYTES) == Decimal(5 * 10 * 1024**2) / 1024**4
    assert dollars_for(1024**4) == 5


def test_days_and_columns_bound_the_bytes(service, published):
    """One day of all columns is that day's object; counting rows per day reads the footers and no column at all."""
    model, manifest = service.model("contacts"), published.manifest
    one = estimate_from(rows_statement(model, Filters(Days(D(2026, 1, 1), D(2026, 1, 1))), 10), manifest)
    assert one.bytes == manifest.days[D(2026, 1, 1)].bytes
    assert (one.days, one.all_days, one.reads_everything) == (1, 45, False)
    every = estimate_from(daily_statement(model, None), manifest)
    footers = sum(day.bytes - sum(day.column_bytes.values()) for day in manifest.days.values())
    assert (every.bytes, every.days, every.reads_everything) == (footers, 45, True)
    assert footers > 0
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
        ("SELECT * FROM contacts WHERE report_date >= DATE '2026-02-01'", 45),
        ("SELECT * FROM contacts c WHERE c.year = 2025 AND c.channel = 'VOICE'", 12),
        ("SELECT * FROM contacts WHERE NOT year = 2026", 12),
        ("SELECT * FROM contacts WHERE year = 2025 OR channel = 'VOICE'", 45),
        ("SELECT * FROM contacts WHERE year = (SELECT max(year) FROM contacts WHERE month = 1)", 45),
        ("SELECT * FROM contacts a JOIN contacts b ON a.day = b.day WHERE a.year = 2025 AND b.year = 2025", 12),
        ("SELECT * FROM contacts a JOIN contacts b ON a.day = b.day WHERE a.year = 2025", 45),
        ("WITH x AS (SELECT * FROM contacts WHERE month = 2) SELECT * FROM x WHERE year = 2025", 2),
        ("SELECT 1 FROM contacts WHERE month = 2 UNION ALL SELECT 2 FROM contacts WHERE month = 12", 14),
    ],
)
def test_custom_sql_is_bounded_by_its_own_conditions(service, sql, days):
    """Days excluded by conditions on year, month and day cost nothing; unclear days count."""
    request = request_from({"query": "custom_sql", "sql": sql}, service.model("contacts"), 100)
    estimate = service.estimate("contacts", service.prepare("contacts", request))
    assert (estimate.days, estimate.reads_everything) == (days, days == 45)


BUILT_IN = (
    {"query": "all_records", "limit": 5},
    {"query": "by_date", "startDate": "2026-01-31", "endDate": "2026-02-01"},
    {"query": "by_agent", "agentName": "Dewi"},
    {"query": "by_contact", "contactId": "c-739617-3"},
    {"query": "daily_summary"},
    {"query": "daily_summary", "startDate": "2025-12-31", "endDate": "2026-01-01"},
    {"query": "channel_summary", "startDate": "2026-01-01", "endDate": "2026-01-07"},
    {"query": "group_by", "by": ["hour", "channel"], "filters": {"queue_duration": {"from": 3}}},
    {"query": "group_by", "measure": "median", "column": "number_of_holds", "by": ["day"], "startDate": "2026-01-31"},
    {"query": "group_by", "measure": "mean", "column": "sentiment_score", "filters": {"agent_name": ["Dewi"]}},
)
WRITTEN = (
    "SELECT count(*) FROM contacts",
    "SELECT count(*) FROM contacts WHERE year = 2026 AND month = 2 AND day = 1",
    "SELECT channel, count(*) FROM contacts WHERE month = 2 GROUP BY channel",
    "SELECT * FROM contacts WHERE year = 2026 AND month = 1 AND day BETWEEN 3 AND 9",
    "SELECT * FROM contacts WHERE report_date = DATE '2026-01-05'",
    "SELECT max(day) FROM contacts",
    "SELECT 1 FROM contacts LIMIT 3",
    "SELECT agent_name FROM contacts ORDER BY queue_duration DESC LIMIT 1",
    "SELECT a.channel FROM contacts a JOIN contacts b ON a.contact_id = b.contact_id WHERE a.month = 2 AND b.month = 2",
    "SELECT note FROM contacts WHERE month = 2 UNION ALL SELECT channel FROM contacts WHERE month = 12",
    "WITH x AS (SELECT * FROM contacts WHERE month = 2) SELECT a.note FROM x a JOIN x b ON a.contact_id = b.contact_id",
    "SELECT channel FROM contacts WHERE agent_name IN (SELECT agent_name FROM contacts WHERE month = 2)",
    "SELECT channel, (SELECT count(*) FROM contacts) AS n FROM contacts WHERE day = 1",
    "SELECT big_number FROM contacts WHERE sentiment_score > 1",
)


@pytest.mark.parametrize("values", [*BUILT_IN, *({"query": "custom_sql", "sql": sql} for sql in WRITTEN)], ids=str)
def test_an_estimate_is_never_below_what_athena_scans(service, values):
    """Small files or large, footers included and each mention of a table counted: the bound holds, byte for byte."""
    statement = service.prepare("contacts", request_from(values, service.model("contacts"), 100))
    bound = service.estimate("contacts", statement)
    scanned = service.athena.run(statement).statistics.bytes_scanned
    assert 0 < scanned <= bound.bytes


def test_the_overview_is_bounded_too(service, published):
    """Both of its statements scan at most the bytes of their estimates."""
    filters = picking(Days(D(2026, 1, 5), D(2026, 1, 11)), channel=("VOICE",))
    for statement in overview_statements(service.model("contacts"), filters, published.manifest):
        bound = service.estimate("contacts", statement)
        assert 0 < service.athena.run(statement).statistics.bytes_scanned <= bound.bytes


@pytest.mark.parametrize(
    ("sql", "times"),
    [
        ("SELECT 1 FROM contacts", 1),
        ("SELECT 1 FROM contacts a, contacts b", 2),
        ("WITH x AS (SELECT 1 AS n FROM contacts) SELECT 1 FROM x a, x b, x c", 3),
        ("WITH x AS (SELECT 1 AS n FROM contacts), y AS (SELECT 1 AS n FROM x a, x b) SELECT 1 FROM y a, y b", 4),
        ("WITH x AS (SELECT 1 AS n FROM contacts) SELECT 1 AS one", 1),
    ],
)
def test_each_mention_of_a_table_is_a_reading(service, published, sql, times):
    """Athena runs a named query once per mention of its name, so its bytes count once per mention."""
    request = request_from({"query": "custom_sql", "sql": sql}, service.model("contacts"), 100)
    once = sum(day.bytes - sum(day.column_bytes.values()) for day in published.manifest.days.values())
    assert service.estimate("contacts", service.prepare("contacts", request)).bytes == times * once


def test_readings_that_multiply_without_end_are_refused(service):
    """Named queries that each mention the one before twice are refused at once."""
    named = ["x0 AS (SELECT 1 AS n FROM contacts)"]
    named += [f"x{n} AS (SELECT 1 AS n FROM x{n - 1} a, x{n - 1} b)" for n in range(1, 30)]
    sql = f"WITH {', '.join(named)} SELECT 1 FROM x29"
    request = request_from({"query": "custom_sql", "sql": sql}, service.model("contacts"), 100)
    statement = service.prepare("contacts", request)
    with pytest.raises(RefusedSql, match="more than a thousand times"):
        service.estimate("contacts", statement)


def test_sql_that_reads_no_table_costs_nothing_to_estimate(service):
    """`SELECT 1` has no estimate."""
    request = request_from({"query": "custom_sql", "sql": "SELECT 1"}, service.model("contacts"), 100)
    assert service.estimate("contacts", service.prepare("contacts", request)) is None


def test_the_last_week_is_suggested(published):
    """The suggested days are the last seven published days."""
    assert suggested_days(published.manifest) == Days(D(2026, 1, 27), D(2026, 2, 2))
