"""Bounds of a column of numbers or times flow in, their normal form and their condition flow out."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from dashboard.model.selection.filters import RANGE_ENDS, Filters, Range, day_from_text, dimension_key
from dataset_model.columns.types import ColumnType

TIMES: Final = frozenset({"date", "timestamp"})
_EMPTY: Final = {"yes": True, "no": False}
MOST_DIGITS: Final = 38
"""Digits of a bound: Athena's longest number."""


def takes_range(type_: ColumnType) -> bool:
    """Return whether a column's values have bounds: numbers, days and times do."""
    return type_.is_number or type_.name in TIMES


def range_from(low: object, high: object, empty: object, type_: ColumnType) -> Range | None:
    """Return the range of what a form, a link or JSON gives, in its normal form; None where it narrows nothing.

    Raises ValueError with what was expected and found.
    """
    if not (empty is None or isinstance(empty, bool)):
        raise ValueError(f"true or false for empty; found {empty!r:.40}")
    first, last = (_bound(value, type_) for value in (low, high))
    if empty and (first or last):
        raise ValueError("no bounds with empty: true, as a row without a value is within none")
    if first and last and _is_before(last, first, type_):
        raise ValueError(f"{first} or more for to; found {last}")
    if first or last:
        return Range(first, last)
    return None if empty is None else Range(empty=empty)


def with_linked_ranges(
    filters: Filters, params: Mapping[str, Sequence[str] | str], types: Mapping[str, ColumnType]
) -> Filters:
    """Return a filter with the ranges that a URL describes; what cannot be read is left out.

    `types` are those of the columns that take one.
    """
    for column, type_ in types.items():
        low, high, empty = (_last(params, f"{dimension_key(column)}.{end}") for end in RANGE_ENDS)
        try:
            found = range_from(low, high, _EMPTY.get(empty), type_)
        except ValueError:
            found = None
        filters = filters.with_range(column, found)
    return filters


def range_text(range_: Range) -> str:
    """Return what people read for a range: `10 to 60`, `from 10`, `empty`."""
    if range_.low and range_.high:
        return f"{range_.low} to {range_.high}" if range_.low != range_.high else range_.low
    if range_.low or range_.high:
        return f"from {range_.low}" if range_.low else f"up to {range_.high}"
    return "empty" if range_.empty else "not empty"


def range_conjuncts(column: str, range_: Range, type_: ColumnType, zone: str) -> tuple[list[str], list[str]]:
    """Return the conditions on a quoted column, and the SQL literals that they bind in the order of the `?`."""
    conjuncts: list[str] = []
    bound: list[str] = []
    if range_.empty is not None:
        conjuncts.append(f"{column} IS {'' if range_.empty else 'NOT '}NULL")
    cast = f"CAST(? AS {type_.athena})" if type_.name in TIMES else "?"
    if range_.low:
        conjuncts.append(f"{column} >= {cast}")
        bound.append(_literal(range_.low, type_, zone))
    if range_.high:
        is_instant = type_.name == "timestamp"
        conjuncts.append(f"{column} {'<' if is_instant else '<='} {cast}")
        bound.append(_literal(range_.high, type_, zone, days_later=1 if is_instant else 0))
    return conjuncts, bound


def _bound(value: object, type_: ColumnType) -> str:
    if value is None or value == "":
        return ""
    if type_.name in TIMES:
        day = value if type(value) is dt.date else day_from_text(value) if isinstance(value, str) else None
        if day is None:
            raise ValueError(f"a day as YYYY-MM-DD; found {value!r:.40}")
        return day.isoformat()
    try:
        number = Decimal(repr(value) if isinstance(value, float) else str(value))
    except InvalidOperation:
        number = Decimal("nan")
    if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) >= MOST_DIGITS:
        raise ValueError(f"a number; found {value!r:.40}")
    text = f"{number.normalize():f}"
    if sum(letter.isdigit() for letter in text) > MOST_DIGITS:
        raise ValueError(f"a number of at most {MOST_DIGITS} digits; found {value!r:.60}")
    return "0" if text == "-0" else text


def _last(params: Mapping[str, Sequence[str] | str], name: str) -> str:
    value = params.get(name, "")
    return value if isinstance(value, str) else value[-1] if value else ""


def _is_before(one: str, other: str, type_: ColumnType) -> bool:
    return one < other if type_.name in TIMES else Decimal(one) < Decimal(other)


def _literal(text: str, type_: ColumnType, zone: str, days_later: int = 0) -> str:
    if type_.name not in TIMES:
        return text
    day = dt.date.fromisoformat(text) + dt.timedelta(days=days_later)
    if type_.name == "date":
        return f"'{day}'"
    # A timestamp of the table is an instant in UTC; the day begins where its zone says.
    begin = dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    return f"'{begin:%Y-%m-%d %H:%M:%S}'"
