"""Groups of an answer flow in, the figures of charts that do more than count rows by one dimension flow out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.model.exact_numbers import Number
from dashboard.model.measures import Measure
from dashboard.model.result import Answer
from dashboard.model.selection.filters import Filters
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.groups import Figures, Groups, OpenedGroups, rows_of
from dataset_model.dashboard.section import Chart


@dataclass(frozen=True)
class Cell:
    """The figure of a chart's measure for a value, or for two values of a chart that is split."""

    value: str | None
    """A value of the chart's dimension, a day as in ISO 8601; None is the rows where the column is null."""
    split: str | None
    amount: Number | None
    """The measure; None where there is none, as the mean of no values."""
    rows: int
    counted: int | None
    """Rows that a mean or a median is over; None for other measures."""


@dataclass(frozen=True)
class Measured:
    """What a chart shows that does more than count rows by one dimension."""

    bins: tuple[Cell, ...]
    """One per value of its dimension; their `split` is None."""
    parts: tuple[Cell, ...]
    """One per pair of values, where the chart is split."""


def is_measured(chart: Chart) -> bool:
    """Return whether a chart does more than count rows by one dimension."""
    return chart.measure != "rows" or chart.split is not None


def opened_dimensions(model: SemanticModel, filters: Filters) -> list[str]:
    """Return the filtered dimensions: the chart of each leaves its own filter open."""
    return [dimension for dimension in model.dimensions if filters.values(dimension)]


def opened_alone(model: SemanticModel, filters: Filters) -> list[str]:
    """Return the filtered dimensions with charts of other figures than counts of rows."""
    measured = {chart.by for chart in model.charts if is_measured(chart)}
    return [dimension for dimension in opened_dimensions(model, filters) if dimension in measured]


def measured_charts(
    model: SemanticModel, filters: Filters, groups: Groups, alone: Sequence[Answer]
) -> Mapping[int, Measured]:
    """Return the figures of those charts by their place; `alone` are the answers of `opened_alone`, in its order."""
    opened = {
        dimension: OpenedGroups(model, dimension, answer.rows)
        for dimension, answer in zip(opened_alone(model, filters), alone, strict=False)
    }
    return {
        place: _chart_figures(model.measure(chart), chart, groups, opened.get(chart.by, groups))
        for place, chart in enumerate(model.charts)
        if is_measured(chart)
    }


def _chart_figures(measure: Measure, chart: Chart, groups: Groups, source: Groups | OpenedGroups) -> Measured:
    def cell(by: str | None, split: str | None, figures: Figures) -> Cell:
        return Cell(by, split, measure.value(figures), rows_of(figures), measure.counted(figures))

    if chart.by == "day":
        bins = [cell(day.isoformat(), None, figures) for day, figures in groups.per_day().items()]
    else:
        bins = [cell(value, None, figures) for value, figures in source.by(chart.by).items()]
    pairs = source.by_pair(chart.by, chart.split).items() if chart.split else ()
    return Measured(tuple(bins), tuple(cell(by, split, figures) for (by, split), figures in pairs))
