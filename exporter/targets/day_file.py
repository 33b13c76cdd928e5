"""A spooled day flows in, one file and the facts that the manifest records about it flow out."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.columns.types import JSON
from dataset_model.records.changes import STAMP_COLUMNS
from dataset_model.records.manifest import DISTINCT_LIMIT
from dataset_model.records.table_schema import SchemaColumn, TableSchema
from exporter.decoding.batch import DAY, ITEM, KEY, LATE, SORT, QuarantinedItem
from exporter.decoding.key_hash import KeyHash
from exporter.decoding.late_columns import late_column
from exporter.decoding.schema import arrow_schema, arrow_type
from exporter.targets.formats.base import FileFormat
from exporter.targets.merge import merged
from exporter.targets.row_groups import row_groups
from exporter.targets.spool import OpenDay, Segment
from exporter.targets.stamps import stamped_schema, stamps
from exporter.values.numbers import InexactDoubles


@dataclass
class WrittenDay:
    """Facts about a day's file."""

    rows: int = 0
    bytes: int = 0
    column_bytes: dict[str, int] = field(default_factory=dict)
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    key_hash: str = ""
    inexact: dict[str, InexactDoubles] = field(default_factory=dict)
    """Column -> late DOUBLEs that are not exactly the number stored."""
    kept: int = 0
    """Rows that were not read but stay, of `rows`."""


KeptOf = Callable[[Sequence[pa.Array]], Iterable[tuple[pa.Array, pa.RecordBatch]]]
"""The hashes of the keys that were read -> the hashes and rows, in the schema's columns, that stay all the same."""


def write_day(
    day: OpenDay,
    schema: TableSchema,
    file: Path,
    dimensions: Sequence[str],
    quarantine: Callable[[Sequence[QuarantinedItem]], object],
    file_format: FileFormat,
    observe: Callable[[pa.Array], None] = lambda _: None,
    as_of: dt.datetime | None = None,
    kept: KeptOf | None = None,
) -> WrittenDay:
    """Write a day's rows in the schema's columns; list the distinct values of `dimensions` if they are few.

    The file is sorted by the sort key, in row groups as `row_groups` cuts them. Late
    columns get their types here; a value that contradicts its column goes to `quarantine` and is null in the file.
    `observe` is given the keys of all rows. With `as_of` the rows are stamped: the dataset has changes, and from that
    instant on they count. The rows of `kept` follow those that were read.
    """
    written = WrittenDay()
    distinct = _Distinct(dimensions)
    keys = KeyHash()
    read: list[pa.Array] = []
    arrow = arrow_schema(schema)
    in_file = arrow if as_of is None else stamped_schema(arrow)

    def stamped(found: pa.Array, rows: pa.RecordBatch) -> list[pa.Array]:
        return [*rows.columns, *(stamps(found, as_of) if as_of is not None else ())]

    def staying() -> Iterator[pa.RecordBatch]:  # begins when all others have been read
        for found, rows in kept(read) if kept is not None else ():
            keys.add(found)
            written.rows += rows.num_rows
            written.kept += rows.num_rows
            yield pa.RecordBatch.from_arrays(stamped(found, rows), schema=in_file)

    def typed(segment: Segment) -> pa.RecordBatch:
        batch = day.read(segment)
        found = batch.column(KEY)
        keys.add(found)
        observe(found)
        if kept is not None:
            read.append(found)
        written.rows += batch.num_rows
        columns = stamped(found, typed_rows(batch, schema, arrow, quarantine, written.inexact))
        sorts = batch.column(SORT)
        return pa.RecordBatch.from_arrays([*columns, sorts], schema=in_file.append(pa.field(SORT, sorts.type)))

    of_reading = (rows.drop_columns(SORT) for rows in merged(day.streams, typed, SORT))
    groups = row_groups(itertools.chain(of_reading, staying()))
    sizes = file_format.write(distinct.observed(groups), in_file, file)
    written.column_bytes = {name: size for name, size in sizes.items() if name not in STAMP_COLUMNS}
    written.bytes = file.stat().st_size
    written.values = distinct.values()
    written.key_hash = keys.hexadecimal()
    return written


class _Distinct:
    """Distinct values of small dimensions; a column with too many is dropped."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._found: dict[str, set[str]] = {column: set() for column in columns}

    def observed(self, groups: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """Yield the groups and learn their values; none is referenced here while the next is collected."""
        while (group := next(groups, None)) is not None:
            self.add(group)
            yield group
            del group

    def add(self, table: pa.Table) -> None:
        for column in list(self._found):
            if column not in table.schema.names:
                continue
            found = self._found[column]
            # The first rows show a column of identifiers, which would cost most to compare.
            for rows in (table.column(column).slice(0, 4 * DISTINCT_LIMIT), table.column(column)):
                values = pc.drop_null(pc.unique(rows))
                if len(values) <= DISTINCT_LIMIT:
                    found.update(map(str, values.to_pylist()))
                if max(len(values), len(found)) > DISTINCT_LIMIT:
                    del self._found[column]
                    break

    def values(self) -> dict[str, tuple[str, ...]]:
        return {column: tuple(sorted(found)) for column, found in self._found.items()}


def typed_rows(
    batch: pa.RecordBatch,
    schema: TableSchema,
    arrow: pa.Schema,
    quarantine: Callable[[Sequence[QuarantinedItem]], object],
    inexact: dict[str, InexactDoubles] | None = None,
) -> pa.RecordBatch:
    """Return decoded rows in the schema's columns, late ones in their types.

    `arrow` is the schema's Arrow schema. `inexact` gains the late DOUBLEs that are not exactly the number stored.
    """
    quarantined: list[QuarantinedItem] = []
    read = dict(zip(batch.schema.names, batch.columns, strict=True))
    counts = {} if inexact is None else inexact
    columns = [_column(read, column, counts, quarantined) for column in schema.columns]
    if quarantined:
        quarantine(sorted(quarantined, key=lambda item: item.row or 0))
    return pa.RecordBatch.from_arrays(columns, schema=arrow)


def _column(
    read: Mapping[str, pa.Array],
    column: SchemaColumn,
    inexact: dict[str, InexactDoubles],
    quarantined: list[QuarantinedItem],
) -> pa.Array:
    if column.name in read:
        return read[column.name]
    late = f"{LATE}{column.attribute}"
    if column.attribute is not None and late in read:
        typed = late_column(read[late], column.type)
        if typed.inexact.count:
            inexact[column.name] = inexact.get(column.name, InexactDoubles()) + typed.inexact
        for row, reason in typed.contradictions:
            item, day = read[ITEM][row].as_py(), read[DAY][row].as_py()
            quarantined.append(QuarantinedItem(f"{column.name}: {reason}", item, column.attribute, day, row))
        return typed.values
    if column.attribute is None and column.type != JSON and not column.derive:
        return read[DAY].cast(arrow_type(column.type))  # the extra date column
    return pa.nulls(len(read[DAY]), arrow_type(column.type))
