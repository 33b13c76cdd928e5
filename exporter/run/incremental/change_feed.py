"""A window's items flow in, rows of change files flow out, as those of a stream: through the same writer.

A line of an incremental export becomes an event of a stream. Its sequence number is the time of the write in
microseconds, so of two windows the later one decides.
"""

import datetime as dt
import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model import Dataset
from dataset_model.records.changes import CHANGE_COLUMNS, SEQUENCE_DIGITS, STAMP_COLUMNS, StreamState, milliseconds
from dataset_model.records.table_schema import TableSchema
from exporter.changes.change_rows import GoneItems
from exporter.changes.writer import ChangeWriter
from exporter.clients import Clients
from exporter.run.incremental.leftover_items import Leftovers
from exporter.run.incremental.outdated_days import microseconds
from exporter.settings import Settings
from exporter.sources.table_export.changed_items import ChangedItem

AT_ONCE = 5_000
"""Items of a batch: more of them make fewer files, and need more memory."""


@dataclass
class Fed:
    """What a window has written."""

    rows: int = 0
    """Rows of change files: more or fewer than items, because a move is two and a change outside the source none."""
    quarantined: int = 0


class ChangeFeed:
    """Writes the changes of one dataset's windows."""

    def __init__(self, settings: Settings, clients: Clients, clock: Callable[[], dt.datetime]) -> None:
        self._writer = ChangeWriter(settings, clients, clock, fed_by="windows")

    def begin(self) -> None:
        """Let every export from now on stamp the files of its days."""
        self._writer.begin()

    def write(
        self,
        items: Iterable[list[ChangedItem]],
        table: pa.Table,
        leftovers: Leftovers,
        end: dt.datetime,
    ) -> Fed:
        """Write the change rows of a window's items, in the order of `table`, and tombstones of what is left over.

        Rows and tombstones of an item are written together, so that a query sees both or neither for as long as S3
        takes to store them.
        """
        done = Fed()
        first = 0
        for batch in batches(items):
            last = first + len(batch)
            is_expired = table.column("is_expired").slice(first, len(batch)).to_pylist()
            events = [
                event(item, by_ttl=by_ttl)
                for item, by_ttl in zip(batch, is_expired, strict=True)
                if item.old is not None or item.new is not None
            ]
            gone = {
                day: _passed(table, part)
                for day, places in leftovers.passed.items()
                if (part := places[bisect_left(places, first) : bisect_left(places, last)])
            }
            self._write(events, gone, done)
            first = last
        self._write([], {day: _vanished(keys, end) for day, keys in leftovers.vanished.items()}, done)
        return done

    def _write(self, events: Sequence[Mapping[str, Any]], gone: Mapping[dt.date, GoneItems], done: Fed) -> None:
        if events or gone:
            handled = self._writer.write(events, gone)
            done.rows += handled.rows
            done.quarantined += handled.quarantined


def can_be_fed(dataset: Dataset, schema: TableSchema, state: StreamState | None) -> bool:
    """Return whether windows may feed the change files of a dataset.

    Not where a stream feeds them, an item has several rows, or a column has a name that change files need.
    """
    names = {column.name for column in schema.columns}
    is_own = state is None or state.fed_by == "windows"
    return is_own and not dataset.exploded and not names & {*STAMP_COLUMNS, *CHANGE_COLUMNS}


def batches(items: Iterable[list[ChangedItem]]) -> Iterator[list[ChangedItem]]:
    """Yield lists of some `AT_ONCE` items."""
    batch: list[ChangedItem] = []
    for some in items:
        batch += some
        if len(batch) >= AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def event(item: ChangedItem, *, by_ttl: bool) -> dict[str, Any]:
    """Return a line as Lambda gives the record of a stream."""
    images = {"OldImage": item.old, "NewImage": item.new}
    change = {
        "Keys": json.loads(item.key),
        "SequenceNumber": str(item.at),
        "ApproximateCreationDateTime": item.at // 1_000_000,
        **{name: image for name, image in images.items() if image is not None},
    }
    removed = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}} if by_ttl else {}
    return {"eventName": _NAMES[item.old is not None, item.new is not None], "dynamodb": change, **removed}


_NAMES = {(False, True): "INSERT", (True, True): "MODIFY", (True, False): "REMOVE"}


def _passed(table: pa.Table, places: "array[int]") -> GoneItems:
    items = table.take(pa.array(places, pa.int64())).combine_chunks()
    at = items.column("at").combine_chunks()
    texts = pc.utf8_lpad(at.cast(pa.string()), width=SEQUENCE_DIGITS, padding="0")
    return GoneItems(items.column("key").combine_chunks(), pc.divide(at, 1000), texts)


def _vanished(keys: pa.Array, end: dt.datetime) -> GoneItems:
    """Return tombstones of items that were gone when their window ended."""
    at = pa.repeat(pa.scalar(milliseconds(end) - 1, pa.int64()), len(keys))
    sequence = f"{microseconds(end) - 1:0{SEQUENCE_DIGITS}}"
    return GoneItems(keys, at, pa.repeat(pa.scalar(sequence, pa.string()), len(keys)))
