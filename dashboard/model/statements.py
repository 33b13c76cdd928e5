"""Requests and filters flow in, SQL statements with bound values flow out.

The same request always gives the same text and the same parameters, which is what Athena's result reuse compares.
Athena takes a `?` in a WHERE clause alone, so a value that a person gave is in no other place.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dashboard.model.filters import Days, Filters
from dashboard.model.partition_filter import partition_conjuncts
from dashboard.model.period import Period, runs_of
from dashboard.model.semantic_model import Measure, SemanticModel

if TYPE_CHECKING:
    from dashboard.model.query_types import QueryRequest

_DAY = ("year", "month", "day")
_DATE = """CAST(date_parse(CAST("year" * 10000 + "month" * 100 + "day" AS varchar), '%Y%m%d') AS date)"""
SUMMARY_COUNTS = ("contacts", "unique_contacts")
"""Columns of the summaries that count rows."""
_NUMBER = '"year" * 10000 + "month" * 100 + "day"'
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
            return _rows_with(model, model.agent, request.agent_name, request)
        case "by_contact":
            return _rows_with(model, model.entity, request.contact_id, request)
        case "daily_summary":
            return _summary(model, request, model.agent)
        case "channel_summary":
            return _summary(model, request, model.channel)
        case "custom_sql":
            raise ValueError("custom SQL has no statement before the guard has read it")


def with_limit(statement: Statement, limit: int) -> Statement:
    """Return a statement of rows with another limit; where that is all of them, in any order.

    Sorting millions of rows to take the first ones is what Athena fails at.
    """
    body, order = statement.body or statement.sql, "" if limit > (statement.limit or 0) else statement.order
    return replace(statement, sql=f"{body}{order} LIMIT {limit + 1}", limit=limit)


def overview_statement(model: SemanticModel, filters: Filters, period: Period) -> Statement:
    """Return the statement that counts cards and charts: one row per group of one GROUPING SETS query.

    Columns: period (0 the days asked for, 1 the days before them that they are compared with, null for other days),
    compared (1 for the days that are compared, 0 for other days; there where some of the days asked for are not),
    year, month, day, d0, d1 ... (the dimensions of `counted_dimensions` as text), level (which of them the row is
    about; see `grouping_level`), then f0, f1 ... (the measures of the model).
    """
    read = period.read
    where = _where(model, filters, read)
    counted = {column: f"d{number}" for number, column in enumerate(model.counted_dimensions)}
    inner = [f"{_period(period)} AS period", *(quoted(name) for name in _DAY)]
    inner += [f"{_text(model, column)} AS {name}" for column, name in counted.items()]
    measured = dict.fromkeys(measure.column for measure in model.measures if measure.column)
    names = {column: f"m{number}" for number, column in enumerate(measured)}
    inner += [f"{quoted(column)} AS {name}" for column, name in names.items()]
    sets = ["(period)", '(period, "year", "month", "day")', *(f"(period, {name})" for name in counted.values())]
    grouped = ['"year"', *counted.values()]
    outer = ["period", '"year"', '"month"', '"day"', *counted.values()]
    if period.is_partly_compared:
        inner.insert(1, f"{_compared(period)} AS compared")
        sets.insert(1, "(period, compared)")
        grouped.insert(0, "compared")
        outer.insert(1, "compared")
    outer.append(f"grouping({', '.join(grouped)}) AS level")
    outer += [f"{_aggregate(measure, names)} AS f{number}" for number, measure in enumerate(model.measures)]
    sql = (
        f"WITH shown AS (SELECT {', '.join(inner)} FROM {_table(model)}{where.sql}) "
        f"SELECT {', '.join(outer)} FROM shown GROUP BY GROUPING SETS ({', '.join(sets)})"
    )
    columns = dict.fromkeys([*counted, *(column for column, _ in filters.picks if column in model.dimensions)])
    return Statement(sql, where.parameters, None, read, tuple({**columns, **measured}), "Overview")


def grouping_level(
    model: SemanticModel, dimension: str | None, *, day: bool = False, compared: bool | None = None
) -> int:
    """Return the value of `level` in rows about a dimension, a day, the compared days, or (none of them) all days.

    A bit is set for each of compared, year and the counted dimensions that the row is not about, the last one lowest.
    `compared` is None where the statement has no such column.
    """
    bits = [not day, *(other != dimension for other in model.counted_dimensions)]
    if compared is not None:
        bits.insert(0, not compared)
    return sum(bit << place for place, bit in enumerate(reversed(bits)))


def breakdown_statement(model: SemanticModel, filters: Filters, dimensions: Sequence[str]) -> Statement:
    """Return row counts by the filtered dimensions together, with those filters left open.

    Columns: d0, d1 ... for the dimensions in their order, contacts. A chart shows its own dimension unfiltered, so
    that the other values stay there to be clicked; counts of rows add up, so one statement serves every dimension.
    """
    opened = filters
    for dimension in dimensions:
        opened = opened.with_values(dimension, ())
    where = _where(model, opened, filters.days)
    texts = [_text(model, column) for column in dimensions]
    shown = ", ".join(f"{text} AS d{number}" for number, text in enumerate(texts))
    sql = (
        f"SELECT {shown}, count(*) AS contacts FROM {_table(model)}{where.sql} "
        f"GROUP BY {', '.join(str(place + 1) for place in range(len(texts)))}"
    )
    return Statement(sql, where.parameters, None, filters.days, tuple(dimensions), "Overview")


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
        self.conjuncts.append(f"{_NUMBER} BETWEEN ? AND ?")
        self.bound += [f"{days.first:%Y%m%d}", f"{days.last:%Y%m%d}"]

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
    for dimension in model.dimensions:
        where.values(_text(model, dimension), filters.values(dimension))
    return where


def _text(model: SemanticModel, column: str) -> str:
    """Return the expression for a dimension's values as text: a column of another type is cast."""
    found = model.column(column)
    is_text = found is not None and not found.is_partition and found.type.name in {"string", "json"}
    return quoted(column) if is_text else f"CAST({quoted(column)} AS varchar)"


