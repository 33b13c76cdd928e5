"""Which SQL is let through, and what a refusal says."""

import contextlib
import datetime as dt
import re
import time
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from dashboard.errors import RefusedSql
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.guard import checked

CORPUS = Path(__file__).parent / "corpus"
CATALOGUE = Catalogue(
    (
        ServedTable("reports", "contacts", ("contact_id", "channel", "agent_name", "note", "year", "month", "day")),
        ServedTable("sales", "orders", ("order_id", "total", "year", "month", "day")),
    )
)


def entries(name):
    """Entries of a corpus file: what is said of each, and its SQL."""
    lines = (CORPUS / name).read_text(encoding="utf-8").split("\n")
    parts = [line.partition(" :: ") for line in lines if line and not line.startswith("#")]
    return [(said, _unescaped(sql)) for said, _, sql in parts]


def _unescaped(sql):
    r"""Read `\n`, `\t` and `\u000d` as the characters that they stand for."""
    characters = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found.group(1), 16)), sql)
    return characters.replace("\\n", "\n").replace("\\t", "\t")


HOSTILE = entries("hostile.txt")
INNOCENT = entries("innocent.txt")


@pytest.mark.parametrize(("said", "sql"), HOSTILE, ids=[sql[:60] for _, sql in HOSTILE])
def test_hostile_sql_is_refused_with_its_reason(said, sql):
    """Every entry of the hostile corpus is refused, and the refusal says why."""
    with pytest.raises(RefusedSql) as refused:
        checked(sql, CATALOGUE, 100)
    assert said.lower() in str(refused.value).lower()


@pytest.mark.parametrize(("said", "sql"), INNOCENT, ids=[said for said, _ in INNOCENT])
def test_innocent_sql_is_let_through(said, sql):
    """Every entry of the innocent corpus passes, and what is sent passes again and asks for at most 101 rows."""
    sent = checked(sql, CATALOGUE, 100)
    assert sent.sql == checked(sent.sql, CATALOGUE, 100).sql
    assert "LIMIT" in sent.sql or "FETCH FIRST 5 ROWS" in sent.sql


def test_both_corpora_are_large():
    """At least 150 statements of each kind."""
    assert len({sql for _, sql in HOSTILE}) >= 150
    assert len({sql for _, sql in INNOCENT}) >= 150


@pytest.mark.parametrize(
    ("sql", "line", "column"),
    [
        ("SELECT *\nFROM secrets", 2, 6),
        ("  DROP TABLE contacts", 1, 3),
        ("SELECT 1;\n\n  SELECT 2", 3, 3),
        ('SELECT channel,\n       "$path"\nFROM contacts', 2, 8),
        ("SELECT channel,\n  nope(1) FROM contacts", 2, 3),
        ("SELECT *\nFROM contacts\nWHERE day = {{day}}", 3, 13),
        ("SELECT *\nFROM other.contacts", 2, 6),
        ("SELECT 'ü',\n'☎' FROM secrets", 2, 10),
        ("SELECT * FROM contacts\nWHERE channel == = 'x'", 2, 16),
    ],
)
def test_a_refusal_points_at_what_is_refused(sql, line, column):
    """Line and column from 1, of the first character."""
    with pytest.raises(RefusedSql) as refused:
        checked(sql, CATALOGUE, 100)
    assert (refused.value.line, refused.value.column) == (line, column)
    assert refused.value.mend


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("SELECT 1", "SELECT 1 LIMIT 101"),
        ("SELECT 1 --", "SELECT 1 LIMIT 101"),
        ("SELECT 1 /* LIMIT 5 */", "SELECT 1 LIMIT 101"),
        ("SELECT 1 LIMIT 5", "SELECT 1 LIMIT 5"),
        ("SELECT 1 LIMIT 1000", "SELECT 1 LIMIT 101"),
        ("SELECT 1 LIMIT ALL", "SELECT 1 LIMIT 101"),
        ("((SELECT 1) LIMIT 7)", "((SELECT 1) LIMIT 7)"),
        ("((SELECT 1 AS a ORDER BY 1))", "((SELECT 1 AS a ORDER BY 1 LIMIT 101))"),
        ("SELECT 1 UNION SELECT 2", "SELECT 1 UNION SELECT 2 LIMIT 101"),
        ("SELECT 1 FETCH FIRST 5 ROWS ONLY", "SELECT 1 FETCH FIRST 5 ROWS ONLY"),
        ("SELECT 1 FETCH NEXT 500 ROWS ONLY", "SELECT 1 FETCH NEXT 101 ROWS ONLY"),
        ("SELECT 1 FETCH FIRST ROW ONLY", "SELECT 1 FETCH FIRST ROW ONLY"),
        (
            "SELECT 1 AS a ORDER BY 1 FETCH FIRST 5 ROWS WITH TIES",
            "SELECT * FROM (SELECT 1 AS a ORDER BY 1 FETCH FIRST 5 ROWS WITH TIES) AS bounded LIMIT 101",
        ),
        ("SELECT DECIMAL '1.25', DECIMAL '-007'", "SELECT DECIMAL '1.25', DECIMAL '-007' LIMIT 101"),
        ("SELECT CAST('1.25' AS DECIMAL)", "SELECT CAST('1.25' AS DECIMAL) LIMIT 101"),
        ("SELECT channel FROM contacts", 'SELECT channel FROM "reports"."contacts" LIMIT 101'),
        ("SELECT total FROM Orders o", 'SELECT total FROM "sales"."orders" o LIMIT 101'),
    ],
)
def test_rows_are_bounded(sql, sent):
    """The sent text asks for one row more than the limit, so that a cut is known; no comment can hide the bound."""
    assert checked(sql, CATALOGUE, 100).sql == sent


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40))
def test_any_text_is_a_value_and_nothing_else(text):
    """Whatever stands in quotes comes out of the guard as it went in."""
    literal = f"'{text.replace(chr(39), chr(39) * 2)}'"
    assert checked(f"SELECT {literal} AS a", CATALOGUE, 100).sql == f"SELECT {literal} AS a LIMIT 101"


