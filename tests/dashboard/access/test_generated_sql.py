"""Random statements under a row rule and masks: each answers as over the seen rows alone, and tells of no other.

What is sent runs over every row, and over the seen ones alone; the person's own text runs over a table that has the
seen rows with masked values. `GENERATED=5000` makes so many; `make soak` does.
"""

import hashlib
import os
import random
import re
import threading
from collections.abc import Iterator

import duckdb
import pytest
from random_sql import Writer

from dashboard.errors import RefusedSql
from dashboard.model.access.table_view import TableView, table_name, table_query
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.guard import checked
from dataset_model.columns.types import BIGINT, STRING
from local.athena.functions.registry import define
from local.athena.sql.parsing import parse
from local.athena.sql.translate import duckdb_sql

GENERATED = int(os.environ.get("GENERATED", "25"))
MOST_SECONDS = 5.0
KEY, NAME = "k" * 64, table_name("reports", "contacts")
COLUMNS = [
    *((name, STRING) for name in ("contact_id", "agent", "note", "channel", "label")),
    *((name, BIGINT) for name in ("amount", "score", "year", "month", "day")),
]
VIEW = TableView(
    {"contact_id": "hash", "agent": "last4", "note": "hidden", "amount": "hidden"},
    KEY,
    "\"channel\" IN ('VOICE')",
    ("channel",),
)
QUERY = table_query(NAME, COLUMNS, VIEW)
CATALOGUE = Catalogue((ServedTable("reports", "contacts", tuple(name for name, _ in COLUMNS), QUERY),))

AGENTS = ("QQAna Lima", "QQBo", None, "QQChidi O'Neil", "QQ7 1234")
SEEN = [
    (f"QQ{n}c", AGENTS[n % 5], f"QQ{n}n", "VOICE", f"row {n}", 800_000 + n, n * n % 7, 2026, 1, n % 3 + 1)
    for n in range(8)
]
OTHERS = [
    (f"ZZ{n}c", f"ZZ{n}agent", f"ZZ{n}n", f"ZZ{n}", f"ZZ{n}l" if n % 3 else str(n), 900_000 + n, 900_000 + n, 2026, 1,
     n % 3 + 1)
    for n in range(10)
]  # fmt: skip
CLEAR = re.compile(r"ZZ\d+|QQ\d+[cn]|QQ[ABC7]\w*|[89]000\d\d")
KNOWN = ("QQ3c", "QQAna Lima", "Lima", "ZZ4l", "VOICE", "ZZ4", "row 5", "4", "900004", "****", "")


def masked(row: tuple[object, ...]) -> tuple[object, ...]:
    """Return a row as its masks show it, by a reading of their description that shares no code with them."""
    contact, agent, _, channel, label, _, *others = row
    shown = None if agent is None else f"****{str(agent)[-4:]}" if len(str(agent)) >= 8 else "****"
    return hashlib.sha256(f"{KEY}{contact}".encode()).hexdigest(), shown, None, channel, label, None, *others


def database(rows: list[tuple[object, ...]]) -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    define(made)
    made.execute("SET threads = 1; SET TimeZone = 'UTC'")
    # What a statement fails on must not hang on what DuckDB knows of a table's values.
    made.execute("SET disabled_optimizers = 'statistics_propagation,late_materialization'")
    types = ", ".join(f'"{name}" {"BIGINT" if kind is BIGINT else "VARCHAR"}' for name, kind in COLUMNS)
    made.execute(f"CREATE SCHEMA reports; CREATE TABLE {NAME} ({types})")
    made.executemany(f"INSERT INTO {NAME} VALUES ({', '.join('?' * len(COLUMNS))})", rows)
    return made


@pytest.fixture(scope="module")
def everything() -> Iterator[duckdb.DuckDBPyConnection]:
    with database(SEEN + OTHERS) as made:
        yield made


@pytest.fixture(scope="module")
def alone() -> Iterator[duckdb.DuckDBPyConnection]:
    with database(SEEN) as made:
        yield made


@pytest.fixture(scope="module")
def seen() -> Iterator[duckdb.DuckDBPyConnection]:
    with database([masked(row) for row in SEEN]) as made:
        yield made


def answer(rows: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str] | None, str]:
    """Return the rows in an order of their own, or None and the reason; one that takes long has no answer."""
    timer = threading.Timer(MOST_SECONDS, rows.interrupt)
    timer.start()
    try:
        return sorted(map(repr, rows.execute(duckdb_sql(parse(sql))).fetchall())), ""
    except duckdb.Error as error:
        return None, str(error)
    finally:
        timer.cancel()


def test_the_statement_of_another_person_differs(everything, seen):
    """The comparison is able to find a row: the person's own text over every row answers otherwise."""
    for sql in ("SELECT count(*) FROM reports.contacts", "SELECT min(label) FROM reports.contacts"):
        assert answer(everything, sql) != answer(seen, sql)
    assert CLEAR.search(str(answer(everything, "SELECT note FROM reports.contacts")))


@pytest.mark.timeout(60 + GENERATED // 5)
def test_random_statements_know_the_seen_rows_alone(everything, alone, seen):
    """Other rows change no answer and no failure; an answer is that of masked values; no reason names another value."""
    chance, answered, others = random.Random(GENERATED), 0, []
    for _ in range(GENERATED):
        sql = Writer(chance, KNOWN).statement()
        try:
            found = checked(sql, CATALOGUE, 1_000_000)
        except RefusedSql as refused:
            others.append(str(refused))
            continue
        assert NAME not in found.sql.replace(QUERY.sent, "")
        got, reason = answer(everything, found.sql)
        if "INTERRUPT" in reason:
            continue
        shown = [value for value in CLEAR.findall(str(got) + reason.partition("\nLINE")[0]) if value not in sql]
        assert shown == [], sql
        assert got == answer(alone, found.sql)[0], f"{sql}\n{reason}"
        wanted, why = answer(seen, found.plain)
        if got is None or wanted is None:
            others.append(reason or why)
        else:
            answered += 1
            assert got == wanted, sql
    assert answered > GENERATED * 0.5, others
