"""A data file of a table export flows in, bodies of the Query response's form flow out, checked against its manifest.

A line is `{"Item":{...}}` in DynamoDB JSON. No JSON text holds a raw line feed, so lines become a body by replacing
what stands between their items; a file that is written otherwise is parsed line by line.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
from zlib_ng import zlib_ng

from exporter.errors import SourceError
from exporter.sources.table_export.manifests import ExportFile, Objects, md5_text

BODY_BYTES = 1 << 20
"""Size of a body, as of a page of a Query: memory does not grow with the size of a file."""

LONGEST_LINE = 32 << 20
"""An item has at most 400 KB, and DynamoDB JSON is up to ten times as long; a line may hold two images of it."""

_BEGIN, _END = b'{"Item":', b"}"
_BETWEEN = _END + b"\n" + _BEGIN
_GZIP = 31
ZLIB_ERROR: type[Exception] = zlib_ng.error  # type: ignore[assignment]  # a class that its stubs declare as a value


_Read = TypeVar("_Read")


class _Damaged(Exception):
    """The file is no gzip stream of lines."""


class _Line(msgspec.Struct):
    Item: msgspec.Raw


_line = msgspec.json.Decoder(_Line)


def bodies_of(objects: Objects, file: ExportFile) -> Iterator[bytes]:
    """Yield a file's items as bodies; raise SourceError at its end if it is not what the manifest says."""
    return read_blocks(objects, file, _body)


def read_blocks(objects: Objects, file: ExportFile, read: Callable[[bytes], _Read]) -> Iterator[_Read]:
    """Yield what `read` makes of each block of whole lines; raise SourceError as `bodies_of` does."""
    where = f"s3://{objects.bucket}/{file.key}"
    digest, items = hashlib.md5(), 0  # noqa: S324 - the checksum that DynamoDB writes
    try:
        for block in _blocks(objects, file.key, digest):
            items += block.count(b"\n") + 1
            if not block.isascii():
                block.decode()  # raises what is caught below: who reads values takes them for UTF-8
            yield read(block)
    except (_Damaged, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{where} is damaged: {error}. Nothing of it is published. Start another export") from None
    if file.md5_checksum and md5_text(digest) != file.md5_checksum:
        raise SourceError(
            f"{where} is not what DynamoDB wrote: its MD5 is {md5_text(digest)}, the manifest says "
            f"{file.md5_checksum}. Nothing of it is published. Start another export"
        )
    if items != file.item_count:
        raise SourceError(
            f"{where} holds {items:,} items, the manifest says {file.item_count:,}. Nothing of it is published. "
            "Start another export"
        )


def _blocks(objects: Objects, key: str, digest: "hashlib._Hash") -> Iterator[bytes]:
    """Yield whole lines, without the last line feed; none of a file without lines."""
    rest = bytearray()
    for piece in _inflated(objects, key, digest):
        rest += piece
        if len(rest) >= BODY_BYTES and (end := rest.rfind(b"\n")) > 0:
            yield bytes(rest[:end])
            del rest[: end + 1]
        if len(rest) > LONGEST_LINE:
            raise _Damaged(f"a line of it is longer than {LONGEST_LINE >> 20} MiB, and no item is")
    if rest := bytearray(rest.rstrip(b"\n")):
        yield bytes(rest)


def _inflated(objects: Objects, key: str, digest: "hashlib._Hash") -> Iterator[bytes]:
    """Yield a gzipped object's content in pieces; a file may consist of several gzip members."""
    inflater = zlib_ng.decompressobj(_GZIP)
    for chunk in objects.chunks(key):
        digest.update(chunk)
        waiting = chunk
        while waiting:
            if inflater.eof:
                inflater = zlib_ng.decompressobj(_GZIP)
            try:
                piece = inflater.decompress(waiting, BODY_BYTES)
            except ZLIB_ERROR as error:
                raise _Damaged(error) from None
            yield piece
            waiting = inflater.unconsumed_tail or inflater.unused_data
    if not inflater.eof:
        raise _Damaged("it ends before its gzip stream does")


def _body(lines: bytes) -> bytes:
    count = lines.count(b"\n")
    if lines.startswith(_BEGIN) and lines.endswith(_END) and lines.count(_BETWEEN) == count:
        return b'{"Items":[' + lines[len(_BEGIN) : -len(_END)].replace(_BETWEEN, b",") + b"]}"
    return b'{"Items":[' + b",".join(bytes(_line.decode(line).Item) for line in lines.split(b"\n")) + b"]}"
