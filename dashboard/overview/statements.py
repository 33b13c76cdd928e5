"""A model and filters flow in, the statements that count the Overview's cards and charts flow out."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.model.access.table_view import quoted
from dashboard.model.grouping.aggregates import aggregates_of
from dashboard.model.measures import Term
from dashboard.model.selection.filters import Filters
from dashboard.model.selection.period import Period, runs_of
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import NUMBER, Statement, filtered_columns, over, text_of, where_of
from dataset_model.dashboard.section import Card

Pair = tuple[str, str]
"""Two dimensions that rows are grouped by; the first may be `day`."""


@dataclass(frozen=True)
class Grouping:
    """What a row of the answer is about: all days, a day, a dimension's value, or two of them."""

    dimensions: tuple[str, ...] = ()
    """Columns, parts of the calendar, or `day`."""
    compared: bool = False
    """Whether compared days and others are apart."""


def overview_statement(model: SemanticModel, filters: Filters, period: Period) -> Statement:
    """Return the statement that counts cards and charts: one row per group of one GROUPING SETS query.

    Columns: period (0 the days asked for, 1 the days before them that they are compared with, null for other days),
    compared (1 for the days that are compared, 0 for other days; there where some of the days asked for are not),
    year, month, day, d0, d1 ... (the dimensions of `counted_dimensions` as text), level (which of them the row is
    about; see `grouping_level`), then f0, f1 ... (the terms of the model).
    """
    groupings = [Grouping(), Grouping(("day",)), *(Grouping((name,)) for name in model.counted_dimensions)]
    groupings += [Grouping(pair) for pair in model.splits]
    if period.is_partly_compared:
        groupings.insert(1, Grouping(compared=True))
    read = period.read
    where = where_of(model, filters, *period.runs)
    dimensions = {column: f"d{number}" for number, column in enumerate(model.counted_dimensions)}
    extra = {"period": _period(period)}
    if period.is_partly_compared:
        extra["compared"] = _compared(period)
    sql = _grouped(model, dimensions, model.terms, groupings, extra, where.sql)
    return over(model, Statement(sql, where.parameters, None, read, _read(model, filters, dimensions), "Overview"))


def model_of_card(model: SemanticModel, card: Card) -> SemanticModel:
    """Return a model with an Overview of one card: its statement counts nothing else."""
    return replace(model, cards=(card,), charts=(), entity=None, channel=None, agent=None, method=None)


def grouping_level(model: SemanticModel, about: Grouping, *, is_partly_compared: bool) -> int:
    """Return the value of `level` in the rows of a grouping.

    A bit is set for each of compared (where the statement has it), year and the counted dimensions that the row is not
    about, the last one lowest.
    """
    return _level(about, model.counted_dimensions, has_compared=is_partly_compared)


def breakdown_statement(model: SemanticModel, filters: Filters, dimensions: Sequence[str]) -> Statement:
    """Return row counts by the filtered dimensions together, with those filters left open.

    Columns: d0, d1 ... for the dimensions in their order, counted. A chart shows its own dimension unfiltered, so
    that the other values stay there to be clicked; counts of rows add up, so one statement serves every dimension.
    """
    opened = filters
    for dimension in dimensions:
        opened = opened.with_values(dimension, ())
    where = where_of(model, opened, filters.days)
    texts = [text_of(model, column) for column in dimensions]
    shown = ", ".join(f"{text} AS d{number}" for number, text in enumerate(texts))
    sql = (
        f"SELECT {shown}, count(*) AS counted FROM {model.relation}{where.sql} "
        f"GROUP BY {', '.join(str(place + 1) for place in range(len(texts)))}"
    )
    read = tuple(_unique((*_reads(model, dimensions), *filtered_columns(model, opened))))
    return over(model, Statement(sql, where.parameters, None, filters.days, read, "Overview"))


