"""Bytes as text, numbers as bytes, and normal forms: base 32, base 64 of addresses, big-endian and IEEE 754 numbers."""

from __future__ import annotations

import base64
import binascii
import struct
import unicodedata
from typing import Literal, cast

from local.athena.functions.errors import invalid_argument


def to_base32(data: bytes) -> str:
    """Base 32 with its padding."""
    return base64.b32encode(data).decode()


def from_base32(text: str) -> bytes:
    """Bytes of base 32."""
    try:
        return base64.b32decode(text)
    except binascii.Error as error:
        raise invalid_argument(f"Invalid input for base32: {error}") from None


def to_base64url(data: bytes) -> str:
    """Base 64 with - and _, and its padding."""
    return base64.urlsafe_b64encode(data).decode()


def from_base64url(text: str) -> bytes:
    """Bytes of base 64 with - and _."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise invalid_argument(f"Invalid input for base64url: {error}") from None


def packed(form: str, number: float) -> bytes:
    """A number as bytes; `form` is that of struct."""
    return struct.pack(form, int(number) if form[-1] in "iq" else number)


def unpacked(form: str, data: bytes) -> float:
    """The number that bytes are; raises where they are too many or too few."""
    if len(data) != struct.calcsize(form):
        raise invalid_argument(f"expected {struct.calcsize(form)}-byte input, but got instead {len(data)}")
    number: float = struct.unpack(form, data)[0]
    return number


def normalized(text: str, form: str) -> str:
    """Text in one of Unicode's normal forms."""
    return unicodedata.normalize(cast("Literal['NFC', 'NFD', 'NFKC', 'NFKD']", form), text)
