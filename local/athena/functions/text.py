"""Functions of text that DuckDB has not, or means otherwise."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote_plus, unquote_plus, urlsplit

from local.athena.functions.errors import invalid_argument

_SOUNDEX = {
    letter: digit for digit, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for letter in letters
}
_UNITS = ((1e15, "Q"), (1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
_SPANS = ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d*)(\.\d+)?([a-zA-Z%])")


def strpos(text: str, part: str, instance: int) -> int:
    """Where the nth `part` begins, counted from 1, from the end where n is negative; 0 where there is none."""
    if instance == 0:
        raise invalid_argument("'instance' must not be a zero.")
    if not part:
        return 1 if instance > 0 else len(text) + 1
    starts = [at for at in range(len(text)) if text.startswith(part, at)]
    place = instance - 1 if instance > 0 else len(starts) + instance
    return starts[place] + 1 if 0 <= place < len(starts) else 0


def split(text: str, delimiter: str, limit: int) -> list[str]:
    """At most `limit` parts, the last of which is the rest."""
    if not delimiter:
        raise invalid_argument("The delimiter may not be the empty string")
    if limit < 1:
        raise invalid_argument("Limit must be positive")
    return text.split(delimiter, limit - 1)


def substring(text: str, start: int, length: int) -> str:
    """A part by its start, counted from 1 or from the end; nothing where it is outside."""
    size = len(text)
    if start == 0 or length <= 0 or abs(start) > size:
        return ""
    begin = start - 1 if start > 0 else size + start
    return text[begin : begin + length]


def replace(text: str, part: str, other: str) -> str:
    """Every `part` replaced; nothing as `part` stands between all letters."""
    return text.replace(part, other)


def soundex(text: str) -> str:
    """The sound of a word as a letter and three digits."""
    letters = [letter for letter in text.upper() if letter.isalpha()]
    if not letters:
        return ""
    digits, previous = [], _SOUNDEX.get(letters[0])
    for letter in letters[1:]:
        digit = _SOUNDEX.get(letter)
        if digit and digit != previous:
            digits.append(str(digit))
        if letter not in "HW":
            previous = digit
    return (letters[0] + "".join(digits) + "000")[:4]


def hamming_distance(first: str, second: str) -> int:
    """How many letters differ."""
    if len(first) != len(second):
        raise invalid_argument("The input strings to hamming_distance function must have the same length")
    return sum(a != b for a, b in zip(first, second, strict=True))


def luhn_check(text: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    digits = [int(letter) for letter in reversed(text) if letter.isdigit()]
    doubled = (sum(divmod(digit * 2, 10)) for digit in digits[1::2])
    return bool(digits) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def url_part(address: str, part: str) -> str | None:
    """The host, path, query, fragment, protocol or port of an address; None for what is none."""
    try:
        found = urlsplit(address)
        values = {
            "host": found.hostname if found.netloc else None,
            "path": found.path,
            "query": found.query,
            "fragment": found.fragment,
            "protocol": found.scheme,
            "port": None if found.port is None else str(found.port),
        }
    except ValueError:
        return None
    return values[part]


def url_parameter(address: str, name: str) -> str | None:
    """The first value of a parameter of an address."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return next((value for key, value in pairs if key == name), None)


def url_encode(text: str) -> str:
    """Escaped for an address, a blank as `+`."""
    return quote_plus(text, safe="*-._")


def url_decode(text: str) -> str:
    """The reverse of `url_encode`."""
    return unquote_plus(text)


def format_number(value: float) -> str:
    """A number with three digits at most and a unit: 123K, 1.5M."""
    for size, unit in _UNITS:
        if abs(value) >= size:
            return _short(value / size) + unit
    return _short(value)


def _short(value: float) -> str:
    digits = max(0, 3 - len(str(int(abs(value)))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def human_readable_seconds(value: float) -> str:
    """Seconds in weeks, days, hours, minutes and seconds."""
    rest = int(abs(value) + 0.5)
    words = []
    for size, name in _SPANS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {name}{'s' if count != 1 else ''}")
    return ", ".join(words) or "0 seconds"


def formatted(pattern: str, values: list[str | None], kinds: list[str]) -> str:
    """Fill a Java format string; values arrive as text, `kinds` are DuckDB's names of their types."""
    following = iter(range(len(values)))

    def filled(found: re.Match[str]) -> str:
        if found[5] == "%":
            return "%"
        place = int(found[1]) - 1 if found[1] else next(following, len(values))
        if place >= len(values):
            raise invalid_argument(f"Invalid format string: {pattern} (MissingFormatArgument)")
        return _one(pattern, found, values[place], kinds[place])

    return _SPECIFIER.sub(filled, pattern)


def _one(pattern: str, found: re.Match[str], value: str | None, kind: str) -> str:
    flags, width, precision, letter = found[2], found[3], found[4] or "", found[5]
    if value is None or letter in "sS":
        text = "null" if value is None else value
        text = f"{text:{precision}}" if precision else text
        return f"{text:{'<' if '-' in flags else '>'}{width}}" if width else text
    number = "," if "," in flags else ""
    sign = "+" if "+" in flags else " " if " " in flags else ""
    align = "<" if "-" in flags else "0>" if "0" in flags and not sign else ""
    zero = "0" if "0" in flags and sign else ""
    if letter in "dxXo":
        if "INT" not in kind:
            raise invalid_argument(f"Invalid format string: {pattern} (IllegalFormatConversion: {letter})")
        return f"{int(value):{align}{sign}{zero}{width}{number}{letter}}"
    if letter in "eEfgG":
        if "INT" in kind:
            raise invalid_argument(f"Invalid format string: {pattern} (IllegalFormatConversion: {letter})")
        return f"{float(value):{align}{sign}{zero}{width}{number}{precision or '.6'}{letter}}"
    raise invalid_argument(f"Invalid format string: {pattern} (%{letter} is not served here)")