def _table(model: SemanticModel) -> str:
    return f"{quoted(model.database)}.{quoted(model.table)}"


def _period(period: Period) -> str:
    if period.days is None or period.before is None:
        return "0"
    # Numbers made from dates: nothing that a person typed.
    when = f"WHEN {_NUMBER} <= {period.before.last:%Y%m%d} THEN 1"
    if period.not_compared_before:
        when = f"WHEN {_in(period.not_compared_before)} THEN NULL {when}"
    return f"CASE WHEN {_NUMBER} >= {period.days.first:%Y%m%d} THEN 0 {when} END"


def _compared(period: Period) -> str:
    return f"CASE WHEN {_in(period.not_compared)} THEN 0 ELSE 1 END"


def _in(days: Sequence[dt.date]) -> str:
    runs = (f"{_NUMBER} BETWEEN {run.first:%Y%m%d} AND {run.last:%Y%m%d}" for run in runs_of(days))
    return f"({' OR '.join(runs)})"


def _aggregate(measure: Measure, names: Mapping[str, str]) -> str:
    if measure.aggregate == "rows":
        return "count(*)"
    if measure.column is None:
        return "CAST(NULL AS bigint)"
    # Athena's mean of a decimal has no more digits than the decimal: that of 1 and 2 as decimal(3,0) is 2.
    mean = "avg(CAST({} AS double))"
    forms = {"distinct": "count(DISTINCT {})", "values": "count({})", "sum": "sum({})", "mean": mean}
    return forms[measure.aggregate].format(names[measure.column])


def _rows_with(model: SemanticModel, column: str | None, value: str | None, request: "QueryRequest") -> Statement:
    if column is None:
        raise ValueError(f"{request.query} needs a column that the dataset {model.dataset} does not have")
    where = _Where()
    where.values(_text(model, column), (value,))
    return _select_all(model, where, None, request.limit, request.query)


def _records(model: SemanticModel, filters: Filters, limit: int, title: str) -> Statement:
    return _select_all(model, _where(model, filters, filters.days), filters.days, limit, title)


def _select_all(model: SemanticModel, where: _Where, days: Days | None, limit: int, title: str) -> Statement:
    # Columns by name: what `*` means grows with the catalogue, and the order here is the one that the pages show.
    columns = ", ".join(quoted(column.name) for column in model.columns)
    body = f"SELECT {columns} FROM {_table(model)}{where.sql}"
    sql = f"{body}{_LATEST_FIRST} LIMIT {limit + 1}"
    read = tuple(column.name for column in model.columns if not column.is_partition)
    return Statement(sql, where.parameters, limit, days, read, title, body=body, order=_LATEST_FIRST)


def _summary(model: SemanticModel, request: "QueryRequest", by: str | None) -> Statement:
    where = _where(model, Filters(), request.days)
    # Grouped by the partition columns, which cost nothing to read; shown as the one date that they are.
    also = [quoted(by)] if by else []
    group = [*(quoted(name) for name in _DAY), *also]
    shown = [f'{_DATE} AS "day"', *also, "count(*) AS contacts"]
    if model.entity:
        shown.append(f"count(DISTINCT {quoted(model.entity)}) AS unique_contacts")
    order = ["1 DESC", *(["contacts DESC", quoted(by)] if by else [])]
    body = (
        f"SELECT {', '.join(shown)} FROM {_table(model)}{where.sql} "
        f"GROUP BY {', '.join(group)} ORDER BY {', '.join(order)}"
    )
    sql = f"{body} LIMIT {request.limit + 1}"
    read = tuple(name for name in (by, model.entity) if name)
    return Statement(sql, where.parameters, request.limit, request.days, read, request.query, body=body)
