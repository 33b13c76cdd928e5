"""A chart and the figures of a scene flow in, the part of the board document that draws it flows out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.model import formats
from dashboard.model.calendar_parts import label as calendar_label
from dashboard.model.exact_numbers import total
from dashboard.model.selection.filters import Filters, dimension_key
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.overview.document import bins, marks, series
from dashboard.overview.document.colours import Colours, colours_of
from dashboard.overview.document.drawing import drawing_of
from dashboard.overview.document.marks import Reading
from dashboard.overview.figures import Overview, ValueCount
from dashboard.overview.measured import Cell, Measured
from dataset_model.dashboard.section import SLICES, Chart

Document = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """The inputs of one visitor's board."""

    model: SemanticModel
    picked: Filters
    """Its days are the brushed ones, None where nothing is brushed."""
    overview: Overview
    unbrushed: Overview
    """The same without the brush: the chart of days keeps showing those outside it."""
    categories: Mapping[str, tuple[str, ...]]
    """Every published value of a dimension, so that a value keeps its colour whatever is shown."""

    def colours(self, dimension: str) -> Colours:
        """Return the colours of a dimension's values, the same in every chart."""
        largest = [count.value for count in self.overview.by(dimension)]
        days = [count.day for count in self.overview.by_day]
        return colours_of(self.model, self.categories, dimension, largest, days)


def value_label(model: SemanticModel, dimension: str) -> Callable[[str | None], str]:
    """Return how values of a dimension read: by the labels of the file, or as a part of the calendar."""
    part, labels = model.calendar_part(dimension), model.words.value_labels(dimension)
    if part is None:
        return lambda value: labels.get(value or "", "") or marks.label(value)
    return lambda value: marks.label(value) if value is None else calendar_label(part, value)


def chart_document(scene: Scene, place: int, chart: Chart) -> Document:
    """Return what the browser draws of a chart."""
    figures = _figures(scene, place, chart)
    document = _document(scene, place, chart, figures)
    return document | drawing_of(document, scene.model.measure(chart).axis, scene.model.calendar.first_weekday)


def figures_of_chart(scene: Scene, place: int, chart: Chart) -> Measured:
    """Return the figures of a chart: those of days without the brush, those of values without their own filter."""
    return _figures(scene, place, chart)


def _figures(scene: Scene, place: int, chart: Chart) -> Measured:
    overview = scene.unbrushed if chart.by == "day" else scene.overview
    if place in overview.measured:
        return overview.measured[place]
    if chart.by == "day":
        days = (count for count in overview.by_day if count.published)
        return Measured(tuple(Cell(day.day.isoformat(), None, day.rows, day.rows, None) for day in days), ())
    counts = overview.by(chart.by)
    return Measured(tuple(Cell(count.value, None, count.rows, count.rows, None) for count in counts), ())


def _document(scene: Scene, place: int, chart: Chart, figures: Measured) -> Document:
    if chart.split:
        return _split(scene, place, chart, figures)
    if chart.kind == "table":
        return _table(scene, place, chart, figures)
    if chart.kind not in SLICES and (chart.by == "day" or scene.model.calendar_part(chart.by)):
        return _in_order(scene, place, chart, figures)
    return _by_value(scene, place, chart, figures.bins)


def _by_value(scene: Scene, place: int, chart: Chart, cells: Sequence[Cell]) -> Document:
    reading, picked = _reading(scene, chart), scene.picked.values(chart.by)
    whole = marks.whole_of(cells, reading.measure)
    # Parts below zero make no whole, so that there is no slice of it.
    is_bars = chart.kind == "bar" or whole is None
    frame = _frame(place, chart, "bars" if is_bars else chart.kind, marks.described(chart.title, cells, reading))
    frame |= {"dimension": dimension_key(chart.by), "total": reading.measure.text(whole), "unit": _unit(scene, reading)}
    if chosen := [cell.amount for cell in cells if cell.value in picked and cell.amount is not None]:
        frame["chosen"] = reading.measure.text(total(chosen))
    if is_bars:
        shown = marks.largest(cells)
        drawn = marks.value_marks(shown, picked, total=whole, reading=reading)
        return frame | {"cut": _cut(shown, cells), "marks": drawn}
    drawn = marks.slice_marks(cells, picked, scene.colours(chart.by), total=whole or 0, reading=reading)
    return frame | {"marks": drawn}


def _in_order(scene: Scene, place: int, chart: Chart, figures: Measured) -> Document:
    shape = {"shape": "line" if chart.kind == "line" else "bar"}
    if chart.by == "day" and chart.measure == "rows":
        counted = scene.unbrushed.by_day
        frame = _frame(place, chart, "days", marks.described_days(chart.title, counted))
        return frame | shape | {"dimension": "days", "marks": marks.day_marks(counted, scene.picked.days)}
    drawn = _ordered_marks(scene, chart, figures)
    frame = _frame(place, chart, "days", bins.described_bins(chart.title, drawn))
    return frame | shape | {"dimension": _dimension(chart), "marks": drawn}


