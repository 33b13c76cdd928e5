"""Windows of time flow in, ranges on a sort key's own axis flow out.

Two adjacent windows share only a boundary: the high bound of the first is the largest key before the boundary, the low
bound of the second is the smallest at or after it. No key is between them, not even an invalid date (2026-02-30), so a
full read finds and quarantines it with any cuts.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from exporter.values.dates import EPOCH

DAY = dt.timedelta(days=1)

LAST_CHARACTER = "\U0010ffff"
"""Sorts after every text that continues a prefix: DynamoDB compares strings by their UTF-8 bytes."""

_DYNAMO_NUMBER = Context(prec=38, Emin=-93, Emax=125)
"""DynamoDB keeps 38 significant digits and nothing nearer to 0 than 1E-130, so a number has a next smaller one."""

_SORTING = re.compile(r"((?:[^%]|%%)*%Y(?:[^%]|%%)*(?:%m(?:[^%]|%%)*%d|%j))", re.DOTALL)
_DIGITS = re.compile(r"%Y%m%d(?:%H(?:%M(?:%S)?)?)?")


@dataclass(frozen=True)
class KeyRange:
    """Inclusive bounds as the text of the key attribute (S or N alike); None is open."""

    low: str | None
    high: str | None

    def place_of(self, key: str, attribute_type: str) -> int:
        """Return the position of a key of this type, S or N: -1 before the range, 0 in it, 1 after it."""
        order: Callable[[str], Any] = Decimal if attribute_type == "N" else str.encode
        if self.low is not None and order(key) < order(self.low):
            return -1
        return int(self.high is not None and order(key) > order(self.high))


EVERY_KEY = KeyRange(None, None)


def date_part(pattern: str) -> str | None:
    """Return the leading part of a strptime pattern that spells the date so that it sorts; None where none does."""
    matched = _SORTING.match(pattern)
    return matched[1] if matched else None


def is_digits(pattern: str) -> bool:
    """Whether a strptime pattern writes a time as one number in the order of time, such as 20260216093000."""
    return _DIGITS.fullmatch(pattern) is not None


def text_of_time(moment: dt.datetime, pattern: str) -> str:
    """Return a time as a pattern's sorting directives write it, on every platform with leading zeros."""
    fields = {
        "%Y": f"{moment.year:04}", "%m": f"{moment.month:02}", "%d": f"{moment.day:02}",
        "%j": f"{moment.timetuple().tm_yday:03}", "%H": f"{moment.hour:02}", "%M": f"{moment.minute:02}",
        "%S": f"{moment.second:02}", "%%": "%",
    }  # fmt: skip
    return re.sub(r"%.", lambda found: fields.get(found[0], found[0]), pattern)


def text_ranges(
    start: dt.datetime | None, end: dt.datetime | None, pattern: str, finest: dt.timedelta = DAY
) -> tuple[KeyRange, ...]:
    """Return the range of texts that begin with a day of the window, as `pattern` spells a date.

    A bare date is a prefix of every way to go on (`T`, space, nothing), so one range holds them all; the bounds of a
    window are whole days for that reason. Where a time follows `T`, `finest` may be an hour, and a bound within a day
    divides its keys: no two ranges overlap and none is left out, but times written with a space all come first. Raises
    ValueError for a finer bound.
    """
    for bound in (start, end):
        if bound is not None and (bound - EPOCH) % finest:
            raise ValueError(
                f"a text key's window has multiples of {finest} in UTC as bounds; found {bound.isoformat()}"
            )
    if start is not None and end is not None and start >= end:
        return ()
    low = None if start is None else _text_of_bound(start.astimezone(dt.UTC), pattern)
    if end is None:
        return (KeyRange(low, None),)
    return (KeyRange(low, _largest_before(_text_of_bound(end.astimezone(dt.UTC), pattern))),)


def _text_of_bound(moment: dt.datetime, pattern: str) -> str:
    return text_of_time(moment, pattern) + (f"T{moment.hour:02}" if moment.hour else "")


def _largest_before(text: str) -> str:
    # Every text that is smaller: it differs before the last character, or has a smaller one there, or ends before it.
    return f"{text[:-1]}{chr(ord(text[-1]) - 1)}{LAST_CHARACTER}"


def digit_ranges(start: dt.datetime | None, end: dt.datetime | None, pattern: str) -> tuple[KeyRange, ...]:
    """Return the range of numbers such as 20260216093000 that stand for a time of the window."""
    if start is not None and end is not None and start >= end:
        return ()
    low = None if start is None else text_of_time(start.astimezone(dt.UTC), pattern)
    if end is None:
        return (KeyRange(low, None),)
    first_after = Decimal(text_of_time(end.astimezone(dt.UTC), pattern))
    return (KeyRange(low, f"{_DYNAMO_NUMBER.next_minus(first_after):f}"),)


def epoch_number_ranges(start: dt.datetime | None, end: dt.datetime | None, per_second: int) -> tuple[KeyRange, ...]:
    """Return the range of N keys in the window; the high bound is the largest 38-digit number below `end`."""
    if start is not None and end is not None and start >= end:
        return ()
    low = None if start is None else f"{_epoch(start, per_second):f}"
    high = None if end is None else f"{_DYNAMO_NUMBER.next_minus(_epoch(end, per_second)):f}"
    return (KeyRange(low, high),)


def epoch_text_ranges(start: dt.datetime | None, end: dt.datetime | None, per_second: int) -> tuple[KeyRange, ...]:
    """Return the ranges of S keys that hold plain decimals in the window.

    As text, 999999999 comes after 1000000000. Until September 2001 a time has nine digits (twelve in milliseconds) and
    begins with 9; from then until 2286 it has ten (thirteen) and begins with a smaller digit. So time runs through the
    texts from "9" on first, and then through those from "1" to below "9".
    """
    turn = Decimal(10**9 * per_second)
    first = None if start is None else _epoch(start, per_second)
    last = None if end is None else _epoch(end, per_second)
    if first is not None and last is not None and first >= last:
        return ()
    ranges: list[KeyRange] = []
    if first is None:
        ranges.append(KeyRange(None, f"0{LAST_CHARACTER}"))
    if first is None or first < turn:
        low = "9" if first is None else f"{max(first, turn * 9 / 10):f}"
        high = None if last is None or last >= turn else _largest_before(f"{last:f}")
        if last is None or last > turn * 9 / 10:
            ranges.append(KeyRange(low, high))
    if last is None or last > turn:
        low = "1" if first is None or first <= turn else f"{first:f}"
        high = f"8{LAST_CHARACTER}" if last is None or last > turn * 9 else _largest_before(f"{last:f}")
        if first is None or first < turn * 9:
            ranges.append(KeyRange(low, high))
    return (EVERY_KEY,) if first is None and last is None else tuple(ranges)


def _epoch(moment: dt.datetime, per_second: int) -> Decimal:
    microseconds = (moment - EPOCH) // dt.timedelta(microseconds=1)
    number = Decimal(microseconds) * per_second / 1_000_000
    return number.to_integral_value() if number == number.to_integral_value() else number.normalize()