def opened_statement(model: SemanticModel, filters: Filters, dimension: str) -> Statement:
    """Return the terms by one filtered dimension, and by its pairs, with its own filter left open.

    For charts of other figures than counts of rows, which do not add up. Columns: d0, d1 ... (the dimension, then those
    that its charts are split by), level, f0, f1 ...
    """
    names = opened_dimensions(model, dimension)
    groupings = [Grouping((dimension,)), *(Grouping((dimension, split)) for split in names[1:])]
    opened = filters.with_values(dimension, ())
    where = where_of(model, opened, filters.days)
    columns = {column: f"d{number}" for number, column in enumerate(names)}
    sql = _grouped(model, columns, model.terms, groupings, {}, where.sql, has_days=False)
    return over(model, Statement(sql, where.parameters, None, filters.days, _read(model, opened, columns), "Overview"))


def opened_dimensions(model: SemanticModel, dimension: str) -> tuple[str, ...]:
    """Return the dimensions of `opened_statement`, in the order of d0, d1 ..."""
    return (dimension, *(split for by, split in model.splits if by == dimension))


def opened_level(model: SemanticModel, dimension: str, about: Grouping) -> int:
    """Return the value of `level` in rows of `opened_statement`; a bit for each dimension that a row is not about."""
    return _level(about, opened_dimensions(model, dimension), has_days=False)


def _level(about: Grouping, dimensions: Sequence[str], *, has_compared: bool = False, has_days: bool = True) -> int:
    bits = [each not in about.dimensions for each in dimensions]
    if has_days:
        bits.insert(0, "day" not in about.dimensions)
    if has_compared:
        bits.insert(0, not about.compared)
    return sum(bit << place for place, bit in enumerate(reversed(bits)))


def _grouped(
    model: SemanticModel,
    dimensions: Mapping[str, str],
    terms: Sequence[Term],
    groupings: Sequence[Grouping],
    extra: Mapping[str, str],
    where: str,
    *,
    has_days: bool = True,
) -> str:
    days = [quoted(name) for name in ("year", "month", "day")] if has_days else []
    inner = [f"{sql} AS {name}" for name, sql in extra.items()] + days
    inner += [f"{text_of(model, column)} AS {name}" for column, name in dimensions.items()]
    aggregates = aggregates_of(model, terms)
    inner += aggregates.read
    always = ["period"] if "period" in extra else []
    sets = []
    for about in groupings:
        by = [name for each in about.dimensions for name in (days if each == "day" else (dimensions[each],))]
        sets.append(f"({', '.join([*always, *(['compared'] if about.compared else []), *by])})")
    grouped = [*(name for name in extra if name != "period"), *days[:1], *dimensions.values()]
    outer = [*extra, *days, *dimensions.values(), f"grouping({', '.join(grouped)}) AS level"]
    outer += [f"{aggregates.sql(term)} AS f{number}" for number, term in enumerate(terms)]
    return (
        f"WITH shown AS (SELECT {', '.join(inner)} FROM {model.relation}{where}) "
        f"SELECT {', '.join(outer)} FROM shown GROUP BY GROUPING SETS ({', '.join(sets)})"
    )


def _read(model: SemanticModel, filters: Filters, dimensions: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that a statement reads, which its cost depends on."""
    filtered = filtered_columns(model, filters)
    return tuple(_unique((*_reads(model, dimensions), *filtered, *model.measured_columns)))


def _reads(model: SemanticModel, dimensions: Iterable[str]) -> tuple[str, ...]:
    return tuple(_unique(column for dimension in dimensions for column in model.reads(dimension)))


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _period(period: Period) -> str:
    if period.days is None or period.before is None:
        return "0"
    # Numbers made from dates: nothing that a person typed.
    when = f"WHEN {NUMBER} <= {period.before.last:%Y%m%d} THEN 1"
    if period.not_compared_before:
        when = f"WHEN {_in(period.not_compared_before)} THEN NULL {when}"
    return f"CASE WHEN {NUMBER} >= {period.days.first:%Y%m%d} THEN 0 {when} END"


def _compared(period: Period) -> str:
    return f"CASE WHEN {_in(period.not_compared)} THEN 0 ELSE 1 END"


def _in(days: Sequence[dt.date]) -> str:
    runs = (f"{NUMBER} BETWEEN {run.first:%Y%m%d} AND {run.last:%Y%m%d}" for run in runs_of(days))
    return f"({' OR '.join(runs)})"
