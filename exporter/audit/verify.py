"""`exporter verify`: compares counts in DynamoDB, manifest, objects and Athena, and stores the result."""

import datetime as dt
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from dataset_model import FilesSource, IndexSource, ScanSource
from dataset_model.records.changes import CHANGES_FOLDER, change_file, milliseconds
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.runs import RunWindow
from dataset_model.records.table_schema import TableSchema
from dataset_model.records.verification import Verification, VerifiedDay
from dataset_model.targets.partitions import day_from_key
from exporter.audit.athena_counts import AthenaCounts, CountQuestion
from exporter.audit.reconcile import Facts, verified_day
from exporter.audit.targets.counts import count_targets
from exporter.audit.targets.reports import count_reports
from exporter.clients import Clients
from exporter.decoding.key_hash import row_key
from exporter.decoding.schema import initial_schema
from exporter.errors import AthenaError, UsageError
from exporter.planning.sort_key import SortKey
from exporter.planning.window import Window
from exporter.quarantine.reader import item_of, lines_of, quarantined_runs
from exporter.runtime.clock import utc_now
from exporter.settings import Settings
from exporter.sources.description import SourceDescription, describe_source
from exporter.sources.files.day_files import DayFiles
from exporter.sources.index import Index
from exporter.sources.partial_reads.key_scan import KeyReader, KeyReading, key_attributes, key_digest
from exporter.sources.partial_reads.table_key_scan import SEGMENTS, TableKeyReader
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.scan_source import Segments
from exporter.sources.table_scan import TableScan
from exporter.storage.athena import Athena
from exporter.storage.object_store import Store, StoredObject
from exporter.storage.parquet_footers import read_footers
from exporter.storage.records import Records

_EXAMPLES = 3


@dataclass(frozen=True)
class VerifyRequest:
    """What is compared."""

    window: Window | None
    """None: the whole key, unreadable dates included."""
    athena: bool = True
    max_read_units: float | None = None


