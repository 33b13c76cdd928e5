"""Mistakes are reported in Athena's words, with positions in the statement as it was written."""

import pytest

CASES = [
    ("SELECT agnt FROM contacts", "COLUMN_NOT_FOUND: line 1:8: Column 'agnt' cannot be resolved"),
    ("SELECT c.x\nFROM contacts c", "COLUMN_NOT_FOUND: line 1:10: Column 'x' cannot be resolved"),
    ("SELECT 1\nFROM absent", "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.{database}.absent' does not exist"),
    ("SELECT 1 FROM nodb.t", "SCHEMA_NOT_FOUND: line 1:20: Schema 'nodb' does not exist"),
    ("SELECT 1 FROM other.a.b", "CATALOG_NOT_FOUND: line 1:23: Catalog 'other' does not exist"),
    ("SELECT nosuch(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nosuch' not registered"),
    ("SELECT agent, count(*) FROM contacts", "EXPRESSION_NOT_AGGREGATE: line 1:8: 'agent' must be an aggregate"),
    ("SELECT agent FROM contacts a, contacts b", "AMBIGUOUS_NAME: line 1:8: Column 'agent' is ambiguous"),
    ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to INTEGER"),
    ("SELECT CAST('x' AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to BIGINT"),
    ("SELECT CAST('x' AS double)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to DOUBLE"),
    ("SELECT CAST('yesterday' AS date)", "INVALID_CAST_ARGUMENT: "),
    ("SELECT CAST('yesterday' AS timestamp)", "INVALID_CAST_ARGUMENT: "),
    ("SELECT date_parse('x', '%Y')", 'INVALID_FUNCTION_ARGUMENT: Invalid format: "x"'),
    ("SELECT 9223372036854775807 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: "),
    (
        "SELECT (SELECT x FROM (VALUES 1, 2) t(x))",
        "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
    ),
    ("SELECT 1 UNION SELECT 1, 2", "TYPE_MISMATCH: line 1:1: UNION query has different number of fields"),
]


@pytest.mark.parametrize(("sql", "reason"), CASES, ids=[sql for sql, _ in CASES])
def test_message(month, sql, reason):
    """Each mistake fails the query with Athena's code, and AthenaError repeats the reason."""
    ran = month.run(sql)
    assert ran.state == "FAILED"
    assert ran.reason.startswith(reason.format(database=month.database))
    error = ran.execution["Status"]["AthenaError"]
    assert (error["ErrorCategory"], error["Retryable"], error["ErrorMessage"]) == (2, False, ran.reason)
    assert error["ErrorType"] in (1001, 1004, 1006)
