"""The groups of an answer and a kind of chart flow in, its Vega-Lite specification without theme colours flows out."""

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final, Literal

from dashboard.model.exact_numbers import difference, total
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.results.charts.choice import MOST_SERIES
from dashboard.results.charts.points import OTHERS, ResultChart, Unit, described
from dashboard.results.charts.spec import USUAL_HEIGHT, vega_lite
from dashboard.results.grouped.answer import GroupCell, GroupedAnswer, Key
from dashboard.results.grouped.chart import grouped_chart

Kind = Literal["chart", "bar", "line", "stacked", "doughnut", "pie", "heatmap"]
"""chart: what fits the answer."""
HEIGHT: Final = 280
MOST_BARS: Final = 12
MOST_CELLS: Final = 31
"""Rows and columns of a heat map."""
_HOLE: Final = 0.62
_LONGEST_NAME: Final = 18
"""Letters of a name in a legend."""


@dataclass(frozen=True)
class Drawing:
    """A specification with its figures, the text for those who do not see it, and what it leaves out."""

    spec: dict[str, Any]
    text: str
    notes: tuple[str, ...]
    unit: Unit | None = None
    """The unit of a time along x; None where x is no time."""


def drawing_of(
    answer: GroupedAnswer,
    model: SemanticModel,
    kind: Kind,
    published: frozenset[dt.date] = frozenset(),
    fixed: Sequence[str] = (),
    *,
    truncated: bool = False,
) -> Drawing | None:
    """Return the drawing of an answer; None where no group has a figure.

    `published` as in `grouped_chart`; the values of `fixed` have the colours of the theme in their order. `truncated`
    says that a limit has cut groups off: then shares need the total of all of them.
    """
    has_whole = not truncated or answer.total() is not None
    if kind in {"doughnut", "pie"} and has_whole and (parts := _parts(answer)):
        return _slices(answer, model, parts, hole=_HOLE if kind == "doughnut" else 0, fixed=fixed)
    if kind == "heatmap" and len(answer.asked.by) > 1:
        return _heat(answer, model)
    is_line = {"line": True, "bar": False, "stacked": False}.get(kind)
    made = grouped_chart(answer, model, published, is_line=is_line, most=MOST_BARS)
    if not made.chart.points:
        return None
    chart = replace(made, stacks=made.stacks and kind != "bar")
    text = described(chart.chart)
    spec = chart.drawn(vega_lite(chart.chart, text, fixed))
    spec = on_a_card(spec, chart.chart)
    notes = chart.chart.notes
    if kind in {"doughnut", "pie"}:
        reason = "these figures are no parts of a whole" if has_whole else "a limit has cut off parts of the whole"
        notes = (*notes, f"bars, because {reason}")
    return Drawing(spec, text, notes, chart.chart.unit)


def on_a_card(spec: dict[str, Any], chart: ResultChart) -> dict[str, Any]:
    """Return a specification in the height of a card; bars that lie take the height that they need."""
    if chart.axis == "category":
        return spec
    # The legend has its lines in the height of the whole.
    return {**spec, "height": spec["height"] - USUAL_HEIGHT + HEIGHT}


def _parts(answer: GroupedAnswer) -> list[tuple[Key, GroupCell]] | None:
    """Return the groups as parts of a whole, the largest first; None where they are none."""
    found = [(value, cell) for value in answer.values(0) if (cell := answer.cell(value)) is not None]
    if not answer.measure.adds_up or any(
        (cell.value or 0) < 0 or not math.isfinite(cell.value or 0) for _, cell in found
    ):
        return None
    return sorted(
        ((value, cell) for value, cell in found if cell.value), key=lambda part: part[1].value or 0, reverse=True
    )


