"""Two Parquet files of a closed day flow in, the items added, changed and deleted between them flow out.

Rows are compared by their keys and by a hash, 16 bytes of memory per row of each file. The result is written to
`_changes/<run id>/<day>.ndjson`, one line per item. An item that moved to another day is deleted in one and added in
the other.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog

from dataset_model.records.changes import STAMP_COLUMNS
from dataset_model.records.runs import CHANGES_FOLDER, DayChanges
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.file_formats import PARQUET
from exporter.storage.object_store import Store, StoredObject

_BATCH_ROWS = 1 << 14
_log = structlog.get_logger()


@dataclass(frozen=True)
class Difference:
    """How two files of a day differ, as hashes of the items' keys."""

    added: pa.UInt64Array
    changed: pa.UInt64Array
    deleted: pa.UInt64Array

    def __bool__(self) -> bool:
        """Whether they differ at all."""
        return bool(len(self.added) or len(self.changed) or len(self.deleted))


@dataclass
class ChangeLog:
    """Compares the days of one run that are read again on purpose."""

    store: Store
    prefix: str
    run_id: str
    folder: Path
    days: Collection[dt.date]
    """Days to compare; the others are published without a comparison."""
    key_attributes: tuple[str, ...]
    """Primary key of the table."""

    def compare(
        self, day: dt.date, published: StoredObject | None, file: Path | None, schema: TableSchema
    ) -> list[DayChanges]:
        """Compare a day's published object with the file that is to replace it, and log each item that differs.

        None stands for a day without rows. Call before publishing: a log without a publication does no harm, a deletion
        without a log does.
        """
        if day not in self.days:
            return []
        before = self.folder / f"before{PARQUET.extension}"
        if published is not None:
            self.store.download(published, before)
        sides = (before if published is not None else None, file)
        keys = self._key_columns(sides, schema)
        found = difference(*sides, keys)
        if not found:
            return []
        log = self.folder / "changes.ndjson"
        with log.open("w", encoding="utf-8") as lines:
            for line in _lines(*sides, keys, found):
                lines.write(json.dumps({"day": day.isoformat(), **line}, ensure_ascii=False) + "\n")
        key = f"{self.prefix}/{CHANGES_FOLDER}/{self.run_id}/{day.isoformat()}.ndjson"
        self.store.replace_with_file(key, log, None, content_type="application/x-ndjson")
        changes = DayChanges(day=day, added=len(found.added), changed=len(found.changed), deleted=len(found.deleted))
        _log.warning("a closed day has changed", **changes.model_dump(mode="json"))
        return [changes]

    def _key_columns(self, sides: tuple[Path | None, Path | None], schema: TableSchema) -> tuple[str, ...]:
        """Return the key's columns; none if a file lacks one, so that whole rows are compared."""
        names = [schema.names.get(attribute) for attribute in self.key_attributes]
        held = [set(pq.read_schema(side).names) for side in sides if side is not None]
        return tuple(name for name in names if name) if all(set(names) <= columns for columns in held) else ()


def difference(before: Path | None, after: Path | None, keys: tuple[str, ...]) -> Difference:
    """Return how two Parquet files differ; None is a file without rows.

    Without `keys` an item is identified by its whole row, and a changed item counts as deleted and added.
    """
    columns = _columns(before, after)
    old_keys, old_rows = _hashes(before, keys, columns)
    new_keys, new_rows = _hashes(after, keys, columns)
    now_at = pc.index_in(old_keys, value_set=new_keys)  # null where the key is gone
    kept = pc.is_valid(now_at)
    changed = pc.not_equal(old_rows.filter(kept), new_rows.take(now_at.filter(kept)))
    return Difference(
        added=new_keys.filter(pc.invert(pc.is_in(new_keys, value_set=old_keys))),
        changed=old_keys.filter(kept).filter(changed),
        deleted=old_keys.filter(pc.invert(kept)),
    )


def _columns(before: Path | None, after: Path | None) -> list[str]:
    """Return the columns of a row's hash: those of the newer file, for both."""
    newest = after or before
    return [name for name in pq.read_schema(newest).names if name not in STAMP_COLUMNS] if newest else []


def _hashes(file: Path | None, keys: Sequence[str], columns: Sequence[str]) -> tuple[pa.UInt64Array, pa.UInt64Array]:
    """Return the hashes of a file's keys, each once, and of their rows."""
    key_parts, row_parts = [pa.array([], pa.uint64())], [pa.array([], pa.uint64())]
    for batch in _batches(file, None):
        row_parts.append(_hashed(batch, columns))
        key_parts.append(_hashed(batch, keys) if keys else row_parts[-1])
    found = pa.table({"key": pa.concat_arrays(key_parts), "row": pa.concat_arrays(row_parts)})
    once = found.group_by("key", use_threads=False).aggregate([("row", "first")])
    return once.column("key").combine_chunks(), once.column("row_first").combine_chunks()


def _lines(
    before: Path | None, after: Path | None, keys: tuple[str, ...], found: Difference
) -> Iterator[Mapping[str, object]]:
    columns = list(keys) or _columns(before, after)
    for file, kinds in (
        (before, {"deleted": found.deleted}),
        (after, {"changed": found.changed, "added": found.added}),
    ):
        for batch in _batches(file, list(keys) or None):
            hashes = _hashed(batch, columns)
            for kind, wanted in kinds.items():
                rows = batch.filter(pc.is_in(hashes, value_set=wanted)).to_pylist()
                yield from ({"change": kind, "key": {name: _plain(row[name]) for name in row}} for row in rows)


def _batches(file: Path | None, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    if file is not None:
        with pq.ParquetFile(file) as parquet:
            yield from parquet.iter_batches(_BATCH_ROWS, columns=columns)


def _hashed(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.UInt64Array:
    """Return a 64-bit hash of each row's values in these columns; a column that the file lacks is null."""
    names = batch.schema.names
    texts = [
        batch.column(name).cast(pa.string()) if name in names else pa.nulls(batch.num_rows, pa.string())
        for name in columns
    ]
    joined = pc.binary_join_element_wise(*map(_delimited, texts), "")
    digests = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in joined.to_pylist())
    return pa.Array.from_buffers(pa.uint64(), batch.num_rows, [None, pa.py_buffer(digests)])


def _delimited(texts: pa.StringArray) -> pa.StringArray:
    """Return texts with their lengths before them, so that joined texts stay distinct; null is `-`."""
    lengths = pc.binary_length(texts).cast(pa.string())
    return pc.fill_null(pc.binary_join_element_wise(lengths, texts, ":"), "-")


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str | bool) else str(value)
