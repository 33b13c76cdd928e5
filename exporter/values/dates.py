"""Date texts flow in; aware instants in UTC flow out, with one function per format.

Rules for all of them: a value without a zone is in the zone given; where clocks go back the earlier instant
is meant, and a time that clocks skipped moves forward by the length of the gap (`fold=0`). Digits beyond the
microsecond are cut, never rounded. An offset beyond 14 hours does not exist and is refused, because the window
of a text key is widened by exactly that much.
"""

import datetime as dt
import re
from decimal import ROUND_FLOOR, Context, Decimal
from zoneinfo import ZoneInfo

from exporter.errors import UnreadableDate
from exporter.values.numbers import is_number

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MAX_OFFSET = dt.timedelta(hours=14)
MAX_LENGTH = 200
"""No pattern is tried on a longer text: an attribute may hold 400 KB, and `%Z` tries every word."""

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?)?", re.ASCII
)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sep sept", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

_HUMAN = re.compile(
    r"(?:[a-z]{3,9}\.?,? )?"  # a weekday, which adds nothing
    r"(?:(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?|"
    r"(?P<day_first>\d{1,2})(?:st|nd|rd|th)?\.? (?P<month_second>[a-z]{3,9})\.?)"
    r",? (?P<year>\d{4})"
    r"(?:,?(?: at)? (?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?"
    r"(?: ?\(?(?P<zone>[a-z]{1,5}|(?:utc|gmt)?[+-]\d{1,2}(?::?\d\d)?)\)?)?)?",
    re.ASCII | re.IGNORECASE,
)

_OFFSET = re.compile(r"(?:utc|gmt)?([+-])(\d{1,2})(?::?(\d\d))?", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,5}(?![A-Za-z])")
_EXACT = Context(prec=80, rounding=ROUND_FLOOR)
_EXPANSIONS = {"%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%T": "%H:%M:%S", "%R": "%H:%M"}

