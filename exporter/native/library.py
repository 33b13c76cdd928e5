"""The compiled library from Python: pages in, Arrow arrays out. Calls run without the GIL, from any thread."""

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import pyarrow as pa
import structlog

from exporter.native.library_path import library_path

KINDS = ("S", "N", "BOOL", "NULL", "B", "M", "L", "SS", "NS", "BS")
"""DynamoDB's type tags; a set of them is a number with bit `index` for each."""

_ADDRESSES = ctypes.c_void_p
_MAX_NAMES = 1024
_SPAN = [_ADDRESSES, ctypes.c_int64]
_HEAD = ctypes.c_int64 * 6
_DIGEST = pa.binary(16)


class Form(IntEnum):
    """The form of a column in the library's result; the numbers are those of page.c."""

    TEXT = 0
    """An S or N as text."""
    BOOLEAN = 1
    DOUBLE = 2
    """Else TEXT, where a number has more than 15 digits or another spelling than usual."""
    WHOLE = 3
    """Else TEXT, as for DOUBLE, with 18 digits."""
    DECIMAL = 4
    DOCUMENT = 5
    """Plain JSON; else RAW."""
    RAW = 6
    """AttributeValue JSON as it was sent, of any kind."""


_OTHER_FORMS = (Form.TEXT, Form.RAW)
"""Forms of a column that does not fit the wanted one."""


@dataclass(frozen=True)
class Column:
    """An attribute and the wanted form of its column."""

    attribute: str
    form: Form
    kind: str | None
    """The only type, besides NULL, that the attribute may have; None: any."""
    precision: int = 0
    scale: int = 0
    """Of DECIMAL."""


@dataclass(frozen=True)
class ScannedPage:
    """A page's columns, in the order of the plan."""

    rows: int
    columns: Sequence[tuple[Form, pa.Array]]
    last_evaluated_key: bytes
    consumed_capacity: bytes
    """JSON of these members; empty where they are absent."""


class _Result(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("form", "nulls", "validity", "offsets", "data", "bytes")]


class _Part(ctypes.Structure):
    _fields_ = [("offsets", _ADDRESSES), ("data", _ADDRESSES), ("validity", _ADDRESSES), ("tag", ctypes.c_int64)]


class _Attribute(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("start", "length", "kinds")]


class _Bytes(ctypes.Structure):
    _fields_ = [("start", ctypes.c_char_p), ("length", ctypes.c_int64)]


class ElementParts(ctypes.Structure):
    """What items made of elements have around their number, and before their members' names."""

    _fields_ = [(name, _Bytes) for name in ("before", "after", "first", "others", "prefix")]

    @classmethod
    def of(cls, before: bytes, after: bytes, prefix: bytes) -> "ElementParts":
        """Return them; what an item's attributes are is said for each item."""
        return cls((before, len(before)), (after, len(after)), (None, 0), (None, 0), (prefix, len(prefix)))


class Plan:
    """The columns that pages are scanned for. Any number of threads may use one."""

    def __init__(self, library: "Library", columns: Sequence[Column]) -> None:
        self._functions = library.functions
        self._columns = tuple(columns)
        # Looked up for each column of each page, where an enumeration and a type take longer to make than to find.
        self._types = [{int(form): (form, _type(form, one)) for form in (one.form, *_OTHER_FORMS)} for one in columns]
        self._usual_rows = 0
        names = [column.attribute.encode() for column in columns]
        count = len(names)
        self._plan = self._functions.plan_new(
            count,
            b"".join(names),
            (ctypes.c_int32 * count)(*map(len, names)),
            (ctypes.c_uint8 * count)(*(column.form for column in columns)),
            (ctypes.c_uint16 * count)(*(_bit(column.kind) for column in columns)),
            (ctypes.c_uint8 * count)(*(column.precision for column in columns)),
            (ctypes.c_uint8 * count)(*(column.scale for column in columns)),
        )
        if not self._plan:
            raise MemoryError

    def __del__(self) -> None:
        if plan := getattr(self, "_plan", None):
            self._functions.plan_free(plan)

    def scan(self, body: bytes) -> ScannedPage | None:
        """Return a response's columns, or None where it is not as regular as this expects."""
        head = _HEAD(self._usual_rows)  # a guess, which spares the library moving rows about
        page = self._functions.page_new(self._plan, body, len(body), head)
        if not page:
            return None
        try:
            rows, most, *spans = head
            self._usual_rows = rows + rows // 8
            # One allocation for all columns; what they do not use of it is given back.
            buffer = pa.allocate_buffer(most, resizable=True)
            results = (_Result * len(self._columns))()
            buffer.resize(self._functions.page_columns(page, buffer.address, results), shrink_to_fit=True)
        finally:
            self._functions.page_free(page)
        key, capacity = (body[start : start + length] for start, length in (spans[:2], spans[2:]))
        columns = [_array(rows, result, types, buffer) for result, types in zip(results, self._types, strict=True)]
        return ScannedPage(rows, columns, key, capacity)


