"""How a sort key tells time: its text to an instant and a day, a window to ranges on the key's own axis."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

SLACK = dt.timedelta(hours=14)
"""The farthest that a local time is from UTC: by this much a text key's order may differ from time's."""


@dataclass(frozen=True)
class KeyRange:
    """Inclusive bounds as the text of the key attribute (S or N alike); None is open."""

    low: str | None
    high: str | None


@dataclass(frozen=True)
class SortKey:
    """A sort key attribute of one dataset."""

    date_format: str
    time_zone: ZoneInfo
    attribute_type: Literal["S", "N"]
    latest_year: int
    """Last year that counts as readable: next year, as the run sees it."""

    @property
    def sorts(self) -> bool:
        """Whether a range of keys can select days; if not, the whole key is read."""
        raise NotImplementedError

    @property
    def slack(self) -> dt.timedelta:
        """By how much the key's order may differ from the order of time."""
        raise NotImplementedError

    def key_ranges(self, start: dt.datetime | None, end: dt.datetime | None) -> tuple[KeyRange, ...]:
        """Return the disjoint ranges that hold every key whose naive position in UTC is in `[start, end)`."""
        raise NotImplementedError

    def instant(self, value: str) -> dt.datetime:
        """Return the instant that a key's text tells, aware and in UTC; raise UnreadableDate."""
        raise NotImplementedError

    def day(self, value: str) -> dt.date:
        """Return the day, in the dataset's time zone, that a key's text tells; raise UnreadableDate."""
        raise NotImplementedError

    def days(self, values: pa.StringArray) -> pa.Date32Array:
        """Return the day of every key, null where it is unreadable."""
        raise NotImplementedError