_HOURS: dict[str, float] = {
    "UTC": 0, "GMT": 0, "Z": 0, "UT": 0, "WET": 0, "WEST": 1,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "NDT": -2.5,
    "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3,
    "SAST": 2, "WAT": 1, "CAT": 2, "EAT": 3, "BRT": -3, "ART": -3, "CLT": -4,
    "PKT": 5, "NPT": 5.75, "WIB": 7, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9,
    "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
"""Zone abbreviation -> hours from UTC, where it means one thing.

An abbreviation is the fixed offset that it names: `EST` is UTC-5 in July too. The North American ones have their North
American sense, because the services that print dates in this form are there."""

_AMBIGUOUS: dict[str, str] = {
    "AST": "Atlantic or Arabia",
    "ADT": "Atlantic or Arabia",
    "AMT": "Amazon or Armenia",
    "BST": "British Summer, Bangladesh or Bougainville",
    "ECT": "Ecuador or Eastern Caribbean",
    "GST": "Gulf or South Georgia",
    "IST": "India, Israel or Ireland",
    "NST": "Newfoundland or Nepal",
    "PYT": "Paraguay or Pyongyang",
    "SST": "Samoa or Singapore",
    "WST": "Western Australia or West Samoa",
}


def unreadable(text: str) -> UnreadableDate:
    """Return the reason for a text that is not a date, cut to 100 characters."""
    return UnreadableDate(f"no readable date: {text if len(text) <= 100 else text[:100] + '...'!r}")


def instant_from_iso(text: str, zone: dt.tzinfo) -> dt.datetime:
    """Return the instant of an ISO 8601 text: `T` or a space, seconds, fraction, time and zone each optional.

    24:00 is refused: its day would differ from its text. A leap second is the last microsecond of its
    minute, so that it stays on its day.
    """
    matched = _ISO.fullmatch(text)
    if not matched:
        raise unreadable(text)
    year, month, day, hour, minute, second, fraction, suffix = matched.groups()
    try:
        naive = _naive((year, month, day), (hour or "0", minute or "0", second or "0"), fraction)
    except ValueError:
        raise unreadable(text) from None
    return utc_from_naive(naive, zone if suffix is None else _zone_from_text(suffix), text)


def instant_from_human(text: str, zone: dt.tzinfo) -> dt.datetime:
    """Return the instant of `February 16, 2026 09:58:00 AM EST` and similar texts; ISO texts are read too."""
    if len(text) > MAX_LENGTH:
        raise unreadable(text)
    matched = _HUMAN.fullmatch(" ".join(text.split()))  # some printers put a narrow no-break space before AM
    if not matched:
        return instant_from_iso(text, zone)
    part = matched.groupdict()
    month = _MONTHS.get((part["month"] or part["month_second"]).lower())
    hour, half = int(part["hour"] or 0), (part["half"] or "").lower()
    if month is None or (half and not 1 <= hour <= 12):
        raise unreadable(text)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    date = (part["year"], str(month), part["day"] or part["day_first"])
    try:
        naive = _naive(date, (str(hour), part["minute"] or "0", part["second"] or "0"), part["fraction"])
    except ValueError:
        raise unreadable(text) from None
    return utc_from_naive(naive, zone if part["zone"] is None else _zone_from_text(part["zone"]), text)


def instant_from_epoch(text: str, per_second: int) -> dt.datetime:
    """Return the instant that many seconds (`per_second` 1) or milliseconds (1000) after 1970, in any notation."""
    if not is_number(text):
        raise unreadable(text)
    number = Decimal(text)
    if abs(number) > 10**18:  # no such number is a date, and arithmetic on its digits is waste
        raise unreadable(text)
    microseconds = int(_EXACT.to_integral_value(_EXACT.multiply(number, Decimal(1_000_000 // per_second))))
    try:
        return EPOCH + dt.timedelta(microseconds=microseconds)
    except OverflowError:
        raise unreadable(text) from None


def expanded_pattern(pattern: str) -> str:
    """Return a strptime pattern with C's shorthands (%F, %D, %T, %R) written out, which Python does not know."""
    return re.sub(r"%.", lambda found: _EXPANSIONS.get(found[0], found[0]), pattern, flags=re.DOTALL)


_PATTERN_PARTS = {
    "%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}", "%j": "[0-9]{1,3}", "%H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}", "%M": "[0-9]{1,2}", "%S": "[0-9]{1,2}", "%f": "[0-9]{1,6}", "%s": "[0-9]+",
    "%b": "[A-Za-z]+", "%B": "[A-Za-z]+", "%a": "[A-Za-z]+", "%A": "[A-Za-z]+", "%p": "[A-Za-z]{2}",
    "%Z": "[A-Za-z]{1,5}", "%z": "(?:Z|[+-][0-9]{2}:?[0-9]{2})", "%%": "%",
}  # fmt: skip


def pattern_time(pattern: str) -> str:
    """Return RE2 of the longest text that a strptime pattern reads, for keys that continue after it."""
    parts = re.split(r"(%.|\s+)", expanded_pattern(pattern), flags=re.DOTALL)
    return "".join(
        r"\s+" if part.isspace() else _PATTERN_PARTS.get(part, ".+?") if part.startswith("%") else re.escape(part)
        for part in parts
        if part
    )


def local_from_pattern(text: str, pattern: str, zone: dt.tzinfo) -> tuple[dt.datetime, dt.tzinfo]:
    """Return the local time that a strptime pattern reads, naive, and its zone.

    `%Z` takes the abbreviations of `offset_of`; a pattern that ends in a literal `Z` is in UTC.
    """
    if len(text) > MAX_LENGTH:
        raise unreadable(text)
    bare = pattern.replace("%%", "")
    if "%Z" in bare:
        return _local_with_abbreviation(text, pattern)
    parsed = _parsed(text, pattern)
    if parsed is None:
        raise unreadable(text)
    if parsed.tzinfo is None:
        return parsed, dt.UTC if bare.endswith("Z") else zone
    return parsed.replace(tzinfo=None), _fixed(parsed.utcoffset() or dt.timedelta(), text)


def offset_of(abbreviation: str) -> dt.timedelta:
    """Return the offset from UTC that an abbreviation names; raise UnreadableDate where it names none or several."""
    name = abbreviation.upper()
    if name in _HOURS:
        return dt.timedelta(hours=_HOURS[name])
    if name in _AMBIGUOUS:
        raise UnreadableDate(f"ambiguous zone abbreviation: {abbreviation!r} ({_AMBIGUOUS[name]})")
    raise UnreadableDate(f"unknown zone abbreviation: {abbreviation!r}")


def utc_from_naive(naive: dt.datetime, zone: dt.tzinfo, text: str) -> dt.datetime:
    """Return a local time of a zone as an instant in UTC."""
    if zone is dt.UTC or (isinstance(zone, ZoneInfo) and zone.key == "UTC"):
        return naive.replace(tzinfo=dt.UTC)
    try:
        return naive.replace(tzinfo=zone).astimezone(dt.UTC)
    except OverflowError:
        raise unreadable(text) from None


def _naive(date: tuple[str, str, str], time: tuple[str, str, str], fraction: str | None) -> dt.datetime:
    second, microsecond = int(time[2]), int(f"{fraction or '':0<6.6}")
    if second == 60:
        second, microsecond = 59, 999_999
    return dt.datetime(int(date[0]), int(date[1]), int(date[2]), int(time[0]), int(time[1]), second, microsecond)  # noqa: DTZ001 - the caller adds the zone


def _zone_from_text(text: str) -> dt.tzinfo:
    if text in {"Z", "z"}:
        return dt.UTC
    matched = _OFFSET.fullmatch(text)
    if not matched:
        return dt.timezone(offset_of(text))
    hours, minutes = int(matched[2]), int(matched[3] or 0)
    if minutes >= 60:
        raise unreadable(text)
    offset = dt.timedelta(hours=hours, minutes=minutes)
    return _fixed(-offset if matched[1] == "-" else offset, text)


def _fixed(offset: dt.timedelta, text: str) -> dt.timezone:
    if abs(offset) > MAX_OFFSET:
        raise UnreadableDate(f"offset outside -14:00 to +14:00: {text!r}")
    return dt.timezone(offset)


def _parsed(text: str, pattern: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller adds the zone
    except (ValueError, OverflowError, IndexError, KeyError, re.error):
        return None  # re.error: a directive given twice


def _local_with_abbreviation(text: str, pattern: str) -> tuple[dt.datetime, dt.tzinfo]:
    # Python's own %Z knows the machine's zone names alone and drops them. So each word in turn, from the end, is
    # replaced by a numeric offset until the whole text fits the pattern.
    numeric = pattern.replace("%Z", "%z")
    for word in reversed(list(_WORD.finditer(text))):
        parsed = _parsed(f"{text[: word.start()]}+0000{text[word.end() :]}", numeric)
        if parsed is not None:
            return parsed.replace(tzinfo=None), dt.timezone(offset_of(word[0]))
    raise unreadable(text)
