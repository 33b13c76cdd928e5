"""Figures by day or by a part of the calendar flow in, marks in the order of time flow out, each with its state.

A bin is whole where each of its days is published, closed and shown. One that is not is never drawn as whole; one
without a published day is a gap, and one without rows is zero where the measure counts or adds.
"""

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.model.calendar_parts import Calendar, CalendarName, label, short_label
from dashboard.model.measures import Measure
from dashboard.overview.document import marks
from dashboard.overview.figures import DayCount
from dashboard.overview.measured import Cell

ZERO: Final = frozenset({"rows", "distinct", "sum"})
"""Measures that are 0 where there are no rows."""


@dataclass(frozen=True)
class Bin:
    """A day, or the days of a part of the calendar."""

    key: str
    short: str
    label: str
    state: str
    """whole, open (days are missing or still open) or missing (no day of it is published)."""
    note: str = ""
    """A remark after its figure."""
    is_weekend: bool = False


WITHOUT: Final = Bin(marks.key_from_value(None), marks.NO_VALUE, marks.NO_VALUE, "whole")
"""Rows without a value of the dimension."""


def day_bins(counts: Sequence[DayCount]) -> list[Bin]:
    """Return a bin per day."""
    return [
        Bin(
            count.day.isoformat(),
            f"{count.day.day} {count.day:%b}",
            f"{count.day:%a} {count.day.day} {count.day:%b %Y}",
            "missing" if not count.published else "open" if count.is_open else "whole",
            " so far" if count.is_open else "",
            marks.is_weekend(count.day),
        )
        for count in counts
    ]


def calendar_bins(own: Calendar, name: CalendarName, counts: Sequence[DayCount]) -> list[Bin]:
    """Return a bin per value of a part of the calendar, those without rows among them."""
    bins = []
    for value in own.values(name, [count.day for count in counts]):
        days = [count for count in counts if own.value(name, count.day) in (value, None)]
        state, note = _state(name, value, days)
        bins.append(Bin(value, short_label(name, value), label(name, value), state, note))
    return bins


def bin_marks(
    bins: Sequence[Bin], cells: Sequence[Cell], measure: Measure, picked: Sequence[str | None]
) -> list[dict[str, Any]]:
    """Return a mark per bin, in their order; rows without a value of the dimension come last."""
    found = {cell.value: cell for cell in cells}
    shown = [_mark(each, found.get(each.key), measure, each.key in picked) for each in bins]
    if None in found:
        shown.append(_mark(WITHOUT, found[None], measure, None in picked))
    return shown


def described_bins(title: str, bins: Sequence[Mapping[str, Any]]) -> str:
    """Return the alternative text: its extent, the highest and the lowest figure, and how many are not whole."""
    known = [mark for mark in bins if mark["count"] is not None and mark["state"] != "missing"]
    if not known:
        return f"{title}: no rows"
    whole = [mark for mark in known if mark["state"] == "whole"] or known
    top, low = max(known, key=lambda mark: mark["count"]), min(whole, key=lambda mark: mark["count"])
    parts = len(known) - sum(mark["state"] == "whole" for mark in known)
    return (
        f"{title}, {known[0]['label']} to {known[-1]['label']}: "
        f"most {top['label']} ({top['text']}), least {low['label']} ({low['text']})"
        + (f"; not whole: {parts}" if parts else "")
        + (f"; not published: {len(bins) - len(known)}" if len(known) < len(bins) else "")
    )


def _mark(each: Bin, cell: Cell | None, measure: Measure, is_picked: bool) -> dict[str, Any]:
    amount = cell.amount if cell else 0 if measure.kind in ZERO else None
    if each.state == "missing":
        amount, text, exact = None, "not published", "not published"
    else:
        exact = f"{measure.exact(amount)}{each.note}"
        text = exact if measure.kind == "rows" else f"{measure.text(amount)}{each.note}"
    return {
        "key": each.key,
        "short": each.short,
        "label": each.label,
        "count": marks.size_of(amount),
        "text": text,
        **({"exact": exact} if exact != text else {}),
        "state": each.state,
        "picked": is_picked,
        **({"weekend": True} if each.is_weekend else {}),
    }


def _state(name: CalendarName, value: str, days: Sequence[DayCount]) -> tuple[str, str]:
    published = [count for count in days if count.published]
    if not published:
        return "missing", ""
    expected = _days_in(name, value)
    whole = sum(not count.is_open for count in published)
    if expected is None or whole >= expected:
        return "whole", ""
    return "open", f" on {whole or len(published)} of {expected} days"


def _days_in(name: CalendarName, value: str) -> int | None:
    """Return how many days a week or a month has; None for a weekday and an hour, which any number of days has."""
    if name == "week":
        return 7
    if name == "month":
        first = dt.date.fromisoformat(f"{value}-01")
        return calendar.monthrange(first.year, first.month)[1]
    return None
