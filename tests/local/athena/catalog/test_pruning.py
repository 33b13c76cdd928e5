"""Pruning is real: what a query does not need is not fetched, not listed and not counted."""

import pyarrow as pa
import pytest
import sqlglot
from stand_in import DATE_PROJECTION, PARTITIONED_BY_DAY

from local.athena.catalog.pruning import partition_filters, weaken

ALL_DAYS = 30


def day_key(year, month, day):
    return f"contacts/year={year}/month={month:02d}/day={day:02d}/data.parquet"


@pytest.fixture
def six_days(place):
    """Days around the ends of a year and of a month, never read before."""
    place.create_table("contacts", "contactid string, agent string", PARTITIONED_BY_DAY, DATE_PROJECTION)
    for day in [(2025, 12, 31), (2026, 1, 20), (2026, 1, 30), (2026, 1, 31), (2026, 2, 1), (2026, 2, 2)]:
        place.put_parquet(day_key(*day), pa.table({"contactid": ["c1", "c2"], "agent": ["agent-1", "agent-2"]}))
    return place


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("year = 2026 AND month = 1 AND day = 20", [(2026, 1, 20)]),
        ("year = 2025 AND month = 12 AND day = 31", [(2025, 12, 31)]),
        ("(year=2026 AND month=1 AND day=31) OR (year=2026 AND month=2 AND day=1)", [(2026, 1, 31), (2026, 2, 1)]),
        ("year IN (2025, 2026) AND month BETWEEN 12 AND 12", [(2025, 12, 31)]),
        ("year IN (2026) AND month BETWEEN 1 AND 2 AND day = 1", [(2026, 2, 1)]),
        ("year = 2026 AND month = 1 AND day IN (20, 30) AND agent = 'agent-1'", [(2026, 1, 20), (2026, 1, 30)]),
        ("year * 10000 + month * 100 + day BETWEEN 20260131 AND 20260201", [(2026, 1, 31), (2026, 2, 1)]),
        ("date_parse(format('%d-%02d-%02d', year, month, day), '%Y-%m-%d') = timestamp '2026-01-31 00:00:00'",
         [(2026, 1, 31)]),
        ("CAST(year AS varchar) || lpad(CAST(month AS varchar), 2, '0') = '202512'", [(2025, 12, 31)]),
        ("year = 2026 AND month = 1 AND day = 20 AND (day = 20 OR agent = 'x')", [(2026, 1, 20)]),
        ("year = 2024", []),
        ("year = 2026 AND 1 = 0", []),
    ],
)  # fmt: skip
def test_only_matching_days_are_opened(six_days, condition, days):
    """Each form of predicate on the partition columns opens exactly the objects of the days it selects."""
    query = f"SELECT max(contactid) FROM contacts WHERE {condition}"
    fetched = six_days.object_reads(lambda: six_days.rows(query))
    assert sorted(fetched) == sorted(day_key(*day) for day in days)


@pytest.fixture(scope="module")
def full_scan(month):
    return month.run("SELECT count(contactid), sum(seconds) FROM contacts").scanned


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("year = 2026 AND month = 1 AND day = 20", 1),
        ("year = 2025 AND month = 12 AND day = 31", 1),
        ("(year=2026 AND month=1 AND day=31) OR (year=2026 AND month=2 AND day=1)", 2),
        ("year IN (2025, 2026) AND month BETWEEN 1 AND 1 AND day BETWEEN 30 AND 31", 2),
        ("year = 2026 AND month = 2", 12),
    ],
)
def test_scanned_bytes_follow_the_days(month, full_scan, condition, days):
    """DataScannedInBytes is the share of the days that a query selects."""
    ran = month.run(f"SELECT count(contactid), sum(seconds) FROM contacts WHERE {condition}")
    assert ran.scanned / full_scan == pytest.approx(days / ALL_DAYS, rel=0.03)


@pytest.mark.parametrize("order", ["contactid DESC", "agent, contactid"])
@pytest.mark.parametrize("limit", [1, 11, 20_001])
def test_a_small_limit_prunes_as_a_large_one(six_days, order, limit):
    """The first rows of some days come from these days alone, however few rows are asked for."""
    query = f"SELECT * FROM contacts WHERE year = 2026 AND month = 1 AND day IN (20, 31) ORDER BY {order} LIMIT {limit}"
    fetched = six_days.object_reads(lambda: six_days.rows(query))
    assert sorted(fetched) == [day_key(2026, 1, 20), day_key(2026, 1, 31)]