class Verifier:
    """One verification of one dataset."""

    def __init__(
        self,
        settings: Settings,
        request: VerifyRequest,
        *,
        stop: threading.Event | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._settings, self._request, self._clock = settings, request, clock
        self._stop = stop or threading.Event()
        self._clients = Clients(settings.region)
        self._store = Store(self._clients.s3, settings.bucket)
        self._records = Records(self._store, settings.prefix)
        at_a_time = len(settings.dataset.source.partition_values) or SEGMENTS
        self._limiter = RateLimiter(at_a_time, request.max_read_units)
        self._notes: list[str] = []
        self._disagreements: list[str] = []

    def run(self) -> Verification:
        """Compare, store the result, mark the days in the manifest, and return the result."""
        started = self._clock()
        dataset = self._settings.dataset
        self._store.check()
        schema, manifest = self._records.schema(), self._records.manifest()
        if schema is None or manifest is None:
            raise UsageError(f"nothing is published at {self._settings.location}; run an export first")
        initial_schema(dataset, schema, started)
        description = describe_source(self._clients.dynamodb, dataset)
        reading = self._read_keys(description, started)
        stored = self._stored()
        keys = [item.key for items in stored.values() for item in items]
        athena = self._ask_athena(schema, description) if self._request.athena else None
        footers = read_footers(self._store, keys)
        window = self._request.window
        targets = count_targets(self._store, manifest, window) if dataset.file_targets else {}
        reports = count_reports(self._store, dataset, manifest, window, started) if manifest.reports else {}
        facts = Facts(dataset, started, reading, manifest, schema, stored, footers, athena, targets, reports)
        days = tuple(verified_day(day, facts) for day in facts.days(self._request.window))
        self._check_counts(reading)
        accounted = self._account(reading, description)
        self._note(days, reading, description)
        self._note_changes(manifest)
        verification = self._verification(started, facts, days, accounted)
        self._records.write_verification(verification)
        self._mark(manifest, days, verification.finished_at)
        return verification

    def _read_keys(self, description: SourceDescription, now: dt.datetime) -> KeyReading:
        dataset = self._settings.dataset
        sort_key = SortKey(dataset.source.date_format, dataset.zone, description.sort_key_type, now.year + 1)
        attributes = key_attributes(dataset, description)
        if not isinstance(dataset.source, IndexSource):
            scan = self._scan(dataset.source, attributes)
            return TableKeyReader(scan, dataset, description, sort_key).read(self._request.window, self._stop)
        index = Index(self._clients.dynamodb, dataset, description, self._limiter, attributes, self._stop)
        return KeyReader(index, dataset, description, sort_key).read(self._request.window, self._stop)

    def _scan(self, source: ScanSource | FilesSource, attributes: tuple[str, ...]) -> Segments:
        if isinstance(source, FilesSource):
            return DayFiles(self._store, source, self._limiter)
        return TableScan(self._clients.dynamodb, source.table, None, attributes, self._limiter, self._stop)

    def _stored(self) -> dict[dt.date, list[StoredObject]]:
        window = self._request.window
        prefix = self._settings.prefix
        years = [None] if window is None else range(window.first.year, window.last.year + 1)
        found: dict[dt.date, list[StoredObject]] = {}
        for year in years:
            for item in self._store.objects(f"{prefix}/year=" + ("" if year is None else f"{year:04}/")):
                day = day_from_key(prefix, item.key)
                if day is not None and (window is None or day in window):
                    found.setdefault(day, []).append(item)
        return found

    def _ask_athena(self, schema: TableSchema, description: SourceDescription) -> AthenaCounts | None:
        dataset = self._settings.dataset
        question = CountQuestion.of(dataset, schema, row_key(dataset, description.table_key))
        athena = Athena(self._clients.athena, workgroup=self._settings.workgroup, results=self._settings.results)
        if not question.key_columns:
            self._notes.append("Athena's distinct keys: the table has no columns that hold the primary key exactly")
        try:
            answer = athena.run(question.statement(self._request.window), dataset.target.database)
        except AthenaError as error:
            self._disagreements.append(str(error))
            return None
        return question.counts(answer.rows, answer.scanned_bytes)

    def _check_counts(self, reading: KeyReading) -> None:
        for value, counted in reading.counted.items():
            if counted != (decoded := reading.decoded[value]):
                self._disagreements.append(
                    f"{value or self._settings.dataset.source.named}: DynamoDB's answers count {counted:,} items, and "
                    f"{decoded:,} were read from them: the exporter misreads them, and so does an export. Keep the "
                    "rows and report this."
                )

    def _account(self, reading: KeyReading, description: SourceDescription) -> int:
        """Return how many of the unreadable items are in quarantine; the others are a disagreement."""
        missing = dict(reading.unreadable)
        if self._request.window is not None or not missing:
            return 0
        for keys in quarantined_runs(self._store, self._settings.prefix).values():
            for line in lines_of(self._store, keys):
                if line.is_withheld:
                    missing.pop(key_digest(item_of(line), description.table_key), None)
            if not missing:
                break
        unaccounted = reading.unreadable_items - len(reading.unreadable) + len(missing)
        if unaccounted:
            examples = "; ".join(found.reason for found in list(missing.values())[:_EXAMPLES])
            self._disagreements.append(
                f"{unaccounted:,} items have no readable day and are not in quarantine ({examples}). A window skips "
                "such keys; `exporter export --all` quarantines them."
            )
        return reading.unreadable_items - unaccounted

    def _note_changes(self, manifest: Manifest) -> None:
        """Note days with changes that are later than their reading: the table does not have them, the view does."""
        prefix, window = self._settings.prefix, self._request.window
        later: set[dt.date] = set()
        for found in self._store.objects(f"{prefix}/{CHANGES_FOLDER}/year="):
            about = change_file(prefix, found.key)
            if about is None or (window is not None and about[0] not in window):
                continue
            record = manifest.days.get(about[0])
            if record is None or record.as_of is None or about[1] >= milliseconds(record.read_at):
                later.add(about[0])
        if later:
            table = self._settings.dataset.target.table
            self._notes.append(
                f"{len(later)} days from {min(later)} to {max(later)} have changed since they were read: what is "
                f"verified is table {table} as of its readings; view {table}_live shows the changes and is not compared"
                f"; `exporter backfill --force --start {min(later)} --end {max(later)}` puts them into the table"
            )

    def _note(self, days: tuple[VerifiedDay, ...], reading: KeyReading, description: SourceDescription) -> None:
        kept = self._settings.dataset.retention.keep_deleted
        for state, called, reason in (
            ("open", "open days", "read before they had settled, so DynamoDB may hold more now"),
            (
                "expired",
                "days" if kept else "expired days",
                "rows stay when their items are deleted (keep_deleted), so DynamoDB may hold less"
                if kept
                else "older than expires_after_days, so DynamoDB may hold less",
            ),
            ("unread", "unread days", "not due yet and not exported"),
        ):
            count = sum(day.state == state for day in days)
            if count:
                self._notes.append(f"{count} {called}: {reason}; their items are shown, not compared")
        if self._request.window is not None:
            self._notes.append("items without a readable date were not looked for, because a window was given")
            return
        read = sum(reading.counted.values())
        source = self._settings.dataset.source
        if source.index and description.items > read:
            self._notes.append(
                f"index {source.index} held {description.items:,} items when DynamoDB last counted them (up to six "
                f"hours ago), and {read:,} were found under {', '.join(source.partition_values)}: a partition value "
                "may be missing; `exporter discover --scan` looks for others"
            )

    def _verification(
        self, started: dt.datetime, facts: Facts, days: tuple[VerifiedDay, ...], withheld: int
    ) -> Verification:
        window = self._request.window
        unreadable = facts.reading.unreadable_items if window is None else 0
        return Verification(
            verification_id=f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            dataset=self._settings.dataset.name,
            started_at=started,
            finished_at=self._clock(),
            window=None if window is None else RunWindow(start=window.first, end=window.last),
            items=sum(day.items for day in days) if window else sum(facts.reading.counted.values()),
            rows=sum(day.rows for day in days),
            withheld=withheld,
            unaccounted=unreadable - withheld,
            read_units=round(self._limiter.units, 1),
            athena_bytes=facts.athena.scanned_bytes if facts.athena else None,
            compared=self._compared(facts.manifest, asked=facts.athena is not None),
            notes=tuple(self._notes),
            disagreements=tuple(self._disagreements),
            days=days,
        )

    def _compared(self, manifest: Manifest, *, asked: bool) -> str:
        source = self._settings.dataset.source
        values, every = ", ".join(source.partition_values), "the whole key" if source.index else "every item"
        window = self._request.window
        reach = every if window is None else f"{window.first} to {window.last}"
        read = f"{reach}, partition values {values}" if source.index else f"{reach}, {source.named}"
        targets = [f"{target.format} files" for target in self._settings.dataset.file_targets]
        targets += ["CSV files of runs"] if manifest.reports else []
        places = "".join(["the manifest, the objects' ETags and footers", *(f", the {name}" for name in targets)])
        places += " and Athena" if asked else "; Athena was not asked"
        items = "items in DynamoDB" if source.is_table else "rows of files"
        return f"{items} by their keys ({read}) with {places}"

    def _mark(self, seen: Manifest, days: tuple[VerifiedDay, ...], at: dt.datetime) -> None:
        """Set `verified_at` of the closed days that agree, clear it where they do not; skip what was replaced."""

        def changed(current: Manifest | None) -> Manifest:
            base = current or seen
            marks: dict[dt.date, DayRecord] = {}
            for found in days:
                record = base.days.get(found.day)
                before = seen.days.get(found.day)
                if record is None or before is None or record.objects != before.objects:
                    continue
                if found.disagreements:
                    marks[found.day] = record.model_copy(update={"verified_at": None})
                elif found.state == "closed" and self._request.athena and found.athena_rows is not None:
                    marks[found.day] = record.model_copy(update={"verified_at": at})
            # `updated_at` stays: it says as of when the rows are, and they have not changed.
            return base.model_copy(update={"version": base.version + 1, "days": base.days | marks})

        if days:
            self._records.change_manifest(changed)
