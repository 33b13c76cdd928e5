"""`exporter doctor` on what exports, scans and state machines leave."""

import datetime as dt
import json

from dataset_model.records.changes import StreamState
from dataset_model.records.runs import RunEntry
from exporter.audit.doctor import examine
from exporter.run.incremental.window_state import PendingWindow, WindowState

from .examining import NOW, filled, put


def test_table_exports_that_never_ended_or_were_never_read_are_found(scene):
    """A day after its last object: an export without its summary, and one that no run has published."""
    table = filled(scene)
    put(table, "_exports/AWSDynamoDB/01-a/_started")
    put(table, "_exports/AWSDynamoDB/01-b/manifest-summary.json")
    put(table, "_exports/_converted/01-a/x/data.json")
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [finding for finding in examine(table.settings(), at) if finding.kind == "table export"]

    assert found(now + dt.timedelta(hours=23)) == []
    first, second = found(now + dt.timedelta(hours=25))
    assert first.where == f"{table.prefix}/_exports/AWSDynamoDB/01-a/"
    assert first.found.startswith("never ended; its newest object is of ")
    assert f"--export-arn ...:table/{table.table}/export/01-a` says why" in first.advice
    assert second.found.startswith("ended and was read by no run")
    assert f"--source table-export --export-arn ...:table/{table.table}/export/01-b`" in second.advice


def test_converted_files_that_are_left_are_found_a_week_after_the_last(scene):
    """Merged or not, with the command that removes them; a failed run has merged nothing."""
    table = filled(scene)
    put(table, "_exports/_converted/01-a/x/data.json", b"12345")
    put(table, "_exports/_converted/01-a/x/data-1.arrows", b"12345")
    put(table, "_exports/_converted/01-b/x/data.json", b"123")
    put(table, "_exports/_converted/01-c/x/data.json", b"123")
    for export, status in (("01-a", "succeeded"), ("01-b", "failed")):
        arn = f"arn:aws:dynamodb:eu-west-1:1:table/x/export/{export}"
        entry = RunEntry(**(table.ledger()[0].model_dump() | {"status": status, "options": {"export_arn": arn}}))
        put(table, f"_runs/20260220T090000Z-{export}.json", entry.model_dump_json().encode())
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [finding for finding in examine(table.settings(), at) if finding.kind == "table export"]

    folder = f"{table.prefix}/_exports/_converted"
    remove = f"`aws s3 rm --recursive s3://reports/{folder}"
    assert found(now + dt.timedelta(days=6)) == []
    merged, failed, unread = found(now + dt.timedelta(days=8))
    assert (merged.where, unread.where) == (f"{folder}/01-a/", f"{folder}/01-c/")
    assert merged.found.startswith("2 converted files of 10 bytes, the newest of ")
    assert merged.found.endswith("; a run has merged them")
    assert merged.advice == f"if no further window of this export is wanted, {remove}/01-a/`"
    assert failed.found.endswith("; none of the newest runs has merged them")
    assert unread.advice == (
        "merge them by `exporter backfill --source table-export --workers 1 --export-arn "
        f"...:table/{table.table}/export/01-c` with --start and --end, or remove them by {remove}/01-c/`"
    )


def test_exports_that_have_been_read_are_found_a_week_later(scene):
    """Those that a run has read, and the rest of incremental ones; an unread one is named as such and not removed."""
    table = filled(scene)
    for name in ("AWSDynamoDB/01-a/data/1.json.gz", "AWSDynamoDB/01-b/manifest-summary.json", "_changes/AWSDynamoDB/1"):
        put(table, f"_exports/{name}", b"12345")
    arn = "arn:aws:dynamodb:eu-west-1:1:table/x/export/01-a"
    entry = RunEntry(**(table.ledger()[0].model_dump() | {"options": {"export_arn": arn}}))
    put(table, "_runs/20260220T090000Z-01-a.json", entry.model_dump_json().encode())
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [one for one in examine(table.settings(), at) if "bytes that have been read" in one.found]

    assert found(now + dt.timedelta(days=6)) == []
    full, rest = found(now + dt.timedelta(days=8))
    place = f"s3://reports/{table.prefix}/_exports"
    assert full.advice == (
        f"if no further window of this export is wanted, `aws s3 rm --recursive {place}/AWSDynamoDB/01-a/`"
    )
    assert rest.advice.endswith(f"{place}/_changes/`")


