"""Requests and filters flow in, SQL statements with bound values flow out.

The same request always gives the same text and the same parameters, which is what Athena's result reuse compares.
Athena takes a `?` in a WHERE clause alone, so a value that a person gave is in no other place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dashboard.model.access.table_view import quoted
from dashboard.model.calendar_parts import DATE
from dashboard.model.selection.filters import Days, Filters, Range
from dashboard.model.selection.partition_filter import partition_conjuncts
from dashboard.model.selection.ranges import range_conjuncts
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import name_of
from dataset_model.columns.types import ColumnType
from dataset_model.dashboard.condition import text_literal

if TYPE_CHECKING:
    from dashboard.model.query_types import QueryRequest

_DAY = ("year", "month", "day")
NUMBER = '"year" * 10000 + "month" * 100 + "day"'
_LATEST_FIRST = ' ORDER BY "year" DESC, "month" DESC, "day" DESC'


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
    tables: tuple[tuple[str, str], ...] = ()
    """Database and name of the tables read; empty where it is the dataset's own alone."""
    written: str = ""
    """What a person wrote, where `sql` was made from it."""
    given: tuple[tuple[str, str], ...] = ()
    """Names and values of the parameters in what a person wrote."""
    shown: str = ""
    """What a person wrote with its values in place, where it has parameters."""
    body: str = ""
    """`sql` without its LIMIT and without `order`; empty where it has neither."""
    order: str = ""
    """ORDER BY that only decides which rows a limit takes."""
    unloads: str = ""
    """Format in which it writes its rows to S3, giving none back; empty where it gives them."""
    dataset: str = ""
    """Name of the dataset that its rows are from; names the files made of them."""
    in_place_of: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Queries that replace tables which the requester may not see as they are, each with its table."""

    @property
    def shown_sql(self) -> str:
        """The SQL with its values in place and tables under their names, for people to read and copy."""
        if self.shown:
            return self.shown
        sql = self.sql
        for sent, table in self.in_place_of:
            sql = sql.replace(sent, table)
        # The SQL of this module holds no `?` but those of its parameters.
        pieces = sql.split("?") if self.parameters else [sql]
        return "".join(piece + value for piece, value in zip(pieces, (*self.parameters, ""), strict=True))


def statement_for(request: "QueryRequest", model: SemanticModel) -> Statement:
    """Return the statement of a built-in query type that gives or counts rows (all but `group_by`, `custom_sql`)."""
    match request.query:
        case "all_records" | "by_date":
            return _records(model, Filters(request.days), request.limit, request.query)
        case "by_agent":
            return _rows_with(model, model.agent, request.agent_name, request)
        case "by_contact":
            return _rows_with(model, model.entity, request.contact_id, request)
        case "daily_summary":
            return _summary(model, request, model.agent)
        case "channel_summary":
            return _summary(model, request, model.channel)
        case "group_by" | "custom_sql":
            raise ValueError(f"{request.query} is answered by another module: model/grouping or the guard")


def with_limit(statement: Statement, limit: int) -> Statement:
    """Return a statement of rows with another limit; where that is all of them, in any order.

    Sorting millions of rows to take the first ones is what Athena fails at.
    """
    body, order = statement.body or statement.sql, "" if limit > (statement.limit or 0) else statement.order
    return replace(statement, sql=f"{body}{order} LIMIT {limit + 1}", limit=limit)


def rows_statement(model: SemanticModel, filters: Filters, limit: int) -> Statement:
    """Return the statement of the rows that a card or a chart counts, the latest day first."""
    return _records(model, filters, limit, "rows")


def summary_counts(model: SemanticModel) -> tuple[str, str]:
    """Return the columns of the summaries that count rows and unique entities, in the words of the dataset."""
    names = {column.name for column in model.columns}
    counted, unique = name_of(model.words.rows.many), f"unique_{name_of(model.words.entity.many)}"
    return (f"{counted}_counted" if counted in names else counted), (f"{unique}_counted" if unique in names else unique)


def daily_statement(model: SemanticModel, days: Days | None) -> Statement:
    """Return rows per day. Columns: year, month, day, counted."""
    where = where_of(model, Filters(), days)
    group = ", ".join(quoted(name) for name in _DAY)
    sql = f"SELECT {group}, count(*) AS counted FROM {model.relation}{where.sql} GROUP BY {group} ORDER BY {group}"
    return over(model, Statement(sql, where.parameters, None, days, (), "Rows per day"))


class Where:
    """Conjuncts and the parameters that they bind, in the same order."""

    def __init__(self) -> None:
        """Make one that holds for every row."""
        self.conjuncts: list[str] = []
        self.bound: list[str] = []

    def days(self, *runs: Days) -> None:
        """Add the condition that a row is of some days, or of one of some runs of days."""
        self.conjuncts += partition_conjuncts(*runs)
        # The exact condition; the conjuncts before it only limit which objects are opened.
        decides = " OR ".join([f"{NUMBER} BETWEEN ? AND ?"] * len(runs))
        self.conjuncts.append(f"({decides})" if len(runs) > 1 else decides)
        self.bound += [f"{day:%Y%m%d}" for days in runs for day in (days.first, days.last)]

    def values(self, text: str, values: Sequence[str | None]) -> None:
        """Add the condition that an expression has one of the values; no values, no condition."""
        if not values:
            return
        texts = [value for value in values if value is not None]
        either = [f"{text} IS NULL"] if None in values else []
        if texts:
            either.append(f"{text} IN ({', '.join('?' * len(texts))})")
            self.bound += [text_literal(value) for value in texts]
        self.conjuncts.append(either[0] if len(either) == 1 else f"({' OR '.join(either)})")

    def within(self, column: str, range_: Range, type_: ColumnType, zone: str) -> None:
        """Add the condition that a column's value is within a range."""
        conjuncts, bound = range_conjuncts(quoted(column), range_, type_, zone)
        self.conjuncts += conjuncts
        self.bound += bound

    @property
    def sql(self) -> str:
        """The WHERE clause with a blank before it; empty without a condition."""
        return f" WHERE {' AND '.join(self.conjuncts)}" if self.conjuncts else ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The values bound, in the order of the `?`."""
        return tuple(self.bound)


def where_of(model: SemanticModel, filters: Filters, *days: Days | None) -> Where:
    """Return the conditions of a filter on some runs of days, None for all days, with their parameters."""
    where = Where()
    if runs := [run for run in days if run]:
        where.days(*runs)
    for dimension in model.filters:
        where.values(text_of(model, dimension), filters.values(dimension))
    for column, range_ in filters.ranges:
        # A column that the requester may not see the values of does not narrow anything.
        if type_ := model.ranged.get(column):
            where.within(column, range_, type_, model.time_zone)
    return where


def filtered_columns(model: SemanticModel, filters: Filters) -> tuple[str, ...]:
    """Return the columns that the conditions of a filter read."""
    dimensions = (dimension for dimension, _ in filters.picks if dimension in model.filters)
    picked = (column for dimension in dimensions for column in model.reads(dimension))
    return (*picked, *(column for column, _ in filters.ranges if column in model.ranged))


def text_of(model: SemanticModel, column: str) -> str:
    """Return the expression for a dimension's values as text: a column of another type is cast."""
    if part := model.calendar_part(column):
        return model.calendar.sql(part)
    found = model.column(column)
    is_text = found is not None and not found.is_partition and found.type.name in {"string", "json"}
    return quoted(column) if is_text else f"CAST({quoted(column)} AS varchar)"


