"""A day's published objects and the keys of a new reading flow in; published rows of deleted items flow out.

For datasets that keep what is deleted, and for days on which the table's TTL has begun to remove items. A row that is
not in the new reading is of an item that was deleted, and stays, or of one that has moved to another day or left the
index, and goes: the table is asked for the item by its key. It goes as well where change files say that the item has
left the day, or was deleted by other means than time to live.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset_model import Dataset
from dataset_model.columns.types import BIGINT, STRING
from dataset_model.records.changes import KEY_COLUMN
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.file_formats import PARQUET
from exporter.decoding.schema import arrow_schema
from exporter.sources.description import SourceDescription
from exporter.sources.partial_reads.item_lookup import ItemLookup
from exporter.sources.partial_reads.key_scan import key_digest
from exporter.sources.rate_limiter import RateLimiter
from exporter.storage.object_store import Store, StoredObject
from exporter.storage.parquet_footers import Footer, read_footers
from exporter.targets.stamps import digests_of
from exporter.values.attribute_values import AttributeValue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH_ROWS = 1 << 14
_DIGEST = pa.binary(16)
_EXACT = {"S": {STRING}, "N": {STRING, BIGINT}}
"""Type of a key attribute -> column types that hold it as it is, so that the item can be looked up."""

Item = Mapping[str, AttributeValue]


@dataclass
class PublishedKeys:
    """The keys of the items in published objects."""

    store: Store
    folder: Path
    key: Mapping[str, str]
    """Primary key attribute of the table -> its DynamoDB type, partition key first."""
    _footers: dict[dt.date, list[Footer | None]] = field(default_factory=dict, init=False)

    def can_tell(self, day: dt.date, objects: Sequence[StoredObject], schema: TableSchema) -> bool:
        """Return whether the objects of a day hold the keys of their items exactly."""
        types = {column.name: column.type for column in schema.columns}
        names = {attribute: schema.names.get(attribute, "") for attribute in self.key}
        if not self.key or any(types.get(names[one]) not in _EXACT.get(kind, ()) for one, kind in self.key.items()):
            return False
        wanted = {*names.values()}  # a value that its column does not take is null there
        return all(footer is not None and footer.is_full(wanted) for footer in self._footers_of(day, objects))

    def are_known(self, day: dt.date, objects: Sequence[StoredObject], schema: TableSchema) -> bool:
        """Return whether the objects of a day hold the keys of their items exactly, or state the hashes of the keys."""
        footers = self._footers_of(day, objects)
        is_stated = all(footer is not None and KEY_COLUMN in footer.columns.names for footer in footers)
        return is_stated or self.can_tell(day, objects, schema)

    def _footers_of(self, day: dt.date, objects: Sequence[StoredObject]) -> list[Footer | None]:
        """Return the footer of each object; None for one that is not there or not readable, or where there is none."""
        if day not in self._footers:
            footers = read_footers(self.store, [found.key for found in objects])
            self._footers[day] = [footers.get(one.key) for one in objects] or [None]
        return self._footers[day]

    def digests(self, found: StoredObject, schema: TableSchema) -> pa.Array:
        """Return the hashes of an object's keys; raise StaleRun where it is no longer what was found."""
        file = self.folder / f"keys{PARQUET.extension}"
        self.store.download(found, file)
        digests = self._digests_of(file, schema)
        file.unlink()
        return digests

    def _digests_of(self, file: Path, schema: TableSchema) -> pa.Array:
        """Return the hashes of a file's keys: those that it states, or else made from its columns."""
        names = [KEY_COLUMN] if _is_stamped(file) else [schema.names[one] for one in self.key]
        return pa.concat_arrays(
            [pa.array([], _DIGEST), *(self._hashes(rows, schema) for rows in _batches(file, names))]
        )

    def items(
        self, found: StoredObject, schema: TableSchema, wanted: pa.Array
    ) -> Iterator[tuple[pa.Array, list[Item]]]:
        """Yield the hashes and the keys, as DynamoDB writes them, of an object's items with these hashes."""
        file = self.folder / f"keys{PARQUET.extension}"
        self.store.download(found, file)
        stamp = [KEY_COLUMN] if _is_stamped(file) else []
        for rows in _batches(file, [*stamp, *(schema.names[one] for one in self.key)]):
            digests = self._hashes(rows, schema)
            is_wanted = pc.is_in(digests, value_set=wanted)
            if pc.any(is_wanted).as_py():
                yield digests.filter(is_wanted), self._items(rows.filter(is_wanted), schema)
        file.unlink()

    def _hashes(self, rows: pa.RecordBatch, schema: TableSchema) -> pa.Array:
        if KEY_COLUMN in rows.schema.names:
            return digests_of(rows.column(KEY_COLUMN))
        return pa.array([key_digest(item, [*self.key]) for item in self._items(rows, schema)], _DIGEST)

    def _items(self, rows: pa.RecordBatch, schema: TableSchema) -> list[Item]:
        """Return the keys of rows as DynamoDB writes them."""
        columns = {one: rows.column(schema.names[one]).cast(pa.string()).to_pylist() for one in self.key}
        texts = zip(*columns.values(), strict=True)
        return [
            {one: AttributeValue(**{kind: text}) for (one, kind), text in zip(self.key.items(), each, strict=True)}
            for each in texts
        ]


