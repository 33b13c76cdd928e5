"""Requests and filters flow in, SQL statements with bound values flow out.

The same request always gives the same text and the same parameters, which is what Athena's result reuse compares.
Athena takes a `?` in a WHERE clause alone, so a value that a person gave is in no other place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dashboard.model.filters import DIMENSIONS, Days, Dimension, Filters
from dashboard.model.partition_filter import partition_conjuncts
from dashboard.model.semantic_model import SemanticModel

if TYPE_CHECKING:
    from dashboard.model.query_types import QueryRequest

_DAY = ("year", "month", "day")
_DATE = """CAST(date_parse(CAST("year" * 10000 + "month" * 100 + "day" AS varchar), '%Y%m%d') AS date)"""
SUMMARY_COUNTS = ("contacts", "unique_contacts")
"""Columns of the summaries that count rows."""
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
    unloads: str = ""
    """Format in which it writes its rows to S3, giving none back; empty where it gives them."""
    dataset: str = ""
    """Name of the dataset that its rows are from; names the files made of them."""

    @property
    def shown_sql(self) -> str:
        """The SQL with its values in place, for people to read and copy."""
        if self.shown or not self.parameters:
            return self.shown or self.sql
        # The SQL of this module holds no `?` but those of its parameters.
        pieces = self.sql.split("?")
        return "".join(piece + value for piece, value in zip(pieces, (*self.parameters, ""), strict=True))


def quoted(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """Return a text as the SQL literal that an Athena execution parameter must be."""
    return "'" + value.replace("'", "''") + "'"


def statement_for(request: "QueryRequest", model: SemanticModel) -> Statement:
    """Return the statement of a built-in query type (all but `custom_sql`, which the guard turns into one)."""
    match request.query:
        case "all_records" | "by_date":
            return _records(model, Filters(request.days), request.limit, request.query)
        case "by_agent":
            return _records(model, Filters(agent=(request.agent_name,)), request.limit, request.query)
        case "by_contact":
            where = _Where()
            where.values(model.entity, (request.contact_id,))
            return _select_all(model, where, None, request.limit, request.query)
        case "daily_summary":
            return _summary(model, request, model.agent)
        case "channel_summary":
            return _summary(model, request, model.channel)
        case "custom_sql":
            raise ValueError("custom SQL has no statement before the guard has read it")


def with_limit(statement: Statement, limit: int) -> Statement:
    """Return a statement of this module for so many rows instead; where that is all of them, in any order.

    Sorting millions of rows to take the first ones is what Athena fails at.
    """
    head = statement.sql.removesuffix(f" LIMIT {(statement.limit or 0) + 1}")
    if limit > (statement.limit or 0):
        head = head.removesuffix(_LATEST_FIRST)
    return replace(statement, sql=f"{head} LIMIT {limit + 1}", limit=limit)


def overview_statement(model: SemanticModel, filters: Filters, previous: Days | None) -> Statement:
    """Return the statement that counts cards and charts: one row per group of one GROUPING SETS query.

    Columns: period (0 the days asked for, 1 the `previous` ones, which are before them, null between the two), year,
    month, day, the dimensions that the dataset has (channel_value, agent_value, method_value), grouping (which of them
    the row is about; see `grouping_level`), then the figures of `overview_figures`.
    """
    days = filters.days
    read = Days(previous.first, days.last) if days and previous else days
    where = _where(model, filters, read)
    present = [(dimension, column) for dimension in DIMENSIONS if (column := model.of(dimension))]
    inner = [f"{_period(days, previous)} AS period", *(quoted(name) for name in _DAY)]
    inner += [f"{quoted(column)} AS {dimension}_value" for dimension, column in present]
    figures = overview_figures(model)
    measured = dict.fromkeys(column for _, column in figures if column)
    inner += [f"{quoted(column)} AS m{number}" for number, column in enumerate(measured)]
    names = {column: f"m{number}" for number, column in enumerate(measured)}
    grouped = ['"year"', *(f"{dimension}_value" for dimension, _ in present)]
    sets = ["(period)", '(period, "year", "month", "day")', *(f"(period, {d}_value)" for d, _ in present)]
    outer = ["period", '"year"', '"month"', '"day"', *grouped[1:], f"grouping({', '.join(grouped)}) AS level"]
    outer += [
        f"{_aggregate(measure, names.get(column or ''))} AS f{number}"
        for number, (measure, column) in enumerate(figures)
    ]
    sql = (
        f"WITH shown AS (SELECT {', '.join(inner)} FROM {_table(model)}{where.sql}) "
        f"SELECT {', '.join(outer)} FROM shown GROUP BY GROUPING SETS ({', '.join(sets)})"
    )
    columns = dict.fromkeys([*(column for _, column in present), *measured])
    return Statement(sql, where.parameters, None, read, tuple(columns), "Overview")


def grouping_level(model: SemanticModel, dimension: Dimension | None, *, day: bool = False) -> int:
    """Return the value of `level` in rows about a dimension, a day, or (neither) all days together.

    A bit is set for each of year and the dataset's dimensions that the row is not about, the last one lowest.
    """
    present = [other for other in DIMENSIONS if model.of(other)]
    bits = [not day, *(other != dimension for other in present)]
    return sum(bit << place for place, bit in enumerate(reversed(bits)))


def overview_figures(model: SemanticModel) -> tuple[tuple[str, str | None], ...]:
    """Return (measure, column) of the figures f0, f1 ... of the Overview: rows, the roles' distinct counts, the cards'.

    The first four are always there in this order: rows, unique contacts, channels, agents; a figure without a
    column in this dataset is ("none", None).
    """
    parts = (model.entity, model.channel, model.agent)
    fixed = [("rows", None), *(("distinct", name) if name else ("none", None) for name in parts)]
    wanted = dict.fromkeys((card.measure, card.column) for card in model.cards)
    return (*fixed, *(figure for figure in wanted if figure not in fixed))


def breakdown_statement(model: SemanticModel, filters: Filters, dimensions: Sequence[Dimension]) -> Statement:
    """Return row counts by the filtered dimensions together, with those filters left open.

    Columns: `<dimension>_value` per dimension, contacts. A chart shows its own dimension unfiltered, so that the other
    values stay there to be clicked; counts of rows add up, so one statement serves every filtered dimension.
    """
    opened = filters
    for dimension in dimensions:
        opened = opened.with_values(dimension, ())
    where = _where(model, opened, filters.days)
    present = [(dimension, column) for dimension in dimensions if (column := model.of(dimension))]
    shown = ", ".join(f"{quoted(column)} AS {dimension}_value" for dimension, column in present)
    group = ", ".join(quoted(column) for _, column in present)
    sql = f"SELECT {shown}, count(*) AS contacts FROM {_table(model)}{where.sql} GROUP BY {group}"
    read = [column for dimension in DIMENSIONS if (column := model.of(dimension)) and opened.values(dimension)]
    columns = dict.fromkeys([*(column for _, column in present), *read])
    return Statement(sql, where.parameters, None, filters.days, tuple(columns), "Overview")


def rows_statement(model: SemanticModel, filters: Filters, limit: int) -> Statement:
    """Return the statement of the rows that a card or a chart counts, the latest day first."""
    return _records(model, filters, limit, "rows")


def daily_statement(model: SemanticModel, days: Days | None) -> Statement:
    """Return rows per day. Columns: year, month, day, contacts."""
    where = _where(model, Filters(), days)
    group = ", ".join(quoted(name) for name in _DAY)
    sql = f"SELECT {group}, count(*) AS contacts FROM {_table(model)}{where.sql} GROUP BY {group} ORDER BY {group}"
    return Statement(sql, where.parameters, None, days, (), "Contacts per day")


class _Where:
    """Conjuncts and the parameters that they bind, in the same order."""

    def __init__(self) -> None:
        self.conjuncts: list[str] = []
        self.bound: list[str] = []

    def days(self, days: Days) -> None:
        self.conjuncts += partition_conjuncts(days)
        # What decides; the conjuncts before it decide which objects are opened at all.
        self.conjuncts.append('"year" * 10000 + "month" * 100 + "day" BETWEEN ? AND ?')
        self.bound += [f"{days.first:%Y%m%d}", f"{days.last:%Y%m%d}"]

    def values(self, column: str | None, values: Sequence[str | None]) -> None:
        if not column or not values:
            return
        texts = [value for value in values if value is not None]
        either = [f"{quoted(column)} IS NULL"] if None in values else []
        if texts:
            either.append(f"{quoted(column)} IN ({', '.join('?' * len(texts))})")
            self.bound += [text_literal(text) for text in texts]
        self.conjuncts.append(either[0] if len(either) == 1 else f"({' OR '.join(either)})")

    @property
    def sql(self) -> str:
        return f" WHERE {' AND '.join(self.conjuncts)}" if self.conjuncts else ""

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(self.bound)


def _where(model: SemanticModel, filters: Filters, days: Days | None) -> _Where:
    where = _Where()
    if days:
        where.days(days)
    for dimension in DIMENSIONS:
        where.values(model.of(dimension), filters.values(dimension))
    return where


def _table(model: SemanticModel) -> str:
    return f"{quoted(model.database)}.{quoted(model.table)}"


def _period(days: Days | None, previous: Days | None) -> str:
    if days is None or previous is None:
        return "0"
    # Numbers made from dates: nothing that a person typed.
    day = '"year" * 10000 + "month" * 100 + "day"'
    return f"CASE WHEN {day} >= {days.first:%Y%m%d} THEN 0 WHEN {day} <= {previous.last:%Y%m%d} THEN 1 END"


def _aggregate(measure: str, name: str | None) -> str:
    if measure == "rows":
        return "count(*)"
    if name is None:
        return "CAST(NULL AS bigint)"
    return {"distinct": "count(DISTINCT {})", "sum": "sum({})", "mean": "avg({})"}[measure].format(name)


def _records(model: SemanticModel, filters: Filters, limit: int, title: str) -> Statement:
    return _select_all(model, _where(model, filters, filters.days), filters.days, limit, title)


def _select_all(model: SemanticModel, where: _Where, days: Days | None, limit: int, title: str) -> Statement:
    # Columns by name: what `*` means grows with the catalogue, and the order here is the one that the pages show.
    columns = ", ".join(quoted(column.name) for column in model.columns)
    sql = f"SELECT {columns} FROM {_table(model)}{where.sql}{_LATEST_FIRST} LIMIT {limit + 1}"
    read = tuple(column.name for column in model.columns if not column.is_partition)
    return Statement(sql, where.parameters, limit, days, read, title)


def _summary(model: SemanticModel, request: "QueryRequest", by: str | None) -> Statement:
    where = _where(model, Filters(), request.days)
    # Grouped by the partition columns, which cost nothing to read; shown as the one date that they are.
    also = [quoted(by)] if by else []
    group = [*(quoted(name) for name in _DAY), *also]
    shown = [f'{_DATE} AS "day"', *also, "count(*) AS contacts"]
    if model.entity:
        shown.append(f"count(DISTINCT {quoted(model.entity)}) AS unique_contacts")
    order = ["1 DESC", *(["contacts DESC", quoted(by)] if by else [])]
    sql = (
        f"SELECT {', '.join(shown)} FROM {_table(model)}{where.sql} "
        f"GROUP BY {', '.join(group)} ORDER BY {', '.join(order)} LIMIT {request.limit + 1}"
    )
    read = tuple(name for name in (by, model.entity) if name)
    return Statement(sql, where.parameters, request.limit, request.days, read, request.query)
