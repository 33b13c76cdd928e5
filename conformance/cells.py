"""One value of Trino's JSON answer as Athena's text, and the comparison of two results cell by cell."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from conformance.outcome import Cell, Outcome
from local.athena.functions.numbers.number_text import double_text

_APPROXIMATE = {"double", "float"}
_TIMES = {"timestamp", "timestamp with time zone", "time", "time with time zone"}
_FRACTION = re.compile(r"(\d{2}:\d{2}:\d{2})(?:\.(\d{1,12}))?")
_ATHENA_NAMES = {"real": "float"}


def column_type(signature: dict[str, Any]) -> str:
    """Return a column's type by Athena's name; a decimal with its size, everything else without."""
    raw = str(signature["rawType"])
    if raw == "decimal":
        return f"decimal({','.join(str(argument['value']) for argument in signature['arguments'])})"
    return _ATHENA_NAMES.get(raw, raw)


def athena_cell(value: Any, signature: dict[str, Any]) -> Cell:
    """Return a value as Athena writes it in a result; None for NULL."""
    return None if value is None else _text(value, signature)


def _text(value: Any, signature: dict[str, Any]) -> str:
    raw, arguments = signature["rawType"], signature["arguments"]
    if raw == "array":
        return "[" + ", ".join(_member(item, arguments[0]["value"]) for item in value) + "]"
    if raw == "map":
        key, item = (argument["value"] for argument in arguments)
        entries = (_map_key(name, key) + "=" + _member(held, item) for name, held in value.items())
        return "{" + ", ".join(entries) + "}"
    if raw == "row":
        fields = [argument["value"] for argument in arguments]
        return "{" + ", ".join(_field(at, *pair) for at, pair in enumerate(zip(value, fields, strict=True))) + "}"
    return _PLAIN.get(raw, str)(value)


_PLAIN: dict[str, Callable[[Any], str]] = {
    "varbinary": lambda value: base64.b64decode(value).hex(" "),
    "boolean": lambda value: "true" if value else "false",
    "double": lambda value: str(double_text(float(value))),
    "real": lambda value: str(double_text(float(value))),
    **dict.fromkeys(_TIMES, lambda value: time_text(str(value))),
}


def _member(value: Any, signature: dict[str, Any]) -> str:
    return "null" if value is None else _text(value, signature)


def _map_key(name: str, signature: dict[str, Any]) -> str:
    # JSON has text alone for the keys of an object.
    return str(double_text(float(name))) if signature["rawType"] in {"double", "real"} else name


def _field(at: int, value: Any, field: dict[str, Any]) -> str:
    name = field.get("fieldName", {}).get("name", f"field{at}")
    return f"{name}={_member(value, field['typeSignature'])}"


def time_text(text: str) -> str:
    """Return a time of day or timestamp with milliseconds, and with more digits only where they are not zero."""

    def padded(found: re.Match[str]) -> str:
        digits = (found[2] or "").rstrip("0").ljust(3, "0")
        return f"{found[1]}.{digits}"

    return _FRACTION.sub(padded, text, count=1)


def differences(first: Outcome, second: Outcome, *, ordered: bool = False, exact: bool = False) -> list[str]:
    """Return what differs between two outcomes; empty where they say the same.

    Rows are compared as a multiset unless `ordered`. Doubles agree up to their 12th digit, since sums of them depend
    on the order of addition; `exact` wants every digit.
    """
    if first.error or second.error:
        return [] if first.error == second.error else [f"{first.error or 'rows'} against {second.error or 'rows'}"]
    types = [column.type for column in first.columns]
    found = []
    if types != [column.type for column in second.columns]:
        found.append(f"types {', '.join(types)} against {', '.join(column.type for column in second.columns)}")
    if [column.name for column in first.columns] != [column.name for column in second.columns]:
        found.append("column names")
    if len(first.rows) != len(second.rows):
        found.append(f"{len(first.rows)} rows against {len(second.rows)}")
    elif found:
        return found
    mine, theirs = (_canonical(outcome.rows, types, exact=exact) for outcome in (first, second))
    if ordered:
        found += [f"{a} against {b}" for a, b in zip(mine, theirs, strict=False) if a != b][:3]
    elif Counter(mine) != Counter(theirs):
        missing, extra = Counter(theirs) - Counter(mine), Counter(mine) - Counter(theirs)
        found.append(f"only there {list(missing)[:2]}, only here {list(extra)[:2]}")
    return found


def _canonical(rows: tuple[tuple[Cell, ...], ...], types: list[str], *, exact: bool) -> list[tuple[Cell, ...]]:
    return [tuple(_rounded(cell, kind, exact=exact) for cell, kind in zip(row, types, strict=False)) for row in rows]


def _rounded(cell: Cell, kind: str, *, exact: bool) -> Cell:
    if cell is None:
        return None
    if kind in _APPROXIMATE and not exact:
        return f"{float(cell):.{6 if kind == 'float' else 11}e}"
    return time_text(cell) if kind in _TIMES else cell
