"""The drawing of figures per day and the open days flow in; those days are drawn pale, or end a line, and are named."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from dashboard.model import formats
from dashboard.results.grouped.kinds import Drawing

_PALE: Final = 0.4


def open_note(days: Collection[dt.date]) -> str:
    """Return what is said of days that more rows may come to; "" for none."""
    if not days:
        return ""
    listed = formats.listed(formats.day(day) for day in sorted(days))
    return f"still open: {listed}"


def with_open_days(drawing: Drawing, by: Sequence[str], days: Collection[dt.date]) -> Drawing:
    """Return a drawing over days in which none of `days` looks whole: a bar is pale, a line has a gap there."""
    spec = drawing.spec
    if not days or by[0] != "day" or spec["mark"]["type"] not in {"bar", "line"}:
        return drawing
    opened, name = {day.isoformat() for day in days}, spec["data"]["name"]
    is_line = spec["mark"]["type"] == "line"
    values = [
        _marked(value, is_line=is_line) if value["x"][:10] in opened else value for value in spec["datasets"][name]
    ]
    encoding = dict(spec["encoding"])
    if not is_line:
        encoding["opacity"] = {"condition": {"test": "datum.open", "value": _PALE}, "value": 1}
    return replace(drawing, spec={**spec, "datasets": {**spec["datasets"], name: values}, "encoding": encoding})


def _marked(value: dict[str, Any], *, is_line: bool) -> dict[str, Any]:
    return {**value, "y": None} if is_line else {**value, "open": True}
