"""Points over time and the published days flow in, the same points with zeros and gaps between them flow out.

A line must not connect points over times without rows. Where the days between two points are published and
the measure counts rows, there were none: zero. Everywhere else nothing is known: a gap.
"""

import datetime as dt
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Step = Literal["minute", "hour", "day", "week", "month"]

_LENGTHS: Final[dict[Step, dt.timedelta]] = {
    "minute": dt.timedelta(minutes=1),
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(weeks=1),
}
_MOST_FILLED: Final = 1_000
"""Places added to a chart; longer stretches without rows get zeros or gaps at their ends alone."""


@dataclass(frozen=True)
class Published:
    """The days that a dataset has published, for a result that holds all of its rows."""

    days: frozenset[dt.date]
    counts: frozenset[str] = frozenset()
    """Columns that count rows: where there is no row, they are zero."""

    def covers(self, first: dt.datetime, end: dt.datetime) -> bool:
        """Return whether each day from `first` to before `end` is published."""
        day, last = first.date(), (end - dt.timedelta(microseconds=1)).date()
        return (last - day).days < len(self.days) and all(
            day + dt.timedelta(days=number) in self.days for number in range((last - day).days + 1)
        )

    def is_calendar_of(self, places: Iterable[dt.datetime]) -> bool:
        """Return whether all of these times are on published days, as those of another meaning hardly are."""
        return all(place.date() in self.days for place in places)


def step_of(places: Sequence[dt.datetime], unit: Literal["minute", "hour", "day", "month"] | None) -> Step | None:
    """Return the regular distance of places in ascending order; None where they follow none."""
    if any(place.time() != dt.time() for place in places):
        return unit if unit in ("minute", "hour") else None
    if unit == "month" or (len(places) > 1 and all(place.day == 1 for place in places)):
        return "month"
    if len(places) > 2 and all((place - places[0]).days % 7 == 0 for place in places):
        return "week"
    return "day"


def missing(
    places: Sequence[dt.datetime], step: Step, published: Published | None
) -> Iterator[tuple[dt.datetime, bool]]:
    """Yield the places between those given, each with whether its rows are known to be none."""
    added = 0
    for before, after in itertools.pairwise(places):
        place, between = _next(before, step), list[dt.datetime]()
        while place < after and len(between) < _MOST_FILLED:
            between.append(place)
            place = _next(place, step)
        if place < after or added + len(between) > _MOST_FILLED:
            between = [between[0], max(between[0], _before(after, step))]
        added += len(between)
        for place in dict.fromkeys(between):
            yield place, published is not None and published.covers(place, _next(place, step))


def absent(places: Collection[tuple[str, str]], series: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of place and series that are not among those given, for each place that has another series."""
    for place in dict.fromkeys(place for place, _ in places):
        for name in series:
            if (place, name) not in places:
                yield place, name


def _next(place: dt.datetime, step: Step) -> dt.datetime:
    if step == "month":
        return place.replace(year=place.year + place.month // 12, month=place.month % 12 + 1)
    return place + _LENGTHS[step]


def _before(place: dt.datetime, step: Step) -> dt.datetime:
    if step == "month":
        return (place.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    return place - _LENGTHS[step]
