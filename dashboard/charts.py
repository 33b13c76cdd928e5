"""The charts, as Vega-Lite: counts in, a specification out. No Streamlit here, and no colour of any theme.

Each kind is laid out with Altair once per set of categories and kept; a call only adds its rows. As long as the layout
stays the same text, the browser updates the marks in place instead of drawing the chart anew. Text takes `currentColor`
and the page's own variables, so that a change of theme needs no new specification.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import Any, Final

import altair as alt

from dashboard.overview import DayCount, ValueCount

Spec = dict[str, Any]
Picked = Sequence[str | None]

HEIGHT: Final = 250
BRUSH: Final = "brush"
"""Selection of days: `{BRUSH: {"day": [ISO days]}}`."""
PICK: Final = "pick"
"""Selection of values: `{PICK: [{"key": key}]}`."""
MOST_BARS: Final = 12
"""Horizontal bars that stay legible at this height; the largest are shown."""
NO_VALUE: Final = "(none)"
EMPTY: Final = "(empty)"

_MUTED: Final = "var(--dash-muted)"
_GRID: Final = "var(--dash-border)"
_FADED: Final = 0.28


def key_from_value(value: str | None) -> str:
    """Name a value in a selection: `~` for null, as in a link (see `filters.params_from_filters`)."""
    if value is None:
        return "~"
    return f"~{value}" if value.startswith("~") else value


def value_from_key(key: str) -> str | None:
    """Return the value that a selection's key names; the inverse of `key_from_value`."""
    return None if key == "~" else key.removeprefix("~")


def label(value: str | None) -> str:
    """Return what people read for a value."""
    return NO_VALUE if value is None else value or EMPTY


def day_bars(counts: Iterable[DayCount], unit: str = "Contacts") -> Spec:
    """Return bars per day. Days can be brushed."""
    return _filled(_day_bars(unit), [{"day": item.day.isoformat(), "count": item.rows} for item in counts])


def doughnut(
    counts: Sequence[ValueCount], categories: Sequence[str | None], unit: str = "Contacts", picked: Picked = ()
) -> Spec:
    """Return a ring of shares with the total in the middle. Categories fix the colours; `picked` stand out at first."""
    return _filled(_ring(_labels(categories), unit, _keys(picked), hollow=True), _shares(counts))


def pie(
    counts: Sequence[ValueCount], categories: Sequence[str | None], unit: str = "Contacts", picked: Picked = ()
) -> Spec:
    """Return a pie of shares. Categories fix the colours; `picked` stand out at first."""
    return _filled(_ring(_labels(categories), unit, _keys(picked), hollow=False), _shares(counts))


def horizontal_bars(counts: Sequence[ValueCount], unit: str = "Contacts", picked: Picked = ()) -> Spec:
    """Return bars from the largest down, at most `MOST_BARS`, each with its number."""
    rows = sorted(_shares(counts), key=lambda row: (-row["count"], row["label"]))[:MOST_BARS]
    return _filled(_bars(unit, len(rows), _keys(picked)), rows)


def described(title: str, counts: Sequence[ValueCount]) -> str:
    """Return the alternative text of a chart of shares: its values, largest first."""
    total = sum(item.rows for item in counts)
    if not total:
        return f"{title}: no contacts"
    largest = sorted(counts, key=lambda item: -item.rows)
    parts = [f"{label(item.value)} {item.rows:,} ({item.rows / total:.0%})" for item in largest[:MOST_BARS]]
    rest = len(largest) - len(parts)
    return f"{title}: " + ", ".join(parts) + (f" and {rest} more" if rest > 0 else "")


def described_days(title: str, counts: Iterable[DayCount]) -> str:
    """Return the alternative text of a chart of days: its extent, total, highest and lowest day."""
    totals = {item.day: item.rows for item in counts}
    if not any(totals.values()):
        return f"{title}: no contacts"
    top, low = max(totals, key=lambda day: totals[day]), min(totals, key=lambda day: totals[day])
    return (
        f"{title}, {min(totals):%d %b %Y} to {max(totals):%d %b %Y}: {sum(totals.values()):,} in all, "
        f"most on {top:%d %b} ({totals[top]:,}), fewest on {low:%d %b} ({totals[low]:,})"
    )


def _labels(values: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label(value) for value in values))


def _shares(counts: Sequence[ValueCount]) -> list[dict[str, Any]]:
    total = sum(item.rows for item in counts) or 1
    return [
        {"key": key_from_value(item.value), "label": label(item.value), "count": item.rows, "share": item.rows / total}
        for item in counts
    ]


def _filled(layout: Spec, rows: list[dict[str, Any]]) -> Spec:
    return {**layout, "data": {"values": rows}}


def _layout(chart: Any) -> Spec:
    spec: Spec = chart.to_dict()
    spec.pop("datasets", None)
    for part in (spec, *spec.get("layer", ())):
        part.pop("data", None)
    # SVG, so that colours may be the page's variables.
    spec["usermeta"] = {"embedOptions": {"renderer": "svg", "padding": {"left": 2, "right": 2, "top": 6, "bottom": 2}}}
    lines = {"gridColor": _GRID, "domainColor": _GRID, "tickColor": _GRID}
    legend = {"labelFontSize": 12, "symbolType": "circle", "symbolSize": 70, "layout": {"right": {"anchor": "middle"}}}
    spec["config"] = {
        "view": {"stroke": None},
        "axis": {"labelFontSize": 11, "labelColor": _MUTED, "titleColor": _MUTED, **lines},
        "legend": {"labelColor": _MUTED, **legend},
    }
    return spec