def _slices(
    answer: GroupedAnswer,
    model: SemanticModel,
    parts: Sequence[tuple[Key, GroupCell]],
    *,
    hole: float,
    fixed: Sequence[str],
) -> Drawing:
    alt: Any = import_module("altair")
    names, measure = answer.names(0), answer.measure
    title = capitalised(model.words.label(answer.asked.by[0]))
    # One measure has figures of one kind: whole, decimal or double.
    shown: list[tuple[str, Any]] = [(names[value], cell.value or 0) for value, cell in parts]
    notes: tuple[str, ...] = ()
    if len(shown) > MOST_SERIES:
        rest = shown[MOST_SERIES - 1 :]
        notes = (f"the largest {MOST_SERIES - 1} of {len(shown):,} values have a slice of their own",)
        shown = [*shown[: MOST_SERIES - 1], (OTHERS, total(amount for _, amount in rest))]
    whole_cell = answer.total()
    whole: Any = total(amount for _, amount in shown)
    every: Any = (whole_cell.value if whole_cell else None) or 0
    if every > whole:
        # Groups that a limit has cut off are parts of the whole too.
        others = total([difference(every, whole), *(amount for name, amount in shown if name == OTHERS)])
        shown = [*(part for part in shown if part[0] != OTHERS), (OTHERS, others)]
        whole, notes = every, (*notes, f"{OTHERS} holds the groups beyond the limit")
    values = [
        {
            "name": name,
            "amount": float(amount),
            "exact": measure.exact(amount),
            "share": f"{float(amount) / float(whole):.1%}",
            "rank": rank,
        }
        for rank, (name, amount) in enumerate(shown)
    ]
    series = [name for name, _ in shown]
    read = json.dumps(
        {
            f"={value['name']}": _entry(value, measure.text(amount))
            for value, (_, amount) in zip(values, shown, strict=True)
        }
    )
    # With a sign before it no name is one that every object of JavaScript has, such as __proto__.
    labels = f"{read}['=' + datum.label]"
    legend = alt.Legend(
        orient="right", title=None, values=series, labelLimit=230, symbolType="circle", labelExpr=labels
    )
    domain = [*fixed, *(name for name in series if name not in fixed)] if fixed else series
    base = alt.Chart(alt.InlineData(values=values), height=HEIGHT).encode(
        theta=alt.Theta("amount:Q", stack=True),
        order=alt.Order("rank:Q"),
        color=alt.Color("name:N", scale=alt.Scale(domain=domain), legend=legend),
        tooltip=[
            alt.Tooltip("name:N", title=title),
            alt.Tooltip("exact:N", title=answer.title),
            alt.Tooltip("share:N", title="Share"),
        ],
    )
    largest = values[0]
    text = f"Shares: {answer.title} by {title}. Largest: {largest['name']}, {largest['share']}."
    radius = alt.ExprRef("min(width, height) / 2 - 4")
    inner = alt.ExprRef(f"(min(width, height) / 2 - 4) * {hole}")
    spec = base.mark_arc(outerRadius=radius, innerRadius=inner, padAngle=0.01, description=text).to_dict()
    return Drawing(spec, text, notes)


def _entry(value: Mapping[str, Any], amount: str) -> str:
    """Return the text of a slice in the legend: a long name gives way to its figures."""
    name = value["name"]
    return f"{name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + '…'}  {amount} · {value['share']}"


def _heat(answer: GroupedAnswer, model: SemanticModel) -> Drawing | None:
    alt: Any = import_module("altair")
    rows, columns = answer.values(0), answer.values(1)
    notes = tuple(
        f"the first {MOST_CELLS} of {len(found):,} values of {model.words.label(by)}"
        for by, found in zip(answer.asked.by, (rows, columns), strict=True)
        if len(found) > MOST_CELLS
    )
    rows, columns = rows[:MOST_CELLS], columns[:MOST_CELLS]
    down, across = answer.names(0), answer.names(1)
    values: list[dict[str, Any]] = [
        {
            "row": down[row],
            "column": across[column],
            "amount": float(cell.value),
            "exact": answer.measure.exact(cell.value),
        }
        for row in rows
        for column in columns
        if (cell := answer.cell(row, column)) is not None and cell.value is not None and math.isfinite(cell.value)
    ]
    if not values:
        return None
    titles = [capitalised(model.words.label(by)) for by in answer.asked.by]
    largest = max(values, key=lambda value: value["amount"])
    text = (
        f"Heat map: {answer.title} by {titles[0]} and {titles[1]}. "
        f"Largest: {largest['exact']} at {largest['row']}, {largest['column']}."
    )
    chart = (
        alt.Chart(alt.InlineData(values=values), height=HEIGHT)
        .mark_rect(cornerRadius=2, description=text)
        .encode(
            x=alt.X(
                "column:O",
                sort=[across[value] for value in columns],
                title=None,
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y("row:O", sort=[down[value] for value in rows], title=None, axis=alt.Axis(labelLimit=130)),
            color=alt.Color("amount:Q", legend=alt.Legend(title=None, orient="right")),
            tooltip=[
                alt.Tooltip("row:N", title=titles[0]),
                alt.Tooltip("column:N", title=titles[1]),
                alt.Tooltip("exact:N", title=answer.title),
            ],
        )
    )
    return Drawing(chart.to_dict(), text, notes)
