"""A chart of a result flows in, a Vega-Lite specification without theme colours flows out.

Streamlit's front end adds the colours of the current theme and evaluates Vega's expressions with an interpreter, so
the Content-Security-Policy need not allow `unsafe-eval`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any, Final

from dashboard.results.charts.choice import ROWS
from dashboard.results.charts.points import ResultChart, Unit

_STEP: Final = 30
"""Height of a horizontal bar with its share of the gap, in pixels."""
USUAL_HEIGHT: Final = 360
_LABEL: Final = 130
"""Widest label of a category; on a phone half of the chart stays for the bars."""
_ENTRY: Final = 190
"""Widest entry of a legend, which has a line of its own on a phone."""

_NARROW: Final = 240
"""Width that a phone leaves for a legend."""

_FEW_DAYS: Final = dt.timedelta(days=4)
"""Below it, labels show hours; above it, dates, because a weekday without a date is ambiguous."""

_DAY_MS: Final = 86_400_000
"""Milliseconds of a day."""

_TIME_UNITS: Final[dict[Unit, str]] = {
    "minute": "yearmonthdatehoursminutes",
    "hour": "yearmonthdatehours",
    "day": "yearmonthdate",
    "month": "yearmonth",
}


def vega_lite(chart: ResultChart, description: str, fixed: Sequence[str] = ()) -> dict[str, Any]:
    """Return the specification of a chart, its points included.

    The values of `fixed` have the theme's colours in order, also when some of them are not in the chart.
    """
    # Imported with the first chart: the import takes longer than a page.
    alt: Any = import_module("altair")
    rank = {value: place for place, value in enumerate(chart.series)}
    values = [{**asdict(point), "rank": rank.get(point.colour, 0)} for point in chart.points]
    values += [{"x": place, "y": None, "colour": name, "rank": rank.get(name, 0)} for place, name in chart.gaps]
    tooltip = [alt.Tooltip("where:N", title=chart.x), alt.Tooltip("exact:N", title=chart.y)]
    encoding: dict[str, Any] = {}
    if chart.colour:
        tooltip.insert(1, alt.Tooltip("colour:N", title=chart.colour))
        legend = alt.Legend(
            orient="bottom", title=None, columns=_legend_columns(chart.series), labelLimit=_ENTRY, offset=8
        )
        if fixed:
            legend.values = list(chart.series)
            domain = [*fixed, *(value for value in chart.series if value not in fixed)]
            encoding["color"] = alt.Color("colour:N", scale=alt.Scale(domain=domain), legend=legend)
        else:
            encoding["color"] = alt.Color("colour:N", sort=list(chart.series), legend=legend)
    measure = {"title": chart.y if chart.y != ROWS else ROWS.lower()}
    highest = max((abs(point.y) for point in chart.points), default=0)
    counted = all(point.y.is_integer() for point in chart.points)
    axis = alt.Axis(
        format="~s" if highest >= 10_000 else ",d" if counted else ",~r",
        tickCount=6,
        **({"tickMinStep": 1} if counted else {}),
    )
    if chart.axis == "category":
        encoding["x"] = alt.X("y:Q", axis=axis, stack="zero", **measure)
        labels = alt.Axis(labelLimit=_LABEL, labelOverlap=False)
        encoding["y"] = alt.Y("x:N", sort=list(chart.order), title=None, axis=labels)
        height: Any = _STEP * len(chart.order) + 60
    else:
        encoding["y"] = alt.Y("y:Q", axis=axis, stack=None if chart.is_line else "zero", **measure)
        encoding["x"] = _along(chart)
        height = USUAL_HEIGHT
    if chart.colour:
        # The front end fits axes and legend into the height.
        height += 40 + 22 * -(-len(chart.series) // _legend_columns(chart.series))
    # The chart as a whole is described by the element that draws it; a second description here would log a warning.
    base = alt.Chart(alt.InlineData(values=values), height=height)
    mark = {"description": description}
    if chart.is_line:
        drawn = base.mark_line(point=_points(chart), strokeWidth=2, **mark)
    else:
        drawn = base.mark_bar(binSpacing=1, cornerRadiusEnd=0 if chart.colour else 2, **mark)
        if chart.colour:
            # Stacked in the order of the legend.
            encoding["order"] = alt.Order("rank:Q")
    found: dict[str, Any] = drawn.encode(tooltip=tooltip, **encoding).to_dict()
    return found


def _points(chart: ResultChart) -> Any:
    """Return how the points of a line are drawn: a point between two gaps has no line and must still show."""
    if len(chart.points) <= 200:
        return True
    alt: Any = import_module("altair")
    return alt.OverlayMarkDef(size=8) if chart.gaps else False


def _legend_columns(series: Sequence[str]) -> int:
    """Return how many labels fit into a row on a phone."""
    widest = max((min(len(value) * 7, _ENTRY) for value in series), default=_ENTRY)
    return max(1, min(len(series), _NARROW // (widest + 26)))


def _along(chart: ResultChart) -> Any:
    alt: Any = import_module("altair")
    if chart.axis == "order":
        return alt.X("x:O", sort=list(chart.order), title=chart.x, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    unit = _TIME_UNITS[chart.unit] if chart.unit and not chart.is_line else alt.Undefined
    form = _moments(chart)
    # Two ticks within one day would have the same label.
    step = {"format": form, "tickMinStep": _DAY_MS} if form else {}
    labels = alt.Axis(labelAngle=0, labelOverlap=True, tickCount=8, **step)
    return alt.X("x:T", title=chart.x, timeUnit=unit, axis=labels)


def _moments(chart: ResultChart) -> str | None:
    """Return the label format of a time axis; None lets Vega choose, for spans of a few days."""
    first, last = (dt.datetime.fromisoformat(chart.points[place].x) for place in (0, -1))
    if chart.unit == "month":
        return "%b %Y"
    if last - first < _FEW_DAYS:
        return None
    return "%-d %b" if first.year == last.year else "%-d %b %Y"