@given(st.text(max_size=60))
def test_nothing_makes_the_guard_stumble(text):
    """Any text is let through or refused; no other error, and never a second statement."""
    for sql in (text, f"SELECT {text}", f"SELECT * FROM {text}", f"SELECT * FROM contacts WHERE {text}"):
        with contextlib.suppress(RefusedSql):
            sent = checked(sql, CATALOGUE, 100)
            assert {(table.database, table.table) for table in sent.tables} <= {
                ("reports", "contacts"),
                ("sales", "orders"),
            }


WORDS = [
    *(
        "SELECT",
        "FROM",
        "WHERE",
        "WITH",
        "AS",
        "UNION",
        "(",
        ")",
        ",",
        ";",
        "*",
        "1",
        "'a'",
        '"$path"',
        "contacts",
        "secrets",
    ),
    *(
        "orders",
        "JOIN",
        "ON",
        "LATERAL",
        "UNNEST",
        "TABLE",
        "--\n",
        "/*",
        "*/",
        "IN",
        "EXISTS",
        "a",
        ".",
        "LIMIT",
        "reports",
    ),
]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_no_arrangement_of_words_reaches_another_table(words):
    """What is let through names served tables and WITH queries alone, as an independent look at the tree finds."""
    for sql in (words, f"SELECT * FROM {words}", f"WITH a AS (SELECT 1) SELECT * FROM a, {words}"):
        with contextlib.suppress(RefusedSql):
            tree = sqlglot.parse_one(checked(sql, CATALOGUE, 100).sql, read="athena")
            named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
            for table in tree.find_all(exp.Table):
                assert (table.db, table.name) in {("reports", "contacts"), ("sales", "orders")} or table.name in named


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "1+" * 5000 + "1",
        "SELECT " + "NOT " * 3000 + "1",
        "SELECT 1 " + "UNION SELECT 1 " * 1500,
        "(" * 5000,
    ],
    ids=["sums", "negations", "unions", "parentheses"],
)
def test_a_huge_statement_is_answered_quickly(sql):
    """Refused or not, the answer comes within seconds."""
    began = time.monotonic()
    with contextlib.suppress(RefusedSql):
        checked(sql, CATALOGUE, 100)
    assert time.monotonic() - began < 10


@pytest.mark.slow
def test_innocent_sql_runs_as_it_is_sent(publishing):
    """What the guard lets through is SQL that Athena runs: all of the corpus on the stand-in, its rows bounded."""
    small = publishing("innocent", first=dt.date(2025, 12, 31), last=dt.date(2026, 1, 2), per_day=12)
    service = Service(settings_from_environment(small.environment))
    database = small.dataset.target.database
    jobs = {}
    for said, sql in INNOCENT:
        jobs[said] = service.jobs.submit(checked(sql.replace("reports", database), service.catalogue(), 50).statement())
        # One person's queue holds fewer than the corpus has.
        if len(jobs) % 16 == 0:
            for job in jobs.values():
                job.wait(60)
    failed = {said: str(job.error) for said, job in jobs.items() if not (job.wait(60) and job.result)}
    assert failed == {}
    assert max(job.outcome().row_count for job in jobs.values()) == 50
    service.close()
