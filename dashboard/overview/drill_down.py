"""A card or chart flows in; the rows that it counts, the SQL that counted them and its figures as a table flow out.

A chart leaves its own filter open, so that other values can be clicked: its rows are not those of the cards.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dashboard.model.exact_numbers import Number
from dashboard.model.measures import ROWS
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.statements import Statement
from dashboard.model.vocabulary import name_of
from dashboard.overview.document.chart import Scene, figures_of_chart
from dashboard.overview.events import Part
from dashboard.overview.figures import statement_of
from dashboard.overview.measured import Measured
from dataset_model.dashboard.section import Chart


@dataclass(frozen=True)
class DrillDown:
    """The details of one card or chart."""

    title: str
    filters: Filters
    """Narrow the dataset to the rows that the part counts."""
    rows: int
    """The number of these rows."""
    statements: tuple[Statement, ...]
    dimension: str | None
    figures: pa.Table
    """The figures drawn, and those without room on the chart: a row per day or per value, numbers exact."""


def drill_down(scene: Scene, window: Days, part: Part) -> DrillDown | None:
    """Return the details of a part; None where there is no such part. `window` is the period shown."""
    if part.kind == "card":
        return _card_drill_down(scene, window, part.place) if part.place < len(scene.overview.cards) else None
    charts = scene.model.charts
    return _chart_drill_down(scene, window, part.place, charts[part.place]) if part.place < len(charts) else None


def _card_drill_down(scene: Scene, window: Days, place: int) -> DrillDown:
    card, overview = scene.overview.cards[place], scene.overview
    pairs = zip(overview.by_day, card.series, strict=True)
    published = [(count.day, value) for count, value in pairs if count.published]
    return DrillDown(
        card.label,
        scene.picked.with_days(scene.picked.days or window),
        overview.total_rows,
        overview.statements[:1],
        None,
        pa.table(
            [pa.array([day for day, _ in published], pa.date32()), exact_numbers([value for _, value in published])],
            names=["day", card.label],
        ),
    )


def _chart_drill_down(scene: Scene, window: Days, place: int, chart: Chart) -> DrillDown:
    figures = _table(scene, chart, figures_of_chart(scene, place, chart))
    if chart.by == "day":
        overview = scene.unbrushed
        filters, asked = scene.picked.with_days(window), overview.statements[:1]
        return DrillDown(chart.title, filters, overview.total_rows, asked, None, figures)
    open_itself = scene.picked.with_days(scene.picked.days or window).with_values(chart.by, ())
    asked = (statement_of(scene.model, scene.picked, chart, scene.overview),)
    rows = sum(count.rows for count in scene.overview.by(chart.by))
    return DrillDown(chart.title, open_itself, rows, asked, chart.by, figures)


def _table(scene: Scene, chart: Chart, figures: Measured) -> pa.Table:
    """Return a row per value, or per pair of values; what is no count of rows comes with how many rows it is of."""
    words, measure = scene.model.words, scene.model.measure(chart)
    cells = figures.parts if chart.split else figures.bins
    counted = name_of(words.rows.many)
    if chart.by == "day":
        published = {count.day.isoformat() for count in scene.unbrushed.by_day if count.published}
        cells = tuple(cell for cell in cells if cell.value in published)
        days = [dt.date.fromisoformat(cell.value or "") for cell in cells]
        columns: dict[str, pa.Array] = {"day": pa.array(days, pa.date32())}
    else:
        columns = {chart.by: pa.array([cell.value for cell in cells], pa.string())}
    if chart.split:
        columns[chart.split] = pa.array([cell.split for cell in cells], pa.string())
    if measure != ROWS:
        columns[measure.label] = exact_numbers([cell.amount for cell in cells])
    columns.setdefault(counted, pa.array([cell.rows for cell in cells], pa.int64()))
    table = pa.table(columns)
    return table.sort_by("day") if chart.by == "day" else table


def exact_numbers(values: Sequence[Number | None]) -> pa.Array:
    """Return figures of a kind: decimals where some are, and their digits as they are."""
    exact: list[Any] = list(values)
    if any(isinstance(value, Decimal) for value in exact):
        exact = [None if value is None else Decimal(value) for value in exact]
    elif any(isinstance(value, float) for value in exact):
        exact = [None if value is None else float(value) for value in exact]
    return pa.array(exact)
