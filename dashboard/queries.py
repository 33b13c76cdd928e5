"""SQL of every built-in query: pure functions from what is asked to a statement with its values bound.

The same request always gives the same text and the same parameters, which is what Athena's result reuse compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.filters import Days, Dimension, Filters
from dashboard.query_types import QueryRequest
from dashboard.shape import Shape


@dataclass(frozen=True)
class Statement:
    """One SELECT for Athena.

    `parameters` are Athena execution parameters in the order of the `?`: SQL literals (`'O''Brien'`, `20260131`).
    `limit` is the rows asked for; the SQL asks for one more, so that a cut result is known to be cut.
    `days` are the days that the statement is confined to, None where it reads all; `columns` are the columns it reads,
    None where that is not known (SQL that a person wrote). Both serve the estimate of its cost.
    """

    sql: str
    parameters: tuple[str, ...] = ()
    limit: int | None = None
    days: Days | None = None
    columns: tuple[str, ...] | None = None
    title: str = ""

    @property
    def shown_sql(self) -> str:
        """The SQL with its values in place, for people to read and copy."""
        raise NotImplementedError


def statement_for(request: QueryRequest, shape: Shape) -> Statement:
    """Return the statement of a built-in query type (all but `custom_sql`, which the guard turns into one)."""
    raise NotImplementedError


def overview_statement(shape: Shape, filters: Filters, *, with_previous: bool) -> Statement:
    """Return the statement behind cards and charts: one row per group of one GROUPING SETS query.

    `with_previous` adds the run of days before `filters.days`, for the cards' comparison.
    """
    raise NotImplementedError


def breakdown_statement(shape: Shape, filters: Filters, dimensions: Sequence[Dimension]) -> Statement:
    """Return row counts by the filtered dimensions together, with those filters left open.

    A chart shows its own dimension unfiltered, so that the other values stay there to be clicked.
    """
    raise NotImplementedError


def rows_statement(shape: Shape, filters: Filters, limit: int) -> Statement:
    """Return the rows behind a card or a chart, the latest day first."""
    raise NotImplementedError


def daily_statement(shape: Shape, days: Days | None) -> Statement:
    """Return rows per day. Columns: year, month, day, contacts."""
    raise NotImplementedError
