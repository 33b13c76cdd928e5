"""Rows of a dataset flow in, lines of JSON flow out, each with the keys of all declared columns.

A number is written with the digits that it has. A value that contradicts its column is a fault: of an event it stops
the export, of a store summary it becomes null.
"""

import datetime as dt
import json
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
                text = _cell(row.get(name), attributes.get(name))
            except ValueError as error:
                faults.append(FieldFault(f"{place(number)}.{name}", str(error), row.get(name)))
                text = "null"
            cells.append(f"{_text(name)}:{text}")
        lines.append("{" + ",".join(cells) + "}\n")
    return "".join(lines).encode(), faults


def _cell(value: object, column: Column | None) -> str:
    """Return a value as JSON; raise ValueError with what was expected."""
    if value is None:
        return "null"
    if column is None:
        return _undeclared(value)
    kind = column.type.name
    if column.type.row.is_number:
        return _number(value, column)
    if kind == "boolean":
        if isinstance(value, bool):
            return json.dumps(value)
        raise ValueError("true or false")
    if isinstance(value, str):
        return _text(value)
    if _is_number(value) and kind == "string":
        return _text(_digits(_decimal(value)))
    raise ValueError("text")


def _number(value: object, column: Column) -> str:
    number = _decimal(value) if _is_number(value) or isinstance(value, str) else None
    if number is None or not number.is_finite():
        raise ValueError("a number")
    is_whole = column.type.row.finished == "WHOLE"
    if is_whole and (number != number.to_integral_value() or int(number) not in _WHOLE):
        raise ValueError("a whole number")
    return _digits(number)


def _undeclared(value: object) -> str:
    """Return a value of any type; what is nested is JSON text, as QuickSight reads no lists."""
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _text(value)
    if _is_number(value):
        number = _decimal(value)
        if not number.is_finite():
            raise ValueError("a number")
        return _digits(number)
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
        return Decimal(str(value))
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
