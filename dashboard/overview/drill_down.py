"""A card or chart flows in; the rows that it counts, the SQL that counted them and its figures as a table flow out.

A chart leaves its own filter open, so that other values can be clicked: its rows are not those of the cards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dashboard.model.filters import Days, Filters
from dashboard.model.statements import Statement
from dashboard.overview.document import Scene
from dashboard.overview.events import Part
from dashboard.overview.figures import Number
from dataset_model.definition import Chart


@dataclass(frozen=True)
class DrillDown:
    """The details of one card or chart."""

    title: str
    filters: Filters
    """Narrow the dataset to the rows that the part counts."""
    rows: int
    """How many those are."""
    statements: tuple[Statement, ...]
    dimension: str | None
    figures: pa.Table
    """The figures drawn, and those without room on the chart: a row per day or per value, numbers exact."""


def drill_down(scene: Scene, window: Days, part: Part) -> DrillDown | None:
    """Return the details of a part; None where there is no such part. `window` is the period shown."""
    if part.kind == "card":
        return _card_drill_down(scene, window, part.place) if part.place < len(scene.overview.cards) else None
    charts = scene.model.charts
    return _chart_drill_down(scene, window, charts[part.place]) if part.place < len(charts) else None


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
            [pa.array([day for day, _ in published], pa.date32()), _numbers([value for _, value in published])],
            names=["day", card.label],
        ),
    )


def _chart_drill_down(scene: Scene, window: Days, chart: Chart) -> DrillDown:
    if chart.by == "day":
        overview = scene.unbrushed
        published = [count for count in overview.by_day if count.published]
        days = pa.array([count.day for count in published], pa.date32())
        figures = pa.table([days, pa.array([count.rows for count in published], pa.int64())], names=["day", "contacts"])
        filters, asked = scene.picked.with_days(window), overview.statements[:1]
        return DrillDown(chart.title, filters, overview.total_rows, asked, None, figures)
    dimension = chart.by
    counts = scene.overview.by(dimension)
    values = pa.array([count.value for count in counts], pa.string())
    open_itself = scene.picked.with_days(scene.picked.days or window).with_values(dimension, ())
    # The second statement counts what the charts with a filter of their own leave open.
    asked = scene.overview.statements[1:] if scene.picked.values(dimension) else scene.overview.statements[:1]
    figures = pa.table([values, pa.array([count.rows for count in counts], pa.int64())], names=[chart.by, "contacts"])
    rows = sum(count.rows for count in counts)
    return DrillDown(chart.title, open_itself, rows, asked, dimension, figures)


def _numbers(values: Sequence[Number | None]) -> pa.Array:
    """Return figures of a kind: decimals where some are, and their digits as they are."""
    exact: list[Any] = list(values)
    if any(isinstance(value, Decimal) for value in exact):
        exact = [None if value is None else Decimal(value) for value in exact]
    elif any(isinstance(value, float) for value in exact):
        exact = [None if value is None else float(value) for value in exact]
    return pa.array(exact)
