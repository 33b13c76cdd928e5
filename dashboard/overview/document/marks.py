"""The charts as plain values: counts in, marks with their texts out. No Streamlit here, and no colour of any theme.

The browser draws them (`static/board`). A colour is a number in the theme's series, so that a change of theme needs
nothing from here. Every number that is read is a text made here, exact; what the browser computes with is only lengths.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.model.exact_numbers import Number
from dashboard.model.exact_numbers import total as total_of
from dashboard.model.measures import ROWS, Measure
from dashboard.model.selection.filters import Days
from dashboard.model.selection.filters import key_from_value as key_from_value  # noqa: PLC0414 - marks name their values with it
from dashboard.model.selection.filters import value_from_key as value_from_key  # noqa: PLC0414 - as above
from dashboard.overview.document.colours import LAST, SERIES, Colours
from dashboard.overview.figures import DayCount, ValueCount
from dashboard.overview.measured import Cell

Marks = list[dict[str, Any]]
Amounts = Sequence[ValueCount | Cell]

MOST_BARS: Final = 12
"""Horizontal bars that stay legible at a card's height; the largest are shown."""
OTHERS_KEY: Final = "~others"
"""Names that slice; no value has this key (see `key_from_value`)."""
NO_VALUE: Final = "(none)"
EMPTY: Final = "(empty)"


def label(value: str | None) -> str:
    """Return what people read for a value."""
    return NO_VALUE if value is None else value or EMPTY


@dataclass(frozen=True)
class Reading:
    """How the marks of a chart read: their values and their figures."""

    measure: Measure = ROWS
    label: Callable[[str | None], str] = label


COUNTS: Final = Reading()
"""Numbers of rows by values that are read as they are."""


def day_marks(counts: Iterable[DayCount], brushed: Days | None) -> Marks:
    """Return a bar per day; days are names here, not instants: a reader's own time zone must not move them."""
    return [
        {
            "key": item.day.isoformat(),
            "short": f"{item.day.day} {item.day:%b}",
            "label": f"{item.day:%a} {item.day.day} {item.day:%b %Y}",
            "count": item.rows if item.published else None,
            "text": _day_text(item),
            "state": "missing" if not item.published else "open" if item.is_open else "whole",
            "picked": brushed is not None and item.day in brushed,
            **({"weekend": True} if is_weekend(item.day) else {}),
        }
        for item in counts
    ]


def is_weekend(day: dt.date) -> bool:
    """Return whether a day is a Saturday or a Sunday: charts of days tick them, because many figures differ there."""
    return day.isoweekday() > 5


def value_marks(
    counts: Amounts, picked: Sequence[str | None], *, total: Number | None, reading: Reading = COUNTS
) -> Marks:
    """Return a bar per value, in the order given and in one colour.

    Shares are of `total`, of every value, those without a mark included; None where parts do not add up.
    """
    return [_mark(item, 0, picked, total, reading) for item in counts]


def slice_marks(
    counts: Amounts,
    picked: Sequence[str | None],
    colours: Colours,
    *,
    total: Number,
    reading: Reading = COUNTS,
) -> Marks:
    """Return a slice per value, each in its own colour; of too many values the smallest are one slice, "others"."""
    most = len(counts) if len(counts) <= SERIES else SERIES - 1
    ordered = counts if len(counts) <= SERIES else sorted(counts, key=_from_the_largest)
    shown, others = ordered[:most], ordered[most:]
    places = colours.places([item.value for item in shown])
    slices = [_mark(item, places[item.value], picked, total, reading) for item in shown]
    if not others:
        return slices
    amount = total_of(item.amount or 0 for item in others)
    rest = _mark(Cell(None, None, amount, 0, None), LAST, (), total, reading)
    is_picked = any(item.value in picked for item in others)
    return [*slices, rest | {"key": OTHERS_KEY, "label": f"{len(others):,} others", "picked": is_picked}]


def largest(counts: Amounts, most: int = MOST_BARS) -> list[ValueCount | Cell]:
    """Return the values that fit a chart of bars, from the largest down; equals in alphabetical order."""
    return sorted(counts, key=lambda item: (*_from_the_largest(item), label(item.value)))[:most]


def described(title: str, counts: Amounts, reading: Reading = COUNTS) -> str:
    """Return the alternative text of a chart of values: the largest first, with their shares where they add up."""
    total = whole_of(counts, reading.measure)
    if not any(item.amount is not None for item in counts) or total == 0:
        return f"{title}: no rows"
    ordered = sorted(counts, key=_from_the_largest)
    parts = [
        f"{reading.label(item.value)} {reading.measure.text(item.amount)}"
        + (f" ({share_of(item.amount, total):.0%})" if total and item.amount is not None else "")
        for item in ordered[:MOST_BARS]
    ]
    rest = len(ordered) - len(parts)
    return f"{title}: " + ", ".join(parts) + (f" and {rest} more" if rest > 0 else "")


def described_days(title: str, counts: Iterable[DayCount]) -> str:
    """Return the alternative text of a chart of days: its extent, total, highest and lowest day."""
    every = list(counts)
    totals = {item.day: item.rows for item in every if item.published}
    if not any(totals.values()):
        return f"{title}: no rows"
    missing, still_open = len(every) - len(totals), sum(item.is_open for item in every)
    # An open day may still become the one with the most rows, but it is not the one with the fewest.
    whole = [item.day for item in every if item.published and not item.is_open] or list(totals)
    top, low = max(totals, key=lambda day: totals[day]), min(whole, key=lambda day: totals[day])
    return (
        f"{title}, {min(totals):%d %b %Y} to {max(totals):%d %b %Y}: {sum(totals.values()):,} in all, "
        f"most on {top:%d %b} ({totals[top]:,}), fewest on {low:%d %b} ({totals[low]:,})"
        + (f"; days not published: {missing}" if missing else "")
        + (f"; days still open: {still_open}" if still_open else "")
    )


def whole_of(counts: Amounts, measure: Measure) -> Number | None:
    """Return what shares are of: the sum of all parts. None where they do not add up, or one is below zero."""
    amounts = [item.amount or 0 for item in counts]
    return total_of(amounts) if measure.adds_up and all(amount >= 0 for amount in amounts) else None


def share_of(amount: Number | None, whole: Number) -> float:
    """Return the part of a whole that an amount is."""
    return float(amount or 0) / float(whole or 1)


def size_of(amount: Number | None) -> int | float | None:
    """Return what the browser computes lengths with; None for what has no length."""
    if amount is None or not math.isfinite(amount):
        return None
    return amount if isinstance(amount, int) else float(amount)


_COUNTED: Final = frozenset({"rows", "distinct"})
"""Measures of which every digit has room at a mark."""


def _from_the_largest(item: ValueCount | Cell) -> tuple[bool, float | Number]:
    return item.amount is None, -(item.amount or 0)


def _mark(
    item: ValueCount | Cell, colour: int, picked: Sequence[str | None], total: Number | None, reading: Reading
) -> dict[str, Any]:
    exact = reading.measure.exact(item.amount)
    text = exact if reading.measure.kind in _COUNTED else reading.measure.text(item.amount)
    return {
        "key": key_from_value(item.value),
        "label": reading.label(item.value),
        "count": size_of(item.amount),
        "text": text,
        **({"exact": exact} if exact != text else {}),
        "share": "" if total is None else f"{share_of(item.amount, total):.1%}",
        "colour": colour,
        "picked": item.value in picked,
    }


def _day_text(item: DayCount) -> str:
    if not item.published:
        return "not published"
    return f"{item.rows:,} so far" if item.is_open else f"{item.rows:,}"
