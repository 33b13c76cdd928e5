"""A result table and the columns of its chart flow in, the points to draw flow out.

Where several rows share an x value, their numbers are summed exactly, and a note says so; the rows can be counted
instead.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.model import formats
from dashboard.overview.document.marks import label
from dashboard.results.charts.choice import MOST_BARS, MOST_SERIES, ROWS, is_moment
from dashboard.results.charts.gaps import Published, Step, absent, missing, step_of
from dashboard.results.time_zones import UTC, heading, in_zone

Axis = Literal["time", "category", "order"]
Unit = Literal["minute", "hour", "day", "month"]
MOST_POINTS: Final = 5_000
MOST_TIMES: Final = 400
"""Most distinct times that fit on a page; above it, rows are summed per minute, hour, day or month."""
_MOST_TIME_BARS: Final = 62
OTHERS: Final = "(all others)"
_UNITS: Final[tuple[Unit, ...]] = ("minute", "hour", "day", "month")


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
    gaps: tuple[tuple[str, str], ...]
    """Places along x, with their series, where a line is interrupted."""
    notes: tuple[str, ...]
    """Remarks on rows that were left out or summed."""


def chart_of(
    table: pa.Table,
    x: str,
    y: str,
    colour: str | None,
    zone: str = UTC,
    published: Published | None = None,
    *,
    is_line: bool | None = None,
    step: Step | None = None,
) -> ResultChart:
    """Return the chart of a result over column x, measuring column y (or `ROWS`), split by the values of a column.

    Timestamps are those of a clock in the zone. `published` are the days of the dataset, None where rows may be missing
    from the result for another reason than that there are none. `is_line` asks for a line over time, or for bars; None
    takes what fits. `step` is the distance of dates along x where it is known.
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
    fits = len(read) > _MOST_TIME_BARS or unit is None or bool(colour)
    # A bar over a moment has no width.
    is_line = axis == "time" and (fits if is_line is None or unit is None else is_line)
    measured = f"Sum of {y}" if added else y
    gaps: tuple[tuple[str, str], ...] = ()
    if is_line:
        counted = published if published and (y == ROWS or y in published.counts) else None
        points, gaps = _with_gaps(points, unit, counted, step if unit == "day" else None)
    return ResultChart(
        axis,
        heading(table.schema.field(x), zone),
        measured,
        colour,
        points,
        order,
        series,
        is_line,
        unit,
        gaps,
        tuple(notes),
    )


def _with_gaps(
    points: tuple[Point, ...], unit: Unit | None, published: Published | None, step: Step | None
) -> tuple[tuple[Point, ...], tuple[tuple[str, str], ...]]:
    """Return the points of a line with zeros where there is nothing, and the gaps where nothing is known."""
    places = [dt.datetime.fromisoformat(place) for place in dict.fromkeys(point.x for point in points)]
    step = step or step_of(places, unit)
    if step is None:
        return points, ()
    known = published if published and published.is_calendar_of(places) else None
    series = tuple(dict.fromkeys(point.colour for point in points))
    found = [(place.isoformat(), name, is_zero) for place, is_zero in missing(places, step, known) for name in series]
    present = {(point.x, point.colour) for point in points}
    found += [(place, name, known is not None) for place, name in absent(present, series)]
    zeros = (Point(place, moment_text(place, unit), 0.0, name, "0") for place, name, is_zero in found if is_zero)
    gaps = ((place, name) for place, name, is_zero in found if not is_zero)
    return tuple(sorted((*points, *zeros), key=lambda point: point.x)), tuple(gaps)


def axis_of(kind: pa.DataType) -> Axis:
    """Return how the values of a column are placed along x."""
    if is_moment(kind):
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
    taken = [OTHERS, *([label(None)] if texts.null_count else []), *([label("")] if pc.any(empty).as_py() else [])]
    alike = pc.is_in(texts, pa.array(taken))
    if pc.any(alike).as_py():
        # A value that reads like no value, or like all others, keeps a bar and a colour of its own.
        texts = pc.if_else(alike, pc.binary_join_element_wise("'", texts, "'", ""), texts)
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