def _keys(picked: Picked) -> tuple[str, ...]:
    return tuple(key_from_value(value) for value in picked)


def _picking(picked: tuple[str, ...]) -> Any:
    at_first = [{"key": key} for key in picked] or alt.Undefined
    return alt.selection_point(name=PICK, fields=["key"], toggle="true", value=at_first)


def _no_data() -> Any:
    return alt.InlineData(values=[])


def _colour(labels: tuple[str, ...], field: str, legend: Any) -> Any:
    return alt.Color(field, type="nominal", scale=alt.Scale(domain=list(labels)), legend=legend)


@functools.cache
def _day_bars(unit: str) -> Spec:
    brush = alt.selection_interval(name=BRUSH, encodings=["x"])
    # Days are names here, not instants: a reader's own time zone must not move them.
    form = "utcFormat(toDate(datum.{field}), '{form}')"
    axis = alt.Axis(
        labelExpr=form.format(field="value", form="%d %b"),
        labelAngle=0,
        labelOverlap="greedy",
        labelSeparation=14,
        ticks=False,
        labelPadding=8,
    )
    thousands = "datum.value >= 10000 ? format(datum.value, '~s') : format(datum.value, ',')"
    bars = (
        alt.Chart(_no_data())
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .transform_calculate(when=form.format(field="day", form="%a %d %b %Y"))
        .encode(
            x=alt.X("day:O", title=None, axis=axis, scale=alt.Scale(paddingInner=0.22, paddingOuter=0.1)),
            y=alt.Y(
                "count:Q",
                title=None,
                # Stacked bars with round corners sit in a group each, and a brush over them takes its place from that.
                stack=False,
                axis=alt.Axis(tickCount=4, tickMinStep=1, labelExpr=thousands, domain=False, ticks=False),
            ),
            opacity=alt.condition(brush, alt.value(1), alt.value(_FADED)),
            tooltip=[alt.Tooltip("when:N", title="Day"), alt.Tooltip("count:Q", title=unit, format=",")],
        )
        .add_params(brush)
        .properties(height=HEIGHT)
    )
    return _layout(bars)


@functools.cache
def _ring(labels: tuple[str, ...], unit: str, picked: tuple[str, ...], *, hollow: bool) -> Spec:
    pick = _picking(picked)
    outer = "min(width, height) / 2 - 22"
    base = alt.Chart(_no_data()).encode(
        theta=alt.Theta("count:Q", stack=True), order=alt.Order("count:Q", sort="descending")
    )
    arcs = (
        base.mark_arc(
            innerRadius=alt.ExprRef(f"({outer}) * {0.64 if hollow else 0}"),
            outerRadius=alt.ExprRef(outer),
            padAngle=0.012,
            cornerRadius=3,
        )
        .encode(
            color=_colour(labels, "label", alt.Legend(orient="right", title=None, offset=12, rowPadding=6)),
            opacity=alt.condition(pick, alt.value(1), alt.value(_FADED)),
            tooltip=[
                alt.Tooltip("label:N", title="Value"),
                alt.Tooltip("count:Q", title=unit, format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        .add_params(pick)
    )
    # Slices narrower than a twentieth have no room for a number. They stay in the stack with an empty one, or the other
    # numbers would move.
    numbers = (
        base.transform_calculate(percent="datum.share >= 0.05 ? format(datum.share, '.0%') : ''")
        .mark_text(radius=alt.ExprRef(f"({outer}) + 14"), fontSize=11, fill=_MUTED)
        .encode(text="percent:N")
    )
    layers = [arcs, numbers, *(_middle(unit) if hollow else [])]
    return _layout(alt.layer(*layers, data=_no_data()).properties(height=HEIGHT))


def _middle(unit: str) -> list[Any]:
    total = alt.Chart(_no_data()).transform_aggregate(total="sum(count)")
    return [
        total.mark_text(fontSize=24, fontWeight=600, dy=-5, fill="currentColor").encode(
            text=alt.Text("total:Q", format=",")
        ),
        total.transform_calculate(unit=f"'{unit.lower()}'")
        .mark_text(fontSize=12, dy=15, fill=_MUTED)
        .encode(text="unit:N"),
    ]


@functools.cache
def _bars(unit: str, bars: int, picked: tuple[str, ...]) -> Spec:
    pick = _picking(picked)
    base = alt.Chart(_no_data()).encode(
        y=alt.Y(
            "label:N",
            sort=None,  # as the rows come: the largest first
            title=None,
            axis=alt.Axis(labelLimit=130, domain=False, ticks=False, labelPadding=8),
            scale=alt.Scale(paddingInner=0.32 if bars > 4 else 0.55, paddingOuter=0.15),
        ),
        # Room for the number at the end of the longest bar.
        x=alt.X("count:Q", title=None, axis=None, scale=alt.Scale(padding=0, nice=False, zero=True)),
        opacity=alt.condition(pick, alt.value(1), alt.value(_FADED)),
        tooltip=[
            alt.Tooltip("label:N", title="Value"),
            alt.Tooltip("count:Q", title=unit, format=","),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    drawn = base.mark_bar(cornerRadiusEnd=4).add_params(pick)
    numbers = base.mark_text(align="left", dx=6, fontSize=11, fill=_MUTED).encode(text=alt.Text("count:Q", format=","))
    return _layout(alt.layer(drawn, numbers, data=_no_data()).properties(height=HEIGHT))
