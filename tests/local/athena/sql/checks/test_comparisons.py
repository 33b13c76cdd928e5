"""Comparisons of a column with a literal of another type: refused, as in Athena, and never guessed."""

import pytest

INTEGER = "Cannot apply operator: integer"


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("year = '2026'", f"{INTEGER} = varchar(4)"),
        ("'2026' <= year", "Cannot apply operator: varchar(4) <= integer"),
        ("year = ('2026')", f"{INTEGER} = varchar(4)"),
        ("month IN ('1', '2')", "IN value and list items must be the same type: integer"),
        ("day BETWEEN '1' AND '9'", "Cannot check if integer is BETWEEN varchar(1) and varchar(1)"),
        ("year = 2026 OR (month <> '1' AND day = 1)", f"{INTEGER} <> varchar(1)"),
        ("t.year = '2026'", f"{INTEGER} = varchar(4)"),
        ("name = 7", "Cannot apply operator: varchar = integer"),
    ],
)
def test_refused(place, condition, reason):
    """The reason names both types and where the column stands."""
    ran = place.run(f"SELECT count(*) FROM {table(place)} t WHERE {condition}")
    assert ran.state == "FAILED"
    assert ran.reason.startswith("TYPE_MISMATCH: line 1:")
    assert ran.reason.endswith(reason)


@pytest.mark.parametrize(
    "condition",
    [
        "year = 2026",
        "CAST(year AS varchar) = '2026'",
        "year = CAST('2026' AS integer)",
        "name = 'x'",
        "name IN ('x', 'y') AND day BETWEEN 1 AND 9",
        "EXISTS (SELECT 1 FROM (VALUES ('2026')) v(year) WHERE v.year = '2026')",
    ],
)
def test_accepted(place, condition):
    """Equal types compare, a cast makes them equal, and what a subquery computes is not mistaken for the column."""
    assert place.run(f"SELECT count(*) FROM {table(place)} t WHERE {condition}").state == "SUCCEEDED"


def test_a_value_that_is_bound_is_compared_like_one_that_is_written(place):
    """An execution parameter is a literal of its own type."""
    sql = f"SELECT count(*) FROM {table(place)} WHERE year = ?"
    assert place.run(sql, ExecutionParameters=["2026"]).state == "SUCCEEDED"
    assert "TYPE_MISMATCH" in place.run(sql, ExecutionParameters=["'2026'"]).reason


def table(place) -> str:
    """A partitioned table, which needs no rows to know its types."""
    place.run(
        "CREATE EXTERNAL TABLE IF NOT EXISTS typed (name string) PARTITIONED BY (year int, month int, day int) "
        f"STORED AS PARQUET LOCATION 's3://{place.bucket}/typed/'"
    )
    return "typed"
