"""A day's file and its change files flow in; the keys of its items at present, or of those gone from it, flow out."""

import datetime as dt
import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset_model.records.changes import (
    CHANGE_COLUMNS,
    KEY_COLUMN,
    OPERATION_COLUMN,
    change_file,
    changes_of_day,
    milliseconds,
)
from exporter.changes.compaction import latest_changes
from exporter.storage.object_store import Store
from exporter.targets.stamps import digests_of


def present_keys(store: Store, prefix: str, day: dt.date, held: pa.Array, as_of: dt.datetime | None) -> pa.Array:
    """Return the hashes of the keys on a day, by the rule of the view of the present state.

    `held` are those in the day's file and `as_of` is what it states; none and None for a day without a file.
    """
    changes = _latest(store, prefix, day, as_of)
    keys = digests_of(changes.column(KEY_COLUMN).combine_chunks())
    is_there = pc.equal(changes.column(OPERATION_COLUMN).combine_chunks(), "U")
    unchanged = held.filter(pc.invert(pc.is_in(held, value_set=keys)))
    return pa.concat_arrays([unchanged, keys.filter(is_there)])


def removed_keys(store: Store, prefix: str, day: dt.date, as_of: dt.datetime | None) -> pa.Array:
    """Return the hashes of the keys of items that have left a day or were deleted, since what its file states."""
    changes = _latest(store, prefix, day, as_of)
    is_removed = pc.equal(changes.column(OPERATION_COLUMN), "D")
    return digests_of(changes.filter(is_removed).column(KEY_COLUMN).combine_chunks())


def _latest(store: Store, prefix: str, day: dt.date, as_of: dt.datetime | None) -> pa.Table:
    """Return of each key on a day its latest change, if it counts."""
    empty = pa.table({name: pa.array([], kind) for name, kind in zip(CHANGE_COLUMNS, _TYPES, strict=True)})
    read = [
        body[0]
        for found in store.objects(changes_of_day(prefix, day))
        if change_file(prefix, found.key) and (body := store.read(found.key)) is not None
    ]
    tables = [pq.read_table(io.BytesIO(body), columns=[*CHANGE_COLUMNS]) for body in read]
    rows = pa.concat_tables([empty, *tables], promote_options="default")
    return latest_changes(rows, milliseconds(as_of) if as_of else None)


_TYPES = (pa.string(), pa.int64(), pa.string(), pa.string())