def test_windows_that_are_not_read_are_found(scene):
    """An export of a window that is asked for since a day, and a dataset that has read no window for two days."""
    table = filled(scene)
    now = dt.datetime(2026, 2, 20, 9, tzinfo=dt.UTC)
    pending = PendingWindow(
        start=now - dt.timedelta(hours=24),
        end=now,
        token="t",
        asked_at=now,
        arn="arn:aws:dynamodb:x:1:table/x/export/1",
    )
    state = WindowState(dataset="rows", table=table.table, read_to=pending.start, pending=pending)

    def found(state, hours):
        put(table, "_exports/_windows.json", state.model_dump_json().encode())
        findings = examine(table.settings(), now + dt.timedelta(hours=hours))
        return [finding.found for finding in findings if finding.where == f"{table.prefix}/_exports/_windows.json"]

    assert found(state, 23) == []
    (text,) = found(state, 25)
    assert text.startswith(
        "the export of 2026-02-19 09:00 to 2026-02-20 09:00 UTC was asked for at 2026-02-20 09:00 UTC"
    )
    assert text.endswith(" and is not read yet: arn:aws:dynamodb:x:1:table/x/export/1")
    read = state.model_copy(update={"pending": None, "read_to": now})
    assert found(read, 47) == []
    assert found(read, 49) == ["changes are read up to 2026-02-20 09:00 UTC, and not since"]


def test_a_scan_that_was_not_finished_is_found_a_week_later(scene):
    """Its record and its segments are named: they are too old to go on with, so they are removed or begun again."""
    table = filled(scene)
    put(table, "_exports/_converted/scan-1/x/segment-00000.json")
    record = {"scan": "scan-1", "table": table.table, "segments": 3, "started_at": "2026-02-20T09:00:00Z"}
    put(table, "_exports/_scan.json", json.dumps(record).encode())
    below = f"s3://reports/{table.prefix}/_exports"
    now = dt.datetime.now(dt.UTC)
    findings = examine(table.settings(), max(now, NOW) + dt.timedelta(days=8))
    segments, scan = (finding for finding in findings if finding.kind == "table export")
    assert segments.advice == (
        f"a scan is given up after a week: remove them by `aws s3 rm --recursive {below}/_converted/scan-1/`; "
        "`exporter backfill --source scan` is another"
    )
    assert scan.found == (
        "the scan that was begun at 2026-02-20 09:00 UTC was never published, and its rows are too old now"
    )
    assert scan.advice.endswith(f"or remove the record by `aws s3 rm {below}/_scan.json`")
    earlier = examine(table.settings(), NOW + dt.timedelta(days=6))
    assert [finding.where for finding in earlier if finding.where.endswith("_scan.json")] == []


def test_lists_of_state_machines_are_found_a_week_later(scene):
    """What Step Functions writes below `_batches/` is read by no run, so it is named with what removes it."""
    table = filled(scene)
    put(table, "_exports/_batches/run-1/manifest.json", b"12345")
    put(table, "_exports/_batches/run-1/SUCCEEDED_0.json", b"123")
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [one for one in examine(table.settings(), at) if "_batches" in one.where]

    assert found(now + dt.timedelta(days=6)) == []
    (finding,) = found(now + dt.timedelta(days=8))
    assert finding.found.startswith(
        "2 objects of 8 bytes in which Step Functions lists what tasks did; the newest is of "
    )
    assert finding.advice == f"`aws s3 rm --recursive s3://reports/{table.prefix}/_exports/_batches/`"


def test_commands_that_doctor_prints_quote_the_names_of_folders(scene):
    """A person pastes them into a shell, and who may write objects chooses such a name."""
    table = filled(scene)
    put(table, "_exports/AWSDynamoDB/01; reboot/manifest-summary.json")
    put(table, "_exports/_converted/$(reboot)/x/data.json")
    findings = examine(table.settings(), dt.datetime.now(dt.UTC) + dt.timedelta(days=8))
    export, converted = (finding.advice for finding in findings if finding.kind == "table export")
    assert f"--export-arn '...:table/{table.table}/export/01; reboot'`" in export
    assert f"`aws s3 rm --recursive 's3://reports/{table.prefix}/_exports/_converted/$(reboot)/'`" in converted
    assert f"--export-arn '...:table/{table.table}/export/$(reboot)'`" in converted


def test_ways_in_that_are_declared_and_not_there_are_found(scene):
    """A stream that wrote nothing, changes that were never read, recovery that is off; nothing where none is named."""
    table = filled(scene)

    def found(kinds):
        settings = table.settings(SOURCE_KIND=kinds)
        return sorted(one.kind for one in examine(settings, NOW) if one.kind in {"stream", "changes", "table export"})

    assert found("index") == []
    assert found("index,table_export") == ["table export"]
    assert found("index,changes") == ["changes", "table export"]
    assert found("index,stream") == ["stream", "stream"]  # nothing was written, and the table has none
    recovery = {"PointInTimeRecoveryEnabled": True}
    table.dynamodb.update_continuous_backups(TableName=table.table, PointInTimeRecoverySpecification=recovery)
    state = WindowState(dataset="rows", table=table.table, read_to=NOW)
    put(table, "_exports/_windows.json", state.model_dump_json().encode())
    assert found("index,changes,table_export") == []
    put(
        table,
        "_changes/_stream.json",
        StreamState(dataset="rows", table=table.table, since=NOW).model_dump_json().encode(),
    )
    assert found("index,stream") == ["stream"]  # the table still has none
