"""The groups of an answer flow in, the table and the specification of its chart flow out.

A measure that does not add up is never added: no small groups are summed into one, no bars are stacked.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from dashboard.model.measures import Measure
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.results.charts.choice import MOST_SERIES
from dashboard.results.charts.gaps import Published, Step
from dashboard.results.charts.points import MOST_TIMES, ResultChart, chart_of
from dashboard.results.grouped.answer import GroupedAnswer, Key, is_calendar
from dashboard.results.grouped.measure_axis import in_unit

_STEPS: Final[dict[str | None, Step]] = {"week": "week", "month": "month"}
_BAR: Final = 14
"""Pixels of a bar that stands next to others of its group."""


@dataclass(frozen=True)
class GroupedChart:
    """A chart, and whether its bars may stand on each other."""

    chart: ResultChart
    stacks: bool
    measure: Measure

    def drawn(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Return its specification: in the unit of its measure, and bars of what does not add up side by side."""
        return in_unit(self._apart(spec), self.chart, self.measure)

    def _apart(self, spec: dict[str, Any]) -> dict[str, Any]:
        encoding: Mapping[str, Any] = spec["encoding"]
        if self.stacks or self.chart.is_line or "color" not in encoding:
            return spec
        amount, along = ("x", "y") if self.chart.axis == "category" else ("y", "x")
        kept = {name: value for name, value in encoding.items() if name != "order"}
        kept[amount] = {**kept[amount], "stack": None}
        kept[f"{along}Offset"] = {"field": "colour", "type": "nominal", "sort": list(self.chart.series)}
        taller = {"height": len(self.chart.order) * (_BAR * len(self.chart.series) + 10) + 80} if along == "y" else {}
        return {**spec, **taller, "encoding": kept}


def grouped_chart(
    answer: GroupedAnswer,
    model: SemanticModel,
    published: frozenset[dt.date] = frozenset(),
    *,
    is_line: bool | None = None,
    most: int | None = None,
) -> GroupedChart:
    """Return the chart of an answer over its first grouping, in the colours of the second one.

    `published` are the days of the dataset, empty where a published day may be missing from the answer. `is_line` asks
    for a line over time, or for bars; `most` is how many bars there is room for, which days are not counted among.
    """
    by, measure, notes = answer.asked.by, answer.measure, list[str]()
    along, colours = answer.values(0), list[Key]()
    if len(by) > 1:
        colours = answer.values(1)
    names = answer.names(0)
    heads = answer.names(1) if len(by) > 1 else {}
    if most is not None and not is_calendar(model, by[0]):
        along = _first(along, most, model.words.label(by[0]), notes, "")
    if not measure.adds_up:
        first, second = model.words.label(by[0]), model.words.label(by[-1])
        along, colours = _cut(along, MOST_TIMES, first, notes), _cut(colours, MOST_SERIES, second, notes)
    step = _STEPS.get(model.calendar_part(by[0]))
    times = by[0] == "day" or step is not None
    x, y = _titles(answer, model)
    split = capitalised(model.words.label(by[1])) if len(by) > 1 else None
    rows = []
    for value in along:
        for other in colours or [None]:
            cell = answer.cell(value, other) if len(by) > 1 else answer.cell(value)
            if cell is not None and cell.value is not None:
                place = _day(value) if times else names[value]
                rows.append({x: place, y: _number(cell.value), **({split: heads[other]} if split else {})})
    columns = [x, y, *([split] if split else [])]
    table = pa.Table.from_pylist(rows, _schema(rows, columns, is_time=times))
    known = Published(published, frozenset({y})) if measure.kind == "rows" and by[0] == "day" and published else None
    chart = chart_of(table, x, y, split, published=known, is_line=is_line, step=step)
    if not times:
        order = tuple(names[value] for value in along if names[value] in chart.order)
        chart = replace(chart, order=order, axis="order" if is_calendar(model, by[0]) else chart.axis)
    if len(by) > 1 and is_calendar(model, by[1]):
        in_time = [heads[value] for value in colours if heads[value] in chart.series]
        chart = replace(chart, series=(*in_time, *(name for name in chart.series if name not in in_time)))
    return GroupedChart(replace(chart, notes=(*notes, *chart.notes)), measure.adds_up, measure)


def _titles(answer: GroupedAnswer, model: SemanticModel) -> tuple[str, str]:
    first = capitalised(model.words.label(answer.asked.by[0]))
    return first, answer.title if answer.title != first else f"{answer.title} (measure)"


def _cut(values: list[Key], most: int, by: str, notes: list[str]) -> list[Key]:
    return _first(values, most, by, notes, ": figures that do not add up have no bar for the others")


def _first(values: list[Key], most: int, by: str, notes: list[str], reason: str) -> list[Key]:
    if len(values) > most:
        notes.append(f"the first {most} of {len(values):,} values of {by}{reason}")
    return values[:most]


def _day(value: Key) -> dt.date | None:
    return None if value is None else dt.date.fromisoformat(value if len(value) > 7 else f"{value}-01")


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) else value


def _schema(rows: list[dict[str, Any]], columns: list[str], *, is_time: bool) -> pa.Schema:
    numbers = [row[columns[1]] for row in rows]
    number = pa.float64() if any(isinstance(value, float) for value in numbers) else pa.decimal256(76, _places(numbers))
    types = [pa.date32() if is_time else pa.string(), number, pa.string()]
    return pa.schema(list(zip(columns, types, strict=False)))


def _places(numbers: list[Decimal]) -> int:
    return max((max(0, -int(value.as_tuple().exponent)) for value in numbers), default=0)
