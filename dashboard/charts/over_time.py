"""Bars, stacked bars and lines in the order of time, or of a column's values: one place of the x axis per mark."""

from typing import Any, Final, Literal

import altair as alt

from dashboard.charts.registry import drawing
from dashboard.charts.style import (
    MARKS,
    MUTED,
    PARTS,
    SERIES,
    SHOWN,
    TICK,
    band,
    expr,
    faded,
    focus_stroke,
    parameters,
    series_colour,
)

_WIDEST: Final = 72
"""Of a bar, in pixels."""
_AROUND: Final = {"left": 0, "right": 4, "top": 8, "bottom": 0}
"""Room for half of the highest label, and for the last point."""
_WITH_POINTS: Final = 31
"""A line over more places than these has points only where it would not show otherwise."""
# The area that takes the pointer is under bars, which know their mark, and over lines, which know only their first one.


@drawing("columns")
def columns() -> alt.LayerChart:
    """A bar per mark."""
    return _framed(band(x=_along()), *_bars(alt.Chart(MARKS), alt.value(SERIES[0]), stack=None))


@drawing("stack")
def stack() -> alt.LayerChart:
    """A bar per mark, of its parts."""
    return _framed(band(x=_along()), *_bars(alt.Chart(PARTS), series_colour(), stack="zero"))


@drawing("line")
def line() -> alt.LayerChart:
    """One line over all marks."""
    return _framed(*_lines(alt.Chart(MARKS), alt.value(SERIES[0]), None), band(x=_along()))


@drawing("lines")
def lines() -> alt.LayerChart:
    """A line per series."""
    return _framed(*_lines(alt.Chart(PARTS), series_colour(), "series:N"), band(x=_along()))


def _framed(*layers: Any) -> alt.LayerChart:
    given = parameters(
        spanFrom=-1,
        spanTo=-1,
        focused=False,
        labels=[],
        ticks=[],
        isFitted=False,
        unit=1,
        prefix="",
        suffix="",
        low=0,
        high=1,
        least=0,
    )
    return alt.layer(*layers, _weekends()).add_params(*given).properties(padding=_AROUND)


def _weekends() -> alt.Chart:
    """Return a tick under each day of a weekend."""
    under = {"y": expr("height + 1"), "y2": expr("height + 4")}
    weekend = alt.Chart(MARKS, name="weekend").transform_filter("datum.weekend")
    return weekend.mark_rect(**under, fill=MUTED, opacity=0.55).encode(x=_along())


def _along() -> alt.X:
    labels = alt.Axis(
        grid=False,
        labelAngle=0,
        labelExpr="labels[datum.value]",
        labelLimit=expr("isFitted ? bandwidth('x') - 4 : 0"),
        labelOverlap=expr("!isFitted"),
        labelSeparation=18,
        # Without places of their own, every mark has a label where there is room.
        values=expr("length(ticks) ? ticks : domain('x')"),
    )
    return alt.X("place:O", axis=labels, scale=alt.Scale(paddingInner=0, paddingOuter=0))


def _up(stack: Literal["zero"] | None = None) -> alt.Y:
    ticks = alt.Axis(labelExpr=TICK, tickCount=4, tickMinStep=expr("least"))
    return alt.Y("shown:Q", axis=ticks, scale=alt.Scale(domain=[expr("low"), expr("high")], nice=4), stack=stack)


def _bars(base: alt.Chart, colour: Any, stack: Literal["zero"] | None) -> list[alt.Chart]:
    """Return the bars that are whole, and as outlines those that are still to grow."""
    base = base.transform_calculate(shown=SHOWN)
    shape = {
        "width": expr(f"min(bandwidth('x') * 0.78, {_WIDEST})"),
        "cornerRadiusTopLeft": 2,
        "cornerRadiusTopRight": 2,
    }
    along = {"x": _along(), "y": _up(stack), "order": alt.Order("part:Q"), "fill": _as_fill(colour), "opacity": faded()}
    whole = base.properties(name="bar").transform_filter("datum.state !== 'open'").mark_bar(**shape)
    outline = {"fillOpacity": 0.2, "strokeDash": [3, 2], "strokeWidth": 1}
    still_open = base.properties(name="open").transform_filter("datum.state === 'open'").mark_bar(**shape, **outline)
    focused = {"stroke": focus_stroke(alt.value(None)), "strokeWidth": alt.value(2)}
    return [whole.encode(**along, **focused), still_open.encode(**along, stroke=_as_stroke(colour))]


def _lines(base: alt.Chart, colour: Any, series: str | None) -> list[alt.Chart]:
    """Return lines that break where there is no figure; what leads to a mark that is not whole is dashed."""
    groups = ["series"] if series else []
    order = [alt.SortField("place")]
    base = base.transform_calculate(shown=SHOWN).transform_window(
        before="lag(state)",
        after="lead(state)",
        left="lag(shown)",
        right="lead(shown)",
        sort=order,
        groupby=groups,
    )
    apart = {"detail": alt.Detail(series), "opacity": faded(0.25)} if series else {}
    up, shown = _up(), {"x": _along(), **apart}
    stroke = {"stroke": _as_stroke(colour)}
    shape = {"strokeWidth": 2, "strokeCap": "round", "strokeJoin": "round"}
    is_open = "datum.state === 'open' || datum.before === 'open' || datum.after === 'open'"
    solid = base.transform_calculate(shown="datum.state === 'open' ? null : datum.shown").mark_line(**shape)
    dashed = base.transform_calculate(shown=f"{is_open} ? datum.shown : null").mark_line(**shape, strokeDash=[3, 3])
    alone = "!isValid(datum.left) && !isValid(datum.right)"
    points = base.transform_filter(f"isValid(datum.shown) && (length(labels) <= {_WITH_POINTS} || ({alone}))")
    return [
        solid.encode(y=up, **shown, **stroke),
        dashed.encode(y=up, **shown, **stroke),
        points.mark_circle(size=20, opacity=1).encode(y=up, **shown, fill=_as_fill(colour)),
    ]


def _as_fill(colour: Any) -> Any:
    return alt.Fill.from_dict(colour.to_dict()) if isinstance(colour, alt.Color) else colour


def _as_stroke(colour: Any) -> Any:
    return alt.Stroke.from_dict(colour.to_dict()) if isinstance(colour, alt.Color) else colour
