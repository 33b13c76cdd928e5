"""DynamoDB AttributeValue JSON (`{"S": "text"}`) flows in; kinds, texts and plain JSON flow out."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from exporter.values.numbers import canonical_number, json_number

Image = Mapping[str, Any]
"""An item's attributes as DynamoDB JSON that a parser has made into dicts; not checked."""


class AttributeValue(msgspec.Struct, gc=False, forbid_unknown_fields=True, omit_defaults=True):
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
_encoder = msgspec.json.Encoder(order="sorted")
_encode_as_is = msgspec.json.Encoder().encode


def values_from_texts(texts: Sequence[bytes | None]) -> list[AttributeValue | None]:
    """Return the values of AttributeValue JSON texts, in place; None stays None."""
    present = iter(_list.decode(b"[" + b",".join(text for text in texts if text is not None) + b"]"))
    return [None if text is None else next(present) for text in texts]


def tagged(kind: str, cells: pa.Array) -> list[AttributeValue | None]:
    """Return plain values of one kind with their types; null is None."""
    return [None if cell is None else AttributeValue(**{kind: cell}) for cell in cells.to_pylist()]


def dynamo_text(value: AttributeValue) -> str:
    """Return a value as compact AttributeValue JSON."""
    return _encode_as_is(value).decode()


def kind_of(value: AttributeValue) -> str:
    """Return a value's type tag."""
    return next(kind for kind in KINDS if getattr(value, kind) is not None)


def json_text(value: AttributeValue) -> str | None:
    """Return a value as plain JSON text; None for NULL.

    Maps are objects with sorted keys, sets arrays in a fixed order, binary base64 text. A number keeps its digits.
    """
    return None if value.NULL is not None else _encoder.encode(_plain(value)).decode()


def json_texts(values: Sequence[AttributeValue | None]) -> pa.StringArray:
    """Return a column of `json_text`."""
    if not values:
        return pa.array([], pa.string())
    # One line per value, because a call per value costs more than its encoding. JSON text holds no line break.
    lines = _encoder.encode_lines([None if value is None else _plain(value) for value in values])
    texts = pc.split_pattern(pa.array([lines[:-1]], pa.string()), "\n").flatten()
    absent = pa.array([value is None or value.NULL is not None for value in values])
    return pc.if_else(absent, pa.scalar(None, pa.string()), texts)


def json_object(values: dict[str, AttributeValue]) -> str:
    """Return attributes as one JSON object."""
    return _encoder.encode({name: _plain(value) for name, value in values.items()}).decode()


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


def described(kind: str, value: object) -> str:
    """Return a value for a reason: `S 'n/a'`, `N 12`, `M {"a":1}`; at most about 80 characters."""
    text = repr(value) if kind == "S" else str(value)
    return f"{kind} {text if len(text) <= 80 else text[:80] + '...'}"


def described_value(value: AttributeValue) -> str:
    """Return a whole value for a reason."""
    kind = kind_of(value)
    return described(kind, value.S if kind == "S" else string_text(value))


def _plain(value: AttributeValue) -> object:  # noqa: PLR0911 - a table, most frequent kind first
    if value.S is not None:
        return value.S
    if value.N is not None:
        return _plain_number(value.N)
    if value.BOOL is not None:
        return value.BOOL
    if value.M is not None:
        # Texts are the most frequent by far, and a call costs more than they do.
        return {name: _plain(inner) if inner.S is None else inner.S for name, inner in value.M.items()}
    if value.L is not None:
        return [_plain(inner) if inner.S is None else inner.S for inner in value.L]
    if value.NS is not None:
        return [_plain_number(text) for text in sorted(value.NS, key=lambda text: (Decimal(text), text))]
    if value.NULL is not None:
        return None
    return value.B if value.B is not None else sorted(value.SS or value.BS or ())


def _plain_number(text: str) -> object:
    if text.isdecimal() and len(text) <= 18:
        return int(text)
    return msgspec.Raw(json_number(text).encode())
