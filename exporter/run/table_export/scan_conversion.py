"""The segments of a scan as parts to convert: a scan goes on where it stopped, and reads no segment again.

`_exports/_scan.json` names the scan. Its rows count as of its begin: a segment that is read later shows items as they
were then, which is later still.
"""

import datetime as dt
import secrets
import threading
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from dataset_model.records.manifest import Manifest
from exporter.clients import Clients
from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.derivations.opening import open_deriver
from exporter.errors import Interrupted, SourceError
from exporter.planning.planner import Piece
from exporter.planning.sort_key import SortKey
from exporter.run.reporting.progress import Progress
from exporter.run.table_export.conversion import Conversion
from exporter.run.table_export.export_conversion import not_converted
from exporter.run.table_export.exporting import EXPORTS_FOLDER
from exporter.settings import Settings
from exporter.sources.description import describe_source
from exporter.sources.opening import OpenedSource, Opener, segments_of
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_export.converted_file import CONVERTED_FOLDER, conversion_folder
from exporter.sources.table_export.manifests import ExportFile
from exporter.storage.object_store import Store

SCAN_FILE = f"{EXPORTS_FOLDER}/_scan.json"
"""Below the prefix."""

SEGMENTS_FILE = f"{EXPORTS_FOLDER}/_segments.jsonl"
"""Below the prefix: the segments of that scan, a line each, for a state machine that converts them by many tasks."""

GIVEN_UP_AFTER = dt.timedelta(days=7)
"""A scan that was begun before is begun again: its first rows would be too old."""

_log = structlog.get_logger()


class ScanRecord(BaseModel):
    """A scan that is under way."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    scan: str
    """Its name: that of the folder of its converted segments."""
    table: str
    segments: int
    started_at: AwareDatetime

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its segments."""
        return tuple(f"segment-{number:05}" for number in range(self.segments))


class ScanConversion(Conversion):
    """Converts the segments of one scan."""

    def __init__(
        self, settings: Settings, record: ScanRecord, limiter: RateLimiter, stop: threading.Event, clients: Clients
    ) -> None:
        """Raise SourceError where the table cannot be read, UsageError for a dataset with `explode`."""
        dataset, self.record = settings.dataset, record
        if dataset.exploded:
            raise not_converted(dataset, "scan")
        description = describe_source(clients.dynamodb, dataset)
        sort_key = SortKey(
            dataset.source.date_format, dataset.zone, description.sort_key_type, record.started_at.year + 1
        )
        opener = Opener(clients.dynamodb, dataset, limiter, stop)
        self._scan = opener.open("scan", description, sort_key, record.segments).source
        self._stop = stop
        store, deriver = Store(clients.s3, settings.bucket), open_deriver(dataset, clients)
        below = f"{settings.prefix}/{EXPORTS_FOLDER}"
        folder = conversion_folder(below, f"/{record.scan}", dataset, description)
        parts = [ExportFile(name, 0, f"of {record.segments}") for name in record.parts]
        super().__init__(settings, store, description, sort_key, parts, folder, deriver)

    def convert_missing(self, at_a_time: int, progress: Progress) -> None:
        """Convert what is left, so many segments at a time; raise Interrupted after a stop, when nothing is lost."""
        left = deque(self.missing())
        _log.info("scanning", scan=self.record.scan, segments=len(self.files), left=len(left))
        failed = threading.Event()

        def work() -> None:
            while not (self._stop.is_set() or failed.is_set()):
                try:
                    part = left.popleft()
                except IndexError:
                    return
                try:
                    progress.read(items=self.convert(part).items, units=0.0)
                except BaseException:
                    failed.set()
                    raise

        with ThreadPoolExecutor(at_a_time, thread_name_prefix="segment") as pool:
            running = [pool.submit(work) for _ in range(at_a_time)]
        for future in running:
            future.result()
        if self._stop.is_set():
            raise Interrupted(
                f"stopped while the table was scanned, with {len(self.missing()):,} segments left; {_AGAIN}"
            )

    def _pages(self, file: ExportFile, decoder: PageDecoder) -> Iterator[DecodedPage]:
        number = self.files.index(file)
        for page in self._scan.pages(Piece("", (number, number), (), None), decoder):
            if self._stop.is_set():
                raise Interrupted(f"stopped while the table was scanned; {_AGAIN}")
            yield page

    def _unknown(self, key: str) -> SourceError:
        return SourceError(f"scan {self.record.scan} has no segment {key}; it has {len(self.files):,}")

    def _left(self, left: Sequence[ExportFile]) -> SourceError:
        return SourceError(f"{len(left):,} of {len(self.files):,} segments of the scan are not read; {_AGAIN}")


