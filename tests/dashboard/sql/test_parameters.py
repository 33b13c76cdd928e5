"""Parameters of saved SQL are found, checked and bound."""

import datetime as dt

import pytest

from dashboard.errors import RefusedSql
from dashboard.model.query_types import QueryRequest
from dashboard.sql.layout import formatted
from dashboard.sql.parameters import Parameter, literals_of, parameters_of

SQL = "SELECT count(*) AS n FROM contacts WHERE report_date >= {{start_date}} AND channel = {{channel}}"


def ready(service, sql, **given):
    return service.prepare("contacts", QueryRequest("custom_sql", 100, sql=sql), given)


def test_parameters_are_found_outside_texts_and_comments():
    """In the order of their first mention, with the kind that name or suffix gives."""
    sql = "SELECT '{{no}}' -- {{no}}\nFROM t WHERE a > {{from_date}} AND b = {{ least : number }} AND c = {{from_date}}"
    assert parameters_of(sql) == (Parameter("from_date", "date"), Parameter("least", "number"))
    assert parameters_of("SELECT '{{open") == ()


def test_values_are_bound_by_athena(service, published):
    """The sent SQL has a `?` per mention; the values travel as execution parameters and decide the answer."""
    statement = ready(service, SQL, start_date="2026-01-05", channel="VOICE")
    assert statement.parameters == ("DATE '2026-01-05'", "'VOICE'")
    assert statement.sql.count("?") == 2
    assert "VOICE" not in statement.sql
    assert "VOICE" in statement.shown_sql
    (row,) = service.athena.run(statement).table.to_pylist()
    rows = [row for row in published.rows if row["day"] >= dt.date(2026, 1, 5) and row["channel"] == "VOICE"]
    assert row["n"] == len(rows)


@pytest.mark.parametrize("value", ["' OR 1=1 --", "x'; DROP TABLE contacts", "?", "{{channel}}", "\\", "a\nb"])
def test_a_value_is_never_read_as_sql(service, value):
    """Quotes, comments and question marks in a value stay part of the value."""
    statement = ready(
        service, "SELECT count(*) AS n FROM contacts WHERE channel = {{channel}} AND note <> '?'", channel=value
    )
    assert service.athena.run(statement).table.to_pylist() == [{"n": 0}]


def test_numbers_bound_the_partitions_too(service):
    """The estimate knows the values, so that a parameter on the partitions is as cheap as a number."""
    statement = ready(service, "SELECT note FROM contacts WHERE month = {{m:number}} AND year = 2026", m="2")
    assert statement.parameters == ("2",)
    assert service.estimate("contacts", statement).days == 2
    assert service.athena.run(statement).row_count > 0


@pytest.mark.parametrize(
    ("sql", "given", "reason"),
    [
        (SQL, {"start_date": "2026-01-05"}, "The parameter channel has no value"),
        (SQL, {"start_date": "soon", "channel": "x"}, "is not a date"),
        ("SELECT 1 FROM contacts WHERE day = {{d:number}}", {"d": "1 OR 1=1"}, "is not a number"),
        ("SELECT {{x}} FROM contacts", {"x": "a"}, "may stand in a WHERE condition alone (line 1, column 8)"),
        ("SELECT 1 FROM {{x}}", {"x": "contacts"}, "WHERE condition alone (line 1, column 15)"),
        ("SELECT 1 FROM contacts LIMIT {{x:number}}", {"x": "5"}, "(line 1, column 30)"),
        (
            "SELECT 1 FROM contacts WHERE day IN (SELECT {{x:number}} FROM contacts)",
            {"x": "5"},
            "WHERE condition alone",
        ),
        ("SELECT 1 FROM contacts ORDER BY {{x}}", {"x": "1"}, "WHERE condition alone"),
    ],
)
def test_a_parameter_that_cannot_be_bound_is_refused_with_its_place(service, sql, given, reason):
    """Missing values, values of another kind, and places where Athena binds nothing."""
    with pytest.raises(RefusedSql) as refused:
        ready(service, sql, **given)
    assert reason in str(refused.value)


def test_values_of_each_kind_become_literals():
    """Dates, numbers and texts are written as Athena takes them."""
    sql = "SELECT 1 FROM t WHERE a = {{a_date}} AND b = {{b:number}} AND c = {{c}}"
    given = {"a_date": "2026-01-05", "b": "-1.50", "c": "O'Neil"}
    assert literals_of(sql, given) == {"a_date": "DATE '2026-01-05'", "b": "-1.50", "c": "'O''Neil'"}


def test_format_keeps_parameters_texts_and_comments():
    """SQL is laid out in lines and means the same; what cannot be read stays as it is."""
    laid_out = formatted(
        "select channel, count(*) n from contacts where report_date>={{start_date}} and note='a  b' group by 1"
    )
    assert laid_out.splitlines()[0] == "SELECT"
    assert "{{start_date}}" in laid_out
    assert "'a  b'" in laid_out
    assert formatted(laid_out) == laid_out
    assert formatted("SELECT FROM WHERE (") == "SELECT FROM WHERE ("


@pytest.mark.parametrize(
    ("condition", "literal"),
    [
        ("report_date >= {{a_date}}", "'2026-01-05'"),
        ('"report_date" = {{a_date}}', "'2026-01-05'"),
        ("t.report_date < {{a_date}}", "'2026-01-05'"),
        ("report_date BETWEEN {{a_date}} AND {{b_date}}", "'2026-01-05'"),
        ("report_date BETWEEN {{b_date}} AND {{a_date}}", "'2026-01-05'"),
        ("{{a_date}} <= report_date", "'2026-01-05'"),
        ("{{a_date}} <= t.report_date", "'2026-01-05'"),
        ("begun >= {{a_date}}", "DATE '2026-01-05'"),
        ("begun BETWEEN {{a_date}} AND {{b_date}} AND report_date = 'x'", "DATE '2026-01-05'"),
        ("date_diff('day', begun, {{a_date}}) = 1", "DATE '2026-01-05'"),
    ],
)
def test_a_date_that_is_compared_with_text_is_bound_as_text(condition, literal):
    """Athena compares no text with a DATE: next to a text column the value has the same spelling without DATE."""
    given = {"a_date": "2026-01-05", "b_date": "2026-01-09"}
    assert literals_of(f"SELECT 1 FROM t WHERE {condition}", given, ["report_date"])["a_date"] == literal
