"""Regular expressions with Java's syntax: look-around, named groups, `$1` in replacements."""

from __future__ import annotations

import re
from functools import lru_cache

from local.athena.functions.errors import invalid_argument

_ESCAPE = re.compile(r"\\(p\{\w+\}|P\{\w+\}|.)|\(\?<(?![=!])|[\[\]]", re.DOTALL)
_CLASSES = {
    "w": "A-Za-z0-9_",
    "d": "0-9",
    "p{Alpha}": "A-Za-z",
    "p{Digit}": "0-9",
    "p{Alnum}": "A-Za-z0-9",
    "p{Upper}": "A-Z",
    "p{Lower}": "a-z",
    "p{Punct}": r"!-/:-@\[-`{-~",
    "p{Space}": r"\s",
}
"""Java's classes are of ASCII letters where Python's are not."""
_LETTERS = r"[^\W\d_]"
_REFERENCE = re.compile(r"\\(.)|\$(?:(\d+)|\{(\w+)\})", re.DOTALL)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern ready to use; raise FunctionError where it is none."""
    try:
        return re.compile(_translated(pattern))
    except re.error as error:
        raise invalid_argument(f"{error.msg}: {pattern}") from None


def _translated(pattern: str) -> str:
    """Return Python's spelling of a pattern of Java."""
    depth = 0

    def spelled(found: re.Match[str]) -> str:
        nonlocal depth
        name = found[1]
        if name is None:
            if found[0] == "(?<":
                return found[0] if depth else "(?P<"
            depth = max(0, depth + (1 if found[0] == "[" else -1))
            return found[0]
        if name in _CLASSES:
            return _CLASSES[name] if depth else f"[{_CLASSES[name]}]"
        if not depth and (name[0].lower() + name[1:]) in _CLASSES:
            return f"[^{_CLASSES[name[0].lower() + name[1:]]}]"
        if name in {"p{L}", "p{IsAlphabetic}"} and not depth:
            return _LETTERS
        if name[0] in "pP" and len(name) > 1:
            raise invalid_argument(f"the class \\{name} is not served here: {pattern}")
        return found[0]

    return _ESCAPE.sub(spelled, pattern)


def like(text: str, pattern: str) -> bool:
    """Whether the pattern is found anywhere."""
    return compiled(pattern).search(text) is not None


def extract(text: str, pattern: str, group: int) -> str | None:
    """The first match, or one group of it; None where there is none."""
    ready = _with_group(pattern, group)
    found = ready.search(text)
    return found[group] if found else None


def extract_all(text: str, pattern: str, group: int) -> list[str | None]:
    """All matches, or one group of each."""
    return [found[group] for found in _with_group(pattern, group).finditer(text)]


def replace(text: str, pattern: str, replacement: str) -> str:
    r"""Every match replaced; `$1` and `${name}` are groups, `\$` a dollar."""
    ready = compiled(pattern)

    def replaced(found: re.Match[str]) -> str:
        return _REFERENCE.sub(lambda mark: _referred(mark, found), replacement)

    return ready.sub(replaced, text)


def _referred(mark: re.Match[str], found: re.Match[str]) -> str:
    if mark[1] is not None:
        return mark[1]
    try:
        return found[int(mark[2]) if mark[2] else mark[3]] or ""
    except IndexError:
        raise invalid_argument(f"Illegal replacement sequence: unknown group {{ {mark[2] or mark[3]} }}") from None


def split(text: str, pattern: str) -> list[str]:
    """What stands between the matches."""
    parts, end = [], 0
    for found in compiled(pattern).finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
    return [*parts, text[end:]]


def groups(text: str, pattern: str) -> list[list[str | None]]:
    """The groups of every match, which a lambda of regexp_replace is given."""
    return [list(found.groups()) for found in compiled(pattern).finditer(text)]


def joined(parts: list[str], between: list[str | None]) -> str | None:
    """What `split` took apart, with something else between; None where a piece between is."""
    if any(piece is None for piece in between):
        return None
    return "".join(part + (piece or "") for part, piece in zip(parts, [*between, ""], strict=True))


def count(text: str, pattern: str) -> int:
    """How many matches there are."""
    return sum(1 for _ in compiled(pattern).finditer(text))


def position(text: str, pattern: str, start: int, occurrence: int) -> int:
    """Where the nth match from `start` begins, counted from 1; -1 where there is none."""
    if start < 1 or occurrence < 1:
        raise invalid_argument("start position and occurrence must be positive")
    for number, found in enumerate(compiled(pattern).finditer(text, start - 1), start=1):
        if number == occurrence:
            return found.start() + 1
    return -1


def _with_group(pattern: str, group: int) -> re.Pattern[str]:
    ready = compiled(pattern)
    if group < 0 or group > ready.groups:
        raise invalid_argument(f"Pattern has {ready.groups} groups. Cannot access group {group}")
    return ready
