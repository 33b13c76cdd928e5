"""Figures and filters flow in, the board document with badges, chips, cards and charts flows out.

One document is one message to the browser, where `static/board` draws it. An element of Streamlit per badge, heading,
menu and chart took 56 messages per click, and most of the time that a click cost.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from dashboard.model import formats
from dashboard.model.selection.filters import Filters, dimension_key
from dashboard.model.selection.period import Period
from dashboard.overview.document import marks
from dashboard.overview.document.chart import Document, Scene, chart_document, value_label
from dashboard.overview.figures import CardValue, Overview
from dashboard.quality.freshness import Badge, difference_badges, part_badges
from dataset_model.dashboard.section import Noun


@dataclass(frozen=True)
class Board:
    """What a choice of days and values shows; its text is made once, however many people look at it."""

    scene: Scene

    def message(self, badges: Sequence[Badge], file: Mapping[str, str] | None = None) -> bytes:
        """Return the board document as JSON for the browser; `file` is saved there.

        Badges tell the age of the figures, so they are made each time.
        """
        now = {"badges": _badges(self.scene, badges), **({} if file is None else {"file": file})}
        return f"{json.dumps(now)[:-1]}, {self._figures[1:]}".encode("ascii")

    @cached_property
    def _figures(self) -> str:
        return json.dumps(_document(self.scene))


def board_document(scene: Scene, badges: Sequence[Badge]) -> Document:
    """Return what the browser draws; without cards and charts where the filters leave nothing to show."""
    return {"badges": _badges(scene, badges), **_document(scene)}


def _badges(scene: Scene, badges: Sequence[Badge]) -> list[Document]:
    shown = (*badges, *difference_badges(scene.unbrushed.differences), *_not_drawn(scene.model.not_drawn))
    shown += part_badges(scene.model.view.remark)
    return [{"icon": badge.icon, "tone": badge.tone, "text": badge.text, "help": badge.help} for badge in shown]


def _document(scene: Scene) -> Document:
    is_empty = scene.overview.total_rows == 0 and scene.picked.days is None
    return {
        "window": formats.days(scene.unbrushed.days) if scene.unbrushed.days else "",
        "chips": _chips(scene),
        "picked": picked_of(scene.picked, scene.model.dimensions),
        "cards": []
        if is_empty
        else [card_document(card, scene.overview, scene.model.words.rows) for card in scene.overview.cards],
        "charts": [] if is_empty else [chart_document(scene, *found) for found in enumerate(scene.model.charts)],
        "foot": "" if is_empty else _foot(scene.overview),
    }


def picked_of(picked: Filters, dimensions: Sequence[str]) -> Document:
    """Return the picked values in the form that the browser sends back (see `events`)."""
    days = picked.days
    message: Document = {"days": [days.first.isoformat(), days.last.isoformat()] if days else None}
    for column in dimensions:
        message[dimension_key(column)] = [marks.key_from_value(value) for value in picked.values(column)]
    return message


def _not_drawn(faults: Sequence[str]) -> tuple[Badge, ...]:
    """Return what the dataset file asks for and the table cannot give: it is missing by name, not in silence."""
    if not faults:
        return ()
    text = f"{formats.plural(len(faults), 'part')} not drawn"
    return (Badge(text, "report", "warn", "The dataset file asks for them: " + "; ".join(faults)),)


def _chips(scene: Scene) -> list[Document]:
    chips: list[Document] = []
    if days := scene.picked.days:
        chips.append({"dimension": "days", "key": "", "text": formats.days(days)})
    for column in scene.model.dimensions:
        key, name, read = dimension_key(column), scene.model.words.label(column), value_label(scene.model, column)
        chips += [
            {"dimension": key, "key": marks.key_from_value(value), "text": f"{name}: {read(value)}"}
            for value in scene.picked.values(column)
        ]
    return chips


def card_document(card: CardValue, overview: Overview, nouns: Noun) -> Document:
    """Return a stat card in words: its figure, its change, and its values per day."""
    delta = _change(card)
    is_left_out = overview.period.left_out and not overview.period.before
    nothing = "No whole days to compare" if is_left_out else "No earlier period"
    trend = "" if not delta else "down" if delta.startswith("-") else "up"
    return {
        "label": card.label,
        "text": card.written.text(card.value),
        "exact": card.written.exact(card.value),
        "delta": nothing if delta is None else delta.lstrip("+-") if delta else "No change",
        "trend": trend,
        "news": "" if not trend or not card.written.good else "good" if trend == card.written.good else "bad",
        "from": "" if delta is None else _compared_with(card, overview.period),
        "note": _note(card, overview, nouns),
        "series": _sparkline(card, overview),
    }


def _change(card: CardValue) -> str | None:
    """Return the change of a card with its sign; empty where there is none, None with nothing to compare with."""
    if (scale := card.written.points) is not None:
        if card.compared is None or card.previous is None:
            return None
        # A share changes by points: 12% to 15% is no quarter more.
        points = (Decimal(str(card.compared)) - Decimal(str(card.previous))) * scale
        return f"{points:+.1f} points" if abs(points) >= Decimal("0.05") else ""
    # Below 100 an absolute change reads better than a percentage; of nothing, or of less, there is no percentage.
    few = max(card.compared or 0, card.previous or 0) < 100 or (card.previous or 0) <= 0
    delta = formats.change(card.compared, card.previous, absolute=few)
    if few and isinstance(delta, str):  # with the unit: 1.1 of what is not seen next to a sum of money
        difference = card.written.text(abs(Decimal(str(card.compared)) - Decimal(str(card.previous))))
        return "" if difference == card.written.text(0) else f"{delta[0]}{difference}"
    return delta if delta is None else str(delta or "")


def _compared_with(card: CardValue, period: Period) -> str:
    """Return the figure that a card is compared with, and both figures where not every day is compared."""
    previous, compared = card.written.text(card.previous), card.written.text(card.compared)
    if not period.is_partly_compared:
        return f"from {previous}"
    to = "" if compared == previous else f" to {compared}"
    return f"from {previous}{to} on {formats.plural(period.compared_days, 'whole day')}"


def _note(card: CardValue, overview: Overview, nouns: Noun) -> str:
    """Return over how many rows a mean is, where some rows have no value."""
    if card.counted is None or card.counted == overview.total_rows:
        return ""
    return f"over {card.counted:,} of {formats.plural(overview.total_rows, nouns.one, nouns.many)}"


def _sparkline(card: CardValue, overview: Overview) -> list[float | None]:
    """Return a card's figures per day; None for a day that is not published or still open: its figure is not whole."""
    last = overview.last_day
    pairs = zip(overview.by_day, card.series, strict=False)
    return [
        None if not count.published or count.is_open else marks.size_of(value)
        for count, value in pairs
        if last is None or count.day <= last
    ]


def _foot(overview: Overview) -> str:
    """Return the cost of the figures and the days that they are compared with."""
    queries = formats.plural(len(overview.statements), "query", "queries")
    scanned = formats.size(overview.bytes_scanned)
    reused = " · answered from an earlier result" if overview.reused else ""
    compared = f" · changes are against {formats.days(overview.previous_days)}" if overview.previous_days else ""
    left_out = formats.listed(f"{formats.day(each.day)} ({each.reason})" for each in overview.period.left_out)
    without = f" · not compared: {left_out}" if left_out else ""
    return f"{queries} · {scanned} scanned{reused}{compared}{without}"
