"""Conditions of a dataset file: what they may say, and what they are in SQL."""

import pytest

from dataset_model.columns.types import ColumnType
from dataset_model.dashboard.condition import MOST_CHARACTERS, condition_from

TYPES = {
    "delay": ColumnType.parse("double"),
    "amount": ColumnType.parse("decimal(12,2)"),
    "state": ColumnType.parse("string"),
    "is_open": ColumnType.parse("boolean"),
    "due": ColumnType.parse("date"),
    "at": ColumnType.parse("timestamp"),
}


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("delay > 60", '"delay" > 60'),
        ("DELAY != -0.5", '"delay" <> -0.5'),
        ("amount BETWEEN 1 AND 2.50", '"amount" BETWEEN 1 AND 2.50'),
        ("state = 'O''Brien'", "\"state\" = 'O''Brien'"),
        ("state in ('A', 'B') and not is_open", "(\"state\" IN ('A', 'B') AND (NOT \"is_open\"))"),
        ("is_open or delay >= 1 and state is null", '("is_open" OR ("delay" >= 1 AND "state" IS NULL))'),
        ("(is_open or delay >= 1) and state like 'a%'", '(("is_open" OR "delay" >= 1) AND "state" LIKE \'a%\')'),
        ("due >= '2026-01-31'", "\"due\" >= DATE '2026-01-31'"),
        ("at < '2026-01-31 12:00:00'", "\"at\" < TIMESTAMP '2026-01-31 12:00:00'"),
        ("is_open = false", '"is_open" = FALSE'),
        ("\"state\" not in ('--', '; DROP')", "\"state\" NOT IN ('--', '; DROP')"),
    ],
)
def test_a_condition_is_sql_with_quoted_names(text: str, sql: str) -> None:
    """AND binds before OR, as in SQL; texts of date columns become dates."""
    assert condition_from(text, TYPES).sql == sql


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "a declared column; found the end"),
        ("nothing = 1", "a declared column; found 'nothing'"),
        ("delay > 'a'", "a number; found ''a''"),
        ("delay > state", "a number; found 'state'"),
        ("state = 5", "a text in single quotes, without ?; found '5'"),
        ("state = 'a?'", "a text in single quotes, without ?; found ''a?''"),
        ("due = 'soon'", "a day as '2026-01-31'; found ''soon''"),
        ("due = '2026-02-30'", "a day as '2026-01-31'; found ''2026-02-30''"),
        ("delay like '1%'", "a text column before LIKE; found ''1%''"),
        ("delay", "a comparison; found the end"),
        ("delay not > 5", "IN, BETWEEN or LIKE; found '>'"),
        ("1 = 1", "a declared column; found '1'"),
        ("delay > 1) OR (delay < 2", "AND, OR or the end; found ')'"),
        ("delay > 1 GROUP BY state", "AND, OR or the end; found 'GROUP'"),
        ("delay > 1; DROP TABLE t", "a column, a value, a comparison or a parenthesis; found '; DROP TABLE t'"),
        ("delay > 1 -- all", "a column, a value, a comparison or a parenthesis; found '-- all'"),
        ("delay > (SELECT 1)", "a number; found '('"),
        ("state = 'open", "a column, a value, a comparison or a parenthesis; found ''open'"),
        ("lower(state) = 'a'", "a declared column; found 'lower'"),
        ("delay > 1e5", "a column, a value, a comparison or a parenthesis; found '1e5'"),
    ],
)
def test_anything_else_is_refused_by_what_was_expected(text: str, fault: str) -> None:
    """No call, no query, no comment; a value that does not fit its column is found before Athena is asked."""
    with pytest.raises(ValueError, match="found") as raised:
        condition_from(text, TYPES)
    assert str(raised.value) == fault


def test_a_condition_has_bounds() -> None:
    """Neither its length nor its depth grows without an end."""
    with pytest.raises(ValueError, match="at most 20 parentheses"):
        condition_from("(" * 40 + "is_open" + ")" * 40, TYPES)
    with pytest.raises(ValueError, match="at most 2,000 characters"):
        condition_from("is_open OR " * MOST_CHARACTERS, TYPES)


def test_a_condition_says_what_it_reads() -> None:
    """Its cost is that of its columns, each once."""
    assert condition_from("delay > 1 AND state = 'A' OR delay < 0", TYPES).columns == ("delay", "state")
