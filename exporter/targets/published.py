"""A run flows in with its start, what it has published so far flows out."""

import datetime as dt
from dataclasses import dataclass, field

from dataset_model.records.changes import as_of
from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import DayChanges, PublishedPartition, PublishedTarget
from exporter.values.numbers import InexactDoubles


@dataclass(frozen=True)
class Run:
    """Identifies a run in what it publishes."""

    run_id: str
    started_at: dt.datetime
    """Rows are as of then: what was read later may be newer, never older."""
    scheduled_from: dt.date | None = None
    """First day that the schedule covers, as far as the run knows."""
    has_changes: bool = False
    """Whether the dataset has changes: then every day states since when they count."""
    keeps_deleted: bool = False
    """Whether rows stay although their items are deleted."""
    reports_prefix: str = ""
    """Prefix of the CSV files of runs; empty: the dataset has none, or the run does not write one."""

    @property
    def as_of(self) -> dt.datetime | None:
        """The instant from which changes count for the days of this run; None where the dataset has none."""
        if not self.has_changes:
            return None
        # What was deleted since stands in change files alone, where the dataset keeps it: they count for ever.
        return dt.datetime.fromtimestamp(0, dt.UTC) if self.keeps_deleted else as_of(self.started_at)


@dataclass
class Published:
    """What a run has published so far."""

    partitions: list[PublishedPartition] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    days: set[dt.date] = field(default_factory=set)
    """Days with a known state: published, or read and empty."""
    file_rows: dict[dt.date, int] = field(default_factory=dict)
    """Day -> rows in the footer of the file that was published, without those kept of deleted items."""
    kept: dict[dt.date, int] = field(default_factory=dict)
    """Day -> rows that stay although their items are deleted."""
    inexact: dict[str, InexactDoubles] = field(default_factory=dict)
    overlaps: list[dt.date] = field(default_factory=list)
    targets: list[PublishedTarget] = field(default_factory=list)
    """Files of further targets."""
    changes: list[DayChanges] = field(default_factory=list)
    manifest: Manifest | None = None
    """As this run wrote it last."""

    @property
    def manifest_version(self) -> int | None:
        """Version of the manifest that this run wrote last, or None where it wrote none."""
        return self.manifest.version if self.manifest else None

    @property
    def rows(self) -> int:
        """Rows in the objects published."""
        return sum(partition.rows for partition in self.partitions)

    @property
    def bytes(self) -> int:
        """Bytes of the objects published."""
        return sum(partition.bytes for partition in self.partitions)