def _split(scene: Scene, place: int, chart: Chart, figures: Measured) -> Document:
    split = chart.split or ""
    reading = Reading(scene.model.measure(chart), value_label(scene.model, split))
    if chart.kind == "heatmap":
        return _heatmap(scene, place, chart, figures)
    shown = series.series_of(figures, scene.colours(split), reading)
    drawn = _ordered_marks(scene, chart, figures)
    is_line = chart.kind == "line"
    for mark in drawn:
        mark["parts"] = series.parts_of(mark["key"], figures, shown, reading, is_gap=mark["state"] == "missing")
    # Parts below zero do not stack.
    is_line = is_line or any((part["count"] or 0) < 0 for mark in drawn for part in mark["parts"])
    frame = _frame(place, chart, "days", bins.described_bins(chart.title, drawn))
    left_out = len({cell.split for cell in figures.parts}) - sum(len(each.values) for each in shown)
    return frame | {
        "cut": f"without {left_out:,} smaller ones" if left_out else "",
        "shape": "line" if is_line else "bar",
        "dimension": _dimension(chart),
        "split": dimension_key(split),
        "legend": series.legend_of(shown, figures, reading, scene.picked.values(split)),
        "marks": drawn,
    }


def _heatmap(scene: Scene, place: int, chart: Chart, figures: Measured) -> Document:
    model, split = scene.model, chart.split or ""
    reading = Reading(model.measure(chart), value_label(model, chart.by))
    every_row, every_column = _ordered_marks(scene, chart, figures), _columns(scene, split, figures)
    rows, columns = every_row[: series.MOST_COLUMNS], every_column[: series.MOST_COLUMNS]
    cut = [
        f"{shown} of {formats.plural(every, 'value')} of {model.words.label(dimension)}"
        for dimension, shown, every in (
            (chart.by, len(rows), max(len(every_row), len(figures.bins))),
            (split, len(columns), len(every_column)),
        )
        if shown < every
    ]
    drawn = series.cells_of(rows, columns, figures, reading)
    for mark in drawn:
        by, other = (marks.value_from_key(key) for key in mark["pair"])
        mark["picked"] = by in scene.picked.values(chart.by) and other in scene.picked.values(split)
    frame = _frame(place, chart, "heat", series.described_cells(chart.title, drawn))
    return frame | {
        "cut": ", ".join(cut),
        "dimension": _dimension(chart),
        "split": dimension_key(split),
        "rows": [{"key": row["key"], "label": row["short"]} for row in rows],
        "columns": [{"key": column.key, "label": column.short} for column in columns],
        "marks": drawn,
    }


def _table(scene: Scene, place: int, chart: Chart, figures: Measured) -> Document:
    reading = _reading(scene, chart)
    whole = marks.whole_of(figures.bins, reading.measure)
    frame = _frame(place, chart, "table", marks.described(chart.title, figures.bins, reading))
    names = (scene.model.words.label(chart.by), reading.measure.label)
    frame |= {"dimension": _dimension(chart), "columns": [capitalised(name) for name in names]}
    if chart.by == "day" or scene.model.calendar_part(chart.by):
        return frame | {"marks": _ordered_marks(scene, chart, figures)}
    shown = marks.largest(figures.bins)
    drawn = marks.value_marks(shown, scene.picked.values(chart.by), total=whole, reading=reading)
    return frame | {"cut": _cut(shown, figures.bins), "marks": drawn}


def _ordered_marks(scene: Scene, chart: Chart, figures: Measured) -> list[dict[str, Any]]:
    """Return a mark per day, per value of a part of the calendar, or per value from the largest down."""
    model, measure = scene.model, scene.model.measure(chart)
    if chart.by == "day":
        drawn = bins.bin_marks(bins.day_bins(scene.unbrushed.by_day), figures.bins, measure, ())
        days = scene.picked.days
        brushed = {day.isoformat() for day in days} if days else set()
        return [mark | {"picked": mark["key"] in brushed} for mark in drawn]
    picked = scene.picked.values(chart.by)
    if part := model.calendar_part(chart.by):
        found = bins.calendar_bins(model.calendar, part, scene.overview.by_day)
        return bins.bin_marks(found, figures.bins, measure, picked)
    reading = _reading(scene, chart)
    largest = marks.largest(figures.bins)
    drawn = marks.value_marks(largest, picked, total=None, reading=reading)
    return [mark | {"short": mark["label"], "state": "whole"} for mark in drawn]


def _columns(scene: Scene, split: str, figures: Measured) -> list[bins.Bin]:
    """Return the columns of a heat map: all of a part of the calendar, or values from the one with the most rows."""
    if part := scene.model.calendar_part(split):
        found = bins.calendar_bins(scene.model.calendar, part, scene.overview.by_day)
        return found + ([bins.WITHOUT] if any(cell.split is None for cell in figures.parts) else [])
    return series.columns_of(figures, value_label(scene.model, split))


def _reading(scene: Scene, chart: Chart) -> Reading:
    return Reading(scene.model.measure(chart), value_label(scene.model, chart.by))


def _unit(scene: Scene, reading: Reading) -> str:
    """Return what stands under the number in the middle of a ring: the dataset's noun for rows, or the measure."""
    return scene.model.words.rows.many if reading.measure.kind == "rows" else reading.measure.label


def _dimension(chart: Chart) -> str:
    return "days" if chart.by == "day" else dimension_key(chart.by)


def _cut(shown: Sequence[ValueCount | Cell], counts: Sequence[ValueCount | Cell]) -> str:
    """Return how many values have a bar, where not all have one; rows without a value are not counted as a value."""
    if len(shown) == len(counts):
        return ""
    drawn, every = (sum(count.value is not None for count in some) for some in (shown, counts))
    return f"{drawn} of {every:,}" + (f" and {marks.NO_VALUE}" if drawn < len(shown) else "")


def _frame(place: int, chart: Chart, kind: str, alt: str) -> Document:
    return {"place": place, "title": chart.title, "kind": kind, "alt": alt, "cut": ""}
