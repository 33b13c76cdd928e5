"""A day's record, its objects and their footers flow in; what contradicts the record flows out."""

import datetime as dt
from collections.abc import Iterator

import pyarrow as pa

from dataset_model.records.changes import STAMP_COLUMNS
from dataset_model.records.manifest import DayRecord, ObjectRecord
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.partitions import day_from_key
from exporter.audit.inspection import Inspection
from exporter.decoding.schema import arrow_schema
from exporter.planning.window import is_closed
from exporter.storage.object_store import StoredObject
from exporter.storage.parquet_footers import Footer

CLOCK_SKEW = dt.timedelta(hours=1)
"""A record may be from a machine with a clock that is ahead by this much."""


def record_contradictions(day: dt.date, record: DayRecord, around: Inspection, schema: TableSchema) -> Iterator[str]:
    """Yield where the record of a day contradicts itself, its objects or their footers."""
    dataset = around.dataset
    yield from inner_contradictions(day, record, around.now)
    if record.state == "closed" and not is_closed(day, record.read_at, dataset.zone, dataset.source.settle_minutes):
        yield f"closed, although it was read at {record.read_at:%Y-%m-%d %H:%M} UTC, before the day had settled"
    listed = {item.key: item for item in around.objects}
    for item in record.objects:
        if day_from_key(dataset.target.prefix, item.key) != day:
            yield f"names {item.key}, an object of another day"
        found = listed.get(item.key)
        if found is not None and found.etag == item.etag:  # otherwise another finding
            yield from _object_contradictions(item, found, around.footers.get(item.key), schema)
    if not record.objects:
        yield from _objects_of_an_empty_day(day, around)


def _object_contradictions(
    record: ObjectRecord, found: StoredObject, footer: Footer | None, schema: TableSchema
) -> Iterator[str]:
    name = record.key.rpartition("/")[2]
    if footer is None:
        yield f"{name} is not a readable Parquet file"
        return
    if footer.rows != record.rows:
        yield f"{name} holds {footer.rows:,} rows, the manifest says {record.rows:,}"
    if found.bytes != record.bytes:
        yield f"{name} has {found.bytes:,} bytes, the manifest says {record.bytes:,}"
    yield from (f"{name} {difference}" for difference in column_differences(footer, schema))


def _objects_of_an_empty_day(day: dt.date, around: Inspection) -> Iterator[str]:
    for item in around.objects:
        if day_from_key(around.dataset.target.prefix, item.key) == day:
            footer = around.footers.get(item.key)
            holds = f"holds {footer.rows:,} rows" if footer else "is in the bucket"
            yield f"says that the day is empty, and {item.key.rpartition('/')[2]} {holds}"


def inner_contradictions(day: dt.date, record: DayRecord, now: dt.datetime) -> Iterator[str]:
    """Yield in which ways a record contradicts itself, its day or the clock."""
    if record.day != day:
        yield f"is the record of {record.day}"
    if record.read_at > now + CLOCK_SKEW:
        yield f"read at {record.read_at:%Y-%m-%d %H:%M} UTC, which is in the future: no later reading would replace it"
    counted = sum(record.rows_by_partition_value.values()) + record.kept_rows
    if record.rows_by_partition_value and len(record.objects) <= 1 and counted != record.rows:
        yield f"has {record.rows:,} rows, and {counted:,} by partition value"


def column_differences(footer: Footer, schema: TableSchema) -> Iterator[str]:
    """Yield columns of a file that Athena would read wrongly or not at all; a file may lack later columns."""
    expected: pa.Schema = arrow_schema(schema)
    for column in footer.columns:
        if column.name in STAMP_COLUMNS:
            continue
        at = expected.get_field_index(column.name)
        if at < 0:
            yield f"has a column {column.name} that the schema lacks"
        elif expected.field(at).type != column.type:
            yield f"has the column {column.name} as {column.type}; published is {expected.field(at).type}"