def test_a_single_day_lists_that_day_alone(month):
    """A query for one day asks S3 for that day's folder and for no other."""
    before = len(month.server.requests)
    month.rows("SELECT max(agent) FROM contacts WHERE year = 2026 AND month = 1 AND day = 22")
    lists = [path for method, path in month.server.requests[before:] if "list-type" in path]
    assert len(lists) == 1
    assert "year%3D2026%2Fmonth%3D01%2Fday%3D22%2F" in lists[0]


def test_an_object_is_fetched_once(month):
    """The same day asked twice is fetched once; its bytes are counted both times."""
    sql = "SELECT max(seconds) FROM contacts WHERE year = 2026 AND month = 1 AND day = 23"
    first = month.run(sql)
    fetched = month.object_reads(lambda: month.rows(sql))
    assert [key for key in fetched if key.startswith("contacts/")] == []
    assert month.run(sql).scanned == first.scanned > 0


def test_only_touched_columns_are_counted(month):
    """A query of one column scans less than one of all columns."""
    one = month.run("SELECT sum(seconds) FROM contacts").scanned
    everything = month.run("SELECT * FROM contacts").scanned
    assert 0 < one < everything


def test_views_and_joins_are_pruned(month):
    """A condition outside a view, or on one side of a join, prunes inside."""
    month.rows("CREATE OR REPLACE VIEW busy AS SELECT *, seconds / 60 AS minutes FROM contacts WHERE seconds >= 0")
    alone = month.run("SELECT max(minutes), max(agent) FROM busy WHERE year = 2026 AND month = 1 AND day = 25")
    everything = month.run("SELECT max(minutes), max(agent) FROM busy")
    assert alone.scanned / everything.scanned == pytest.approx(1 / ALL_DAYS, rel=0.03)
    joined = month.run(
        "WITH one AS (SELECT * FROM contacts WHERE year = 2026 AND month = 1 AND day = 25), "
        "two AS (SELECT * FROM contacts WHERE year = 2026 AND month = 1 AND day = 26) "
        "SELECT max(one.seconds), max(two.seconds) FROM one JOIN two ON one.agent = two.agent"
    )
    both = month.run(
        "SELECT max(seconds), max(agent) FROM contacts WHERE year = 2026 AND month = 1 AND day IN (25, 26)"
    )
    assert joined.scanned == both.scanned


def test_registered_partitions_are_pruned(place):
    """Partitions of the catalogue are pruned like projected ones."""
    place.create_table("logs", "a bigint", "PARTITIONED BY (day string)")
    for day in ("2026-01-01", "2026-01-02"):
        place.put_parquet(f"logs/day={day}/x.parquet", pa.table({"a": [1, 2, 3]}))
    place.rows("MSCK REPAIR TABLE logs")
    fetched = place.object_reads(lambda: place.rows("SELECT sum(a) FROM logs WHERE day >= '2026-01-02'"))
    assert [key for key in fetched if key.startswith("logs/")] == ["logs/day=2026-01-02/x.parquet"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("year = 2026", "year = 2026"),
        ("year = 2026 AND agent = 'x'", "year = 2026"),
        ("year = 2026 OR agent = 'x'", None),
        ("(year = 2026 AND agent = 'x') OR (year = 2025 AND agent = 'y')", "year = 2026 OR year = 2025"),
        ("NOT agent = 'x'", None),
        ("year = seconds", None),
        ("1 = 1", None),
        ("random() < 0.5 AND year = 1", "year = 1"),
    ],
)
def test_weakening(condition, expected):
    """A condition is reduced to what it says about partition columns, and never says more."""
    found = weaken(sqlglot.parse_one(condition, read="duckdb"), {"year", "month", "day"})
    assert (found.sql() if found is not None else None) == expected


def test_named_values_and_bounds():
    """Equality and IN name values; comparisons give bounds."""
    filters = partition_filters(["(id IN ('a', 'b'))", "(year >= 2020)", "(year < 2030)"], ["id", "year"])
    assert filters.named_values("id") == ["a", "b"]
    assert filters.integer_bounds("year") == (2020, 2029)
    assert filters.named_values("year") is None
