"""A dataset and the way to read it flow in, an opened source flows out, with its probe and its warnings.

Modules of a way are imported when it is opened: a run needs one of them, and imports are a part of its start.
"""

import datetime as dt
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dataset_model import Dataset, FilesSource, IndexSource
from dataset_model.records.manifest import Manifest
from exporter.errors import SourceError, UsageError
from exporter.planning.planner import Planner
from exporter.planning.sort_key import SortKey
from exporter.sources import index_source
from exporter.sources.base import Source
from exporter.sources.description import SourceDescription
from exporter.sources.index import Index
from exporter.sources.partial_reads.probe import Probe, RunningProbe, empty_value_warning, empty_values, probe_index
from exporter.sources.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from exporter.sources.files.day_files import Objects as FileObjects
    from exporter.sources.item_bodies import ItemKeys
    from exporter.sources.scan_source import Segments
    from exporter.sources.table_export.manifests import ExportFile, Objects

SourceName = Literal["index", "scan", "table-export", "files"]
"""Ways to read the items of a dataset."""

SEGMENT_BYTES = 1 << 30
"""What a segment should hold, so that little is read twice after an interruption."""

MOST_SEGMENTS = 4096


def way_of(dataset: Dataset, wanted: SourceName | None) -> SourceName:
    """Return the way to read a dataset: as wanted, or as it declares; raise UsageError if it cannot be read so."""
    if wanted and not dataset.source.is_table:
        raise UsageError(
            f"--source {wanted}: dataset {dataset.name} is read from {dataset.source.named}, which is no table. "
            "Leave out --source."
        )
    if wanted == "index" and dataset.source.base != "index":
        raise UsageError(
            f"--source index: dataset {dataset.name} declares no index (its source is a {dataset.source.base} of table "
            f"{dataset.source.table}). Leave out --source."
        )
    return wanted or dataset.source.base


def segments_of(description: SourceDescription, at_a_time: int) -> int:
    """Return the number of segments that a scan of a table is cut into."""
    wanted = -(-description.table_bytes // SEGMENT_BYTES)
    return min(max(at_a_time, wanted), MOST_SEGMENTS)


@dataclass(frozen=True)
class OpenedSource:
    """A source, and what it states about its emptiness."""

    source: Source
    planner: Planner
    _declared: Dataset
    _asked: Index | RunningProbe

    def probe(self) -> Probe:
        """Return what the source holds at all; after reading it, where it is a table."""
        if isinstance(self._asked, RunningProbe):
            return self._asked.result
        return probe_index(self._asked, self._declared.index_source, self.planner.sort_key)

    def warnings(self, manifest: Manifest | None, answered: Collection[str]) -> Iterator[str]:
        """Yield a warning for each partition value that holds nothing and never has; `answered` do."""
        if isinstance(self._asked, RunningProbe):
            return
        declared = self._declared.index_source
        for value in empty_values(self._asked, declared, manifest, answered):
            yield empty_value_warning(value, declared)


class Opener:
    """Opens the source of one run."""

    def __init__(self, client: "DynamoDBClient", dataset: Dataset, limiter: RateLimiter, stop: threading.Event) -> None:
        self._client, self._dataset, self._limiter, self._stop = client, dataset, limiter, stop

    def open(
        self, way: SourceName, description: SourceDescription, sort_key: SortKey, segments: int | None = None
    ) -> OpenedSource:
        """Return the opened source; `segments` of a scan, None for as many as the table's size asks for."""
        dataset, planner = self._dataset, Planner(self._dataset, sort_key)
        count = segments or segments_of(description, self._limiter.most)
        if not isinstance(dataset.source, IndexSource):
            from exporter.sources import scan_source
            from exporter.sources.table_scan import TableScan

            scan = TableScan(self._client, dataset.source.table, None, None, self._limiter, self._stop)
            table = scan_source.ScannedTable(scan, description, count)
            return OpenedSource(table, planner, dataset, table.probe)
        index = Index(self._client, dataset, description, self._limiter, stop=self._stop)
        by_index = index_source.QueriedIndex(index, dataset, planner)
        if way == "index":
            return OpenedSource(by_index, planner, dataset, index)
        from exporter.sources import scan_source
        from exporter.sources.item_bodies import ItemBodies
        from exporter.sources.table_scan import TableScan

        keys = item_keys(dataset.source, description)
        projected = description.projected
        scan = TableScan(self._client, dataset.source.table, keys, projected, self._limiter, self._stop)
        by_scan = scan_source.ScannedTable(scan, description, count, ItemBodies(keys), by_index.kinds)
        return OpenedSource(by_scan, planner, dataset, index)


def export_source(
    dataset: Dataset,
    description: SourceDescription,
    sort_key: SortKey,
    objects: "Objects",
    files: "Sequence[ExportFile]",
    at_a_time: int,
) -> OpenedSource:
    """Return the data files of a table export as a source."""
    from exporter.sources.table_export.source import ExportSource

    keys = item_keys(dataset.source, description) if isinstance(dataset.source, IndexSource) else None
    source = ExportSource(objects, files, description, keys, at_a_time)
    return OpenedSource(source, Planner(dataset, sort_key), dataset, source.probe)


def files_source(
    dataset: Dataset, description: SourceDescription, sort_key: SortKey, files: "Segments", at_a_time: int
) -> OpenedSource:
    """Return files, in as many segments as are read at a time, as a source."""
    from exporter.sources import scan_source

    source = scan_source.ScannedTable(files, description, at_a_time)
    return OpenedSource(source, Planner(dataset, sort_key), dataset, source.probe)


def changed_days(objects: "FileObjects", dataset: Dataset, manifest: Manifest | None) -> set[dt.date]:
    """Return the published days of a dataset of files that have changed since they were read."""
    if manifest is None or not isinstance(dataset.source, FilesSource):
        return set()
    from exporter.sources.files import day_files

    return day_files.changed_days(objects, dataset.source, manifest)


def item_keys(declared: IndexSource, description: SourceDescription) -> "ItemKeys":
    """Return the keys by which items of a table are those of an index; raise SourceError for several attributes."""
    from exporter.sources.item_bodies import ItemKeys

    if len(declared.partition_attributes) > 1:
        raise SourceError(
            f"a scan or a table export groups items by one partition key attribute; index {declared.index} has "
            f"{' and '.join(declared.partition_attributes)}. Read it with --source index."
        )
    return ItemKeys(
        declared.partition_attributes[0], description.partition_key_types[0], declared.partition_values,
        declared.sort_key, description.sort_key_type,
    )  # fmt: skip
