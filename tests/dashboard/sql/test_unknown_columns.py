"""Columns that no table has are refused before a query runs; names that a statement gives itself are not."""

import pytest

from dashboard.errors import RefusedSql
from dashboard.model.query_types import QueryRequest
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.guard import checked, text_for_number, unknown_column

CATALOGUE = Catalogue(
    (
        ServedTable("reports", "contacts", ("agent_name", "channel", "attributes", "year", "month", "day")),
        ServedTable("reports", "orders", ("order_id", "amount", "year", "month", "day")),
    )
)


@pytest.mark.parametrize(
    ("sql", "line", "column", "name", "mend"),
    [
        ("SELECT agentname FROM contacts", 1, 8, "agentname", "Did you mean agent_name?"),
        ("SELECT channel\nFROM contacts\nWHERE chanel = 'CHAT'", 3, 7, "chanel", "Did you mean channel?"),
        ("SELECT channel FROM contacts ORDER BY Yeer", 1, 39, "Yeer", "Did you mean year?"),
        ('SELECT count(*) AS n FROM contacts GROUP BY "total"', 1, 45, "total", "Columns: agent_name, channel"),
        ("SELECT x.channel FROM (SELECT zzz FROM contacts) x", 1, 31, "zzz", "Columns: agent_name, channel"),
        ("SELECT max(order_idd) FROM orders", 1, 12, "order_idd", "Did you mean order_id?"),
    ],
)
def test_an_unknown_column_is_refused_with_its_place_and_the_nearest_name(sql, line, column, name, mend):
    """The refusal points at the name and proposes the nearest column, or lists them."""
    refused = unknown_column(checked(sql, CATALOGUE, 100))
    assert refused is not None
    assert (refused.line, refused.column, refused.reason) == (line, column, f"There is no column {name}")
    assert refused.mend.startswith(mend)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT Agent_Name, CHANNEL, year FROM contacts",
        "SELECT count(*) AS n FROM contacts GROUP BY channel ORDER BY n",
        "SELECT count(*) n FROM contacts HAVING count(*) > 1 ORDER BY n",
        "WITH a (x) AS (SELECT channel FROM contacts) SELECT x FROM a",
        "WITH a AS (SELECT channel AS y FROM contacts) SELECT y, a.y FROM a",
        "SELECT v FROM (VALUES (1, 2)) AS t (v, w)",
        "SELECT tag FROM contacts CROSS JOIN UNNEST(CAST(json_parse(attributes) AS array(varchar))) AS t (tag)",
        "SELECT a FROM contacts CROSS JOIN UNNEST(CAST(json_parse(attributes) AS array(row(a integer))))",
        "SELECT transform(ARRAY[1], item -> item + 1) FROM contacts",
        "SELECT reduce(ARRAY[1], 0, (s, x) -> s + x, s -> s) FROM contacts",
        "SELECT contacts.channel, o.amount FROM contacts JOIN orders o ON o.day = contacts.day",
        "SELECT amount FROM contacts JOIN orders USING (year, month, day)",
        "SELECT row_number() OVER w FROM contacts WINDOW w AS (PARTITION BY channel)",
        "SELECT EXTRACT(week FROM current_date), date '2026-01-01' FROM contacts",
        "SELECT json_value(attributes, 'lax $.a' PASSING channel AS c) FROM contacts",
        "SELECT CAST(ROW(1) AS ROW(f integer)).f FROM contacts",
        "SELECT * FROM contacts",
        "SELECT 1",
    ],
)
def test_columns_and_own_names_are_let_through(sql):
    """Columns in any case, aliases, named queries, arrays, arguments of lambdas and windows are no unknown columns."""
    assert unknown_column(checked(sql, CATALOGUE, 100)) is None


def test_a_query_with_an_unknown_column_is_refused_before_it_costs_anything(service):
    """The service does not prepare it, so that neither an estimate nor Athena is asked."""
    request = QueryRequest("custom_sql", 10, sql="SELECT agentname FROM contacts")
    with pytest.raises(RefusedSql, match=r"no column agentname \(line 1, column 8\)\. Did you mean agent_name\?"):
        service.prepare("contacts", request)


@pytest.mark.parametrize(
    ("sql", "column", "text", "mend"),
    [
        ("SELECT 1 FROM contacts WHERE year = '2026'", 37, "'2026'", "Write year = 2026."),
        ("SELECT 1 FROM contacts WHERE channel = 'CHAT' AND Month IN ('02', '03')", 61, "'02'", "Write month = 2."),
        ("SELECT 1 FROM contacts WHERE \"day\" >= '2026-02-16'", 39, "'2026-02-16'", "Write a number."),
        ("SELECT 1 FROM contacts WHERE '2026' <> year", 30, "'2026'", "Write year = 2026."),
        ("SELECT 1 FROM orders WHERE day BETWEEN '1' AND '9'", 40, "'1'", "Write day = 1."),
    ],
)
def test_a_text_for_a_number_of_the_partitions_is_refused(sql, column, text, mend):
    """Athena would answer TYPE_MISMATCH after a wait: the refusal points at the text and says how to write it."""
    refused = text_for_number(checked(sql, CATALOGUE, 100))
    assert refused is not None
    assert (refused.line, refused.column, refused.mend) == (1, column, mend)
    assert refused.reason.endswith(f"is a number, and {text} is a text")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM contacts WHERE year = 2026 AND channel = '2026'",
        "SELECT 1 FROM contacts WHERE CAST(year AS varchar) = '2026'",
        "WITH a AS (SELECT CAST(year AS varchar) AS year FROM contacts) SELECT 1 FROM a WHERE year = '2026'",
        "SELECT 1 FROM contacts WHERE DATE '2026-02-16' = current_date AND day = 16",
        "SELECT current_date - INTERVAL '1' DAY FROM contacts WHERE channel IN ('a') OR month IN (1)",
        "SELECT CASE channel WHEN '1' THEN year END FROM contacts",
        "SELECT format('%s', year) FROM contacts WHERE channel = 'day'",
    ],
)
def test_other_texts_are_let_through(sql):
    """Texts that are compared with texts, and names that a statement gives itself."""
    assert text_for_number(checked(sql, CATALOGUE, 100)) is None


def test_a_query_with_a_text_for_a_number_is_refused_before_it_costs_anything(service):
    """The service does not prepare it."""
    request = QueryRequest("custom_sql", 10, sql="SELECT channel FROM contacts WHERE year = '2026'")
    with pytest.raises(RefusedSql, match=r"year is a number, and '2026' is a text .*Write year = 2026\."):
        service.prepare("contacts", request)
