"""Days flow in, conditions on the partition columns flow out: Athena opens the objects of these days and no others.

Each of year, month and day gets a conjunct of its own, which any planner can prune by. Across the end of a month those
alone would let through days that were not asked for (31 January and 1 February also allow 1 January), so a disjunction
of whole years, whole months and parts of months follows, which is exact.
"""

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.model.selection.filters import Days


@dataclass(frozen=True)
class Span:
    """Days of one month, or whole months of one year, or whole years; each pair is first and last, both included."""

    years: tuple[int, int]
    months: tuple[int, int] = (1, 12)
    days: tuple[int, int] = (1, 31)


def partition_conjuncts(*runs: Days) -> list[str]:
    """Return the conditions in a fixed order: one on year, one on month, one on day, and the spans where needed."""
    spans = [span for days in runs for span in spans_of(days)]
    conjuncts = [
        _condition("year", _numbers(span.years for span in spans)),
        _condition("month", _numbers(span.months for span in spans)),
        _condition("day", _numbers(span.days for span in spans)),
    ]
    if len(spans) > 1:
        conjuncts.append(f"({' OR '.join(_span_condition(span) for span in spans)})")
    return conjuncts


def spans_of(days: Days) -> tuple[Span, ...]:
    """Return at most five spans that together hold exactly these days, in order."""
    spans: list[Span] = []
    first, last = days.first, days.last
    while first <= last:
        span, end = _longest(first, last)
        spans.append(span)
        first = end + dt.timedelta(days=1)
    return tuple(spans)


def _longest(first: dt.date, last: dt.date) -> tuple[Span, dt.date]:
    """Return the longest span that begins on `first` and ends no later than `last`, and its last day."""
    if (first.month, first.day) == (1, 1) and last >= dt.date(first.year, 12, 31):
        until = last.year if (last.month, last.day) == (12, 31) else last.year - 1
        return Span((first.year, until)), dt.date(until, 12, 31)
    year = (first.year, first.year)
    if first.day == 1 and last >= _month_end(first):
        month = last.month if last.year == first.year else 12
        if last.year == first.year and last < _month_end(last):
            month -= 1
        return Span(year, (first.month, month)), _month_end(dt.date(first.year, month, 1))
    end = min(last, _month_end(first))
    return Span(year, (first.month, first.month), (first.day, end.day)), end


def _month_end(day: dt.date) -> dt.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _numbers(pairs: Iterable[tuple[int, int]]) -> list[int]:
    return sorted({number for first, last in pairs for number in range(first, last + 1)})


def _condition(column: str, numbers: list[int]) -> str:
    runs = _runs(numbers)
    if len(runs) > 1 and all(first == last for first, last in runs):
        return f'"{column}" IN ({", ".join(str(number) for number in numbers)})'
    # Ranges rather than a long list, which some planners turn into a join and then cannot prune by.
    parts = [
        f'"{column}" = {first}' if first == last else f'"{column}" BETWEEN {first} AND {last}' for first, last in runs
    ]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Return the first and last of each unbroken run of sorted numbers."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        first, last = runs[-1] if runs else (number, number - 2)
        if number == last + 1:
            runs[-1] = (first, number)
        else:
            runs.append((number, number))
    return runs


def _span_condition(span: Span) -> str:
    parts = [_condition("year", _numbers([span.years]))]
    if span.months != (1, 12):
        parts.append(_condition("month", _numbers([span.months])))
    if span.days != (1, 31):
        parts.append(_condition("day", _numbers([span.days])))
    return f"({' AND '.join(parts)})"
