"""A chart of the board document flows in, its picture flows out: the drawing that the browser shows, in one theme."""

import functools
import json
from collections.abc import Collection, Mapping
from typing import Any

from dashboard.charts.png import DRAWN_FONT, png_of
from dashboard.charts.registry import specifications
from dashboard.charts.style import FONT, SMALL, themed
from dashboard.themes import Theme

_GAP = 12
"""Between a name of a legend and its figures, in pixels."""
_LETTER, _CAPITAL = 0.58, 0.76
"""Mean width of a letter in heights; the browser measures, here there is no page."""


def picture_of(chart: Mapping[str, Any], theme: Theme, width: int, height: int) -> bytes:
    """Return a chart as PNG with two pixels to a point; `chart` has a `drawing`, as all but tables have."""
    return png_of(specification_of(chart, theme, width, height))


def specification_of(chart: Mapping[str, Any], theme: Theme, width: int, height: int) -> dict[str, Any]:
    """Return the Vega-Lite specification of a chart with its figures and colours."""
    filled = {**drawn(chart), "width": width, "height": height}
    filled["config"] = {**filled["config"], "background": theme.card}
    return themed(json.loads(json.dumps(filled).replace(FONT, DRAWN_FONT)), theme)


def drawn(chart: Mapping[str, Any]) -> dict[str, Any]:
    """Return the specification of a chart with its figures; its colours are the variables of the page."""
    drawing = _drawings()[chart["drawing"]]
    taken = {param["name"] for param in drawing.get("params", []) if "expr" not in param}
    values = {name: value for name, value in (chart["params"] | _measured(chart, taken)).items() if name in taken}
    params = [
        {**param, "value": values[param["name"]]} if param["name"] in values else param
        for param in drawing.get("params", [])
    ]
    return {**drawing, "params": params, "datasets": {**drawing.get("datasets", {}), **_rows(chart)}}


@functools.cache
def _drawings() -> Mapping[str, dict[str, Any]]:
    return specifications()


def _rows(chart: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a drawing's data sets, each with its place."""
    marks, legend = chart["marks"], chart.get("legend")
    columns = len(chart.get("columns", ()))
    is_any = any(mark.get("picked") for mark in marks)
    shown = [
        {
            **mark,
            **({"row": place // columns, "column": place % columns} if columns else {}),
            "place": place,
            "faded": is_any and not mark.get("picked"),
        }
        for place, mark in enumerate(marks)
    ]
    if not legend:
        return {"marks": shown}
    parts = [
        {
            "key": mark["key"],
            "state": mark["state"],
            "count": part["count"],
            "part": place,
            "place": mark["place"],
            "series": entry["key"],
            "colour": entry["colour"],
            "faded": mark["faded"],
        }
        for mark in shown
        for place, (part, entry) in enumerate(zip(mark["parts"], legend, strict=False))
    ]
    return {"marks": shown, "parts": parts}


def _measured(chart: Mapping[str, Any], taken: Collection[str]) -> dict[str, Any]:
    """Return what the browser adds to a chart's parameters: room for texts, and what stands in the middle of a ring."""
    marks = chart["marks"]
    found: dict[str, Any] = {}
    if "room" in taken:
        found["room"] = _widest([mark["text"] for mark in marks], SMALL) + 12
    if "widest" in taken:
        found["widest"] = _widest([mark["label"] for mark in marks], 12) + 20
        shares = [mark.get("share", "") for mark in marks]
        amounts = [f"{mark['text']} · {share}" for mark, share in zip(marks, shares, strict=True)]
        found["amounts"], found["shares"] = (_widest(texts, 12) + _GAP for texts in (amounts, shares))
    return found | (_middle(chart) if "counted" in taken else {})


def _widest(texts: list[str], size: int) -> float:
    wide = (sum(_CAPITAL if letter.isupper() else _LETTER for letter in text) for text in texts)
    return max(wide, default=0.0) * size


def _middle(chart: Mapping[str, Any]) -> dict[str, str]:
    """Return the total, or what is picked of it."""
    picked = sum(mark["count"] for mark in chart["marks"] if mark.get("picked"))
    if not picked:
        return {"counted": chart["total"], "noun": chart["unit"]}
    return {"counted": chart.get("chosen", f"{picked:,}"), "noun": f"of {chart['total']} {chart['unit']}"}
