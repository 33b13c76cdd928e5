"""The compiled reader of a stream's records from Python: records as a JSON parser makes them in, images as JSON out."""

import ctypes
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from exporter.native.library import Library

_FUNCTIONS = (
    "PyDict_Size", "PyDict_GetItemWithError", "PyDict_Next", "PyList_Size", "PyList_GetItem", "PyUnicode_AsUTF8AndSize",
    "PySet_Contains", "PyObject_RichCompareBool", "PyLong_AsLongLong", "PyByteArray_AsString", "PyByteArray_Resize",
    "PyErr_Clear",
)  # fmt: skip
_OBJECTS = (
    True, False, "eventName", "dynamodb", "StreamViewType", "SequenceNumber", "ApproximateCreationDateTime", "NewImage",
    "OldImage", "userIdentity", "S",
)  # fmt: skip

_ADDRESS = ctypes.c_void_p


class _Attribute(ctypes.Structure):
    _fields_ = [("name", _ADDRESS), ("lead", ctypes.c_char_p), ("length", ctypes.c_int64)]


class _Carriage(ctypes.Structure):
    _fields_ = [
        ("values", _ADDRESS),
        *((name, ctypes.POINTER(_Attribute)) for name in ("place", "part", "projection")),
        *((name, ctypes.c_int64) for name in ("places", "parts", "projected", "keeps_deleted")),
    ]


class _Records(ctypes.Structure):
    _fields_ = [(name, _ADDRESS) for name in ("is_read", "at", "sequence")]


class _Images(ctypes.Structure):
    _fields_ = [
        *((name, _ADDRESS) for name in ("body", "start")),
        *((name, ctypes.c_int64) for name in ("length", "room", "count")),
        *((name, _ADDRESS) for name in ("number", "end", "names")),
    ]


@dataclass(frozen=True)
class Carriage:
    """What the source of a dataset carries of an item."""

    values: frozenset[str] | None
    """The partition values; None: every item is held."""
    place: Sequence[str]
    """The attributes by which an item is held and on which day: with `values`, the sort key and the partition key."""
    part: Collection[str]
    """The attributes that are wanted of an old image."""
    projection: Collection[str] | None
    """The attributes that are wanted of a new image; None: all."""
    keeps_deleted: bool
    """Whether removals are left to the caller."""


class ImageBytes:
    """Images as JSON, each with a comma behind it."""

    def __init__(self, body: bytearray, numbers: "array[int]", ends: "array[int]") -> None:
        """`numbers` are those of the records, `ends` where each image ends in the body, behind its comma."""
        self.body, self.numbers, self.ends = body, numbers, ends


class RecordScanner:
    """Reads records that are as DynamoDB writes them."""

    def __init__(self, library: Library, carriage: Carriage) -> None:
        self._read = ctypes.PyDLL(library.path).read_records  # PyDLL keeps the GIL
        self._read.argtypes, self._read.restype = [_ADDRESS] * 6, None
        self._python = (_ADDRESS * (len(_FUNCTIONS) + len(_OBJECTS)))(
            *(ctypes.cast(getattr(ctypes.pythonapi, name), _ADDRESS).value for name in _FUNCTIONS), *map(id, _OBJECTS)
        )
        attributes = (carriage.place, carriage.part, carriage.projection or ())
        made = [_attributes(names) for names in attributes]
        self._kept = (carriage, made)  # the library has their addresses
        self._carriage = _Carriage(
            None if carriage.values is None else id(carriage.values),
            *(of_them for of_them, _ in made),
            *map(len, attributes[:2]),
            -1 if carriage.projection is None else len(carriage.projection),
            carriage.keeps_deleted,
        )

    def read(self, events: list[Any], at: "array[int]", sequences: bytearray) -> tuple[bytes, ImageBytes, ImageBytes]:
        """Return for each record whether it was read (1) or declined (0), and the new and old images.

        `at` gets the times in milliseconds, `sequences` the sequence numbers, of 40 digits and one after the other. Of
        those that were declined both may get anything.
        """
        is_read = bytearray(len(events))
        new, old = _empty(len(events)), _empty(len(events))
        of_new, of_old = _images(new), _images(old)
        records = _Records(_start(is_read), at.buffer_info()[0], _start(sequences))
        parts = map(ctypes.addressof, (records, of_new, of_old))
        self._read(self._python, ctypes.addressof(self._carriage), id(events), *parts)
        for found, images in ((new, of_new), (old, of_old)):
            del found.body[images.length :], found.numbers[images.count :], found.ends[images.count :]
        return bytes(is_read), new, old


def _empty(count: int) -> ImageBytes:
    return ImageBytes(bytearray(), array("i", bytes(4 * count)), array("q", bytes(8 * count)))


def _images(found: ImageBytes) -> _Images:
    numbers, ends = found.numbers.buffer_info()[0], found.ends.buffer_info()[0]
    return _Images(body=id(found.body), number=numbers, end=ends)


def _start(found: bytearray) -> int:
    return ctypes.addressof((ctypes.c_char * 0).from_buffer(found))


def _attributes(names: Collection[str]) -> tuple[Any, list[bytes]]:
    leads = [msgspec.json.encode(name) + b":" for name in names]
    found = [_Attribute(id(name), lead, len(lead)) for name, lead in zip(names, leads, strict=True)]
    return (_Attribute * len(found))(*found), leads
