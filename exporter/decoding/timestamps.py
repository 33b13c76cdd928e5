"""Texts and numbers of one attribute flow in; timestamp and date columns flow out.

The first reading that succeeds counts:

| the column has   | S                                     | N                                                 |
|------------------|---------------------------------------|---------------------------------------------------|
| a `format`       | that format, ISO                      | that format                                       |
| none             | ISO, `YYYYMMDD`, the dataset's format | `YYYYMMDD`, seconds below 1e11, else milliseconds |

Where the dataset's format is a pattern, a column without a `format` tries that pattern first.
Seconds and milliseconds count from 1900 to 2199 alone: beyond, the number means something else.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from exporter.errors import UnreadableDate
from exporter.planning.sort_key import SortKey
from exporter.values import dates
from exporter.values.dates import unreadable
from exporter.values.numbers import Texts, is_number

SECONDS_BELOW = 10**11
"""An N below this counts seconds since 1970; from this on (March 1973) milliseconds."""

EPOCH_YEARS = range(1900, 2200)
"""Years in which a number may be seconds or milliseconds since 1970."""

_LAST_SECOND = 7_258_118_399
"""The last second of 2199."""
_COMPACT_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_WHOLE_EPOCH = r"^(0|[1-9]\d{0,13})$"
_ZONED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)$"
_IN_RANGE = (
    r"^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
    r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)$"
)
_NAIVE = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"
_YEAR_1 = -62_135_596_800_000_000
_YEAR_2037 = 2_114_380_800_000_000
"""Until here Arrow's zones and Python's come from the same table of transitions, not from a rule for the future."""
_TIMESTAMP = pa.timestamp("us")


@dataclass(frozen=True)
class Clock:
    """Reads the times of one attribute."""

    sort_key: SortKey
    is_sort_key: bool = False
    """Whether the attribute is the sort key itself, which has the dataset's format and no other."""
    date_format: str | None = None
    """The column's own `format`; None if it declares none."""

    @cached_property
    def _own(self) -> SortKey | None:
        key = self.sort_key
        return SortKey(self.date_format, key.time_zone, "N", key.latest_year) if self.date_format else None

    def instant(self, kind: str, text: str) -> dt.datetime:
        """Return the instant of an S or N, aware and in UTC; raise UnreadableDate."""
        if self.is_sort_key:
            return self.sort_key.instant(text)
        for read in self._readers(kind):
            try:
                return read(text)
            except UnreadableDate:
                continue
        raise unreadable(text)

    def _readers(self, kind: str) -> Sequence[Callable[[str], dt.datetime]]:
        """Return the readings to try, in order; a pattern is first, because it may order an ISO-like date otherwise."""
        if self._own is not None:
            return (self._in_own_format, self._iso_text) if kind == "S" else (self._in_own_format,)
        by_kind = (self._iso_text, self._compact, self._in_dataset_format) if kind == "S" else (self._compact, _epoch)
        return by_kind if self.sort_key.pattern is None else (self._in_dataset_format, *by_kind)

    def _in_own_format(self, text: str) -> dt.datetime:
        return _plausible(self._own or self.sort_key, text)

    def _in_dataset_format(self, text: str) -> dt.datetime:
        return _plausible(self.sort_key, text)

    def _iso_text(self, text: str) -> dt.datetime:
        return dates.instant_from_iso(text, self.sort_key.time_zone)

    def _compact(self, text: str) -> dt.datetime:
        midnight = dt.datetime.combine(_compact_date(text), dt.time())
        return dates.utc_from_naive(midnight, self.sort_key.time_zone, text)

    def date(self, kind: str, text: str) -> dt.date:
        """Return the date of an S or N: a bare date as it stands, else the day in the dataset's zone."""
        if self.is_sort_key:
            return self.sort_key.day(text)
        is_plain = self._own is None and self.sort_key.pattern is None
        try:
            if is_plain and _COMPACT_DATE.fullmatch(text):
                return _compact_date(text)
            if is_plain and kind == "S" and (bare := _DATE.fullmatch(text)):
                return dt.date(int(bare[1]), int(bare[2]), int(bare[3]))
        except (ValueError, UnreadableDate):  # digits that are not a day may be an epoch
            pass
        try:
            return self.instant(kind, text).astimezone(self.sort_key.time_zone).date()
        except (ValueError, OverflowError):
            raise unreadable(text) from None

    def instants(self, kinds: Sequence[str], texts: Texts) -> tuple[pa.TimestampArray, list[int]]:
        """Return timestamps, naive in UTC, and the rows that are unreadable (null there)."""
        if self.is_sort_key:
            texts = self.sort_key.times(texts)
        bulk = self._in_bulk(kinds, texts)
        if bulk is not None:
            return bulk, []
        values = self._regular(kinds, texts)
        alone = pc.and_(pc.is_null(values), pc.is_valid(texts))
        cells: list[dt.datetime | None] = []
        refused: list[int] = []
        for row in pc.indices_nonzero(alone).to_pylist():
            try:
                cells.append(self.instant(kinds[row], texts[row].as_py()).replace(tzinfo=None))
            except UnreadableDate:
                cells.append(None)
                refused.append(row)
        return pc.replace_with_mask(values, alone, pa.array(cells, _TIMESTAMP)), refused

    def dates(self, kinds: Sequence[str], texts: Texts) -> tuple[pa.Date32Array, list[int]]:
        """Return dates, and the rows that are unreadable (null there)."""
        cells: list[dt.date | None] = []
        refused: list[int] = []
        known: dict[tuple[str, str], dt.date | None] = {}
        for row, text in enumerate(texts.to_pylist()):
            if text is None:
                cells.append(None)
                continue
            key = (kinds[row], text)
            if key not in known:
                known[key] = self._date_or_none(*key)
            cells.append(known[key])
            if known[key] is None:
                refused.append(row)
        return pa.array(cells, pa.date32()), refused

    def _date_or_none(self, kind: str, text: str) -> dt.date | None:
        try:
            return self.date(kind, text)
        except UnreadableDate:
            return None

    @property
    def _has_pattern(self) -> bool:
        return self._own is not None or self.sort_key.pattern is not None

    def _in_bulk(self, kinds: Sequence[str], texts: Texts) -> pa.TimestampArray | None:
        # What Arrow reads as `instant` does, and None for all else.
        if self._has_pattern or len(set(kinds)) != 1:
            return None
        try:
            if kinds[0] == "N" or (self.is_sort_key and self.sort_key.per_second is not None):
                return self._epochs(texts)
            return self._iso(texts)
        except pa.ArrowInvalid:
            return None

    def _regular(self, kinds: Sequence[str], texts: Texts) -> pa.TimestampArray:
        # The times that Arrow reads although others in their column have to be read one by one, and null for those.
        nothing = pa.nulls(len(texts), _TIMESTAMP)
        if self._has_pattern or self.is_sort_key or "N" in kinds:
            return nothing
        regular = pc.fill_null(pc.match_substring_regex(texts, _IN_RANGE), False)
        try:
            read = texts.filter(regular).cast(pa.timestamp("us", "UTC")).cast(_TIMESTAMP)
        except pa.ArrowInvalid:  # the 30th of February
            return nothing
        return pc.replace_with_mask(nothing, regular, read)

    def _epochs(self, strings: pa.StringArray) -> pa.TimestampArray | None:
        if not _all_match(strings, _WHOLE_EPOCH):
            return None
        numbers = strings.cast(pa.int64())
        if self.is_sort_key:
            return pc.multiply(numbers, 1_000_000 // (self.sort_key.per_second or 1)).cast(_TIMESTAMP)
        counted = pc.or_(
            pc.less_equal(numbers, _LAST_SECOND),
            pc.and_(pc.greater_equal(numbers, SECONDS_BELOW), pc.less_equal(numbers, 1000 * _LAST_SECOND + 999)),
        )
        is_compact = pc.equal(pc.binary_length(strings), len("YYYYMMDD"))
        if not pc.all(pc.and_(counted, pc.invert(is_compact))).as_py() and strings.null_count < len(strings):
            return None
        unit = pc.if_else(pc.less(numbers, SECONDS_BELOW), pa.scalar(1_000_000), pa.scalar(1000))
        return pc.multiply(numbers, unit).cast(_TIMESTAMP)

    def _iso(self, strings: pa.StringArray) -> pa.TimestampArray | None:
        if _all_zulu(strings) or _all_match(strings, _ZONED):
            values = strings.cast(pa.timestamp("us", "UTC")).cast(_TIMESTAMP)
            return values if _all_within(values, _YEAR_1, None) else None
        if not _all_match(strings, _NAIVE):
            return None
        values, zone = strings.cast(_TIMESTAMP), self.sort_key.time_zone.key
        if zone == "UTC":
            return values if _all_within(values, _YEAR_1, None) else None
        if not _all_within(values, 0, _YEAR_2037):
            return None
        # A time that clocks skipped raises, as does a machine without zones that Arrow can find.
        instants = pc.assume_timezone(values, zone, ambiguous="earliest", nonexistent="raise")
        return instants.cast(pa.int64()).cast(_TIMESTAMP)


def _plausible(key: SortKey, text: str) -> dt.datetime:
    instant = key.read(text)
    if key.per_second is not None and instant.year not in EPOCH_YEARS:
        raise unreadable(text)
    return instant


def _epoch(text: str) -> dt.datetime:
    milliseconds = is_number(text) and abs(Decimal(text)) >= SECONDS_BELOW
    instant = dates.instant_from_epoch(text, 1000 if milliseconds else 1)
    if instant.year not in EPOCH_YEARS:
        raise unreadable(text)
    return instant


def _compact_date(text: str) -> dt.date:
    found = _COMPACT_DATE.fullmatch(text)
    if found is None:
        raise unreadable(text)
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise unreadable(text) from None


def _all_within(values: pa.TimestampArray, low: int, high: int | None) -> bool:
    found = pc.min_max(values.cast(pa.int64())).as_py()
    return found["min"] is None or (low <= found["min"] and (high is None or found["max"] < high))


def _all_zulu(strings: pa.StringArray) -> bool:
    # Of what ends in Z and is this long, Arrow reads as a timestamp only what `_ZONED` matches, at a third of the cost.
    shortest = pc.min(pc.binary_length(strings)).as_py()
    return (shortest or 0) >= len("2026-02-16T09:58Z") and pc.all(pc.ends_with(strings, "Z")).as_py() is True


def _all_match(strings: pa.StringArray, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(strings, pattern)).as_py() is not False
