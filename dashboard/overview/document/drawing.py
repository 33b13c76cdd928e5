"""A chart of the board document flows in, the drawing of `dashboard/charts` and its parameters flow out.

Figures themselves are the marks. Parameters are what a drawing must know of all of them: labels, ends of the axis, and
how its ticks read. Widths of texts are the browser's, which knows its typeface (`static/board/picture.js`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

Parameters = dict[str, Any]

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_FEW_DAYS: Final = 14
_MANY_DAYS: Final = 120
_LONG: Final = 9
"""Letters of a label that must fit its bar; shorter ones may leave out their neighbours, as those of days do."""


def drawing_of(chart: Mapping[str, Any], axis: Mapping[str, str], first_weekday: int = 1) -> Parameters:
    """Return `drawing` and `params` of a chart; nothing for a table, which is no drawing.

    `axis` is how its measure reads (`Measure.axis`); weeks of a chart of days begin on `first_weekday`, 1 for Monday.
    """
    kind, marks = chart["kind"], chart["marks"]
    if kind == "days":
        is_split = "legend" in chart
        name = ("lines" if is_split else "line") if chart["shape"] == "line" else ("stack" if is_split else "columns")
        return {"drawing": name, "params": _over_time(chart, axis, first_weekday)}
    if kind == "bars":
        low, high = _ends([mark["count"] for mark in marks])
        return {"drawing": kind, "params": {"labels": [mark["label"] for mark in marks], "low": low, "high": high}}
    if kind == "heat":
        low, high = _ends([mark["count"] for mark in marks])
        labels = {name: [each["label"] for each in chart[name]] for name in ("rows", "columns")}
        return {
            "drawing": kind,
            "params": {"rowLabels": labels["rows"], "columnLabels": labels["columns"], "low": low, "high": high},
        }
    if kind in {"doughnut", "pie"}:
        return {"drawing": kind, "params": {}}
    return {}


def _over_time(chart: Mapping[str, Any], axis: Mapping[str, str], first_weekday: int) -> Parameters:
    marks = chart["marks"]
    counts = [count for mark in marks for count in _figures(mark, is_line=chart["shape"] == "line")]
    low, high = _ends(counts)
    unit, prefix, suffix = ticks_of(axis, max(high, -low))
    labels = [mark["short"] for mark in marks]
    return {
        "labels": labels,
        "ticks": _labelled(marks, first_weekday) if chart["dimension"] == "days" else [],
        "isFitted": chart["dimension"] != "days" and max(map(len, labels), default=0) > _LONG,
        "unit": unit,
        "prefix": prefix,
        "suffix": suffix,
        "low": low / unit,
        "high": high / unit,
        # Whole figures have no halves on their axis.
        "least": 1 if unit == 1 and all(isinstance(count, int) for count in counts) else 0,
    }


def _labelled(marks: Sequence[Mapping[str, Any]], first_weekday: int) -> list[int]:
    """Return the places of the days that begin a week, or a month where there are many; empty for all of few days."""
    if len(marks) <= _FEW_DAYS:
        return []
    days = [dt.date.fromisoformat(mark["key"]) for mark in marks]
    if len(days) <= _MANY_DAYS:
        return [place for place, day in enumerate(days) if day.isoweekday() == first_weekday]
    return [place for place, day in enumerate(days) if day.day == 1]


def _figures(mark: Mapping[str, Any], *, is_line: bool) -> list[int | float]:
    """Return the figures that the axis must hold: of stacked parts their sum."""
    if "parts" not in mark:
        return [mark["count"]] if mark["count"] is not None else []
    parts = [part["count"] for part in mark["parts"] if part["count"] is not None]
    return parts if is_line else [sum(parts)]


def _ends(counts: Sequence[int | float | None]) -> tuple[int | float, int | float]:
    """Return the ends of an axis with zero on it; it has a length also where all figures are zero."""
    known = [count for count in counts if count is not None]
    low, high = min(0, *known, 0), max(0, *known, 0)
    return (low, high) if low < high else (0, 1)


def ticks_of(axis: Mapping[str, str], largest: float) -> tuple[float, str, str]:
    """Return what one step of an axis counts, and what stands before and after its number."""
    form = axis.get("axis")
    if form == "percent":
        return 0.01, "", "%"
    if form != "duration":
        return 1, axis.get("symbol", ""), ""
    for unit, least, name in ((_DAY, 2 * _DAY, "d"), (_HOUR, 2 * _HOUR, "h"), (_MINUTE, 2 * _MINUTE, "min")):
        if largest >= least:
            return unit, "", f" {name}"
    return 1, "", " s"
