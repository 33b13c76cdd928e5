"""Date patterns: Joda's letters, which `format_datetime` takes, to strftime's."""

from __future__ import annotations

import re

_JODA = (
    ("yyyy", "%Y"), ("YYYY", "%Y"), ("yy", "%y"), ("MMMM", "%B"), ("MMM", "%b"), ("MM", "%m"), ("dd", "%d"),
    ("HH", "%H"), ("hh", "%I"), ("mm", "%M"), ("ss", "%S"), ("SSS", "%g"), ("EEEE", "%A"), ("EEE", "%a"), ("a", "%p"),
    ("ZZ", "%z"), ("Z", "%z"), ("D", "%-j"), ("d", "%-d"), ("M", "%-m"), ("H", "%-H"), ("h", "%-I"),
)  # fmt: skip


def strftime_from_joda(pattern: str) -> str:
    """Translate a Joda date pattern (`yyyy-MM-dd'T'HH:mm`) to strftime's letters."""
    out, rest = "", pattern
    while rest:
        if quoted := re.match(r"'([^']*)'", rest):
            out, rest = out + (quoted[1] or "'"), rest[quoted.end() :]
            continue
        letters, spelled = next(((j, s) for j, s in _JODA if rest.startswith(j)), (rest[0], rest[0].replace("%", "%%")))
        out, rest = out + spelled, rest[len(letters) :]
    return out
