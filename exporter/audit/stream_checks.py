"""Change files, day records and a stream's settings flow in; findings flow out, for datasets that have changes."""

import datetime as dt
import shlex
from collections.abc import Iterator

from dataset_model.records.changes import change_file, milliseconds
from dataset_model.records.manifest import Manifest
from exporter.audit.inspection import Finding, Inspection
from exporter.changes.stream_record import VIEW_TYPE, command_to_disable, command_to_enable

LAGGING_AFTER = dt.timedelta(hours=1)
"""A mapping reads within minutes; a stream forgets after 24 hours."""

OUTDATED_AFTER = dt.timedelta(days=1)
"""Compaction runs every quarter of an hour, so a file that is outdated for longer shows that it does not run."""


def stream_findings(around: Inspection, manifest: Manifest) -> Iterator[Finding]:
    """Yield what is wrong with a dataset's changes; nothing for a dataset without."""
    yield from _stream(around)
    yield from _mappings(around)
    prefix = around.dataset.target.prefix
    outdated: set[dt.date] = set()
    waiting: set[dt.date] = set()
    files = 0
    for found in around.objects:
        about = change_file(prefix, found.key)
        record = manifest.days.get(about[0]) if about else None
        if about is None or record is None:
            continue
        if record.as_of is None:
            if record.rows and record.state == "closed":  # an open day is read again anyway
                waiting.add(about[0])
        elif about[1] < milliseconds(record.as_of) and record.read_at + OUTDATED_AFTER < around.now:
            outdated.add(about[0])
            files += 1
    if outdated:
        yield Finding(
            "changes",
            f"_changes/ of {_days(outdated)}",
            f"{files:,} change files are older than their day's `_as_of`: the day's file holds what they say",
            "run `exporter compact`, and schedule it every 15 minutes",
        )
    if waiting:
        yield Finding(
            "changes",
            f"_changes/ of {_days(waiting)}",
            "these days were read before the dataset had changes, so the view shows them as they were read",
            f"run `exporter backfill --force --start {min(waiting)} --end {max(waiting)}`",
        )


def _stream(around: Inspection) -> Iterator[Finding]:
    if around.stream is None:
        return
    view = around.stream.get("StreamViewType")
    table = around.dataset.source.table
    advice = f"`{command_to_enable(table)}`, point the mapping at the new stream, and export the days of the gap again"
    if not around.stream.get("StreamEnabled"):
        yield Finding("stream", f"table {table}", "its stream is disabled: no change arrives any more", advice)
    elif view != VIEW_TYPE:
        advice = f"`{command_to_disable(table)}`, then {advice}"
        yield Finding("stream", f"table {table}", f"its stream carries {view}; {VIEW_TYPE} is needed", advice)


def _mappings(around: Inspection) -> Iterator[Finding]:
    for mapping in around.mappings:
        where = f"mapping {mapping.uuid} of function {mapping.function}"
        log = "the function's log says why; what is not written within 24 hours comes with the next export of its day"
        if mapping.state not in {"Enabled", "Enabling", "Creating", "Updating"}:
            yield Finding(
                "stream",
                where,
                f"it is {mapping.state or 'in no state'}: no change is written, and the stream forgets after 24 hours",
                f"`aws lambda update-event-source-mapping --uuid {shlex.quote(mapping.uuid)} --enabled`, then export "
                "the days of the gap again",
            )
        elif mapping.last_result.startswith("PROBLEM"):
            yield Finding("stream", where, f"its last batch was not delivered: {mapping.last_result}", log)
        if mapping.age is not None and mapping.age >= LAGGING_AFTER:
            hours = mapping.age / dt.timedelta(hours=1)
            found = f"records are {hours:.1f} hours old when they are read (IteratorAge); a stream forgets after 24"
            yield Finding("stream", where, found, log)


def _days(days: set[dt.date]) -> str:
    return str(min(days)) if len(days) == 1 else f"{len(days)} days from {min(days)} to {max(days)}"
