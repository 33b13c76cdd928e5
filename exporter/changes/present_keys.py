"""A day's file and its change files flow in; the keys of its items at present, or of those gone from it, flow out."""

import datetime as dt
import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset_model.records.changes import (
    AT_COLUMN,
    CHANGE_COLUMNS,
    KEY_COLUMN,
    OPERATION_COLUMN,
    SEQUENCE_COLUMN,
    Operation,
    change_file,
    changes_of_day,
    milliseconds,
)
from exporter.storage.object_store import Store
from exporter.targets.stamps import digests_of

_CHANGES = pa.schema([
    ("key", pa.binary(16)), ("sequence", pa.string()), ("at", pa.int64()), ("is_there", pa.bool_()),
    ("is_removed", pa.bool_()),
])  # fmt: skip


def present_keys(store: Store, prefix: str, day: dt.date, held: pa.Array, as_of: dt.datetime | None) -> pa.Array:
    """Return the hashes of the keys on a day, by the rule of the view of the present state.

    `held` are those in the day's file and `as_of` is what it states; none and None for a day without a file.
    """
    changes = _latest(store, prefix, day, as_of)
    keys = changes.column("key").combine_chunks()
    unchanged = held.filter(pc.invert(pc.is_in(held, value_set=keys)))
    return pa.concat_arrays([unchanged, keys.filter(changes.column("is_there").combine_chunks())])


def removed_keys(store: Store, prefix: str, day: dt.date, as_of: dt.datetime | None) -> pa.Array:
    """Return the hashes of the keys of items that have left a day or were deleted, since what its file states."""
    changes = _latest(store, prefix, day, as_of)
    return changes.filter(changes.column("is_removed")).column("key").combine_chunks()


def _latest(store: Store, prefix: str, day: dt.date, as_of: dt.datetime | None) -> pa.Table:
    """Return of each key on a day its latest change, if it counts.

    A day may have millions of changes: each takes some 0.2 KB of memory.
    """
    parts = [
        _narrow(pq.read_table(io.BytesIO(body[0]), columns=[*CHANGE_COLUMNS]))
        for found in store.objects(changes_of_day(prefix, day))
        if change_file(prefix, found.key) and (body := store.read(found.key)) is not None
    ]
    rows = pa.concat_tables([_CHANGES.empty_table(), *parts])
    order = pc.sort_indices(rows, sort_keys=[("key", "ascending"), ("sequence", "descending")])
    rows = rows.drop_columns("sequence")
    keys = rows.column("key").take(order).combine_chunks()
    if len(order):
        is_first = pa.concat_arrays([pa.array([True]), pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1))])
        rows = rows.take(order.filter(is_first))
    return rows if as_of is None else rows.filter(pc.greater_equal(rows.column("at"), milliseconds(as_of)))


def _narrow(changes: pa.Table) -> pa.Table:
    there: Operation = "U"
    removed: Operation = "D"
    operation = changes.column(OPERATION_COLUMN)
    columns = (
        digests_of(changes.column(KEY_COLUMN).combine_chunks()), changes.column(SEQUENCE_COLUMN),
        changes.column(AT_COLUMN), pc.equal(operation, there), pc.equal(operation, removed),
    )  # fmt: skip
    return pa.table(dict(zip(_CHANGES.names, columns, strict=True)), _CHANGES)
