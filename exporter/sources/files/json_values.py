"""Values of JSON flow in, values of attributes flow out, as DynamoDB would hold them."""

from decimal import Decimal, InvalidOperation
from typing import Any

_LARGEST, _SMALLEST, _MOST_DIGITS = 125, -130, 38
"""Exponents and digits of numbers that DynamoDB holds."""


class Number(str):
    """The digits of a number, as they are written."""

    __slots__ = ()


def stored_value(value: object) -> dict[str, Any]:  # noqa: PLR0911 - a table of kinds
    """Return a value of JSON, its numbers as `Number`, as an attribute's value."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, Number):
        return {"N" if _is_held(value) else "S": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [stored_value(one) for one in value]}
    if isinstance(value, dict):
        return {"M": {name: stored_value(one) for name, one in value.items()}}
    return {"S": str(value)}  # NaN and Infinity, which are no numbers


def _is_held(text: str) -> bool:
    """Return whether DynamoDB could hold a number; another one is a text here, which contradicts its column."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return len(number.as_tuple().digits) <= _MOST_DIGITS and (not number or _SMALLEST <= number.adjusted() <= _LARGEST)
