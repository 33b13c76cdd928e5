"""Figures, days and durations flow in, the texts that people read flow out."""

import datetime as dt
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from dashboard.model.exact_numbers import Number
from dashboard.model.selection.filters import Days

_UNITS: Final = ("B", "KB", "MB", "GB", "TB", "PB")
DASH: Final = "\N{EN DASH}"
NOTHING: Final = DASH
_WIDEST: Final = 10**15
_SMALL: Final = Decimal("0.1")
"""Below it two places say too little."""
_NOISE: Final = Decimal("1e-9")
"""Share below which two means are the same: what their last digits differ by is rounding."""
_RAISED: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: Number | None) -> str:
    """Return a figure with thousands separated: every digit of it."""
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return _exact_double(value)
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def short(value: Number | None) -> str:
    """Return a figure in the width of a card: two places, three digits of a small share, 10¹⁵ and more as a power.

    `number` gives the same figure exactly.
    """
    if value is None or not math.isfinite(value):
        return number(value)
    amount = abs(Decimal(value))
    if amount >= _WIDEST:
        digits, _, power = f"{Decimal(value):.4e}".partition("e")
        return f"{digits} \N{MULTIPLICATION SIGN} 10{str(int(power)).translate(_RAISED)}"
    if isinstance(value, int) or (isinstance(value, Decimal) and _places(value) <= 2):
        return number(value)
    if 0 < amount < _SMALL:
        return f"{Decimal(f'{value:.2e}'):f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def one_line(text: str) -> str:
    """Return a text without line breaks and signs that are not shown, its blanks made single."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return `1 row`, `1,200 rows`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def size(count: int) -> str:
    """Return bytes in the unit that leaves one to three digits before the point; 1 KB is 1,024 bytes as on a bill."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1024 or unit == _UNITS[-1]:
            break
        amount /= 1024
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}".replace(".0 ", " ")


def dollars(amount: Decimal) -> str:
    """Return a price; below a cent its significant digits, so that a cost never reads as zero."""
    if amount == 0:
        return "$0"
    return f"${amount:,.2f}" if amount >= Decimal("0.01") else f"${amount:.6f}".rstrip("0")


def seconds(value: float) -> str:
    """Return a duration: `0.4 s`, `12 s`, `3 min 05 s`."""
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


def duration(value: float) -> str:
    """Return a number of seconds as people say it: `45.2 s`, `3 min 05 s`, `2 h 05 min`, `3 d 4 h`."""
    sign, whole = ("-" if value < 0 else ""), round(abs(value))
    if whole < 3600:
        return f"{sign}{seconds(abs(value))}"
    if whole < 48 * 3600:
        minutes = round(whole / 60)
        return f"{sign}{minutes // 60:,} h {minutes % 60:02} min"
    hours = round(whole / 3600)
    return f"{sign}{hours // 24:,} d {hours % 24} h"


def day(value: dt.date) -> str:
    """Return `7 Feb 2026`."""
    return f"{value.day} {value:%b %Y}"


def days(value: Days) -> str:
    """Return a run of days in its shortest form: 3 to 9 Feb 2026, with a dash."""
    first, last = value.first, value.last
    if first == last:
        return f"{first:%a} {day(first)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} {DASH} {day(last)}"
    return (
        f"{first.day} {first:%b} {DASH} {day(last)}" if first.year == last.year else f"{day(first)} {DASH} {day(last)}"
    )


def instant(value: dt.datetime, zone: dt.tzinfo, zone_name: str = "") -> str:
    """Return an instant to the minute: `7 Feb 2026, 14:05 UTC`; without the zone's name where it stands next to it."""
    local = value.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M} {zone_name}".rstrip()


def age(then: dt.datetime, now: dt.datetime) -> str:
    """Return how long ago an instant was, in its largest unit."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{plural(minutes, 'minute')} ago"
    if minutes < 48 * 60:
        return f"{plural(minutes // 60, 'hour')} ago"
    return f"{plural(minutes // (24 * 60), 'day')} ago"


def change(value: Number | None, previous: Number | None, *, absolute: bool) -> str | int | None:
    """Return the change against a previous figure for a card: a signed share or, with `absolute`, a signed number.

    0 where it would read as no change; None where there is nothing to compare with.
    """
    if value is None or previous is None:
        return None
    if absolute:
        difference = Decimal(str(value)) - Decimal(str(previous))
        if abs(difference) <= abs(Decimal(str(value))) * _NOISE:
            return 0
        return f"{'-' if difference < 0 else '+'}{short(abs(difference))}"
    if not previous:
        return None
    share = float((value - previous) / previous)  # type: ignore[operator]
    return 0 if abs(share) < 0.0005 else f"{share:+,.1%}"


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _exact_double(value: float) -> str:
    return f"{Decimal(repr(value)):,f}".removesuffix(".0") if abs(value) < _WIDEST else repr(value)


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return `a, b, c and 4 more`."""
    names = list(names)
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
