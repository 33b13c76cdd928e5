"""`exporter quicksight check`: reads the files of a QuickSight manifest and returns rows that it would drop.

QuickSight drops a row without a word (its last ingestion counts them as RowsDropped) where a value does not convert:

| dropped because              | what is checked here                                                               |
|------------------------------|------------------------------------------------------------------------------------|
| the row is not a record      | a line that is no JSON object, or has another number of fields than the header     |
| INCORRECT_FIELD_COUNT        | keys other than those recorded for the file                                        |
| MALFORMED_DATE               | a time in another form than most of its column: QuickSight reads one form a column |
| a date that it does not take | before 1900 or after 2037                                                          |
"""

import csv
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataset_model import Dataset, Target
from dataset_model.records.manifest import Manifest, TargetObject
from dataset_model.records.table_schema import TableSchema
from exporter.runtime.workspace import workspace
from exporter.storage.object_store import Store, StoredObject

YEARS = ("1900", "2037")
"""The first and last year of dates that QuickSight documents."""

_USUAL = len("2026-02-16T09:58:00.000Z")
_Row = dict[str, Any] | None


@dataclass
class Checked:
    """What a target's files hold."""

    target: Target
    rows: int = 0
    dropped: int = 0
    """Rows that an ingestion would drop, each counted once."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Reason -> rows."""
    examples: dict[str, str] = field(default_factory=dict)
    """Reason -> file and line of its first row."""

    def add(self, faults: Sequence[str], place: str) -> None:
        """Count one row."""
        self.rows += 1
        self.dropped += bool(faults)
        for fault in faults:
            self.reasons[fault] += 1
            self.examples.setdefault(fault, place)


def quicksight_check(dataset: Dataset, schema: TableSchema, manifest: Manifest, store: Store) -> list[Checked]:
    """Return the check of each target that has a QuickSight manifest; raise StaleRun where a file changes meanwhile."""
    times = {column.name for column in schema.columns if column.type.name == "timestamp"}
    dates = times | {column.name for column in schema.columns if column.type.name == "date"}
    found = []
    for target in dataset.file_targets:
        if target.manifest != "quicksight":
            continue
        checked = Checked(target)
        with workspace() as scratch:
            for day, record in sorted(manifest.days.items()):
                for item in record.targets:
                    if item.key == target.key(dataset.name, day):
                        _check(store, item, checked, (times, dates), scratch / "checked")
        found.append(checked)
    return found


def _check(store: Store, item: TargetObject, checked: Checked, columns: tuple[set[str], set[str]], file: Path) -> None:
    store.download(StoredObject(item.key, item.etag, item.bytes), file)
    rows = _json_rows(file) if item.format == "ndjson" else _csv_rows(file)
    for line, row in enumerate(rows, 1):
        checked.add(list(_faults(row, item.columns, *columns)), f"{item.key}, row {line}")


def _json_rows(file: Path) -> Iterator[_Row]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            yield found if isinstance(found, dict) else None


def _csv_rows(file: Path) -> Iterator[_Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        header = next(reader, [])
        for row in reader:
            yield dict(zip(header, row, strict=True)) if len(row) == len(header) else None


def _faults(row: _Row, names: Sequence[str], times: set[str], dates: set[str]) -> Iterator[str]:
    if row is None:
        yield "the line is no record"
        return
    if tuple(row) != tuple(names):
        yield f"its keys are not {', '.join(names)}"
    for name in dates.intersection(row):
        text = row[name]
        if not text:
            continue
        if not (isinstance(text, str) and _is_date(text)):
            yield f"{name}: no date"
        elif not YEARS[0] <= text[:4] <= YEARS[1]:
            yield f"{name}: a date before {YEARS[0]} or after {YEARS[1]}"
        elif name in times and len(text) != _USUAL:
            yield f"{name}: microseconds, where other times have milliseconds"


def _is_date(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
