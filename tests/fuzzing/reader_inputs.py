"""Bytes of any kind as answers of a Query, lines of a table export and records of a stream, at the exporter's reader.

The first byte says which: Q, L or S.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import msgspec
from fenced import Fenced, scan_fenced

from dataset_model import Column, Dataset, IndexSource
from dataset_model.columns.types import ColumnType
from exporter.changes.decoded_images import NumberedImages, decoded_images
from exporter.changes.stream_record import PoisonRecord, stream_record
from exporter.decoding import decoder, key_hash, schema
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.page import _ScannedPages
from exporter.decoding.schema import initial_schema, kinds_in_page
from exporter.errors import SourceError
from exporter.native.library import Library, library
from exporter.planning import sort_key
from exporter.planning.sort_key import SortKey
from exporter.sources.table_export.lines import _body

_USERS = (decoder, key_hash, schema, sort_key)
"""Modules that ask for the compiled reader."""
_NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
_COLUMNS = {
    "T": "string", "N": "double", "W": "bigint", "D": "decimal(12,2)", "F": "boolean", "J": "json", "M": "timestamp",
    "O": "date",
}  # fmt: skip
_POLICIES = ("add", "extra", "ignore")
_MOST = 1 << 15
"""Bytes of an input; what comes out of it has room for as many more."""
_source, _target = Fenced(_MOST), Fenced(64 * _MOST)

compiled: Library | None = library()
"""The reader under test; a run that counts its lines puts another build here."""

_ITEM = (
    b'{"I":{"S":"a"},"A":{"S":"2026-02-16T09:58:00Z"},"T":{"S":"t\\u00e9\\n"},"N":{"N":"-12.5E3"},"W":{"N":"12"},'
    b'"D":{"N":"1.25"},"F":{"BOOL":true},"J":{"M":{"b":{"L":[{"S":"x"},{"NULL":true}]},"a":{"N":"1"}}},'
    b'"M":{"S":"2026-02-16 00:30:00+05:30"},"O":{"S":"2026-02-17"},"U":{"SS":["b","a"]}}'
)
_PLAIN = b'{"I":{"S":"b"},"A":{"S":"2026-02-17T00:00:00Z"},"T":{"NULL":true},"N":{"N":"0.1"},"B":{"B":"AA=="}}'


def seeds() -> list[bytes]:
    """Return a body, lines and records as DynamoDB writes them."""
    records = [
        {"eventName": name, "dynamodb": {"SequenceNumber": "1", "ApproximateCreationDateTime": 1771236000} | images}
        for name, images in (
            ("INSERT", {"NewImage": json.loads(_ITEM)}),
            ("MODIFY", {"NewImage": json.loads(_PLAIN), "OldImage": json.loads(_ITEM)}),
        )
    ]
    return [
        b'Q{"Count":2,"Items":[%s,%s],"ScannedCount":2}' % (_ITEM, _PLAIN),
        b'Q{"Items": [%s], "LastEvaluatedKey": {"I": {"S": "a"}}, "ConsumedCapacity": {"CapacityUnits": 1.5}}' % _PLAIN,
        b'L{"Item":%s}\n{"Item":%s}' % (_ITEM, _PLAIN),
        b"S" + json.dumps(records, separators=(",", ":")).encode(),
    ]


def hold(data: bytes) -> None:
    """Whatever the bytes are, the compiled reader makes of them what Python makes, or both refuse them."""
    with _reading_by(None):
        expected = outcome(data)
    with _reading_by(compiled):
        found = outcome(data)
    assert found == expected, _difference(found, expected)


def outcome(data: bytes) -> str:
    """Return what is read, or that it is refused."""
    read = {b"L": _of_lines, b"S": _of_records}.get(data[:1], _of_body)
    return read(data[1:_MOST])


def _difference(compiled: str, python: str) -> str:
    at = next((at for at, pair in enumerate(zip(compiled, python, strict=False)) if len(set(pair)) > 1), 0)
    return f"compiled: {compiled[max(0, at - 100) : at + 100]}\nPython: {python[max(0, at - 100) : at + 100]}"


@contextmanager
def _reading_by(chosen: Library | None) -> Iterator[None]:
    for module in _USERS:
        module.library = lambda: chosen  # type: ignore[assignment]
    try:
        yield
    finally:
        for module in _USERS:
            module.library = library


def _of_body(body: bytes) -> str:
    def read() -> object:
        kinds = sorted((name, sorted(found)) for name, found in kinds_in_page(body).items())
        return kinds, [_outcome(used.decode(body)) for used in _decoders(body)]

    return _or_refused(read)


def _of_lines(lines: bytes) -> str:
    try:
        body = _body(lines)
    except msgspec.DecodeError:
        return "refused"
    return _of_body(body)


def _of_records(text: bytes) -> str:
    try:
        events = json.loads(text)
    except (ValueError, RecursionError):
        return "refused"
    images = NumberedImages()
    for number, event in enumerate(events if isinstance(events, list) else [events]):
        try:
            record = stream_record(event)
        except SourceError:
            return "refused"
        for image in () if isinstance(record, PoisonRecord) else (record.new, record.old):
            if image is not None:
                _or_refused(lambda image=image, number=number: images.add(number, image))  # type: ignore[misc]
    found = []
    for used in _decoders(b""):
        made = decoded_images(used, images)
        found.append(([(_outcome(page), numbers) for page, numbers in made.pages], sorted(made.poison)))
    return repr(found)


def _or_refused(read: Callable[[], object]) -> str:
    try:
        return repr(read())
    except (msgspec.MsgspecError, ArithmeticError, ValueError, TypeError, RecursionError):
        return "refused"


def _decoders(body: bytes) -> Iterator[PageDecoder]:
    """Yield a decoder for each treatment of attributes without a column."""
    is_compiled = decoder.library() is not None
    for policy in _POLICIES:
        used, as_made = _made(policy, is_compiled)
        for way in as_made if is_compiled else ():
            if isinstance(way, _ScannedPages):
                scan_fenced(way._plan, body, _source, _target)
        try:
            yield used
        finally:
            if used._reader._ways is not as_made:  # it has learned from the page; the next one is to find a new reader
                _made.cache_clear()


@cache
def _made(policy: Any, is_compiled: bool) -> tuple[PageDecoder, object]:
    columns = [
        Column(name=f"c_{attribute.lower()}", attribute=attribute, type=ColumnType.parse(column_type))
        for attribute, column_type in _COLUMNS.items()
    ]
    source = IndexSource(table="orders", index="by-time", partition_key="K", partition_values=("A",), sort_key="A")
    described = Dataset(name="orders", source=source, columns=columns, undeclared=policy)
    key = SortKey("ISO", described.zone, "S", 2027)
    used = PageDecoder(initial_schema(described, None, _NOW), described, key, ("I", "N"))
    if policy != "ignore":  # one knows the attributes without a column, which the compiled reader takes then
        used.decode(b'{"Items":[%s,%s]}' % (_ITEM, _PLAIN))
    assert is_compiled == any(isinstance(way, _ScannedPages) for way in used._reader._ways)
    return used, used._reader._ways


def _outcome(page: decoder.DecodedPage) -> object:
    rows = page.rows.to_pylist()
    inexact = sorted((place, found.count) for place, found in page.inexact.items())
    read = (page.items, page.last_evaluated_key, page.read_units, sorted(page.ignored.items()))
    return rows, page.withheld, page.nulled, inexact, read
