"""Days and the manifest flow in, the period of an Overview flows out: which days are compared with which.

A day is compared where it is whole (published and closed) and the day that stands in its place before is whole too.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from dashboard.model.selection.filters import Comparison, Days
from dataset_model.records.manifest import Manifest

_FAR: Final = dt.timedelta(days=31)
"""Days between two runs from which on they are read apart."""

Reason = Literal["open", "not published", "not in last year"]


@dataclass(frozen=True)
class LeftOut:
    """A day that keeps a pair of days out of the comparison, on either side."""

    day: dt.date
    reason: Reason


@dataclass(frozen=True)
class Period:
    """The days of an Overview, None for all published ones, and the days that they are compared with."""

    days: Days | None
    before: Days | None = None
    """From the first to the last compared day before `days`; None where nothing can be compared."""
    not_compared: tuple[dt.date, ...] = ()
    """Days of `days` that are not compared; empty where nothing is."""
    not_compared_before: tuple[dt.date, ...] = ()
    """Days of `before` that are not compared."""
    left_out: tuple[LeftOut, ...] = ()
    """Why days are not compared, in the order of the days."""

    @property
    def read(self) -> Days | None:
        """The days from the first to the last that a query reads; `runs` are those days."""
        return Days(self.before.first, self.days.last) if self.days and self.before else self.days

    @property
    def runs(self) -> tuple[Days, ...]:
        """The runs of days that a query reads, two where the days compared with are far from those asked for."""
        if self.days is None:
            return ()
        if self.before is None or self.before.last + _FAR >= self.days.first:
            return (Days(self.before.first, self.days.last) if self.before else self.days,)
        return (self.before, self.days)

    @property
    def is_partly_compared(self) -> bool:
        """Whether some of the days, but not all, are compared."""
        return bool(self.not_compared)

    @property
    def compared_days(self) -> int:
        """How many of the days are compared."""
        return len(self.days) - len(self.not_compared) if self.days and self.before else 0


def period_from(days: Days | None, manifest: Manifest, comparison: Comparison = "before") -> Period:
    """Return the period of some days; nothing is compared where the other days begin before the first published.

    The other days are as many that end the day before, or the same of last year; 29 February has none there.
    """
    first, last = manifest.first_day, manifest.last_day
    if not days or not first or not last or days.first > last:
        return Period(days)
    pairs = {day: other for day in days if (other := _other(day, days, comparison))}
    # Of more than a year, last year's days would be among those asked for.
    if not pairs or min(pairs.values()) < first or max(pairs.values()) >= days.first:
        return Period(days)
    faults = {
        day: _faults(manifest, day, pairs[day]) if day in pairs else [LeftOut(day, "not in last year")] for day in days
    }
    left_out = tuple(sorted((fault for found in faults.values() for fault in found), key=lambda fault: fault.day))
    compared = {day for day, found in faults.items() if not found}
    if not compared:
        return Period(days, left_out=left_out)
    others = {pairs[day] for day in compared}
    before = Days(min(others), max(others))
    return Period(
        days,
        before,
        tuple(day for day in days if day not in compared),
        tuple(day for day in before if day not in others),
        left_out,
    )


def runs_of(days: Iterable[dt.date]) -> tuple[Days, ...]:
    """Return the unbroken runs of days, in order."""
    runs: list[Days] = []
    for day in sorted(days):
        if runs and day == runs[-1].last + dt.timedelta(days=1):
            runs[-1] = Days(runs[-1].first, day)
        else:
            runs.append(Days(day, day))
    return tuple(runs)


def _other(day: dt.date, days: Days, comparison: Comparison) -> dt.date | None:
    """Return the day that a day is compared with."""
    if comparison == "before":
        return day - dt.timedelta(days=len(days))
    is_leap_day = (day.month, day.day) == (2, 29)
    return None if is_leap_day else day.replace(year=day.year - 1)


def _faults(manifest: Manifest, *pair: dt.date) -> list[LeftOut]:
    found: list[LeftOut] = []
    for day in pair:
        record = manifest.days.get(day)
        if record is None:
            found.append(LeftOut(day, "not published"))
        elif record.state == "open":
            found.append(LeftOut(day, "open"))
    return found