def over(model: SemanticModel, statement: Statement) -> Statement:
    """Return a statement over the relation of a model, with the table that the relation replaces."""
    if model.query is None:
        return statement
    read = statement.columns
    # The columns of a row rule are read by every statement.
    columns = None if read is None else tuple(dict.fromkeys((*read, *model.query.reads)))
    return replace(statement, in_place_of=((model.relation, model.full_name),), columns=columns)


def _rows_with(model: SemanticModel, column: str | None, value: str | None, request: "QueryRequest") -> Statement:
    if column is None:
        raise ValueError(f"{request.query} needs a column that the dataset {model.dataset} does not have")
    where = Where()
    where.values(text_of(model, column), (value,))
    return _select_all(model, where, None, request.limit, request.query)


def _records(model: SemanticModel, filters: Filters, limit: int, title: str) -> Statement:
    return _select_all(model, where_of(model, filters, filters.days), filters.days, limit, title)


def _select_all(model: SemanticModel, where: Where, days: Days | None, limit: int, title: str) -> Statement:
    # Columns by name: what `*` means grows with the catalogue, and the order here is the one that the pages show.
    columns = ", ".join(quoted(column.name) for column in model.columns)
    body = f"SELECT {columns} FROM {model.relation}{where.sql}"
    order = _LATEST_FIRST + _within_a_day(model)
    sql = f"{body}{order} LIMIT {limit + 1}"
    read = tuple(column.name for column in model.columns if not column.is_partition)
    return over(model, Statement(sql, where.parameters, limit, days, read, title, body=body, order=order))


def _within_a_day(model: SemanticModel) -> str:
    """Return the rest of the order: the latest time first, then what is counted, then every other column.

    A limit takes the same rows again: those that no column tells apart are alike in all that is shown.
    """
    time = model.calendar.time_column
    names = [column.name for column in model.columns if not column.is_partition and column.name != time]
    names.sort(key=lambda name: name != model.entity)
    latest = [f"{quoted(time)} DESC NULLS LAST"] if time else []
    return "".join(f", {each}" for each in (*latest, *(f"{quoted(name)} ASC NULLS LAST" for name in names)))


def _summary(model: SemanticModel, request: "QueryRequest", by: str | None) -> Statement:
    where = where_of(model, Filters(), request.days)
    # Grouped by the partition columns, which cost nothing to read; shown as the one date that they are.
    also = [quoted(by)] if by else []
    group = [*(quoted(name) for name in _DAY), *also]
    counted, unique = summary_counts(model)
    shown = [f'{DATE} AS "day"', *also, f"count(*) AS {quoted(counted)}"]
    if model.entity:
        shown.append(f"count(DISTINCT {quoted(model.entity)}) AS {quoted(unique)}")
    order = ["1 DESC", *([f"{quoted(counted)} DESC", quoted(by)] if by else [])]
    body = (
        f"SELECT {', '.join(shown)} FROM {model.relation}{where.sql} "
        f"GROUP BY {', '.join(group)} ORDER BY {', '.join(order)}"
    )
    sql = f"{body} LIMIT {request.limit + 1}"
    read = tuple(name for name in (by, model.entity) if name)
    return over(model, Statement(sql, where.parameters, request.limit, request.days, read, request.query, body=body))
