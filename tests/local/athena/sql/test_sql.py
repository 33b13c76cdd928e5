"""Athena's SQL means what Trino's documentation says."""

from pathlib import Path

import pytest
import yaml

_CORPUS = yaml.safe_load(Path(__file__).with_name("corpus_sql.yaml").read_text(encoding="utf-8"))
CASES = [(group, *case) for group, cases in _CORPUS.items() for case in cases]


@pytest.fixture(scope="module")
def answers(month):
    """All expressions, started at once."""
    started = [month.start(f"SELECT {sql}") for _, sql, _, _ in CASES]
    return dict(zip((sql for _, sql, _, _ in CASES), started, strict=True))


@pytest.mark.parametrize(("group", "sql", "kind", "text"), CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_expression(month, answers, group, sql, kind, text):
    """Every expression of the corpus has its type and text."""
    ran = month.wait(answers[sql])
    assert ran.state == "SUCCEEDED", ran.reason
    answer = month.aws.athena.get_query_results(QueryExecutionId=ran.id)["ResultSet"]
    assert answer["ResultSetMetadata"]["ColumnInfo"][0]["Type"] == kind
    assert answer["Rows"][1]["Data"][0].get("VarCharValue") == text


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y) ORDER BY x", [["1", "a"], ["2", "b"]]),
        ("SELECT x, n FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(x, n)", [["a", "1"], ["b", "2"]]),
        ("SELECT x, y FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS t(x, y)", [["1", "a"], ["2", None]]),
        ("SELECT k, v FROM (VALUES MAP(ARRAY['a', 'b'], ARRAY[1, 2])) t(m) CROSS JOIN UNNEST(m) AS u(k, v)",
         [["a", "1"], ["b", "2"]]),
        ("SELECT p, q FROM (VALUES ARRAY[ROW(1, 'a'), ROW(2, 'b')]) t(r) CROSS JOIN UNNEST(r) AS u(p, q)",
         [["1", "a"], ["2", "b"]]),
        ("SELECT i, x FROM (VALUES (1, ARRAY[5]), (2, ARRAY[])) t(i, a) LEFT JOIN UNNEST(a) AS u(x) ON true ORDER BY i",
         [["1", "5"], ["2", None]]),
        ("SELECT x, sum(y) FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) t(x, y) GROUP BY ROLLUP(x) ORDER BY x",
         [["a", "3"], ["b", "3"], [None, "6"]]),
        ("SELECT x, y, count(*) FROM (VALUES (1, 2)) t(x, y) GROUP BY GROUPING SETS ((x), (y), ()) ORDER BY 1, 2",
         [["1", None, "1"], [None, "2", "1"], [None, None, "1"]]),
        (("SELECT x, row_number() OVER (ORDER BY x DESC), lag(x) OVER (ORDER BY x), lead(x, 1, 0) OVER (ORDER BY x) "
          "FROM (VALUES 1, 2) t(x) ORDER BY x"), [["1", "2", None, "2"], ["2", "1", "1", "0"]]),
        (("SELECT x, rank() OVER (PARTITION BY y ORDER BY x), sum(x) OVER (PARTITION BY y ORDER BY x "
          "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM (VALUES (1, 'a'), (2, 'a')) t(x, y) ORDER BY x"),
         [["1", "1", "1"], ["2", "2", "3"]]),
        ("WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a UNION ALL SELECT * FROM b",
         [["1"], ["2"]]),
        ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3) SELECT x FROM n",
         [["1"], ["2"], ["3"]]),
        ("SELECT x FROM (VALUES 1, NULL, 2) t(x) ORDER BY x DESC", [["2"], ["1"], [None]]),
        ("SELECT x FROM (VALUES 1, 2, 3) t(x) ORDER BY x OFFSET 1 LIMIT 1", [["2"]]),
        ("SELECT x FROM (VALUES 1, 2, 3) t(x) WHERE EXISTS (SELECT 1 FROM (VALUES 2) u(y) WHERE y = x)", [["2"]]),
        (("SELECT date_trunc('day', ts), count(*) FROM (VALUES TIMESTAMP '2026-01-01 10:00:00') t(ts) GROUP BY "
          "date_trunc('day', ts)"), [["2026-01-01 00:00:00.000", "1"]]),
        ("SELECT 1 EXCEPT SELECT 1", []),
        ("SELECT x / 2, count(*) FROM (VALUES 1, 2, 3) t(x) GROUP BY x / 2 ORDER BY 1", [["0", "1"], ["1", "2"]]),
        ("SELECT sum(x) * 100 / sum(sum(x)) OVER () FROM (VALUES ('a', 1), ('b', 3)) t(k, x) GROUP BY k ORDER BY 1",
         [["25"], ["75"]]),
    ],
)  # fmt: skip
def test_statement(month, sql, rows):
    """Joins, windows, groupings and unnesting give Trino's rows."""
    assert month.rows(sql) == rows


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT 1, 'a', 2 AS b, max(1)", ["_col0", "_col1", "b", "_col3"]),
        ("SELECT AGENT, c.contactid FROM contacts c LIMIT 1", ["agent", "contactid"]),
        ('SELECT 1 AS "Two Words"', ["Two Words"]),
        ("SELECT 1 UNION ALL SELECT 2", ["_col0"]),
        ("SELECT * FROM contacts WHERE year = 2020",
         ["contactid", "agent", "seconds", "year", "month", "day"]),
    ],
)  # fmt: skip
def test_column_names(month, sql, names):
    """Columns without a name are `_col0`, `_col1`, ...; plain columns keep the catalogue's name."""
    assert [
        column["Name"].lower() if column["Name"].isupper() else column["Name"] for column in month.run(sql).columns
    ] == names


def test_precision_of_text(place):
    """varchar(n) reports its length, unbounded text the largest."""
    place.create_table("t", "a varchar(10), b string")
    columns = place.run("SELECT a, b, 'four' AS c, a AS d FROM t").columns
    assert [column["Precision"] for column in columns] == [10, 2147483647, 4, 10]


def test_decimals_report_precision_and_scale(place):
    """A decimal column has its size."""
    column = place.run("SELECT CAST(1 AS decimal(12, 3)) AS d").columns[0]
    assert (column["Type"], column["Precision"], column["Scale"]) == ("decimal", 12, 3)


def test_information_schema(place):
    """information_schema lists schemas, tables, views and columns."""
    place.create_table("t", "a int COMMENT 'first', b array<double>", "PARTITIONED BY (day string)")
    place.rows("CREATE VIEW v AS SELECT a FROM t")
    mine = f"table_schema = '{place.database}'"
    assert place.rows(f"SELECT table_name, table_type FROM information_schema.tables WHERE {mine} ORDER BY 1") == [
        ["t", "BASE TABLE"],
        ["v", "VIEW"],
    ]
    sql = "SELECT column_name, data_type, ordinal_position, comment, extra_info FROM information_schema.columns"
    assert place.rows(f"{sql} WHERE {mine} AND table_name = 't' ORDER BY 3") == [
        ["a", "integer", "1", "first", None],
        ["b", "array(double)", "2", "", None],
        ["day", "varchar", "3", "", "partition key"],
    ]
    schemata = place.rows(f"SELECT schema_name FROM information_schema.schemata WHERE schema_name = '{place.database}'")
    assert schemata == [[place.database]]
