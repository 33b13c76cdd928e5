"""Only the rows of a query can be written to S3."""

import pytest

from dashboard.errors import RefusedSql
from dashboard.model.statements import Statement
from dashboard.sql.unload import unload_statement


@pytest.mark.parametrize(
    "sql", ["EXPLAIN SELECT 1", "SHOW COLUMNS IN `reports`.`contacts`", "DESCRIBE `reports`.`contacts`"]
)
def test_what_is_no_query_is_refused(sql):
    """UNLOAD takes a SELECT, so the other statements are refused before Athena is asked."""
    with pytest.raises(RefusedSql, match="rows of queries alone"):
        unload_statement(Statement(sql), ["a"], ["a"], "parquet", "s3://bucket/unload/x/")


def test_a_query_is_written_with_its_parameters():
    """The query stands in parentheses, its columns under the names of the result."""
    written = unload_statement(Statement("SELECT 1 AS a WHERE 1 = ?", ("1",)), ["a"], ["a"], "json", "s3://bucket/x/")
    assert written.sql == (
        'UNLOAD (SELECT c1 AS "a" FROM (SELECT 1 AS a WHERE 1 = ?) AS result (c1)) '
        "TO 's3://bucket/x/' WITH (format = 'JSON', compression = 'GZIP')"
    )
    assert written.parameters == ("1",)
