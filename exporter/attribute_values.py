"""DynamoDB's AttributeValue, `{"S": "text"}` and its kin: read from bytes, told to people, written as plain JSON."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from exporter.numbers import canonical_number, json_number

Raw = msgspec.Raw | bytes


class AttributeValue(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One value; exactly one field is set. Numbers are texts, binary is base64."""

    S: str | None = None
    N: str | None = None
    BOOL: bool | None = None
    NULL: bool | None = None
    B: str | None = None
    M: dict[str, "AttributeValue"] | None = None
    L: list["AttributeValue"] | None = None
    SS: list[str] | None = None
    NS: list[str] | None = None
    BS: list[str] | None = None


KINDS = AttributeValue.__struct_fields__

_list = msgspec.json.Decoder(list[AttributeValue])
_plain_list = msgspec.json.Decoder(list[Any])
_encode = msgspec.json.Encoder(order="sorted").encode
_encode_as_is = msgspec.json.Encoder().encode


def values_from_raw(raws: Sequence[Raw | None]) -> list[AttributeValue | None]:
    """Return the values of raw AttributeValue JSON, in place; None for an absent one."""
    present = _list.decode(_array(raw for raw in raws if raw is not None))
    if len(present) == len(raws):
        return list(present)
    values = iter(present)
    return [None if raw is None else next(values) for raw in raws]


def compact_texts(raws: Sequence[Raw]) -> list[str]:
    """Return JSON values as compact text, the same however they were spaced and escaped."""
    return [_encode_as_is(value).decode() for value in _plain_list.decode(_array(raws))]


def kind_of(value: AttributeValue) -> str:
    """Return a value's type tag."""
    return next(kind for kind in KINDS if getattr(value, kind) is not None)


def json_text(value: AttributeValue) -> str | None:
    """Return a value as plain JSON text; None for NULL.

    Maps are objects with sorted keys, sets arrays in a fixed order, binary base64 text. A number keeps its digits.
    """
    return None if value.NULL is not None else _encode(_plain(value)).decode()


def json_object(values: dict[str, AttributeValue]) -> str:
    """Return attributes as one JSON object."""
    return _encode({name: _plain(value) for name, value in values.items()}).decode()


def string_text(value: AttributeValue) -> str | None:
    """Return a value as the text of a string column; None for NULL."""
    if value.S is not None:
        return value.S
    if value.N is not None:
        return value.N
    if value.BOOL is not None:
        return "true" if value.BOOL else "false"
    return value.B if value.B is not None else json_text(value)


def key_text(value: AttributeValue | None) -> str:
    """Return a key attribute's value so that equal keys have equal texts and different keys different ones."""
    if value is None:
        return "-"
    text = string_text(value) or ""
    return key_part(kind_of(value), text)


def key_part(kind: str, text: str) -> str:
    """Return one part of a canonical key; its length precedes it, so that parts can be joined."""
    text = canonical_number(text) if kind == "N" else text
    return f"{kind}{len(text)}:{text}"


def told(kind: str, value: object) -> str:
    """Return a value for a reason: `S 'n/a'`, `N 12`, `M {"a":1}`; at most about 80 characters."""
    text = repr(value) if kind == "S" else str(value)
    return f"{kind} {text if len(text) <= 80 else text[:80] + '...'}"


def told_value(value: AttributeValue) -> str:
    """Return a whole value for a reason."""
    kind = kind_of(value)
    return told(kind, value.S if kind == "S" else string_text(value))


def _plain(value: AttributeValue) -> object:  # noqa: PLR0911 - a table, most frequent kind first
    if value.S is not None:
        return value.S
    if value.N is not None:
        return msgspec.Raw(json_number(value.N).encode())
    if value.M is not None:
        return {name: _plain(inner) for name, inner in value.M.items()}
    if value.L is not None:
        return [_plain(inner) for inner in value.L]
    if value.BOOL is not None:
        return value.BOOL
    if value.NS is not None:
        return [msgspec.Raw(json_number(text).encode()) for text in sorted(value.NS, key=lambda n: (Decimal(n), n))]
    if value.NULL is not None:
        return None
    return value.B if value.B is not None else sorted(value.SS or value.BS or ())


def _array(raws: Iterable[Raw]) -> bytes:
    return b"[" + b",".join(raws) + b"]"
