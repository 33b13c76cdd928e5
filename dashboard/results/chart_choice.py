"""A result table flows in, the choice of its chart and the points to draw flow out.

The x axis is a time column if there is one, then a category, then an integer. Where several rows share an x value
their numbers are summed exactly, and a note says so; the rows can be counted instead.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.model import formats
from dashboard.overview.marks import label
from dashboard.results.time_zones import UTC, heading, in_zone

Axis = Literal["time", "category", "order"]
Unit = Literal["minute", "hour", "day", "month"]

MOST_BARS: Final = 30
MOST_SERIES: Final = 8
"""Colours of a theme; series beyond the largest seven are summed into one."""
MOST_POINTS: Final = 5_000
MOST_TIMES: Final = 400
"""Most distinct times that fit on a page; above it, rows are summed per minute, hour, day or month."""
_MOST_TIME_BARS: Final = 62
_LOOKED_AT: Final = 20_000
"""Rows from which defaults are guessed."""
ROWS: Final = "Number of rows"
OTHERS: Final = "(all others)"
_PLACES: Final = ("year", "month", "day")
"""Number columns that are not measures."""
_UNITS: Final[tuple[Unit, ...]] = ("minute", "hour", "day", "month")


@dataclass(frozen=True)
class Choices:
    """The options of a chart; the first of each is the default."""

    x: tuple[str, ...]
    y: tuple[str, ...]
    """Columns with numbers, and `ROWS`."""
    colour: tuple[str, ...]
    """Columns that can split each place along x."""


@dataclass(frozen=True)
class Point:
    """One mark. `x` is a text; a time is ISO 8601 without an offset."""

    x: str
    where: str
    """`x` as shown in the tooltip."""
    y: float
    colour: str
    exact: str
    """The number with every digit."""


@dataclass(frozen=True)
class ResultChart:
    """A chart as it is drawn: its points in the order of x, and what it leaves out."""

    axis: Axis
    x: str
    y: str
    """Title of the y axis: a column, or the sum of one."""
    colour: str | None
    points: tuple[Point, ...]
    order: tuple[str, ...]
    """The x values where the axis is not time: largest first, or ascending."""
    series: tuple[str, ...]
    """Values of the colour, the largest first."""
    is_line: bool
    unit: Unit | None
    """The time unit of an x value; None where it is the exact time."""
    notes: tuple[str, ...]
    """Remarks on rows that were left out or summed."""


def is_drawable(table: pa.Table) -> bool:
    """Return whether a result can be drawn, judged by its column types."""
    kinds = [field.type for field in table.schema]
    numbers = sum(_is_number(kind) for kind in kinds)
    along = any(_is_moment(kind) or _is_category(kind) for kind in kinds)
    return table.num_rows > 1 and (along or (numbers > 1 and any(pa.types.is_integer(kind) for kind in kinds)))


def choices_of(table: pa.Table) -> Choices:
    """Return what a drawable result can be drawn over and as."""
    few = table.slice(0, _LOOKED_AT)
    moments = [field.name for field in table.schema if _is_moment(field.type)]
    texts = [field.name for field in table.schema if _is_category(field.type)]
    categories = sorted(texts, key=lambda name: _spread(few, name))
    if not moments and len(categories) > 1 and _stacks(few, categories[1], by=categories[0]):
        categories[:2] = reversed(categories[:2])
    numbers = [field.name for field in table.schema if _is_number(field.type)]
    ordered = [name for name in numbers if pa.types.is_integer(table.schema.field(name).type)]
    x = (*moments, *categories, *ordered)
    measures = sorted(numbers, key=lambda name: (name in _PLACES, name == x[0]))
    y = (ROWS, *measures) if not measures or _is_listing(few, x[0], categories) else (*measures, ROWS)
    return Choices(x, y, tuple(categories))


def suggested_colour(table: pa.Table, choices: Choices, x: str) -> str | None:
    """Return the category that splits a result best: few values, and one row for each pair of it and x."""
    few = table.slice(0, _LOOKED_AT)
    for name in choices.colour:
        if name != x and 1 < _distinct(few, [name]) <= MOST_SERIES:
            return name if _distinct(few, [x, name]) == few.num_rows > _distinct(few, [x]) else None
    return None


def chart_of(table: pa.Table, x: str, y: str, colour: str | None, zone: str = UTC) -> ResultChart:
    """Return the chart of a result over column x, measuring column y (or `ROWS`), split by the values of a column.

    Timestamps are those of a clock in the zone.
    """
    table = in_zone(table, zone)
    axis, notes = axis_of(table.schema.field(x).type), list[str]()
    places, unit = _places(table.column(x), axis, notes)
    split = _texts(table.column(colour)) if colour else pa.repeat("", table.num_rows)
    cells = pa.table({"x": places, "colour": split, "y": _exact(table, y, notes)})
    if missing := places.null_count:
        notes.append(f"{formats.plural(missing, 'row')} without {x}")
    cells = cells.filter(pc.and_(pc.is_valid(cells["x"]), pc.is_valid(cells["y"])))
    cells, order = _largest(cells, axis, x, notes)
    cells, series = _few_series(cells, colour, notes)
    cells = _summed(cells, ["x", "colour"])
    added = y != ROWS and (pc.max(cells["y_count"]).as_py() or 1) > 1
    rank = {place: number for number, place in enumerate(order)}
    rows = sorted(cells.to_pylist(), key=lambda row: row["x"] if axis == "time" else rank[row["x"]])
    if len(rows) > MOST_POINTS:
        notes.append(f"the first {MOST_POINTS:,} of {len(rows):,} points")
        rows = rows[:MOST_POINTS]
    read = {row["x"]: moment_text(row["x"], unit) if axis == "time" else row["x"] for row in rows}
    points = tuple(
        Point(row["x"], read[row["x"]], float(row["y_sum"]), row["colour"], exact_text(row["y_sum"])) for row in rows
    )
    is_line = axis == "time" and (len(read) > _MOST_TIME_BARS or unit is None or bool(colour))
    measured = f"Sum of {y}" if added else y
    return ResultChart(
        axis, heading(table.schema.field(x), zone), measured, colour, points, order, series, is_line, unit, tuple(notes)
    )


def axis_of(kind: pa.DataType) -> Axis:
    """Return how a column of a type lies along x."""
    if _is_moment(kind):
        return "time"
    return "order" if pa.types.is_integer(kind) else "category"


def described(chart: ResultChart) -> str:
    """Return the text for screen readers: measure, x column, extent, largest mark."""
    if not chart.points:
        return f"{chart.y} by {chart.x}: nothing to draw"
    largest = max(chart.points, key=lambda point: point.y)
    split = f", split by {chart.colour}" if chart.colour else ""
    kind = "Lines" if chart.is_line else "Bars"
    of = f" ({largest.colour})" if chart.colour else ""
    span = f" from {chart.points[0].where} to {chart.points[-1].where}" if chart.axis == "time" else ""
    return f"{kind}: {chart.y} by {chart.x}{split}{span}. Largest: {largest.exact} at {largest.where}{of}."


def exact_text(value: float | Decimal) -> str:
    """Return a number with every digit that it has: thousands separated, a double as the shortest that is it."""
    if isinstance(value, Decimal):
        return format(value, ",f")
    return f"{value:,}"


def moment_text(place: str, unit: Unit | None) -> str:
    """Return a time as shown, no finer than its unit."""
    moment = dt.datetime.fromisoformat(place)
    if unit == "month":
        return f"{moment:%b %Y}"
    return f"{moment:%Y-%m-%d}" if unit == "day" else f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def _largest(cells: pa.Table, axis: Axis, x: str, notes: list[str]) -> tuple[pa.Table, tuple[str, ...]]:
    """Keep as many x values as can be drawn; return them in order, empty for a time axis."""
    if axis == "time":
        return cells, ()
    totals = _summed(cells, ["x"])
    if axis == "order":
        totals = totals.append_column("number", pc.cast(totals["x"], pa.int64())).sort_by("number")
        return cells, tuple(totals["x"].to_pylist())
    totals = totals.sort_by([("y_sum", "descending"), ("x", "ascending")])
    if totals.num_rows > MOST_BARS:
        notes.append(f"the largest {MOST_BARS} of {totals.num_rows:,} values of {x}")
        totals = totals.slice(0, MOST_BARS)
        cells = cells.filter(pc.is_in(cells["x"], totals["x"].combine_chunks()))
    return cells, tuple(totals["x"].to_pylist())


def _few_series(cells: pa.Table, colour: str | None, notes: list[str]) -> tuple[pa.Table, tuple[str, ...]]:
    """Sum the small series into one, so every series has a distinct colour."""
    if colour is None:
        return cells, ()
    totals = _summed(cells, ["colour"]).sort_by([("y_sum", "descending"), ("colour", "ascending")])
    if totals.num_rows <= MOST_SERIES:
        return cells, tuple(totals["colour"].to_pylist())
    largest = totals["colour"].slice(0, MOST_SERIES - 1).combine_chunks()
    notes.append(f"the largest {MOST_SERIES - 1} of {totals.num_rows:,} values of {colour} have a colour of their own")
    named = pc.if_else(pc.is_in(cells["colour"], largest), cells["colour"], OTHERS)
    return cells.set_column(1, "colour", named), (*largest.to_pylist(), OTHERS)


def _summed(cells: pa.Table, by: list[str]) -> pa.Table:
    """Return columns y_sum and y_count for each of the places: in Arrow, for there may be a million."""
    return cells.group_by(by).aggregate([("y", "sum"), ("y", "count")])


def _places(column: pa.ChunkedArray, axis: Axis, notes: list[str]) -> tuple[pa.ChunkedArray, Unit | None]:
    """Return the x values as texts, and the time unit that they were floored to."""
    if axis == "category":
        return _texts(column), None
    if axis == "order":
        return pc.cast(column, pa.string()), None
    unit: Unit | None = "day" if pa.types.is_date(column.type) else None
    for longer in _UNITS[3 if unit else 0 :]:
        if pc.count_distinct(column).as_py() > MOST_TIMES:
            column, unit = pc.floor_temporal(column, unit=longer), longer
    if unit and not (unit == "day" and pa.types.is_date(column.type)):
        notes.append(f"added up per {unit}")
    # Each distinct time is formatted once: formatting a million takes two seconds.
    few = column.combine_chunks().dictionary_encode()
    texts = pc.strftime(pc.cast(few.dictionary, pa.timestamp("ms")), format="%Y-%m-%dT%H:%M:%S")
    return pa.chunked_array([texts.take(few.indices)]), unit


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pc.cast(column, pa.string()) if not pa.types.is_string(column.type) else column
    empty = pc.equal(texts, "")
    return pc.fill_null(pc.if_else(empty, label(""), texts), label(None))


def _exact(table: pa.Table, y: str, notes: list[str]) -> pa.ChunkedArray | pa.Array:
    """Return the summands in a type with exact sums; null where there is no number to draw."""
    if y == ROWS:
        return pa.repeat(pa.scalar(1, pa.int64()), table.num_rows)
    column = table.column(y)
    if pa.types.is_integer(column.type):
        return pc.cast(column, pa.decimal128(38, 0))
    if pa.types.is_decimal(column.type):
        # Twice the digits: sums with 38 digits would overflow silently.
        return pc.cast(column, pa.decimal256(76, column.type.scale))
    doubles = pc.cast(column, pa.float64())
    finite = pc.is_finite(doubles)
    if endless := pc.sum(pc.invert(finite)).as_py():
        notes.append(f"{formats.plural(endless, 'row')} without a finite {y}")
    return pc.if_else(finite, doubles, None)


def _is_listing(table: pa.Table, x: str, categories: Sequence[str]) -> bool:
    """Return whether the rows are records rather than aggregates; then the default measure is their count."""
    if table.num_columns <= 3:
        return False  # With so few columns the number was selected on purpose.
    ids = [name for name in categories if MOST_BARS < _distinct(table, [name]) > table.num_rows // 2]
    others = {x, *categories} - set(ids)
    if ids and len(others) > 1:
        return True
    keys = [[x], *([x, name] for name in categories if name != x)]
    return all(_distinct(table, key) < table.num_rows for key in keys)


def _stacks(table: pa.Table, x: str, *, by: str) -> bool:
    """Return whether a bar per value of x, in the colours of few other values, shows every row."""
    is_small = 1 < _distinct(table, [by]) <= MOST_SERIES < _distinct(table, [x]) <= MOST_BARS
    return is_small and _distinct(table, [x, by]) == table.num_rows


def _spread(table: pa.Table, name: str) -> tuple[bool, int]:
    """Sort key: few values before many; a column with one value last."""
    values = _distinct(table, [name])
    return values < 2 or values > max(MOST_BARS, table.num_rows // 2), values


def _distinct(table: pa.Table, names: Sequence[str]) -> int:
    if len(names) == 1:
        return int(pc.count_distinct(table.column(names[0]), mode="all").as_py())
    return int(table.select(list(names)).group_by(list(names)).aggregate([]).num_rows)


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _is_category(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_boolean(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
