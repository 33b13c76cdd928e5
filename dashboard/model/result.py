"""The result of a finished query: its rows, columns and statistics."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dashboard.model.statements import Statement

if TYPE_CHECKING:
    # The first page does not need Arrow, which is a third of what a process loads.
    import pyarrow as pa


@dataclass(frozen=True)
class Statistics:
    """Statistics that Athena gives of an execution."""

    bytes_scanned: int
    run_ms: int
    total_ms: int
    reused: bool
    submitted_at: dt.datetime | None


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result; `type` is Athena's name for it (`varchar`, `decimal(38,10)`, `bigint`)."""

    name: str
    type: str


class Rows(Protocol):
    """The rows of a result, in memory or in a file. Do not store the table; store the QueryResult."""

    def table(self) -> "pa.Table":
        """Return the rows; raise ResultMissing where they can no longer be read."""
        ...

    def order(self, column: str, *, descending: bool) -> "pa.Array":
        """Return the places of the rows in the order of a column, NULL last."""
        ...

    def holding(self, text: str, columns: tuple[str, ...], zone: str = "UTC") -> "pa.Array":
        """Return the places of the rows that hold a text in one of the columns, ignoring case."""
        ...


@dataclass(frozen=True)
class Answer:
    """The rows of a statement as plain values, exact: by column name, NULL is None."""

    query_execution_id: str
    statement: Statement
    statistics: Statistics
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class QueryResult:
    """A finished query.

    `rows` are at most `limit` rows in the columns of `columns` (names made unique); bigint, decimal, date and timestamp
    are exact Arrow types, NULL is null and "" is "". `truncated` means that there were more rows.
    """

    query_execution_id: str
    statement: Statement
    rows: Rows
    row_count: int
    columns: tuple[ResultColumn, ...]
    truncated: bool
    statistics: Statistics
    output_location: str
    files: tuple[str, ...] = ()
    """URIs of what an UNLOAD wrote."""

    @property
    def table(self) -> "pa.Table":
        """The rows. Do not store this table; store the QueryResult, which shares one copy."""
        return self.rows.table()

    @property
    def answer(self) -> "Answer":
        """The rows as plain values; for results that are small."""
        return Answer(self.query_execution_id, self.statement, self.statistics, tuple(self.table.to_pylist()))

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]
