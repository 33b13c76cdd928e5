"""Objects, manifest, ledger and catalogue of a dataset flow in; findings, each with the command to run, flow out."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dataset_model import Dataset
from dataset_model.records.manifest import MANIFEST_FILE, Manifest
from dataset_model.records.runs import RunEntry
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.partitions import day_from_key, days_between, projection_parameters
from exporter.audit.declared_ways import declared_findings
from exporter.audit.export_checks import (
    converted_findings,
    export_findings,
    left_export_findings,
    left_list_findings,
    window_findings,
)
from exporter.audit.inspection import Finding, Inspection
from exporter.audit.record_checks import record_contradictions
from exporter.audit.stream_checks import stream_findings
from exporter.audit.targets.checks import target_findings
from exporter.audit.targets.reports import report_findings
from exporter.audit.value_checks import missing_values, unknown_values
from exporter.decoding.schema import glue_columns
from exporter.planning.owed_days import unsettled_days
from exporter.planning.window import DateRangeMode, day_of, spans, window_of_mode

DEAD_AFTER = dt.timedelta(hours=1)
"""A run that says `running` for longer, and does not hold the lease, has died."""

OPEN_DAYS = 7
"""Age from which an open day is a finding: scheduled runs read open days again, and every run of a week has not."""

_OUTCOMES = {
    "running": "is at work", "succeeded": "succeeded", "failed": "failed", "interrupted": "was stopped", "died": "died",
}  # fmt: skip

_Years = tuple[int, int] | None


def findings(around: Inspection) -> list[Finding]:
    """Return all findings, the most serious kinds first."""
    if around.manifest is None or around.schema is None:
        without = (_without_records, declared_findings, _exports, _dead_runs, _failed_run)
        return [found for check in without for found in check(around)]
    return [
        *_objects(around, around.manifest),
        *_missing_objects(around, around.manifest),
        *_records(around, around.manifest, around.schema),
        *target_findings(around, around.manifest),
        *report_findings(around, around.manifest),
        *_catalogue(around, around.schema, around.manifest),
        *_days(around, around.manifest),
        *unknown_values(around.dataset, around.manifest),
        *missing_values(around.dataset, around.manifest),
        *declared_findings(around),
        *stream_findings(around, around.manifest),
        *_exports(around),
        *_dead_runs(around),
        *_failed_run(around),
        *_quarantine(around),
    ]


def _exports(around: Inspection) -> Iterator[Finding]:
    checks = (window_findings, export_findings, converted_findings, left_export_findings, left_list_findings)
    for check in checks:
        yield from check(around)


def _without_records(around: Inspection) -> Iterator[Finding]:
    data = [item for item in around.objects if day_from_key(around.dataset.target.prefix, item.key)]
    if data:
        found = f"{len(data)} data objects, but no " + ("manifest" if around.manifest is None else "schema")
        yield Finding(
            "no records",
            around.location,
            found,
            "export these days again: `exporter export --all`, or restore the file",
        )


def _objects(around: Inspection, manifest: Manifest) -> Iterator[Finding]:
    prefix = around.dataset.target.prefix
    years = _projected_years(around.table)
    recorded = {item.key: item for record in manifest.days.values() for item in record.objects}
    for item in around.objects:
        name = item.key.removeprefix(f"{prefix}/")
        if any(part.startswith(("_", ".")) for part in name.split("/")) or name.endswith("/"):
            continue  # our records, and names that Athena ignores too
        day = day_from_key(prefix, item.key)
        if day is None:
            yield _foreign(name)
            continue
        if years and not years[0] <= day.year <= years[1]:
            yield Finding(
                "outside projection",
                name,
                f"the Glue table covers {years[0]} to {years[1]}, so Athena does not see this year",
                "run `exporter sync`",
            )
        if day in manifest.days and not manifest.days[day].objects:
            continue  # `record_contradictions` reports it
        if item.key not in recorded:
            append = around.dataset.target.overwrite_mode == "APPEND"
            yield Finding(
                "leftover",
                name,
                "not in the manifest; Athena counts its rows in addition to the published ones",
                "read it; remove it if it is a copy" if append else _again(day),
            )
        elif item.etag != recorded[item.key].etag:
            yield Finding(
                "changed object", name, "not the object that the manifest describes: another ETag", _again(day)
            )


def _foreign(name: str) -> Finding:
    if name.startswith("year="):
        found = (
            "not one of the exporter's objects; Athena reads every object in a folder of the table and may fail on it"
        )
        return Finding("foreign object", name, found, "move it elsewhere")
    return Finding(
        "foreign object", name, "not one of the exporter's files; Athena does not read it", "move it elsewhere"
    )


def _missing_objects(around: Inspection, manifest: Manifest) -> Iterator[Finding]:
    there = {item.key for item in around.objects}
    for day, record in manifest.days.items():
        for item in record.objects:
            if item.key not in there:
                name = item.key.removeprefix(f"{around.dataset.target.prefix}/")
                yield Finding(
                    "missing object", name, f"the manifest says {item.rows:,} rows; the object is missing", _again(day)
                )


def _records(around: Inspection, manifest: Manifest, schema: TableSchema) -> Iterator[Finding]:
    if manifest.location.rstrip("/") != around.location.rstrip("/"):
        found = f"describes {manifest.location}, not {around.location}"
        yield Finding(
            "contradicted record", MANIFEST_FILE, found, "restore the manifest of this prefix, or export again"
        )
    for day, record in manifest.days.items():
        for found in record_contradictions(day, record, around, schema):
            yield Finding("contradicted record", str(day), found, _again(day))


def due_day(mode: DateRangeMode, now: dt.datetime, dataset: Dataset) -> dt.date:
    """Return the newest day that a schedule with this range has to have published, once it has ended and settled."""
    settled = now - dt.timedelta(minutes=dataset.source.settle_minutes)
    yesterday = day_of(settled, dataset.zone) - dt.timedelta(days=1)
    return min(yesterday, window_of_mode(mode, settled, dataset.zone, lookback_hours=1).last)


def _days(around: Inspection, manifest: Manifest) -> Iterator[Finding]:
    zone, first, last = around.dataset.zone, manifest.first_day, manifest.last_day
    if first and last:
        missing = (
            set(days_between(first, max(last, around.due))) - manifest.days.keys() - set(_empty_days(around, first))
        )
        for span in spans(missing, zone):
            backfill = f"`exporter backfill --start {span.first} --end {span.last}`"
            if span.last < last:
                found, advice = "never exported, although days before and after it are", f"run {backfill}"
            else:
                found = f"due and not exported; the newest day is {last}, and {_newest_run(around)}"
                advice = f"read the reason in `exporter runs`, check that the schedule is on, and run {backfill}"
            yield Finding("missing day", _span(span.first, span.last), found, advice)
    oldest = day_of(around.now, zone) - dt.timedelta(days=OPEN_DAYS)
    for span in spans([day for day, record in manifest.days.items() if record.state == "open" and day < oldest], zone):
        yield Finding(
            "open day",
            _span(span.first, span.last),
            "read before it had settled, and not read again",
            f"run `exporter export --start {span.first} --end {span.last}`",
        )


def _empty_days(around: Inspection, first: dt.date) -> Iterator[dt.date]:
    """Yield days from `first` on that were read although the manifest has no record of them: they held nothing.

    A run over everything records the days between the first and the last item, and APPEND those that hold any.
    """
    for entry in around.runs:
        if entry.status != "succeeded":
            continue
        if entry.options.get("scope") == "all":
            yield from days_between(first, due_day("PREVIOUS_DAY", entry.started_at, around.dataset))
        elif entry.window and around.dataset.target.overwrite_mode == "APPEND":
            yield from days_between(entry.window.start, entry.window.end)


def _newest_run(around: Inspection) -> str:
    if not around.runs:
        return "the ledger has no run"
    return _outcome(around.runs[0])


def _outcome(newest: RunEntry) -> str:
    error = f": {newest.error.splitlines()[0]}" if newest.error else ""
    return f"the newest run, of {newest.started_at:%Y-%m-%d %H:%M} UTC, {_OUTCOMES[newest.status]}{error}"


def _catalogue(around: Inspection, schema: TableSchema, manifest: Manifest) -> Iterator[Finding]:
    target = around.dataset.target
    name = f"{target.database}.{target.table}"
    if not schema.columns:
        return  # no item has been seen, so there is no column that a table could have
    if around.table is None:
        yield Finding("catalogue", name, "there is no such Glue table", "run `exporter sync`")
        return
    storage = around.table.get("StorageDescriptor", {})
    location = storage.get("Location", "")
    if location.rstrip("/") != around.location.rstrip("/"):
        yield Finding(
            "catalogue",
            name,
            f"reads {location or 'no location'}, not {around.location}",
            "choose another ATHENA_TABLE, or drop that table and run `exporter sync`",
        )
        return
    for difference in (*_columns(storage.get("Columns", []), schema), *_parameters(around, manifest)):
        yield Finding("catalogue", name, difference, "run `exporter sync`")


def _columns(found: Iterable[Mapping[str, str]], schema: TableSchema) -> Iterator[str]:
    has = {column["Name"]: column["Type"] for column in found}
    wanted = {column["Name"]: column["Type"] for column in glue_columns(schema)}
    for name, column_type in wanted.items():
        if name not in has:
            yield f"lacks the column {name}"
        elif has[name] != column_type:
            yield f"has the column {name} as {has[name]}; published is {column_type}"
    for name in has.keys() - wanted.keys():
        yield f"has a column {name} that is not published"


def _parameters(around: Inspection, manifest: Manifest) -> Iterator[str]:
    parameters = (around.table or {}).get("Parameters", {})
    years = _projected_years(around.table)
    published = [day.year for day, record in manifest.days.items() if record.rows]
    if years is None:
        yield "has no range of years, so that Athena finds no day at all"
        return
    if published and not years[0] <= min(published) <= max(published) <= years[1]:
        yield f"covers the years {years[0]} to {years[1]}; published are {min(published)} to {max(published)}"
    for name, value in projection_parameters(around.location, *years).items():
        if name != "projection.year.range" and parameters.get(name) != value:
            yield f"has {name} = {parameters.get(name, 'nothing')}; needed is {value}"


def _projected_years(table: Mapping[str, Any] | None) -> _Years:
    first, _, last = str((table or {}).get("Parameters", {}).get("projection.year.range", "")).partition(",")
    return (int(first), int(last)) if first.strip().isdecimal() and last.strip().isdecimal() else None


def _dead_runs(around: Inspection) -> Iterator[Finding]:
    for entry in around.runs:
        since = f"since {entry.started_at:%Y-%m-%d %H:%M} UTC"
        if entry.status == "running" and entry.run_id != around.alive and around.now - entry.started_at > DEAD_AFTER:
            found = f"has status running {since} and does not hold the lease, so it has died"
        elif entry.status == "died" and unsettled_days(entry, around.manifest):
            found = f"has not finished ({since}: died), and no later run has read all of its days"
        else:
            continue
        days = f"days {entry.window.start} to {entry.window.end}" if entry.window else "its days are not known"
        yield Finding(
            "dead run", entry.run_id, f"{found} ({days})", "run `exporter export --resume`; what it published is whole"
        )


def _failed_run(around: Inspection) -> Iterator[Finding]:
    """Yield the newest run if it has failed, and nothing is published or no run has read its published days since.

    The finding about missing days repeats the reason for those that are not published.
    """
    newest = next((entry for entry in around.runs if entry.run_id != around.alive), None)
    if newest is None or newest.status != "failed":
        return
    if around.manifest is None or unsettled_days(newest, around.manifest) & around.manifest.days.keys():
        window = newest.window if newest.options.get("scope") != "all" else None
        again = f"--start {window.start} --end {window.end}" if window else "--all"
        yield Finding("failed run", newest.run_id, _outcome(newest), f"mend that, then run `exporter export {again}`")


def _quarantine(around: Inspection) -> Iterator[Finding]:
    if not around.quarantined:
        return
    entries = [entry for entry in around.runs if entry.run_id in around.quarantined]
    # A batch is named <time>-stream-<hash> or <time>-changes, where a run is <time>-<id>.
    batches = sum(run.split("-")[1:2] in (["stream"], ["changes"]) for run in around.quarantined)
    by_runs, found = len(around.quarantined) - batches, []
    if by_runs:
        items, undated = sum(entry.quarantined for entry in entries), sum(entry.withheld for entry in entries)
        runs = f"{by_runs} run" + ("" if by_runs == 1 else "s")
        found.append(
            f"{items:,} items quarantined by {runs}; {undated:,} of them are undated, so that no day holds them; "
            "the same item counts once per run"
        )
    if batches:
        called = f"{batches:,} batch" + ("" if batches == 1 else "es")
        found.append(f"items of {called} of changes quarantined, which the ledger does not count")
    yield Finding(
        "quarantine",
        "_quarantine/",
        "; ".join(found),
        "list them with `exporter quarantine list`, correct the items, then `exporter quarantine retry`",
    )


def _again(day: dt.date) -> str:
    return f"run `exporter export --start {day} --end {day}`"


def _span(first: dt.date, last: dt.date) -> str:
    return str(first) if first == last else f"{first} to {last}"
