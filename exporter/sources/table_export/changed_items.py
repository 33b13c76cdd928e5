"""A data file of an incremental export flows in; the items that its window has changed flow out, with both images.

A line is `{"Metadata": {"WriteTimestampMicros": {"N": ...}}, "Keys": ..., "OldImage": ..., "NewImage": ...}`. An image
is as of one end of the window. Without a new one the item is deleted, without an old one it is new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from exporter.sources.table_export.lines import read_blocks
from exporter.sources.table_export.manifests import ExportFile, Objects
from exporter.values.attribute_values import Image


class _Number(msgspec.Struct):
    N: str


class _Metadata(msgspec.Struct):
    WriteTimestampMicros: _Number


class _Line(msgspec.Struct):
    Metadata: _Metadata
    Keys: msgspec.Raw
    OldImage: dict[str, Any] = {}
    NewImage: dict[str, Any] = {}


_line = msgspec.json.Decoder(_Line)


@dataclass(frozen=True)
class ChangedItem:
    """An item that was written in a window."""

    at: int
    """When it was last written in the window, in microseconds since 1970."""
    key: bytes
    old: Image | None
    new: Image | None


def changed_items(objects: Objects, file: ExportFile) -> Iterator[list[ChangedItem]]:
    """Yield a file's items in lists of about a megabyte; raise SourceError where it is not what the manifest says."""
    return read_blocks(objects, file, _changed)


def _changed(block: bytes) -> list[ChangedItem]:
    return [_item(_line.decode(line)) for line in block.split(b"\n")]


def _item(line: _Line) -> ChangedItem:
    try:
        at = int(line.Metadata.WriteTimestampMicros.N)
    except ValueError as error:
        raise msgspec.DecodeError(f"WriteTimestampMicros: {error}") from None
    return ChangedItem(at, bytes(line.Keys), line.OldImage or None, line.NewImage or None)
