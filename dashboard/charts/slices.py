"""Shares of a whole: a ring with its total in the middle, or a pie; names, figures and shares in a legend."""

from typing import Final

import altair as alt

from dashboard.charts.registry import drawing
from dashboard.charts.style import CARD, MARKS, MUTED, TEXT, expr, faded, focus_stroke, parameters, series_colour

_LINE: Final = 20
"""Height of a line of the legend, in pixels."""
_SMALLEST_WITH_NUMBER: Final = 0.05
_LARGEST_TOTAL: Final = 24
_NUMBER: Final = 34
"""Room for a number at a slice, in pixels."""
_NAME: Final = 130
"""Room that a name has before figures leave the legend; a longer one is cut."""
_SMALLEST_RING: Final = 80
"""Radius of a ring that still has numbers around it."""


@drawing("doughnut")
def doughnut() -> alt.LayerChart:
    """A ring; `counted` and `noun` stand in its middle."""
    # The total fits the hole of the ring: a digit is some 0.62 of its height wide.
    size = f"min({_LARGEST_TOTAL}, inner * 1.7 / (0.62 * max(1, length(counted))))"
    one = alt.Chart(alt.InlineData(values=[{}]))
    middle = {"x": expr("centre"), "align": "center", "baseline": "alphabetic"}
    total = one.properties(name="total").mark_text(
        **middle, y=expr("height / 2 + 3"), text=expr("counted"), fontSize=expr(size), fontWeight=600, fill=TEXT
    )
    noun = one.properties(name="noun").mark_text(**middle, y=expr("height / 2 + 21"), text=expr("noun"), fontSize=12)
    return _slices(0.64, total, noun)


@drawing("pie")
def pie() -> alt.LayerChart:
    """A ring without a hole."""
    return _slices(0)


def _slices(hole: float, *middle: alt.Chart) -> alt.LayerChart:
    around = alt.Theta("count:Q", stack=True, scale=alt.Scale(range=[0, 6.283185307179586]))
    order = alt.Order("place:Q")
    centre = {"x": expr("centre"), "y": expr("height / 2")}
    base = alt.Chart(MARKS).transform_joinaggregate(whole="sum(count)")
    arcs = (
        base.properties(name="slice")
        .transform_filter("datum.count > 0")
        .mark_arc(**centre, outerRadius=expr("outer"), innerRadius=expr("inner"), strokeJoin="round")
        .encode(
            theta=around,
            order=order,
            fill=alt.Fill.from_dict(series_colour().to_dict()),
            opacity=faded(),
            stroke=focus_stroke(alt.value(CARD)),
            strokeWidth=alt.condition("datum.key === focused", alt.value(2), alt.value(1.5)),
        )
    )
    is_large = f"hasNumbers && datum.count / datum.whole >= {_SMALLEST_WITH_NUMBER}"
    large = f"{is_large} ? round(100 * datum.count / datum.whole) + '%' : ''"
    numbers = (
        base.transform_filter("datum.count > 0")
        .transform_calculate(number=large)
        .mark_text(**centre, radius=expr("outer + 16"), fill=MUTED)
        .encode(theta=around, order=order, text="number:N")
    )
    given = parameters(focused=False, counted="", noun="", widest=80, amounts=0, shares=0)
    sizes = [
        # On a phone the figures leave the legend first, then the numbers the slices.
        alt.param(name="hasAmounts", expr=f"min(widest, {_NAME}) + amounts <= width * 0.5"),
        alt.param(name="figures", expr="hasAmounts ? amounts : shares"),
        alt.param(name="room", expr="min(widest + figures, width * 0.5)"),
        alt.param(name="centre", expr="(width - room) / 2"),
        alt.param(name="hasNumbers", expr=f"centre - {_NUMBER} >= {_SMALLEST_RING}"),
        alt.param(name="outer", expr=f"max(40, hasNumbers ? min(height / 2 - 24, centre - {_NUMBER}) : centre - 8)"),
        alt.param(name="inner", expr=f"outer * {hole}"),
    ]
    return alt.layer(arcs, numbers, *middle, *_legend()).add_params(*given, *sizes)


def _legend() -> list[alt.Chart]:
    """Return a line per mark. Its dot and its name are marks as the slices are: a click on one picks its value."""
    base = (
        alt.Chart(MARKS)
        .transform_joinaggregate(entries="count()")
        .transform_calculate(line=f"height / 2 + (datum.place - (datum.entries - 1) / 2) * {_LINE}")
    )
    down = alt.Y("line:Q", axis=None, scale=None)
    dots = base.properties(name="entry").mark_circle(size=80, x=expr("width - room + 5"), opacity=1)
    names = base.mark_text(
        x=expr("width - room + 16"), align="left", baseline="middle", fontSize=12, limit=expr("room - figures - 16")
    )
    read = "(hasAmounts ? datum.text : '') + (hasAmounts && datum.share ? ' · ' : '') + (datum.share || '')"
    figures = base.transform_calculate(read=read).mark_text(
        x=expr("width"), align="right", baseline="middle", fontSize=12
    )
    fill = alt.Fill.from_dict(series_colour().to_dict())
    return [
        dots.encode(y=down, fill=fill, opacity=faded()),
        names.encode(y=down, text="label:N"),
        figures.encode(y=down, text="read:N"),
    ]
