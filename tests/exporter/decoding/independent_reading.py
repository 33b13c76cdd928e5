"""A plain reading of items by the SDK's own deserializer, which the decoder's rows are held against."""

import base64
import json
from decimal import Context, Decimal, Inexact
from typing import Any

from boto3.dynamodb.types import Binary, TypeDeserializer


def parsed(value: dict[str, Any]) -> dict[str, Any]:
    """Return an AttributeValue as the low-level client does: binary as bytes."""
    ((kind, held),) = value.items()
    match kind:
        case "B":
            return {"B": base64.b64decode(held)}
        case "BS":
            return {"BS": [base64.b64decode(data) for data in held]}
        case "L":
            return {"L": [parsed(inner) for inner in held]}
        case "M":
            return {"M": {name: parsed(inner) for name, inner in held.items()}}
        case _:
            return value


def read(value: dict[str, Any] | None) -> Any:
    return None if value is None else TypeDeserializer().deserialize(parsed(value))


def as_json(value: Any) -> Any:
    """Return a value as JSON would give it back, sets as sorted lists."""
    match value:
        case Binary() | bytes():
            return base64.b64encode(bytes(value)).decode()
        case set():
            return [as_json(held) for held in sorted(value, key=_order)]
        case list():
            return [as_json(held) for held in value]
        case dict():
            return {name: as_json(held) for name, held in value.items()}
        case _:
            return value


def _order(value: Any) -> Any:
    return base64.b64encode(bytes(value)).decode() if isinstance(value, Binary) else value


def from_json(text: str | None) -> Any:
    return None if text is None else json.loads(text, parse_float=Decimal, parse_int=Decimal)


def as_number(value: Any) -> Decimal | None:
    """Return a number or a string that is one, as DynamoDB would take it."""
    if isinstance(value, str) and value == value.strip() and value.isascii():
        try:
            number = Decimal(value)
            Context(prec=38, Emin=-130, Emax=125, traps=[Inexact]).plus(number)
        except ArithmeticError:
            return None
        return number if number.is_finite() and "_" not in value else None
    return value if isinstance(value, Decimal) else None


def exact(number: Decimal) -> bool:
    return Decimal(repr(float(number))) == number


def agrees(cell: Any, value: Any, column_type: str) -> bool:
    """Whether a cell holds a stored value; a cell that is null for a value it cannot hold does."""
    match column_type.partition("(")[0]:
        case "json":
            return from_json(cell) == as_json(value)
        case "double":
            number = as_number(value)
            return cell == (None if number is None else float(number))
        case "bigint":
            number = as_number(value)
            return cell == (
                number if number is not None and number == int(number) and -(2**63) <= number < 2**63 else None
            )
        case "decimal":
            number = as_number(value)
            return cell == (number if number is not None and abs(number) < 10**16 and _places(number) <= 4 else None)
        case "boolean":
            return cell is value if isinstance(value, bool) else cell is None
        case "string":
            return _is_text_of(cell, value)
        case _:
            raise AssertionError(column_type)


def _places(number: Decimal) -> int:
    return max(0, -int(number.normalize(Context(prec=400)).as_tuple().exponent))


def _is_text_of(cell: Any, value: Any) -> bool:
    if value is None or isinstance(value, str):
        return cell == value
    if isinstance(value, bool):
        return cell == ("true" if value else "false")
    if isinstance(value, Decimal):
        return Decimal(cell) == value
    if isinstance(value, Binary):
        return base64.b64decode(cell) == bytes(value)
    return from_json(cell) == as_json(value)
