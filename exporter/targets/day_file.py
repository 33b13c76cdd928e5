"""A spooled day flows in, one file and the facts that the manifest records about it flow out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.records.manifest import DISTINCT_LIMIT
from dataset_model.records.table_schema import SchemaColumn, TableSchema
from dataset_model.types import JSON
from exporter.decoding.decoder import DAY, ITEM, KEY, LATE, SORT, QuarantinedItem, late_column
from exporter.decoding.key_hash import KeyHash
from exporter.decoding.schema import arrow_schema, arrow_type
from exporter.targets.base import FileFormat
from exporter.targets.merge import merged
from exporter.targets.row_groups import row_groups
from exporter.targets.spool import OpenDay, Segment
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


def write_day(
    day: OpenDay,
    schema: TableSchema,
    file: Path,
    dimensions: Sequence[str],
    quarantine: Callable[[Sequence[QuarantinedItem]], object],
    file_format: FileFormat,
    observe: Callable[[pa.Array], None] = lambda _: None,
) -> WrittenDay:
    """Write a day's rows in the schema's columns; list the distinct values of `dimensions` if they are few.

    The file is sorted by the sort key, in row groups as `row_groups` cuts them. Late
    columns get their types here; a value that contradicts its column goes to `quarantine` and is null in the file.
    `observe` is given the keys of all rows.
    """
    written = WrittenDay()
    distinct = _Distinct(dimensions)
    keys = KeyHash()
    arrow = arrow_schema(schema)

    def typed(segment: Segment) -> pa.RecordBatch:
        batch = day.read(segment)
        keys.add(batch.column(KEY))
        observe(batch.column(KEY))
        written.rows += batch.num_rows
        return _typed(batch, schema, arrow, written, quarantine)

    groups = row_groups(rows.drop_columns(SORT) for rows in merged(day.streams, typed, SORT))
    written.column_bytes = file_format.write(distinct.observed(groups), arrow, file)
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


def _typed(
    batch: pa.RecordBatch,
    schema: TableSchema,
    arrow: pa.Schema,
    written: WrittenDay,
    quarantine: Callable[[Sequence[QuarantinedItem]], object],
) -> pa.RecordBatch:
    quarantined: list[QuarantinedItem] = []
    read = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns = [_column(read, column, written, quarantined) for column in schema.columns]
    if quarantined:
        quarantine(sorted(quarantined, key=lambda item: item.row or 0))
    return pa.RecordBatch.from_arrays([*columns, read[SORT]], schema=arrow.append(pa.field(SORT, read[SORT].type)))


def _column(
    read: Mapping[str, pa.Array], column: SchemaColumn, written: WrittenDay, quarantined: list[QuarantinedItem]
) -> pa.Array:
    if column.name in read:
        return read[column.name]
    late = f"{LATE}{column.attribute}"
    if column.attribute is not None and late in read:
        typed = late_column(read[late], column.type)
        if typed.inexact.count:
            written.inexact[column.name] = written.inexact.get(column.name, InexactDoubles()) + typed.inexact
        for row, reason in typed.contradictions:
            item, day = read[ITEM][row].as_py(), read[DAY][row].as_py()
            quarantined.append(QuarantinedItem(f"{column.name}: {reason}", item, column.attribute, day, row))
        return typed.values
    if column.attribute is None and column.type != JSON:
        return read[DAY].cast(arrow_type(column.type))  # the extra date column
    return pa.nulls(len(read[DAY]), arrow_type(column.type))
