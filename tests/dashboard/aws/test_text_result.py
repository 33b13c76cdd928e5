"""EXPLAIN, SHOW COLUMNS and DESCRIBE give rows like any query."""

import pytest

from dashboard.aws.text_result import table_from_text
from dashboard.model.query_types import QueryRequest
from dashboard.model.result import ResultColumn


def run(service, sql):
    statement = service.prepare("contacts", QueryRequest("custom_sql", 50, sql=sql))
    assert service.estimate("contacts", statement) is None
    return service.athena.run(statement)


def test_the_columns_of_a_table_are_shown(service):
    """SHOW COLUMNS gives one row a column of the served table, the partition columns last."""
    found = run(service, "SHOW COLUMNS FROM contacts")
    names = [next(iter(row.values())) for row in found.table.to_pylist()]
    assert names[:2] == ["contact_id", "channel"]
    assert names[-3:] == ["year", "month", "day"]
    assert found.row_count == len(names)


def test_a_table_is_described(service):
    """DESCRIBE gives name, type and comment of each column, without the padding of Athena's file."""
    rows = run(service, "DESCRIBE contacts").table.to_pylist()
    assert rows[0] == {"col_name": "contact_id", "data_type": "string", "comment": ""}


def test_a_plan_is_shown_and_costs_nothing(service):
    """EXPLAIN gives the lines of the plan, and no estimate, because it reads no data."""
    found = run(service, "EXPLAIN SELECT channel FROM contacts")
    assert found.columns == (ResultColumn("Query Plan", "varchar"),)
    assert found.row_count == len(found.table) > 1
    assert found.statistics.bytes_scanned == 0


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("Query Plan\nFragment 0\n    Output[x]\n\n", ["Query Plan"], [("Fragment 0",), ("    Output[x]",)]),
        ("a   \nfield\n", ["field"], [("a",), ("field",)]),
        ('a  \tint \t  \nb \tstring\tof, "b"\n', ["n", "t", "c"], [("a", "int", ""), ("b", "string", 'of, "b"')]),
        ("# Partition Information\n", ["n", "t", "c"], [("# Partition Information", "", "")]),
        ("", ["field"], []),
    ],
)
def test_text_becomes_rows(text, names, rows):
    """One row a line, tabs between columns; a plan keeps its indentation and loses the line with its name."""
    table = table_from_text(text, [ResultColumn(name, "string") for name in names])
    assert [tuple(row.values()) for row in table.to_pylist()] == rows
    assert table.column_names == names
