"""Sort key texts flow in, instants and days flow out; windows flow in, key ranges flow out.

| date format        | reads                                                              | sorts                    |
|--------------------|--------------------------------------------------------------------|--------------------------|
| `ISO`              | `dates.instant_from_iso`                                           | to the day, 14 h slack   |
| `EPOCH`            | seconds; as S only plain decimals, because `1.7E9` does not sort   | exactly                  |
| `EPOCH_MILLIS`     | the same in milliseconds                                           | exactly                  |
| `HUMAN_READABLE`   | `dates.instant_from_human`                                         | not at all               |
| a strptime pattern | `dates.local_from_pattern`                                         | if it begins with a date |
| any of them and `*`| the time at the start of a text, which may continue               | as without `*`           |

A pattern sorts where it begins with year, month and day (or day of the year) in this order; its values must then carry
their leading zeros, and one that does not is unreadable, because no range would find it.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.columns.date_formats import DateFormatText
from exporter.errors import UnreadableDate
from exporter.native.library import library
from exporter.planning import key_ranges
from exporter.planning.key_ranges import EVERY_KEY, KeyRange
from exporter.values import dates
from exporter.values.dates import unreadable

__all__ = ["SLACK", "KeyRange", "SortKey", "days_in_groups"]

SLACK = dt.timedelta(hours=14)
"""The farthest that a local time is from UTC: by this much a text key's order may differ from time's."""

FIRST_YEAR = 2000
HOUR = 3600
CACHED_HOURS = 100_000

_PLAIN_DECIMAL = re.compile(r"[1-9]\d*(?:\.\d+)?", re.ASCII)

# RE2, for Arrow: spellings that RE2 and `dates` read alike, so that one value of an hour stands for all of them. The
# groups are the date with the hour, and the rest after minute and second.
_REGULAR = {
    "ISO": r"^(\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3])):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
    r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?$",
    "HUMAN_READABLE": r"^([A-Z][a-z]+ \d{1,2}, \d{4} \d{1,2}):[0-5]\d(?::[0-5]\d)?((?: [AP]M)?(?: [A-Z]{1,5})?)$",
}
_HOUR_AND_REST = r"\1|\2"
_REGULAR_EPOCH = r"^[1-9]\d{0,13}(\.\d+)?$"
_NUMERIC_END = re.compile(r"%[YymdjHIMSfs]$")
_NOTHING = pa.scalar(None, pa.string())
_UNKNOWN = dt.date.min

Hour = str | int
"""What all keys of an hour have in common: a text, or the number of hours since 1970 in UTC."""


@dataclass(frozen=True)
class SortKey:
    """A sort key attribute of one dataset."""

    date_format: str
    time_zone: ZoneInfo
    attribute_type: Literal["S", "N"]
    latest_year: int
    """Last year that counts as readable: next year, as the run sees it."""
    _days_of_hours: dict[str, dt.date | None] = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def _format(self) -> DateFormatText:
        return DateFormatText.parse(self.date_format)

    @cached_property
    def _open_end(self) -> str | None:
        """RE2 of a whole key, its time as group 1; None if nothing may follow the time."""
        if not self._format.open_ended:
            return None
        time = self._format.row.time if self._format.row else dates.pattern_time(self._format.base)
        # After a digit the time would continue, so that its end is not known.
        ends_with_digits = self._format.row is not None or _NUMERIC_END.search(self._format.base)
        rest = r"(?:$|[^0-9].*$)" if ends_with_digits else r".*$"
        return f"(?is)^({time}){rest}"

    @cached_property
    def per_second(self) -> int | None:
        """Units per second where the key is a number of them since 1970; None for every other format."""
        return self._format.per_second

    @cached_property
    def pattern(self) -> str | None:
        """The strptime pattern with which a time is written, or None for the other formats."""
        if self.per_second is not None or self._format.row is not None:
            return None
        return dates.expanded_pattern(self._format.base)

    @cached_property
    def _sorting_pattern(self) -> str | None:
        if self.attribute_type == "N":
            return self.pattern if self.pattern is not None and key_ranges.is_digits(self.pattern) else None
        if self._format.row is not None:
            return self._format.row.begins_with
        return None if self.pattern is None else key_ranges.date_part(self.pattern)

    @property
    def sorts(self) -> bool:
        """Whether a range of keys can select days; if not, the whole key is read."""
        return self.per_second is not None or self._sorting_pattern is not None

    @property
    def finest_cut(self) -> dt.timedelta:
        """The unit of which bounds of `key_ranges` are multiples: a day where text may go on in several ways."""
        if self.per_second is not None:
            return dt.timedelta(minutes=1)
        return dt.timedelta(hours=1) if self._format.base == "ISO" else key_ranges.DAY

    @property
    def slack(self) -> dt.timedelta:
        """The most by which the key's order differs from the order of time."""
        return SLACK if self.per_second is None and self.sorts else dt.timedelta()

    def key_ranges(self, start: dt.datetime | None, end: dt.datetime | None) -> tuple[KeyRange, ...]:
        """Return the disjoint ranges that hold every key with a position, its text taken as UTC, in `[start, end)`.

        Ranges of windows that meet neither overlap nor leave a readable key between them. None is unbounded. For text
        keys bounds are whole days in UTC and the caller widens them by `slack`. A key that does not sort has one
        range, the whole key, for every window. Bounds between days only divide keys (see `key_ranges.text_ranges`).
        """
        if not self.sorts or (start is None and end is None):
            return (EVERY_KEY,)
        if self.per_second is not None:
            ranges = key_ranges.epoch_number_ranges if self.attribute_type == "N" else key_ranges.epoch_text_ranges
            return ranges(start, end, self.per_second)
        pattern = self._sorting_pattern or ""
        if self.attribute_type == "N":
            return key_ranges.digit_ranges(start, end, pattern)
        return key_ranges.text_ranges(start, end, pattern, self.finest_cut)

    def instant(self, value: str) -> dt.datetime:
        """Return the instant of a key's text, aware and in UTC.

        Raises UnreadableDate with a reason for people, also for a day outside 2000 to `latest_year`.
        """
        return self._instant_and_day(value)[0]

    def day(self, value: str) -> dt.date:
        """Return the day, in the dataset's time zone, of a key's text; raise UnreadableDate."""
        return self._instant_and_day(value)[1]

    def days(self, values: pa.StringArray) -> pa.Date32Array:
        """Return the day of every key, null where it is unreadable; the same as `day`, value by value."""
        times = self.times(values)
        return days_in_groups(times, self._hours(times), self._day_of_hour, self._day_or_none)

    def times(self, values: pa.StringArray) -> pa.StringArray:
        """Return keys without what follows their time; a key that has no time stays as it is."""
        return values if self._open_end is None else pc.replace_substring_regex(values, self._open_end, r"\1")

    def read(self, value: str) -> dt.datetime:
        """Return the instant of a text in the dataset's date format, in any year; raise UnreadableDate."""
        if self._open_end is not None:
            value = self.times(pa.array([value], pa.string()))[0].as_py()
        if self._format.base == "ISO":
            return dates.instant_from_iso(value, self.time_zone)
        if self._format.base == "HUMAN_READABLE":
            return dates.instant_from_human(value, self.time_zone)
        if self.per_second is not None:
            if self.attribute_type == "S" and not _PLAIN_DECIMAL.fullmatch(value):
                raise unreadable(value)
            return dates.instant_from_epoch(value, self.per_second)
        pattern = self.pattern or ""
        local, zone = dates.local_from_pattern(value, pattern, self.time_zone)
        if self._sorting_pattern and not value.startswith(key_ranges.text_of_time(local, self._sorting_pattern)):
            raise UnreadableDate(f"does not begin with {self._sorting_pattern} in full, so it does not sort: {value!r}")
        return dates.utc_from_naive(local, zone, value)

    def _instant_and_day(self, value: str) -> tuple[dt.datetime, dt.date]:
        instant = self.read(value)
        try:
            day = instant.astimezone(self.time_zone).date()
        except OverflowError:
            raise unreadable(value) from None
        if not FIRST_YEAR <= day.year <= self.latest_year:
            raise UnreadableDate(f"year {day.year} is outside {FIRST_YEAR} to {self.latest_year}")
        return instant, day

    def _day_or_none(self, value: str) -> dt.date | None:
        try:
            return self.day(value)
        except UnreadableDate:
            return None

    def _hours(self, values: pa.StringArray) -> pa.Array | None:
        if self.per_second is not None:
            whole = pc.replace_substring_regex(values, r"\..*$", "")
            whole = pc.if_else(pc.match_substring_regex(values, _REGULAR_EPOCH), whole, _NOTHING)
            return pc.divide(whole.cast(pa.int64()), HOUR * self.per_second)
        regular = _REGULAR.get(self._format.base)
        if regular is None:
            return None
        compiled = library()
        if self._format.base == "ISO" and compiled is not None:
            hours = compiled.zulu_hours(values)
            if hours is not None:
                return hours
        hours = pc.replace_substring_regex(values, regular, _HOUR_AND_REST)
        return pc.if_else(pc.match_substring_regex(values, regular), hours, _NOTHING)

    def _day_of_hour(self, hour: Hour) -> dt.date | None:
        # None where the day or offset changes within the hour, or the text is no date: its values are read one by one.
        key = str(hour)
        known = self._days_of_hours.get(key, _UNKNOWN)  # one look-up, because another thread may clear the cache
        if known is not _UNKNOWN:
            return known
        if isinstance(hour, int) and self.per_second is None:
            begun = dates.EPOCH + dt.timedelta(hours=max(hour, 0))
            first, last = f"{begun:%Y-%m-%dT%H}:00Z", f"{begun:%Y-%m-%dT%H}:59Z"
        elif isinstance(hour, int):
            length = HOUR * (self.per_second or 1)
            first, last = str(hour * length), str((hour + 1) * length - 1)
        else:
            first, last = hour.replace("|", ":00"), hour.replace("|", ":59")
        day = self._day_of_span(first, last)
        if len(self._days_of_hours) >= CACHED_HOURS:
            self._days_of_hours.clear()
        self._days_of_hours[key] = day
        return day

    def _day_of_span(self, first: str, last: str) -> dt.date | None:
        """Return the day of every value from `first` to `last`, None where they have several or none."""
        try:
            (begin, day), (end, last_day) = self._instant_and_day(first), self._instant_and_day(last)
        except UnreadableDate:
            return None
        # Where a clock goes back over midnight, a minute of the next day may come between two of one day.
        offsets = {moment.astimezone(self.time_zone).utcoffset() for moment in (begin, end)}
        return day if day == last_day and len(offsets) == 1 else None


def days_in_groups(
    values: pa.StringArray,
    groups: pa.Array | None,
    day_of_group: Callable[[Hour], dt.date | None],
    day_of_value: Callable[[str], dt.date | None],
) -> pa.Date32Array:
    """Return a day per value: its group's where the group has one, otherwise its own.

    Reading a date costs microseconds and a page has thousands, but few distinct hours.
    """
    days = pa.nulls(len(values), pa.date32())
    if groups is not None:
        encoded = groups.dictionary_encode()
        by_group = pa.array([day_of_group(group) for group in encoded.dictionary.to_pylist()], pa.date32())
        days = by_group.take(encoded.indices)
        if not days.null_count:
            return days
    alone = pc.and_(pc.is_null(days), pc.is_valid(values))
    if not pc.any(alone).as_py():
        return days
    read = pa.array([day_of_value(value) for value in values.filter(alone).to_pylist()], pa.date32())
    return pc.replace_with_mask(days, alone, read)
