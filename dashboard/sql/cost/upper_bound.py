"""A statement and a manifest flow in; the upper bound of the statement's cost flows out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboard.model.selection.filters import Days
from dashboard.model.statements import Statement
from dashboard.sql.cost.partition_scan import DayTest
from dataset_model.records.manifest import DayRecord, Manifest

MINIMUM_BYTES = 10 * 1024 * 1024
"""Athena bills at least 10 MB a query."""
DOLLARS_PER_TB = Decimal(5)
BYTES_PER_TB = 1024**4


@dataclass(frozen=True)
class Estimate:
    """An upper bound. `billed_bytes` is at least Athena's minimum; `dollars` is what those cost."""

    bytes: int
    billed_bytes: int
    dollars: Decimal
    days: int
    """Published days that the query may open."""
    all_days: int
    """Days published in all."""
    reads_everything: bool
    """Whether no day is left out although there is more than one."""


def estimate_from(statement: Statement, manifest: Manifest, scans: Sequence[DayTest] | None = None) -> Estimate:
    """Return the upper bound for a statement over one dataset's table.

    `scans` holds one test per scan of the table: whether it may open a day. None: one scan of the statement's days,
    or of all days where it names none. A statement with unknown columns reads all columns.
    """
    own_days: DayTest = lambda day: statement.days is None or day in statement.days  # noqa: E731 - a test like the others
    tests: Sequence[DayTest] = scans if scans is not None else [own_days]
    sizes = {day: _bytes(record, statement.columns) for day, record in manifest.days.items()}
    # A table that is read many times has the same test each time.
    opened_by = {test: [day for day in sizes if test(day)] for test in dict.fromkeys(tests)}
    read = [opened_by[test] for test in tests]
    opened = {day for days in read for day in days}
    size = sum(sizes[day] for days in read for day in days)
    return Estimate(
        bytes=size,
        billed_bytes=max(size, MINIMUM_BYTES),
        dollars=dollars_for(size),
        days=len(opened),
        all_days=len(manifest.days),
        reads_everything=len(opened) == len(manifest.days) > 1,
    )


def together(estimates: Sequence[Estimate]) -> Estimate:
    """Return the upper bound of one statement over several tables from the bounds over each."""
    size = sum(estimate.bytes for estimate in estimates)
    return Estimate(
        bytes=size,
        billed_bytes=max(size, MINIMUM_BYTES),
        dollars=dollars_for(size),
        days=sum(estimate.days for estimate in estimates),
        all_days=sum(estimate.all_days for estimate in estimates),
        reads_everything=any(estimate.reads_everything for estimate in estimates),
    )


def dollars_for(bytes_scanned: int) -> Decimal:
    """Return what Athena bills for so many bytes scanned, its 10 MB minimum included."""
    return max(bytes_scanned, MINIMUM_BYTES) * DOLLARS_PER_TB / BYTES_PER_TB


def suggested_days(manifest: Manifest) -> Days | None:
    """Return the last seven published days, the suggestion for a query that reads every day."""
    latest = sorted(manifest.days)[-7:]
    return Days(latest[0], latest[-1]) if latest else None


def _bytes(record: DayRecord, columns: tuple[str, ...] | None) -> int:
    # A file that is older than a column holds nothing of it. A file without figures per column counts in full.
    if columns is None or not record.column_bytes:
        return record.bytes
    # Bytes outside of the columns are the footer, which Athena reads of every object that it opens.
    footers = max(record.bytes - sum(record.column_bytes.values()), 0)
    return footers + sum(record.column_bytes.get(column, 0) for column in columns)
