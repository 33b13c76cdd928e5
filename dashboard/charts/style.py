"""Colours, typeface and tick labels of all drawings.

Colours are the theme's variables of the page (`dashboard.themes.css_variables`), so that another theme paints a chart
that is drawn already. `themed` puts a theme's own colours in their place, where there is no page.
"""

import json
import re
from typing import Any, Final

import altair as alt

from dashboard.themes import Theme, css_variables

FONT: Final = "Inter, system-ui, sans-serif"
SMALL: Final = 11
"""Size of labels and numbers, in pixels."""
TEXT: Final = "var(--dash-text)"
MUTED: Final = "var(--dash-muted)"
BORDER: Final = "var(--dash-border)"
CARD: Final = "var(--dash-card)"
SERIES: Final = tuple(f"var(--dash-series-{place})" for place in range(8))
FADED: Final = 0.28
"""Opacity of what is not picked where something is."""

MARKS: Final = alt.NamedData("marks")
"""A row per mark: place, key, label, text, count, share, state, colour, faded; `weekend` on such days."""
PARTS: Final = alt.NamedData("parts")
"""A row per part of a mark: place and key of the mark, series, colour, count, state, faded."""

CONFIG: Final[dict[str, Any]] = {
    "background": "transparent",
    "font": FONT,
    "padding": 0,
    # The board has a button per mark for those who do not see it, under one name per chart.
    "aria": False,
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "title": None,
        "labelColor": MUTED,
        "labelFontSize": SMALL,
        "labelPadding": 8,
        "gridColor": BORDER,
    },
    "mark": {"cursor": "pointer"},
    "text": {"fill": MUTED, "fontSize": SMALL, "font": FONT},
}
"""Vega's configuration for the four themes."""

TICK: Final = (
    "(datum.value < 0 ? '-' : '') + prefix + (abs(datum.value) >= 10000"
    " ? replace(replace(format(abs(datum.value), '.3~s'), 'k', 'K'), 'G', 'B')"
    " : format(abs(datum.value), ',.6~f')) + suffix"
)
"""The label of a tick: `prefix` and `suffix` are parameters, as of a currency."""
SHOWN: Final = "isValid(datum.count) ? datum.count / unit : null"
"""A figure in the unit of its axis; null stays a gap."""


def expr(text: str) -> alt.ExprRef:
    """Return an expression in place of a number or a text."""
    return alt.ExprRef(text)


def parameters(**defaults: Any) -> list[Any]:
    """Return parameters with the values that hold until the figures bring theirs."""
    return [alt.param(name=name, value=value) for name, value in defaults.items()]


def series_colour() -> alt.Color:
    """Return the colour of a mark by its place in the theme's series."""
    return alt.Color("colour:O", legend=None, scale=alt.Scale(domain=list(range(8)), range=list(SERIES)))


def faded(opacity: float = FADED) -> Any:
    """Return the opacity of a mark: less for those that are not picked where some are."""
    return alt.condition("datum.faded", alt.value(opacity), alt.value(1))


def focus_stroke(otherwise: Any) -> Any:
    """Return the stroke of a mark that the keyboard has reached, and of the others."""
    return alt.condition("datum.key === focused", alt.value(TEXT), otherwise)


def band(**across: Any) -> Any:
    """Return the area under a mark over its whole band: it takes the pointer, and shows the brush and the focus."""
    shade = "datum.place >= spanFrom && datum.place <= spanTo ? 0.07 : datum.key === focused ? 0.06 : 0"
    return (
        alt.Chart(MARKS, name="band")
        .transform_calculate(shade=shade)
        .mark_rect(fill=TEXT, strokeWidth=0)
        .encode(fillOpacity=alt.FillOpacity("shade:Q", scale=None, legend=None), **across)
    )


def themed(specification: dict[str, Any], theme: Theme) -> dict[str, Any]:
    """Return a specification in the colours of a theme, for a picture without a page around it."""
    colours = css_variables(theme)
    text = re.sub(r"var\((--dash-[a-z0-9-]+)\)", lambda found: colours[found[1]], json.dumps(specification))
    return dict(json.loads(text))
