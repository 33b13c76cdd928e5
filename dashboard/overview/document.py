"""Figures and filters flow in, the board document with badges, chips, cards and charts flows out.

One document is one message to the browser, where `static/board` draws it. An element of Streamlit per badge, heading,
menu and chart took 56 messages per click, and most of the time that a click cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.model import formats
from dashboard.model.filters import Filters, dimension_key
from dashboard.model.period import Period
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview import marks
from dashboard.overview.figures import CardValue, Overview, ValueCount
from dashboard.quality.freshness import Badge, difference_badges
from dataset_model.definition import Chart

Document = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """The inputs of one visitor's board."""

    model: SemanticModel
    picked: Filters
    """Its days are the brushed ones, None where nothing is brushed."""
    overview: Overview
    unbrushed: Overview
    """The same without the brush: the chart of days keeps showing those outside it."""
    categories: Mapping[str, tuple[str, ...]]
    """Every published value of a dimension, so that a value keeps its colour whatever is shown."""


def board_document(scene: Scene, badges: Sequence[Badge]) -> Document:
    """Return what the browser draws; without cards and charts where the filters leave nothing to show."""
    is_empty = scene.overview.total_rows == 0 and scene.picked.days is None
    shown = (*badges, *difference_badges(scene.unbrushed.differences))
    return {
        "badges": [{"icon": badge.icon, "tone": badge.tone, "text": badge.text, "help": badge.help} for badge in shown],
        "window": formats.days(scene.unbrushed.days) if scene.unbrushed.days else "",
        "chips": _chips(scene),
        "picked": picked_of(scene.picked, scene.model.dimensions),
        "cards": [] if is_empty else [_card(card, scene.overview) for card in scene.overview.cards],
        "charts": [] if is_empty else [_chart(scene, *found) for found in enumerate(scene.model.charts)],
        "foot": "" if is_empty else _foot(scene.overview),
    }


def picked_of(picked: Filters, dimensions: Sequence[str]) -> Document:
    """Return the picked values in the form that the browser sends back (see `events`)."""
    days = picked.days
    message: Document = {"days": [days.first.isoformat(), days.last.isoformat()] if days else None}
    for column in dimensions:
        message[dimension_key(column)] = [marks.key_from_value(value) for value in picked.values(column)]
    return message


def _chips(scene: Scene) -> list[Document]:
    chips: list[Document] = []
    if days := scene.picked.days:
        chips.append({"dimension": "days", "key": "", "text": formats.days(days)})
    for column in scene.model.dimensions:
        key, name = dimension_key(column), column.replace("_", " ")
        chips += [
            {"dimension": key, "key": marks.key_from_value(value), "text": f"{name}: {marks.label(value)}"}
            for value in scene.picked.values(column)
        ]
    return chips


def _card(card: CardValue, overview: Overview) -> Document:
    # Below 100 an absolute change reads better than a percentage; of nothing, or of less, there is no percentage.
    few = max(card.compared or 0, card.previous or 0) < 100 or (card.previous or 0) <= 0
    delta = formats.change(card.compared, card.previous, absolute=few)
    is_left_out = overview.period.left_out and not overview.period.before
    nothing = "No whole days to compare" if is_left_out else "No earlier period"
    unit = f" {card.unit}" if card.unit and card.value is not None else ""
    return {
        "label": card.label,
        "text": formats.short(card.value) + unit,
        "exact": formats.number(card.value) + unit,
        "delta": nothing if delta is None else str(delta).lstrip("+-") if delta else "No change",
        "trend": "" if not delta else "down" if str(delta).startswith("-") else "up",
        "from": "" if delta is None else _compared_with(card, overview.period),
        "note": _note(card, overview),
        "series": _course(card, overview),
    }


def _compared_with(card: CardValue, period: Period) -> str:
    """Return the figure that a card is compared with, and both figures where not every day is compared."""
    if not period.is_partly_compared:
        return f"from {formats.short(card.previous)}"
    return (
        f"from {formats.short(card.previous)} to {formats.short(card.compared)} "
        f"on {formats.plural(period.compared_days, 'whole day')}"
    )


def _note(card: CardValue, overview: Overview) -> str:
    """Return over how many rows a mean is, where some rows have no value."""
    if card.counted is None or card.counted == overview.total_rows:
        return ""
    return f"over {card.counted:,} of {formats.plural(overview.total_rows, 'row')}"


def _course(card: CardValue, overview: Overview) -> list[float | None]:
    """Return a card's figures per day; None for a day that is not published or still open: its figure is not whole."""
    last = overview.last_day
    pairs = zip(overview.by_day, card.series, strict=False)
    return [
        None if value is None or not count.published or count.is_open else float(value)
        for count, value in pairs
        if last is None or count.day <= last
    ]


def _chart(scene: Scene, place: int, chart: Chart) -> Document:
    if chart.by == "day":
        counted = scene.unbrushed.by_day
        return _frame(place, chart, "days", marks.described_days(chart.title, counted)) | {
            "dimension": "days",
            "marks": marks.day_marks(counted, scene.picked.days),
        }
    counts, picked = scene.overview.by(chart.by), scene.picked.values(chart.by)
    frame = _frame(place, chart, "bars" if chart.kind == "bar" else chart.kind, marks.described(chart.title, counts))
    total = sum(count.rows for count in counts)
    frame |= {"dimension": dimension_key(chart.by), "total": f"{total:,}"}
    if chart.kind == "bar":
        shown = marks.largest(counts)
        return frame | {"cut": _cut(shown, counts), "marks": marks.value_marks(shown, picked, total=total)}
    known = (*scene.categories.get(chart.by, ()), *(count.value for count in counts if count.value is not None))
    categories: list[str | None] = [*sorted(set(known)), None]
    return frame | {"marks": marks.slice_marks(counts, picked, categories, total=total)}


def _cut(shown: Sequence[ValueCount], counts: Sequence[ValueCount]) -> str:
    """Return how many values have a bar, where not all have one; rows without a value are not counted as a value."""
    if len(shown) == len(counts):
        return ""
    drawn, every = (sum(count.value is not None for count in some) for some in (shown, counts))
    return f"{drawn} of {every:,}" + (f" and {marks.NO_VALUE}" if drawn < len(shown) else "")


def _frame(place: int, chart: Chart, kind: str, alt: str) -> Document:
    return {"place": place, "title": chart.title, "kind": kind, "alt": alt, "cut": ""}


def _foot(overview: Overview) -> str:
    """Return the cost of the figures and the days that they are compared with."""
    queries = formats.plural(len(overview.statements), "query", "queries")
    scanned = formats.size(overview.bytes_scanned)
    reused = " · answered from an earlier result" if overview.reused else ""
    compared = f" · changes are against {formats.days(overview.previous_days)}" if overview.previous_days else ""
    left_out = formats.listed(f"{formats.day(each.day)} ({each.reason})" for each in overview.period.left_out)
    without = f" · not compared: {left_out}" if left_out else ""
    return f"{queries} · {scanned} scanned{reused}{compared}{without}"
