"""A schedule and an instant flow in, the days that a run reads flow out.

A window is whole days of the dataset's time zone, and half-open as instants: `[start, end)`.
"""

import datetime as dt
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from dataset_model.records.manifest import Manifest
from dataset_model.targets.partitions import days_between

DateRangeMode = Literal["PREVIOUS_DAY", "PREVIOUS_WEEK", "LAST_N_HOURS"]

OWED_DAYS = 7
"""How far back a scheduled run looks for days that an earlier one should have published."""

_DAY = dt.timedelta(days=1)


def day_start(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the instant, in UTC, at which a day begins; where midnight is skipped, the moment the clock jumps."""
    return dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def day_end(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the instant, in UTC, after which no moment belongs to a day.

    Where a clock goes back over midnight, as in St John's until 2011, the next day begins twice, and the day ends with
    the second time. A day that was left out, as in Apia in 2011, ends as it begins.
    """
    midnight = dt.datetime.combine(day + _DAY, dt.time(), tzinfo=zone)
    return max(midnight.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))


def day_of(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Return the day of an instant."""
    return instant.astimezone(zone).date()


@dataclass(frozen=True)
class Window:
    """Days `first` to `last`, both included, in `zone`."""

    first: dt.date
    last: dt.date
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the window ends on {self.last}, before it starts on {self.first}")

    @property
    def start(self) -> dt.datetime:
        """The first instant that belongs to the window."""
        return day_start(self.first, self.zone)

    @property
    def end(self) -> dt.datetime:
        """The first instant after the window."""
        return day_end(self.last, self.zone)

    def __contains__(self, day: dt.date) -> bool:
        """Whether a day belongs to the window."""
        return self.first <= day <= self.last

    def days(self) -> Iterator[dt.date]:
        """Yield the days in order."""
        return days_between(self.first, self.last)


def window_of_mode(mode: DateRangeMode, now: dt.datetime, zone: ZoneInfo, lookback_hours: int) -> Window:
    """Return the window that a schedule means at `now`.

    PREVIOUS_DAY and PREVIOUS_WEEK (Monday to Sunday) exclude today. LAST_N_HOURS covers every day of which the last
    `lookback_hours` touch a part, today included.
    """
    today = day_of(now, zone)
    if mode == "PREVIOUS_DAY":
        return Window(today - _DAY, today - _DAY, zone)
    if mode == "PREVIOUS_WEEK":
        monday = today - dt.timedelta(days=today.weekday() + 7)
        return Window(monday, monday + dt.timedelta(days=6), zone)
    return Window(day_of(now - dt.timedelta(hours=lookback_hours), zone), today, zone)


def is_closed(day: dt.date, read_at: dt.datetime, zone: ZoneInfo, settle_minutes: int) -> bool:
    """Return whether a day read at `read_at` had ended, and settled, by then."""
    return read_at >= day_end(day, zone) + dt.timedelta(minutes=settle_minutes)


def owed_days(
    manifest: Manifest | None, now: dt.datetime, zone: ZoneInfo, scheduled_from: dt.date | None = None
) -> tuple[dt.date, ...]:
    """Return the past days that a scheduled run adds to its window: still open, or never read.

    A day counts as never read if the manifest has no record of it, as after a run that was refused, failed or never
    started. Every such day from `scheduled_from` on is owed; before that, those of the last `OWED_DAYS` that come after
    the first day ever read. Open days are owed however old they are.
    """
    today = day_of(now, zone)
    records = manifest.days if manifest else {}
    opened = {day for day, record in records.items() if record.state == "open" and day < today}
    first_read = max(today - dt.timedelta(days=OWED_DAYS), min(records)) if records else today
    earliest = min(scheduled_from or first_read, first_read)
    missing = {day for day in days_between(earliest, today - _DAY) if day not in records}
    return tuple(sorted(opened | missing))


def spans(days: Iterable[dt.date], zone: ZoneInfo) -> tuple[Window, ...]:
    """Return the windows of consecutive days that together hold exactly `days`."""
    found: list[Window] = []
    for day in sorted(set(days)):
        if found and found[-1].last + _DAY == day:
            found[-1] = Window(found[-1].first, day, zone)
        else:
            found.append(Window(day, day, zone))
    return tuple(found)


class DayStride:
    """How many days to read at a time: more while days are small, fewer when they are large.

    Small days read one by one would cost a request each per partition value; large ones read together would fill the
    local disk. The choice affects speed alone, never the result.
    """

    LONGEST = 366
    TRUSTED_GAP = 7
    """Days without an item after which the known size of a day is not used any more."""

    def __init__(self, target_bytes: int = 32 << 20) -> None:
        self._target = target_bytes
        self._days = 1
        self.empty_days = 0
        """Days in a row, up to the last ones learnt of, that hold nothing."""

    def next_days(self, remaining: int, expected_bytes: float = 0.0) -> int:
        """Return how many days to read next, at most `remaining`; `expected_bytes` is the known size of a day.

        After an empty day or week the known size still counts; after a longer gap many more empty days are likely.
        """
        known = expected_bytes and self.empty_days < self.TRUSTED_GAP
        most = self._target / expected_bytes if known else self.LONGEST
        return max(1, min(self._days, remaining, math.floor(min(most, self.LONGEST))))

    def learn(self, days: int, spooled_bytes: int) -> None:
        """Take account of the size of the last days on the local disk."""
        if spooled_bytes:
            self.empty_days = 0
            self._days = max(1, min(self._days * 4, math.floor(self._target * days / spooled_bytes), self.LONGEST))
        else:
            self.empty_days += days
            self._days = min(max(self._days, self.empty_days), self.LONGEST)
