"""Rows of a dataset flow in, lines of JSON flow out, each with the keys of all declared columns.

A number is written with the digits that it has. A value that contradicts its column is a fault: of an event it stops
the export, of a store summary it becomes null.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from dataset_model import Column, Dataset
from exporter.sales.event import FieldFault, Row

DATE = "date"
"""The key that every line has: the day of the event."""

_LONGEST_PLAIN = 40
"""Digits up to which a number is written without an exponent."""

_nested = msgspec.json.Encoder(decimal_format="number").encode

_WHOLE = range(-(2**63), 2**63)
_DIGITS_OF_WHOLE = 19
_NUMBER_AS_TEXT = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def json_lines(
    dataset: Dataset, date: dt.date, rows: Sequence[Row], place: Callable[[int], str]
) -> tuple[bytes, list[FieldFault]]:
    """Return the lines and the faults of their values; `place` names a row by its number. A faulty value is null."""
    attributes = {column.attribute: column for column in dataset.columns if column.attribute not in {DATE, "line"}}
    names = list(attributes)
    if dataset.undeclared != "ignore":
        found: Iterable[str] = (name for row in rows for name in row if name not in attributes and name != DATE)
        names += dict.fromkeys(found)
    faults: list[FieldFault] = []
    lines: list[str] = []
    for number, row in enumerate(rows):
        cells = [f'"{DATE}":"{date}"']
        for name in names:
            try:
                key, text = _key(name), _cell(row.get(name), attributes.get(name))
            except ValueError as error:
                shown = name.encode(errors="backslashreplace").decode()
                if name in row:
                    faults.append(FieldFault(f"{place(number)}.{shown}", str(error), row[name]))
                key, text = _text(shown), "null"
            cells.append(f"{key}:{text}")
        lines.append("{" + ",".join(cells) + "}\n")
    return "".join(lines).encode(), faults


def _key(name: str) -> str:
    try:
        return _text(name)
    except ValueError:
        raise ValueError("a name of Unicode characters") from None


def _cell(value: object, column: Column | None) -> str:
    """Return a value as JSON; raise ValueError with what was expected."""
    if value is None:
        return "null"
    if column is None:
        return _undeclared(value)
    kind = column.type.name
    if column.type.row.is_number:
        return _whole(value) if column.type.row.finished == "WHOLE" else _digits(_number(value))
    if kind == "boolean":
        if isinstance(value, bool):
            return json.dumps(value)
        raise ValueError("true or false")
    if isinstance(value, str):
        return _text(value)
    if _is_number(value) and kind == "string":
        number = _decimal(value)
        if number.is_finite():
            return _text(_digits(number))
    raise ValueError("text")


def _whole(value: object) -> str:
    number = _number(value)
    # The digits first: 1E+999999999 is a short text, and would be an integer of 400 MB.
    if number.adjusted() >= _DIGITS_OF_WHOLE or number != number.to_integral_value() or int(number) not in _WHOLE:
        raise ValueError("a whole number")
    return _digits(number)


def _number(value: object) -> Decimal:
    """Return the number that a value is, or writes as JSON does; raise ValueError for one that no double holds."""
    is_text = isinstance(value, str) and _NUMBER_AS_TEXT.fullmatch(value)
    number = _decimal(value) if is_text or _is_number(value) else None
    if number is None or not number.is_finite() or math.isinf(float(number)):
        raise ValueError("a number")
    return number


def _undeclared(value: object) -> str:
    """Return a value of any type; what is nested is JSON text, as QuickSight reads no lists."""
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _text(value)
    if _is_number(value):
        return _digits(_number(value))
    try:
        return _text(_nested(value).decode())
    except UnicodeEncodeError:
        raise ValueError("text of Unicode characters") from None
    except RecursionError:
        raise ValueError("fewer objects and lists inside one another") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(value) if isinstance(value, int) else Decimal(str(value))
    except InvalidOperation:
        return Decimal("NaN")


def _digits(number: Decimal) -> str:
    plain = abs(number.adjusted()) < _LONGEST_PLAIN
    return f"{number:f}" if plain else str(number)


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text of Unicode characters") from None
    return json.dumps(text, ensure_ascii=False)
