"""Counts of DynamoDB, manifest, objects and Athena flow in; disagreements per day flow out."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.table_schema import TableSchema
from dataset_model.records.verification import DayState, VerifiedDay, VerifiedValue
from exporter.audit.athena_counts import AthenaCounts
from exporter.audit.record_checks import column_differences, inner_contradictions
from exporter.audit.targets.counts import CountedFile, target_disagreements
from exporter.audit.targets.reports import CountedReport, report_disagreements
from exporter.audit.value_checks import spelled
from exporter.planning.removal_policy import RemovalPolicy
from exporter.planning.window import Window, is_closed
from exporter.sources.files.csv_days import day_column
from exporter.sources.partial_reads.key_scan import KeyReading
from exporter.storage.object_store import StoredObject
from exporter.storage.parquet_footers import Footer


@dataclass(frozen=True)
class Facts:
    """The counts of every place."""

    dataset: Dataset
    now: dt.datetime
    reading: KeyReading
    manifest: Manifest
    schema: TableSchema
    stored: Mapping[dt.date, list[StoredObject]]
    footers: Mapping[str, Footer | None]
    """Object key -> footer; None where it is not a Parquet file."""
    athena: AthenaCounts | None
    targets: Mapping[str, CountedFile] = field(default_factory=dict)
    """Files of further targets by their keys, as far as they exist."""
    reports: Mapping[str, CountedReport] = field(default_factory=dict)
    """CSV files of runs, in the same way."""

    def days(self, window: Window | None) -> list[dt.date]:
        """Return the days of a window, or the days that any place knows of."""
        if window is not None:
            return list(window.days())
        known = {*self.reading.days, *self.manifest.days, *self.stored}
        return sorted(known | (set(self.athena.rows) if self.athena else set()))


def verified_day(day: dt.date, facts: Facts) -> VerifiedDay:
    """Return the counts of a day in every place, and the disagreements between them."""
    record = facts.manifest.days.get(day)
    athena = facts.athena
    found = VerifiedDay(
        day=day,
        state=_state(day, record, facts),
        items=facts.reading.items(day),
        published_items=_items(record),
        rows=record.rows if record else 0,
        object_rows=sum(footer.rows for item in facts.stored.get(day, []) if (footer := facts.footers.get(item.key))),
        athena_rows=athena.rows.get(day, 0) if athena else None,
        athena_keys=athena.keys.get(day, 0) if athena and athena.keys is not None else None,
        key_hash=facts.reading.key_hash(day),
        published_key_hash=record.key_hash if record and record.rows else "",
        target_rows={item.key: _counted(facts, item.key) for item in record.targets} if record else {},
        report_rows=_reported(facts, record),
        values=_values(day, record, facts),
    )
    disagreements = (
        *(inner_contradictions(day, record, facts.now) if record else ()),
        *_of_objects(record, facts.stored.get(day, []), facts),
        *(target_disagreements(facts.dataset, record, facts.targets) if record else ()),
        *(_of_reports(record, facts) if record else ()),
        *_of_athena(found),
        *_of_source(found, record),
    )
    return found.model_copy(update={"disagreements": disagreements})


def _state(day: dt.date, record: DayRecord | None, facts: Facts) -> DayState:
    source = facts.dataset.source
    if record is None:
        return "closed" if is_closed(day, facts.now, facts.dataset.zone, source.settle_minutes) else "unread"
    if record.state == "open":
        return "open"
    policy = RemovalPolicy.of(facts.dataset, facts.manifest, facts.now, accept_empty=False)
    return "expired" if policy.is_expired(day) else "closed"


def _values(day: dt.date, record: DayRecord | None, facts: Facts) -> dict[str, VerifiedValue]:
    items = facts.reading.days.get(day, {})
    published = record.rows_by_partition_value if record else {}
    counted = record.items_by_partition_value if record else None
    # A day of APPEND has rows of several runs, and the manifest has the values of the last one alone.
    is_complete = record is None or sum(published.values()) == record.rows
    athena = facts.athena.rows_by_value if facts.athena else None
    seen = {spelled(value): count for value, count in (athena or {}).get(day, {}).items()}
    return {
        value: VerifiedValue(
            items=items.get(value, 0),
            published_items=None if counted is None else counted.get(value, 0),
            rows=published.get(value, 0) if is_complete else None,
            athena_rows=seen.get(spelled(value), 0) if athena is not None else None,
        )
        for value in sorted({*items, *published, *(counted or ())})
        if value  # a table that is scanned has no partition values
    }


def _of_objects(record: DayRecord | None, stored: list[StoredObject], facts: Facts) -> Iterator[str]:
    found = {item.key: item for item in stored}
    recorded = {item.key: item for item in record.objects} if record else {}
    for key, item in recorded.items():
        if key not in found:
            yield f"{_file(key)} is not in the bucket"
            continue
        if found[key].etag != item.etag:
            yield f"{_file(key)} has changed since the manifest was written: another ETag"
        footer = facts.footers.get(key)
        if footer is None:
            yield f"{_file(key)} is not a readable Parquet file"
            continue
        if footer.rows != item.rows:
            yield f"{_file(key)} holds {footer.rows:,} rows, the manifest says {item.rows:,}"
        yield from (f"{_file(key)} {difference}" for difference in column_differences(footer, facts.schema))
    for key in found:
        if key not in recorded:
            yield f"{_file(key)} is not in the manifest"


def _of_athena(found: VerifiedDay) -> Iterator[str]:
    if found.athena_rows is None:
        return
    if found.athena_rows != found.rows:
        yield f"Athena counts {found.athena_rows:,} rows, the manifest says {found.rows:,}"
    if found.athena_keys is not None and found.athena_keys != found.athena_rows:
        yield f"Athena counts {found.athena_rows:,} rows but {found.athena_keys:,} different keys"
    for name, value in found.values.items():
        if None not in (value.athena_rows, value.rows) and value.athena_rows != value.rows:
            yield f"{name}: Athena counts {value.athena_rows:,} rows, the manifest says {value.rows:,}"


def _of_source(found: VerifiedDay, record: DayRecord | None) -> Iterator[str]:
    published = found.rows if found.published_items is None else found.published_items
    if found.state in {"open", "unread"} or (found.state == "expired" and found.items <= published):
        return
    if record is None and found.items:
        yield f"DynamoDB holds {found.items:,} items of a day that was never exported"
        return
    if found.items != published:
        yield f"DynamoDB holds {found.items:,} items, published are {published:,}"
    for name, value in found.values.items():
        of_value = value.rows if value.published_items is None else value.published_items
        if of_value is not None and value.items != of_value:
            yield f"{name}: DynamoDB holds {value.items:,} items, published are {of_value:,}"
    if found.items == published and found.published_key_hash and found.key_hash != found.published_key_hash:
        yield "as many items as are published, but not the same ones: their keys differ"


def _items(record: DayRecord | None) -> int | None:
    if record is None or record.items_by_partition_value is None:
        return None
    return sum(record.items_by_partition_value.values())


def _counted(facts: Facts, key: str) -> int | None:
    return facts.targets[key].rows if key in facts.targets else None


def _of_reports(record: DayRecord, facts: Facts) -> Iterator[str]:
    counts = day_column(facts.dataset) is not None
    return report_disagreements(facts.manifest, record, facts.reports, counts=counts)


def _reported(facts: Facts, record: DayRecord | None) -> int | None:
    found = facts.reports.get(record.report.key) if record and record.report else None
    return found.rows.get(record.day, 0) if record and found and found.rows is not None else None


def _file(key: str) -> str:
    return key.rpartition("/")[2]
