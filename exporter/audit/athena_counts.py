"""A dataset and a window flow in; the SELECT that counts rows per day, and its parsed answer, flow out."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from dataset_model import Dataset
from dataset_model.columns.types import STRING
from dataset_model.records.table_schema import SchemaColumn, TableSchema
from exporter.planning.window import Window
from exporter.values.numbers import canonical_number, is_number

NO_VALUE = "(null)"


@dataclass
class AthenaCounts:
    """Rows and keys that Athena sees."""

    rows: dict[dt.date, int] = field(default_factory=dict)
    keys: dict[dt.date, int] | None = None
    """Distinct primary keys; None where the table has no columns that hold them exactly."""
    rows_by_value: dict[dt.date, dict[str, int]] | None = None
    """None where the table has no column for the partition key."""
    scanned_bytes: int = 0


@dataclass(frozen=True)
class CountQuestion:
    """The SELECT that counts one dataset's rows in Athena."""

    dataset: Dataset
    value_column: str | None
    """Holds the index's partition key; None where nothing does."""
    key_columns: tuple[str, ...]
    """Hold the table's primary key; empty where some part of it has no exact column."""

    @classmethod
    def of(cls, dataset: Dataset, schema: TableSchema, table_key: Iterable[str]) -> "CountQuestion":
        """Return the question for a published schema."""
        columns = {column.whole_attribute: column for column in schema.columns if column.whole_attribute}
        attributes = dataset.source.partition_attributes
        value = columns.get(attributes[0]) if len(attributes) == 1 else None
        keys = [columns.get(attribute) for attribute in table_key]
        exact = [column.name for column in keys if column is not None and column.type.row.distinguishes]
        return cls(dataset, _value_column(value), tuple(exact) if len(exact) == len(keys) else ())

    def statement(self, window: Window | None) -> str:
        """Return the SELECT, pruned to a window's days.

        Columns: year, month, day, value, whether it is a whole day's row, rows, keys.
        """
        keys = ", ".join(f'"{name}"' for name in self.key_columns)
        distinct = f"count(DISTINCT {keys if len(self.key_columns) == 1 else f'({keys})'})" if keys else "NULL"
        value, total = (
            (f'"{self.value_column}"', f'grouping("{self.value_column}")') if self.value_column else ("NULL", "1")
        )
        days = '"year", "month", "day"'
        groups = f"GROUPING SETS (({days}), ({days}, {value}))" if self.value_column else days
        target = self.dataset.target
        return (
            f'SELECT {days}, {value}, {total}, count(*), {distinct} FROM "{target.database}"."{target.table}"'
            f"{_pruned(window)} GROUP BY {groups}"
        )

    def counts(self, rows: Iterable[tuple[str | None, ...]], scanned_bytes: int) -> AthenaCounts:
        """Return an answer's rows as counts."""
        counts = AthenaCounts(
            keys={} if self.key_columns else None,
            rows_by_value={} if self.value_column else None,
            scanned_bytes=scanned_bytes,
        )
        for year, month, day, value, total, found, keys in rows:
            date = dt.date(int(year or 0), int(month or 0), int(day or 0))
            if total == "1":
                counts.rows[date] = int(found or 0)
                if counts.keys is not None:
                    counts.keys[date] = int(keys or 0)
            elif counts.rows_by_value is not None:
                counts.rows_by_value.setdefault(date, {})[_value(value)] = int(found or 0)
        return counts


def _value_column(column: SchemaColumn | None) -> str | None:
    return column.name if column is not None and (column.type == STRING or column.type.is_number) else None


def _value(text: str | None) -> str:
    # Athena writes the double 5 as 5.0; a partition value is written as DynamoDB has it.
    if text is None:
        return NO_VALUE
    return canonical_number(text) if is_number(text) else text


def _pruned(window: Window | None) -> str:
    if window is None:
        return ""
    days = list(window.days())
    bounds = [
        f'"{name}" BETWEEN {min(values)} AND {max(values)}'
        for name, values in (
            ("year", [day.year for day in days]),
            ("month", [day.month for day in days]),
            ("day", [day.day for day in days]),
        )
    ]
    return f" WHERE {' AND '.join(bounds)} AND ({' OR '.join(_months(days))})"


def _months(days: list[dt.date]) -> Iterator[str]:
    for (year, month), group in groupby(days, key=lambda day: (day.year, day.month)):
        numbers = [day.day for day in group]
        yield f'("year" = {year} AND "month" = {month} AND "day" BETWEEN {numbers[0]} AND {numbers[-1]})'