_AGAIN = "the same command goes on with the others"


class Scans:
    """The scan of one prefix that is under way."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._prefix = store, prefix

    def current(self) -> ScanRecord | None:
        """Return the scan that is under way, or None."""
        found = self._store.read(f"{self._prefix}/{SCAN_FILE}")
        try:
            return None if found is None else ScanRecord.model_validate_json(found[0])
        except ValidationError:  # it protects nothing: the scan begins again
            return None

    def begun(
        self, table: str, segments: int, now: dt.datetime, manifest: Manifest | None, days: Collection[dt.date]
    ) -> ScanRecord:
        """Return the scan to go on with, or a new one where none is under way, or the rows of that one are too old."""
        found = self.current()
        records = manifest.days if manifest else {}
        if (
            found is not None
            and found.table == table
            and found.started_at + GIVEN_UP_AFTER > now
            and not any(day in records and records[day].read_at > found.started_at for day in days)
        ):
            return found
        name = f"scan-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        record = ScanRecord(scan=name, table=table, segments=segments, started_at=now)
        self._store.write(f"{self._prefix}/{SCAN_FILE}", record.model_dump_json().encode())
        return record

    def listed(self, record: ScanRecord) -> None:
        """Write the list of a scan's segments."""
        lines = "".join(f'{{"scan":"{record.scan}","part":"{part}"}}\n' for part in record.parts)
        self._store.write(f"{self._prefix}/{SEGMENTS_FILE}", lines.encode())

    def remove(self, record: ScanRecord) -> None:
        """Remove a scan that has been published: its record first, so that no run goes on with a part of it."""
        if self.current() == record:
            for name in (SCAN_FILE, SEGMENTS_FILE):
                key = f"{self._prefix}/{name}"
                found = self._store.read(key)
                if found is not None:
                    self._store.remove(key, found[1])
        for item in self._store.objects(f"{self._prefix}/{EXPORTS_FOLDER}/{CONVERTED_FOLDER}/{record.scan}/"):
            self._store.remove(item.key, item.etag)


def segment_count(settings: Settings, clients: Clients, wanted: int | None, at_a_time: int) -> int:
    """Return the number of segments of a new scan."""
    return wanted or segments_of(describe_source(clients.dynamodb, settings.dataset), at_a_time)


def conversion_under_way(
    settings: Settings, clients: Clients, name: str, limiter: RateLimiter, stop: threading.Event
) -> ScanConversion:
    """Return the conversion of the scan of that name; raise SourceError where it is not under way any more."""
    record = Scans(Store(clients.s3, settings.bucket), settings.prefix).current()
    if record is None or record.scan != name:
        under_way = (
            "none is" if record is None else f"{record.scan} is, begun at {record.started_at:%Y-%m-%d %H:%M} UTC"
        )
        raise SourceError(
            f"scan {name} is not under way in {settings.location}: {under_way}. It was published or begun again "
            "meanwhile; begin with `exporter scan-segments`"
        )
    return ScanConversion(settings, record, limiter, stop, clients)


def scanned_source(
    settings: Settings, clients: Clients, limiter: RateLimiter, stop: threading.Event
) -> tuple[ScanRecord, OpenedSource]:
    """Return the scan that is under way and its segments as a source; raise SourceError where one is not converted."""
    record = Scans(Store(clients.s3, settings.bucket), settings.prefix).current()
    if record is None:
        raise SourceError("no scan is under way. Run `exporter backfill --source scan --workers` again")
    return record, ScanConversion(settings, record, limiter, stop, clients).source(limiter.most)
