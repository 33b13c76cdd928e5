"""What `doctor` inspects and what it reports: plain values without logic."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dataset_model import Dataset
from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry
from dataset_model.records.table_schema import TableSchema
from exporter.run.incremental.window_state import WindowState
from exporter.storage.object_store import StoredObject
from exporter.storage.parquet_footers import Footer

if TYPE_CHECKING:
    from exporter.audit.stream_mapping import StreamMapping
    from exporter.audit.targets.checks import TargetFolder

Kind = Literal[
    "no records", "outside projection", "foreign object", "leftover", "missing object", "changed object",
    "contradicted record", "missing day", "open day", "unknown value", "missing value", "catalogue", "quarantine",
    "dead run", "failed run", "changes", "stream", "table export",
    "target", "report",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One fault, its place and the remedy."""

    kind: Kind
    where: str
    found: str
    advice: str


@dataclass(frozen=True)
class Inspection:
    """Everything that is inspected."""

    dataset: Dataset
    location: str
    now: dt.datetime
    objects: tuple[StoredObject, ...]
    """Everything below the prefix."""
    footers: Mapping[str, Footer | None]
    """Data object key -> footer; None where it is not a Parquet file."""
    manifest: Manifest | None
    schema: TableSchema | None
    table: Mapping[str, Any] | None
    """As Glue describes it."""
    runs: tuple[RunEntry, ...]
    quarantined: Mapping[str, int]
    """Run id -> parts in quarantine."""
    due: dt.date
    """The newest day that a scheduled run should have published."""
    alive: str | None = None
    """Run that holds the lease."""
    stream: Mapping[str, Any] | None = None
    """The table's stream settings; None for a dataset without a stream."""
    is_fed_by_stream: bool = False
    """Whether a stream has written changes."""
    is_recoverable: bool | None = None
    """Whether the table's point-in-time recovery is on; None where that is not known or does not matter."""
    mappings: "tuple[StreamMapping, ...]" = ()
    """Event source mappings of the table's stream, as far as they are known."""
    scan_begun_at: dt.datetime | None = None
    """When the scan by workers that is under way has begun."""
    windows: WindowState | None = None
    """How far incremental exports have been read; None for a dataset without."""
    targets: "tuple[TargetFolder, ...]" = ()
    """Folders of further targets."""
    reports: Mapping[str, StoredObject] = field(default_factory=dict)
    """CSV files of runs by their keys, as far as they exist."""
