"""The drawing of an answer and the open days flow in; what holds such a day is pale, or ends a line, and is named.

A week, a month or a weekday that holds an open day is no more whole than the day. An hour holds a part of each day, so
one open day makes every hour pale; where a chart has another part of the calendar as well, that part says which.
"""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Final

from dashboard.model import formats
from dashboard.model.selection.filters import Days
from dashboard.model.semantic_model import SemanticModel
from dashboard.results.charts.points import Unit
from dashboard.results.grouped.answer import GroupedAnswer, is_calendar
from dashboard.results.grouped.kinds import Drawing
from dataset_model.records.manifest import Manifest

_PALE: Final = 0.4
_FIELDS: Final = {"bar": ("x", "colour"), "line": ("x", "colour"), "rect": ("row", "column"), "arc": ("name",)}
"""By mark: where a value of a drawing has the names of its groupings."""


def open_days(manifest: Manifest | None, days: Days | None) -> frozenset[dt.date]:
    """Return the open days among some days; None: among all."""
    known = manifest.days if manifest else {}
    return frozenset(day for day, record in known.items() if record.state == "open" and (days is None or day in days))


def open_note(answer: GroupedAnswer, model: SemanticModel, days: Collection[dt.date]) -> str:
    """Return what is said of days that more rows may come to; "" for none, and for an answer without a calendar."""
    by = [name for name in answer.asked.by if is_calendar(model, name)]
    if not days or not by:
        return ""
    parts = [model.calendar_part(one) for one in by]
    if set(parts) == {"hour"}:
        grown = "; each hour holds a part of such a day, so none is whole"
    else:
        longer = [f"; a {part} that holds such a day is not whole" for part in parts if part not in {None, "hour"}]
        grown = longer[0] if longer else ""
    return f"still open: {formats.listed(formats.day(day) for day in sorted(days))}{grown}"


def with_open_days(drawing: Drawing, answer: GroupedAnswer, model: SemanticModel, days: Collection[dt.date]) -> Drawing:
    """Return a drawing in which nothing that holds one of `days` looks whole: it is pale, a line has a gap there."""
    spec, by = drawing.spec, answer.asked.by
    mark, name = spec["mark"]["type"], spec["data"]["name"]
    drawn = {place: field for place, field in enumerate(_FIELDS[mark][: len(by)]) if is_calendar(model, by[place])}
    if not days or not drawn:
        return drawing
    fields = {place: field for place, field in drawn.items() if model.calendar_part(by[place]) != "hour"}
    read = [_reader(answer, model, place, drawing.unit if field == "x" else None) for place, field in fields.items()]
    opened = {tuple(each(day) for each in read) for day in days}
    is_line = mark == "line"
    values = [
        _marked(value, is_line=is_line)
        if tuple(_place(value[field], drawing.unit if field == "x" else None) for field in fields.values()) in opened
        else value
        for value in spec["datasets"][name]
    ]
    encoding = dict(spec["encoding"])
    if not is_line:
        encoding["opacity"] = {"condition": {"test": "datum.open", "value": _PALE}, "value": 1}
    return replace(drawing, spec={**spec, "datasets": {**spec["datasets"], name: values}, "encoding": encoding})


def _reader(
    answer: GroupedAnswer, model: SemanticModel, place: int, unit: Unit | None
) -> Callable[[dt.date], str | None]:
    """Return what says how the group of a day reads in a drawing, None where the answer has no such group."""
    part, names = model.calendar_part(answer.asked.by[place]), answer.names(place)

    def read(day: dt.date) -> str | None:
        value = model.calendar.value(part, day) if part else day.isoformat()
        if unit is None:
            return names.get(value)
        return _place(f"{value}-01" if part == "month" else value or "", unit)

    return read


def _place(text: str, unit: Unit | None) -> str:
    """Return a time along x as far as it is drawn; another text as it is."""
    return text if unit is None else text[:7] if unit == "month" else text[:10]


def _marked(value: dict[str, Any], *, is_line: bool) -> dict[str, Any]:
    return {**value, "y": None} if is_line else {**value, "open": True}
