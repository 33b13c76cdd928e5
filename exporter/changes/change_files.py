"""Rows of changes flow in, Parquet files below `_changes/` flow out, each in one put."""

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset_model.records.changes import (
    AT_COLUMN,
    CHANGE_COLUMNS,
    CHANGES_FOLDER,
    OPERATION_COLUMN,
    change_file,
    change_file_key,
    empty_day_key,
    milliseconds,
)
from exporter.storage.object_store import Store
from exporter.targets.formats.parquet import COMPRESSION, repeating_columns

_AT_A_TIME = 8
_CONTENT_TYPE = "application/vnd.apache.parquet"


def write_changes(store: Store, prefix: str, days: Mapping[dt.date, pa.Table]) -> list[str]:
    """Write a file for each day; return their keys.

    The name is made of the content, so a batch that is handled again overwrites its own files. Another batch of the
    same records has other files: key and sequence number decide, not files.
    """

    def written(day: dt.date, rows: pa.Table) -> str:
        body = file_of(rows)
        key = change_file_key(prefix, day, latest(rows), blake2b(body, digest_size=12).hexdigest())
        store.write(key, body, content_type=_CONTENT_TYPE)
        return key

    if len(days) == 1:  # as in most batches
        return [written(day, rows) for day, rows in days.items()]
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="changes") as pool:
        return list(pool.map(written, days.keys(), days.values()))


def listed_changes(store: Store, prefix: str) -> Iterator[tuple[dt.date, int]]:
    """Yield the day and the latest `_at` of every change file, by day."""
    listed = store.objects(f"{prefix}/{CHANGES_FOLDER}/year=")
    return filter(None, (change_file(prefix, found.key) for found in listed))


def days_changed_before(store: Store, prefix: str, moment: dt.datetime) -> set[dt.date]:
    """Return the days with a change file of which every change was written before an instant."""
    return {day for day, last_at in listed_changes(store, prefix) if last_at < milliseconds(moment)}


def write_merged(store: Store, prefix: str, day: dt.date, rows: pa.Table, token: str) -> str:
    """Write the merged rows of several files under a name that no other file has; return the key.

    The caller removes the files that were merged. A name made of the content could be one of theirs.
    """
    key = change_file_key(prefix, day, latest(rows), token)
    store.write(key, file_of(rows), content_type=_CONTENT_TYPE)
    return key


def write_empty_day(store: Store, prefix: str, day: dt.date, as_of: dt.datetime) -> None:
    """Write that a day was read and was empty: it has no file of its own that says since when changes count."""
    rows = pa.table(
        {name: pa.array([None], pa.int64() if name == AT_COLUMN else pa.string()) for name in CHANGE_COLUMNS}
        | {AT_COLUMN: pa.array([milliseconds(as_of)], pa.int64()), OPERATION_COLUMN: pa.array(["E"], pa.string())}
    )
    store.write(empty_day_key(prefix, day), file_of(rows), content_type=_CONTENT_TYPE)


def file_of(rows: pa.Table) -> bytes:
    """Return rows as a Parquet file; equal rows give equal bytes."""
    target = io.BytesIO()
    repeating = repeating_columns(rows)
    pq.write_table(rows, target, compression=COMPRESSION, store_schema=False, use_dictionary=repeating)
    return target.getvalue()


def latest(rows: pa.Table) -> int:
    """Return the latest `_at` of rows that are not none."""
    found: int = pc.max(rows.column(AT_COLUMN)).as_py()
    return found