class Library:
    """The loaded library."""

    def __init__(self, path: str) -> None:
        """Load it; raise OSError."""
        self.path = path
        self.functions = ctypes.CDLL(path)
        arguments: dict[str, tuple[Any, list[Any]]] = {
            "plan_new": (_ADDRESSES, [ctypes.c_int32, ctypes.c_char_p, *[_ADDRESSES] * 5]),
            "plan_free": (None, [_ADDRESSES]),
            "page_new": (_ADDRESSES, [_ADDRESSES, _ADDRESSES, ctypes.c_int64, _HEAD]),
            "page_columns": (ctypes.c_int64, [_ADDRESSES, _ADDRESSES, _ADDRESSES]),
            "page_free": (None, [_ADDRESSES]),
            "page_kinds": (ctypes.c_int32, [_ADDRESSES, ctypes.c_int64, _ADDRESSES]),
            "key_sum": (None, [_ADDRESSES, ctypes.c_int64, ctypes.c_uint64 * 2]),
            "key_hashes": (ctypes.c_int, [ctypes.c_int32, _ADDRESSES, ctypes.c_int64, _ADDRESSES]),
            "list_elements": (
                ctypes.c_int64,
                [*_SPAN, ctypes.POINTER(ElementParts), *_SPAN * 2, _ADDRESSES, ctypes.c_int64, _ADDRESSES],
            ),
            "zulu_hours": (ctypes.c_int, [_ADDRESSES, _ADDRESSES, ctypes.c_int64, _ADDRESSES]),
        }
        for name, (returned, taken) in arguments.items():
            function = getattr(self.functions, name)
            function.restype, function.argtypes = returned, taken

    def kinds(self, body: bytes) -> dict[str, set[str]] | None:
        """Return attribute -> type tags in a response, or None where it is not regular."""
        found = (_Attribute * _MAX_NAMES)()
        count = self.functions.page_kinds(body, len(body), found)
        if count < 0:
            return None
        return {
            body[one.start : one.start + one.length].decode(): {kind for kind in KINDS if one.kinds & _bit(kind)}
            for one in found[:count]
        }

    def key_hashes(self, parts: Sequence[tuple[str, pa.StringArray]], rows: int) -> pa.Array | None:
        """Return 16 bytes a row from the columns of a key, S or N each; None where a number is spelled unusually."""
        if any(texts.offset for _, texts in parts):
            return None
        columns = (_Part * len(parts))()
        for column, (kind, texts) in zip(columns, parts, strict=True):
            validity, offsets, data = texts.buffers()
            column.offsets, column.tag = offsets.address, ord(kind)
            column.data = data.address if data else None
            column.validity = validity.address if validity else None
        out = pa.allocate_buffer(16 * rows)
        if not self.functions.key_hashes(len(parts), columns, rows, out.address):
            return None
        return pa.Array.from_buffers(_DIGEST, rows, [None, out])

    def elements(
        self, listed: bytes, parts: ElementParts, first: bytes, others: bytes
    ) -> tuple[memoryview, int] | None:
        """Return an item for each map of a list, as JSON with commas between them, and their number; None for others.

        `first` are the attributes of the first item and `others` those of the others, with a comma before each.
        """
        count = ctypes.c_int64()
        given = listed, len(listed), parts, first, len(first), others, len(others)
        room = 2 * len(listed) + len(first)  # a guess, which spares a second call
        while True:
            out = pa.allocate_buffer(room)
            length = self.functions.list_elements(*given, out.address, room, ctypes.addressof(count))
            if length <= room:
                return None if length < 0 else (memoryview(out)[:length], count.value)
            room = length

    def zulu_hours(self, texts: pa.StringArray) -> pa.Int32Array | None:
        """Return the hours since 1970 of times such as 2026-02-16T09:58:30Z; None where one is written otherwise."""
        _, offsets, data = texts.buffers()
        if texts.null_count or texts.offset or data is None:
            return None
        out = pa.allocate_buffer(4 * len(texts))
        if not self.functions.zulu_hours(offsets.address, data.address, len(texts), out.address):
            return None
        return pa.Array.from_buffers(pa.int32(), len(texts), [None, out])

    def key_sum(self, keys: pa.FixedSizeBinaryArray) -> int:
        """Return the sum of 16-byte hashes as numbers, little-endian, modulo 2**128."""
        total = (ctypes.c_uint64 * 2)()
        if len(keys):
            self.functions.key_sum(keys.buffers()[1].address + 16 * keys.offset, len(keys), total)
        low, high = total
        return int(high << 64 | low)


@cache
def library() -> Library | None:
    """Return the library, or None, with a warning, where it is not built."""
    path = library_path()
    try:
        return Library(str(path))
    except OSError as error:
        structlog.get_logger().warning(
            "the compiled reader is missing; pages are read in Python, with the same result and slower. "
            "`python -m exporter.native.build` builds it",
            path=str(path),
            error=str(error),
        )
        return None


def _bit(kind: str | None) -> int:
    return 0 if kind is None else 1 << KINDS.index(kind)


def _array(
    rows: int, result: Any, types: Mapping[int, tuple[Form, pa.DataType]], buffer: pa.Buffer
) -> tuple[Form, pa.Array]:
    form, kind = types[result.form]
    validity = buffer.slice(result.validity, (rows + 7) // 8) if result.nulls else None
    data = buffer.slice(result.data, result.bytes)
    buffers = [validity, data]
    if result.offsets >= 0:
        buffers = [validity, buffer.slice(result.offsets, 4 * (rows + 1)), data]
    return form, pa.Array.from_buffers(kind, rows, buffers, result.nulls)


def _type(form: Form, column: Column) -> pa.DataType:
    match form:
        case Form.BOOLEAN:
            return pa.bool_()
        case Form.DOUBLE:
            return pa.float64()
        case Form.WHOLE:
            return pa.int64()
        case Form.DECIMAL:
            return pa.decimal128(column.precision, column.scale)
        case Form.RAW:
            return pa.binary()
        case _:
            return pa.string()
