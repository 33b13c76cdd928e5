"""`_manifest.json`: what is published, day by day. The exporter writes it, the dashboard reads it.

It is written after the objects that it describes. Where an object's ETag is not the one recorded here, a run died
between the two, and the day counts as unverified until the next run.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dataset_model.targets.file_formats import FormatName

MANIFEST_FILE = "_manifest.json"

DISTINCT_LIMIT = 500
"""A dimension with more values than this in one day is not small: its values are not listed."""


class _Record(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True)


class ObjectRecord(_Record):
    """One Parquet object."""

    key: str
    etag: str
    """As S3 gives it, without quotes."""
    run_id: str
    rows: int
    bytes: int


class TargetObject(_Record):
    """The file of a day in another target, which has the rows of the day's Parquet objects."""

    format: FormatName
    key: str
    etag: str
    rows: int
    bytes: int
    columns: tuple[str, ...]
    """Keys or header, in order."""
    made_from: tuple[str, ...]
    """ETags of the Parquet objects that it was made from, sorted; where the day has others, the file is out of date."""


class DayReport(_Record):
    """The CSV file that has a day's rows: one that a run wrote for all its days, or one that was put by hand."""

    key: str
    etag: str
    rows: int
    """Of this day."""


class Reports(_Record):
    """Where the days of a dataset have CSV files as well, one for each run."""

    prefix: str
    """Of the files, without slashes at its ends."""
    since: AwareDatetime
    """A day that was read then or later has its rows in a file."""


class DayRecord(_Record):
    """One day. Absent from the manifest means: nothing published."""

    day: dt.date
    objects: tuple[ObjectRecord, ...]
    """One in OVERWRITE; one per run in APPEND."""
    state: Literal["open", "closed"]
    """open: read before the day had ended and settled, so it is read again."""
    read_at: AwareDatetime
    """When the day's items were read; rows are as of then."""
    as_of: AwareDatetime | None = None
    """The instant from which changes count for this day, as its file states; None: the dataset had no changes yet."""
    withheld: int = 0
    """Items that have no readable day but were met while this day was read."""
    nulled: int = 0
    """Rows with at least one value that contradicted its column and became null."""
    rows_by_partition_value: dict[str, int] = Field(default_factory=dict)
    items_by_partition_value: dict[str, int] | None = None
    """Where a row is an element of an item: the items that were read, those without a row as well. None: a row is an
    item."""
    partition_values: tuple[str, ...] | None = None
    """The values that were read; None: not recorded, by a release that did not do so."""
    column_bytes: dict[str, int] = Field(default_factory=dict)
    """Compressed bytes per column: what a query that touches the column scans."""
    values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Distinct values, sorted, of the dimensions that have at most `DISTINCT_LIMIT` of them."""
    key_hash: str = ""
    """Order-free hash of the items' primary keys (sum of 128-bit hashes, hexadecimal)."""
    kept_rows: int = 0
    """Rows that stay although their items are deleted; they are in no partition value's count."""
    verified_at: AwareDatetime | None = None
    targets: tuple[TargetObject, ...] = ()
    """Files of the day in further targets; none for a day without rows."""
    report: DayReport | None = None
    """Written or put for this reading of the day."""

    @property
    def etags(self) -> tuple[str, ...]:
        """ETags of the day's Parquet objects, sorted."""
        return tuple(sorted(found.etag for found in self.objects))

    @property
    def rows(self) -> int:
        """Rows published for the day."""
        return sum(item.rows for item in self.objects)

    @property
    def values_with_rows(self) -> list[str]:
        """Partition values that have rows on the day."""
        return [value for value, rows in self.rows_by_partition_value.items() if rows]

    @property
    def bytes(self) -> int:
        """Bytes published for the day."""
        return sum(item.bytes for item in self.objects)


class Manifest(_Record):
    """Everything published under one prefix."""

    format: Literal[1] = 1
    version: int = 0
    """Grows by one with every change; part of the dashboard's cache keys."""
    dataset: str
    location: str
    """`s3://bucket/prefix/`."""
    time_zone: str
    updated_at: AwareDatetime
    days: dict[dt.date, DayRecord] = Field(default_factory=dict)
    values_seen: tuple[str, ...] = ()
    """Partition values that had a published row at some time, sorted; their days may have lost it since."""
    scheduled_from: dt.date | None = None
    """The first day that the schedule covers; None: not known. A day since then without a record is owed."""
    reports: Reports | None = None
    """None: there are none."""

    @property
    def rows(self) -> int:
        """Rows published in all."""
        return sum(day.rows for day in self.days.values())

    @property
    def first_day(self) -> dt.date | None:
        """The earliest published day, or None while nothing is published."""
        return min(self.days, default=None)

    @property
    def last_day(self) -> dt.date | None:
        """The latest published day, or None while nothing is published."""
        return max(self.days, default=None)

    def without_values(self, columns: Collection[str]) -> "Manifest":
        """Return the manifest without the distinct values of these columns."""
        days = {
            day: record.model_copy(
                update={"values": {name: found for name, found in record.values.items() if name not in columns}}
            )
            for day, record in self.days.items()
        }
        return self.model_copy(update={"days": days})

    def without_any_value(self) -> "Manifest":
        """Return the manifest without the distinct values of any column."""
        return self.without_values({name for record in self.days.values() for name in record.values})

    def lacks_report(self, record: DayRecord) -> bool:
        """Return whether a day's rows should be in a CSV file, and no file with them is recorded."""
        since = self.reports.since if self.reports else None
        return since is not None and bool(record.rows) and record.report is None and record.read_at >= since

    def seen(self) -> set[str]:
        """Return the partition values that have or had a published row."""
        return {*self.values_seen, *(value for day in self.days.values() for value in day.values_with_rows)}

    def values(self, column: str, days: Iterable[dt.date] | None = None) -> tuple[str, ...] | None:
        """Return the sorted distinct values of a small dimension, or None where some day has too many to list."""
        found: set[str] = set()
        for day in self.days if days is None else days:
            record = self.days.get(day)
            if record is None or record.rows == 0:
                continue
            if column not in record.values:
                return None
            found.update(record.values[column])
        return tuple(sorted(found))
