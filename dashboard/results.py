"""A finished query's result: an Arrow table and what it took. Pure."""

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from dashboard.queries import Statement


@dataclass(frozen=True)
class Statistics:
    """What Athena says of an execution."""

    bytes_scanned: int
    queue_ms: int
    run_ms: int
    total_ms: int
    reused: bool
    submitted_at: dt.datetime | None


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result; `type` is Athena's name for it (`varchar`, `decimal(38,10)`, `bigint`)."""

    name: str
    type: str


@dataclass(frozen=True)
class QueryResult:
    """Rows of a finished query.

    `table` has at most `limit` rows and the columns of `columns` (names made unique); bigint, decimal, date and
    timestamp are exact Arrow types, NULL is null and "" is "". `truncated` says that there were more rows.
    """

    query_execution_id: str
    statement: Statement
    table: pa.Table
    columns: tuple[ResultColumn, ...]
    truncated: bool
    statistics: Statistics
    output_location: str
    files: tuple[str, ...] = ()
    """URIs of what an UNLOAD wrote."""

    @property
    def row_count(self) -> int:
        """Rows in `table`."""
        return int(self.table.num_rows)