@dataclass
class KeptRows(PublishedKeys):
    """Finds the rows of deleted items in a run's published days."""

    lookup: ItemLookup
    is_kept: Callable[[dt.date], bool]
    """Whether a day's rows stay when their items are deleted."""
    removed: Callable[[dt.date], pa.Array] = lambda _: pa.array([], _DIGEST)
    """Returns the hashes of keys that are gone from a day by its change files."""

    def can_tell(self, day: dt.date, objects: Sequence[StoredObject], schema: TableSchema) -> bool:
        """Return whether a day's deleted rows stay, and its objects hold the keys, so that they can be found."""
        return self.is_kept(day) and super().can_tell(day, objects, schema)

    def rows(
        self, day: dt.date, objects: Sequence[StoredObject], schema: TableSchema, read: Sequence[pa.Array]
    ) -> Iterator[tuple[pa.Array, pa.RecordBatch]]:
        """Yield the keys' hashes and the rows, in the schema's columns, of deleted items; `read` are the hashes read.

        Raises SourceError where the table cannot be asked.
        """
        here = pa.chunked_array([*read, self.removed(day)], _DIGEST)
        file = self.folder / f"published{PARQUET.extension}"
        for found in objects:
            self.store.download(found, file)
            digests = self._digests_of(file, schema)
            is_gone = pc.invert(pc.is_in(digests, value_set=here))
            at = 0
            for batch in _batches(file, None) if pc.any(is_gone).as_py() else ():
                gone = digests.slice(at, batch.num_rows).filter(is_gone.slice(at, batch.num_rows))
                rows = batch.filter(is_gone.slice(at, batch.num_rows))
                at += batch.num_rows
                is_deleted = self._deleted(rows, gone, schema)
                if pc.any(is_deleted).as_py():
                    yield gone.filter(is_deleted), _in_columns(rows.filter(is_deleted), schema)
                    here = pa.chunked_array([*here.chunks, gone.filter(is_deleted)], _DIGEST)
            file.unlink()

    def _deleted(self, rows: pa.RecordBatch, digests: pa.Array, schema: TableSchema) -> pa.Array:
        """Return of each row whether the table has no item with its key any more."""
        present = self.lookup.items(self._items(rows, schema)) if rows.num_rows else ()
        there = [key_digest(item, [*self.key]) for item in present]
        return pc.invert(pc.is_in(digests, value_set=pa.array(there, _DIGEST)))


def kept_rows(
    dataset: Dataset,
    description: SourceDescription,
    client: "DynamoDBClient",
    store: Store,
    folder: Path,
    limiter: RateLimiter,
    is_kept: Callable[[dt.date], bool],
    removed: Callable[[dt.date], pa.Array] | None = None,
) -> KeptRows | None:
    """Return what finds the rows of a dataset's deleted items.

    None where no file is replaced, no table is read, or an item has many rows.
    """
    if dataset.target.overwrite_mode == "APPEND" or dataset.exploded or not description.table_key_types:
        return None
    key = dict(zip(description.table_key, description.table_key_types, strict=True))
    lookup = ItemLookup(client, dataset.source.table, description.table_key, (), limiter, consistent=True)
    found = KeptRows(store, folder, key, lookup=lookup, is_kept=is_kept)
    return replace(found, removed=removed) if removed else found


def _is_stamped(file: Path) -> bool:
    return KEY_COLUMN in pq.read_schema(file).names


def _batches(file: Path, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as parquet:
        yield from parquet.iter_batches(_BATCH_ROWS, columns=columns)


def _in_columns(rows: pa.RecordBatch, schema: TableSchema) -> pa.RecordBatch:
    """Return published rows in today's columns; one that the file lacks is null, as Athena reads it."""
    arrow = arrow_schema(schema)
    present = set(rows.schema.names)
    columns = [
        rows.column(one.name).cast(one.type) if one.name in present else pa.nulls(rows.num_rows, one.type)
        for one in arrow
    ]
    return pa.RecordBatch.from_arrays(columns, schema=arrow)
