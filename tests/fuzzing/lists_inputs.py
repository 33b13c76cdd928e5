"""Bytes of any kind as the list of an item, where each element becomes an item of its own."""

import msgspec
from fenced import Fenced, elements_fenced

from exporter.decoding.nested.elements import Elements
from exporter.native.library import ElementParts, Library, library

_MOST = 1 << 11
_PARTS = ElementParts.of(b'{"l[#]":{"N":"', b'"}', b"l[*].")
_source, _target = Fenced(_MOST), Fenced(32 * _MOST)
"""What comes out is at most the list and, for each of its elements of 8 bytes at least, what the parts have."""

compiled: Library | None = library()
"""The reader under test; a run that counts its lines puts another build here."""


def seeds() -> list[bytes]:
    """Return lists as DynamoDB writes them, and some that are read in Python."""
    return [
        b'{"L":[{"M":{"role":{"S":"bot"},"n":{"N":"1.5"}}},{"M":{}},{"M":{"b":{"L":[{"M":{"c":{"BOOL":true}}}]}}}]}',
        ' { "L" : [ { "M" : { "Ü 🎧" : {"S": "ä\\"}]"} , "%b":{"B" :"AA=="} } } ] } '.encode(),
        b'{"L":[{"M":{"a":{"NULL":true},"a":{"S":"x"}}},{"M":{"b":{"S":"x"},"c":{"S":"y"}}}]}',
        b'{"L":[{"M":{"\\u0061":{"SS":["x"]}}},{"M":{"b":{"B":"AA=="}}}]}',
        b'{"L":[{"NULL":true},{"S":"plain"},{"M":{"a":{"NULL":true}}}]}',
        b'{"L":[]}',
        b'{"NULL":true}',
        b'{"M":{"L":{"L":[{"M":{}}]}}}',
    ]


def hold(data: bytes) -> None:
    """Whatever the bytes are, the compiled reader makes of them what Python makes, and touches no byte beyond them."""
    if compiled is not None:
        elements_fenced(compiled, data[:_MOST], _PARTS, _source, _target)
    found, expected = outcome(data, compiled), outcome(data, None)
    assert found == expected, f"compiled: {found}\nPython: {expected}"


def outcome(data: bytes, reader: Library | None) -> object:
    """Return the items that are made, or that the response or the list is refused."""
    body = b'{"Items":[{"Id":{"S":"1"},"Long":{"S":"x"},"l":%b},{"Id":{"S":"2"}}]}' % data[:_MOST]
    try:
        return Elements("l", ["Id"], reader).explode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "refused"
