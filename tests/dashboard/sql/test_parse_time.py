"""A statement of any kind is read, checked and estimated within a second."""

import contextlib
import datetime as dt
import random
import time
from pathlib import Path

import pytest

from dashboard.errors import RefusedSql
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.cost.partition_scan import scans_of
from dashboard.sql.guard import checked
from dashboard.sql.parser import one_statement

MOST_CHARACTERS = 100_000
CATALOGUE = Catalogue((ServedTable("reports", "contacts", ("channel", "year", "month", "day")),))
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=days) for days in range(730)]
OPENINGS = [
    line
    for line in (Path(__file__).parent / "corpus" / "nesting.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def seconds(sql):
    """Processor time of this thread for the check and the estimate of a statement."""
    began = time.thread_time()
    with contextlib.suppress(RefusedSql):
        sent = checked(sql, CATALOGUE, 100).sql
        tests = scans_of(one_statement(sent), "reports", "contacts")
        for test in dict.fromkeys(tests):
            list(filter(test, DAYS))
    return time.thread_time() - began


@pytest.mark.parametrize("opening", OPENINGS)
def test_no_nesting_takes_over_a_second(opening):
    """Each construct, 24 and 59 levels deep in each clause and 100 kB long, takes less than a second."""
    closing = ")" * opening.count("(") + "]" * opening.count("[")
    for beginning in ("SELECT ", "SELECT * FROM ", "SELECT 1 FROM contacts WHERE ", ""):
        for levels in (24, 59):
            nested = f"{beginning}{f'{opening} ' * levels}"
            assert seconds(nested) < 1
            assert seconds(f"{nested}1 {closing * levels}") < 1
    levels = (MOST_CHARACTERS - 20) // (len(opening) + 1 + len(closing))
    assert seconds(f"SELECT {f'{opening} ' * levels}1 {closing * levels}") < 1


OTHER_WORDS = (
    *("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "AS", "JOIN", "ON", "IS NULL", "DISTINCT"),
    *("contacts", "a", "b", "1", ",", ".", ")", "]", "END"),
)
WORDS = (*OPENINGS, *OTHER_WORDS)


@pytest.mark.parametrize("seed", range(12))
def test_no_mixture_takes_over_a_second(seed):
    """Statements of 100 kB made from a few constructs at random take less than a second each."""
    chance = random.Random(seed)
    few = chance.sample(WORDS, chance.randint(2, 8))
    sql = "SELECT " + " ".join(chance.choice(few) for _ in range(chance.choice([100, 2_000, 30_000])))
    assert seconds(sql[:MOST_CHARACTERS]) < 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM contacts WHERE " + " OR ".join(["year * 10000 + month * 100 + day BETWEEN 1 AND 2"] * 1_000),
        "SELECT 1 FROM contacts WHERE year IN (" + "1, " * 9_000 + "1)",
        "SELECT 1 FROM " + ", ".join(["contacts"] * 9_000),
        "WITH x AS (SELECT 1 FROM " + ", ".join(["contacts"] * 900) + ") SELECT 1 FROM " + ", ".join(["x"] * 900),
        "WITH " + ", ".join(f"x{n} AS (SELECT 1 AS n FROM contacts)" for n in range(1_200)) + " SELECT 1",
        "WITH x0 AS (SELECT 1 AS n FROM contacts), "
        + ", ".join(f"x{n} AS (SELECT n FROM x{n - 1})" for n in range(1, 1_700))
        + " SELECT 1 FROM x1699",
    ],
    ids=["conditions", "choices", "tables", "readings", "named queries", "a chain of named queries"],
)
def test_no_estimate_takes_over_a_second(sql):
    """Conditions, tables and named queries in any number cost less than a second for two years of days."""
    assert seconds(sql) < 1


def test_a_chain_of_thousands_of_named_queries_is_one_reading():
    """The length of a chain is no depth: each query of it is mentioned once."""
    chain = ", ".join(f"x{n} AS (SELECT n FROM x{n - 1})" for n in range(1, 1_000))
    sql = f"WITH x0 AS (SELECT 1 AS n FROM contacts), {chain} SELECT n FROM x999"
    assert len(scans_of(one_statement(checked(sql, CATALOGUE, 100).sql), "reports", "contacts")) == 1


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        ("SELECT " + "(" * 61 + "1" + ")" * 61, 68),
        ("SELECT " + "(SELECT " * 61 + "1" + ")" * 61, 8 + 8 * 60),
        ("SELECT " + "ARRAY[" * 61 + "1" + "]" * 61, None),
        ("SELECT " + "CASE WHEN " * 61 + "1", None),
        ("SELECT " + "x -> " * 61 + "1", None),
        ("SELECT CAST(1 AS " + "array(" * 61 + "int" + ")" * 62, None),
    ],
)
def test_nesting_has_an_end(sql, column):
    """The 61st level of any kind is refused, with its position."""
    with pytest.raises(RefusedSql, match="nested too deeply") as refused:
        checked(sql, CATALOGUE, 100)
    assert refused.value.line == 1
    assert column is None or abs(refused.value.column - column) <= 8


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 59 + "1" + ")" * 59,
        "SELECT " + "(SELECT " * 59 + "1" + ")" * 59,
        "SELECT 1 FROM " + "(SELECT 1 FROM " * 59 + "contacts" + ")" * 59,
        "SELECT 1 FROM contacts WHERE 1 = 1 AND NOT 2 = 1 + 2 * "
        + "(SELECT 1 FROM contacts WHERE 1 = 1 AND NOT 2 = 1 + 2 * " * 50
        + "1"
        + ")" * 50,
        "SELECT " + "CASE WHEN true THEN " * 59 + "1" + " END" * 59,
    ],
)
def test_what_is_allowed_can_be_read(sql):
    """Statements just below the bound pass, also those that use each rule of the grammar at each level."""
    assert checked(sql, CATALOGUE, 100).sql.endswith(" LIMIT 101")
